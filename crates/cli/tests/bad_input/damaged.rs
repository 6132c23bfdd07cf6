//! A home of which a file is damaged: every command that looks says which one, and ends with 1.

use crate::common::{World, json};
use crate::{is, refusal, works_again};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

type Damage = fn(&Path, &[u8]);

const DAMAGES: [(&str, Damage); 6] = [
    ("half", |path, whole| std::fs::write(path, &whole[..whole.len() / 2]).unwrap()),
    ("empty", |path, _| std::fs::write(path, "").unwrap()),
    ("another document", |path, _| std::fs::write(path, "{}").unwrap()),
    ("a directory", |path, _| {
        std::fs::remove_file(path).unwrap();
        std::fs::create_dir(path).unwrap();
    }),
    ("a pipe that nobody writes to", |path, _| pipe(path)),
    ("a link to a device without end", |path, _| {
        std::fs::remove_file(path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    }),
];

/// Puts a pipe in the place of a file.
fn pipe(path: &Path) {
    let _ = std::fs::remove_file(path);
    assert!(Command::new("mkfifo").arg("-m").arg("600").arg(path).status().unwrap().success());
}

/// Damages a file in every way, and looks at it with every command that should notice.
fn noticed(world: &World, party: &str, file: &str, commands: &[&[&str]]) {
    let path = world.path(party).join(file);
    let whole = std::fs::read(&path).unwrap();
    for (how, damage) in DAMAGES {
        damage(&path, &whole);
        for args in commands {
            let what = format!("{file} is {how}, {args:?}");
            let output = world.run(party, args);
            assert_eq!(output.status.code(), Some(1), "{what}: {output:?}");
            assert!(output.stdout.is_empty(), "{what}: {output:?}");
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.contains(path.to_str().unwrap()), "{what} is not named: {said}");
            assert_eq!(said.lines().count(), 1, "{what}: {said}");
            let (_, exit) = refusal(world, party, args);
            assert_eq!(exit, 1, "{what}");
        }
        restore(&path, &whole);
    }
}

/// Puts back what was a file.
fn restore(path: &Path, whole: &[u8]) {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => std::fs::remove_dir(path).unwrap(),
        Ok(_) => std::fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
    std::fs::write(path, whole).unwrap();
}

/// Reading a pipe waits for whoever writes to it, and then nothing would be refused or recorded.
#[test]
fn attack_20_a_pipe_in_place_of_a_file_of_the_home_is_named_and_waited_for_by_nothing() {
    let world = World::paired();
    world.hold_nothing_more();
    let run = ["run", "--ttl", "1s", "--", "cat", "/dev/null"];
    assert!(world.run("enforcer", &run).status.success());
    let all = [&run[..], &["status"], &["audit", "verify"]];
    for (file, commands, exit) in [
        ("ledger.db", &all[..], [125, 1, 1]),
        ("trust.json", &all, [125, 1, 1]),
        ("keys/operator.json", &all, [125, 1, 1]),
        ("pairings/ann.json", &all[1..2], [1, 0, 0]),
        ("head.json", &all, [125, 1, 1]),
        ("stops.looked", &all[..1], [0, 0, 0]),
        ("audit/cursor.json", &all[..1], [0, 0, 0]),
    ] {
        let path = world.path("enforcer").join(file);
        let whole = std::fs::read(&path).unwrap_or_default();
        pipe(&path);
        for (args, exit) in commands.iter().zip(exit) {
            let began = Instant::now();
            let output = world.run("enforcer", args);
            assert_eq!(output.status.code(), Some(exit), "{file}, {args:?}: {output:?}");
            assert!(began.elapsed() < Duration::from_secs(5), "{file}, {args:?}");
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(exit == 0 || said.contains(file), "{file}, {args:?}: {said}");
        }
        restore(&path, &whole);
    }
    // What only the owner of the call names is no pipe either.
    pipe(&world.work().join("pipe"));
    let stdin = ["run", "--stdin", "pipe", "--", "cat"];
    let explain = ["policy", "explain", "--action", "pipe"];
    for (args, exit) in [(&stdin[..], 125), (&explain, 1)] {
        let output = world.run("enforcer", args);
        assert_eq!(output.status.code(), Some(exit), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("no regular file"), "{output:?}");
    }
}

#[test]
fn a_damaged_file_of_the_enforcer_is_named_by_whatever_looks() {
    let world = World::paired();
    for (file, commands) in [
        ("trust.json", &[&["status"][..], &["list"], &["trust", "show"], &["trust", "export"]][..]),
        (
            "keys/operator.json",
            &[&["status"], &["list"], &["trust", "show"], &["key", "fingerprint"]],
        ),
        ("pairings/ann.json", &[&["status"], &["list"]]),
        ("head.json", &[&["status"]]),
    ] {
        noticed(&world, "enforcer", file, commands);
    }
    world.json("enforcer", &["status"]);
    works_again(&world);
}

#[test]
fn a_damaged_file_of_the_approver_is_named_by_status() {
    let world = World::paired();
    let home = world.path("approver").join("approver");
    let key = std::fs::read_dir(home.join("keys")).unwrap().next().unwrap().unwrap();
    let key = format!("approver/keys/{}", key.file_name().to_str().unwrap());
    noticed(&world, "approver", "approver/pairings/enforcer.json", &[&["status"], &["list"]]);
    noticed(&world, "approver", &key, &[&["status"]]);
    let world = World::empty();
    world.json("enforcer", &["pair", "--local", "--name", "me"]);
    noticed(&world, "enforcer", "approver/local.key.json", &[&["status"]]);
}

#[test]
fn attack_09_keys_that_are_gone_are_told_and_pinned_by_nobody() {
    let world = World::paired();
    let path = world.path("enforcer").join("trust.json");
    let whole = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(refusal(&world, "enforcer", &["status"]), is("not_new", 1));
    assert_eq!(refusal(&world, "enforcer", &["run", "--", "true"]), is("not_new", 125));
    let url = world.url().to_owned();
    for args in
        [&["pair", "--name", "eve", "--relay", &url][..], &["pair", "--local", "--name", "eve"]]
    {
        assert_eq!(refusal(&world, "enforcer", args), is("not_new", 1), "{args:?}");
    }
    let listed = world.json("enforcer", &["list"]);
    assert_eq!(listed["pairings"][0]["status"], "not pinned");
    assert!(!path.exists(), "nobody was pinned");
    std::fs::write(&path, whole).unwrap();
    works_again(&world);
}

#[test]
fn attack_09_a_revoked_phone_is_not_replaced_by_the_key_on_this_machine() {
    let world = World::paired();
    // Ann allows the local key, and is then taken back by whoever is at this machine.
    let args = ["pair", "--local", "--name", "me", "--json"];
    let pairing = world.spawn("enforcer", &args);
    world.answer("approve");
    assert!(pairing.output().status.success());
    world.json("enforcer", &["revoke", "ann"]);
    let eve = ["pair", "--name", "eve", "--relay", world.url(), "--assurance", "device"];
    assert_eq!(refusal(&world, "enforcer", &eve), is("no_approver", 14));
    let trust = world.json("enforcer", &["trust", "show"]);
    assert_eq!(trust["approvers"].as_array().unwrap().len(), 2);
}

#[test]
fn a_home_that_cannot_be_one_is_refused_by_every_command() {
    let world = World::with_gateway();
    std::fs::write(world.path("file"), "").unwrap();
    let url = world.url().to_owned();
    for home in ["file", "file/below"] {
        for args in [
            &["status"][..],
            &["list"],
            &["trust", "show"],
            &["key", "fingerprint"],
            &["receipt", "verify", "last"],
            &["inbox"],
            &["history"],
            &["revoke", "x"],
            &["gateway", "--listen", "127.0.0.1:0"],
            &["pair", "--name", "ann", "--relay", &url],
            &["join", "7K3M-Q9TD", "--relay", &url],
        ] {
            assert_eq!(refusal(&world, home, args), is("home", 1), "{home} {args:?}");
        }
        assert_eq!(refusal(&world, home, &["run", "--", "true"]), is("home", 125), "{home}");
    }
}

#[test]
fn attack_38_an_empty_variable_makes_no_home_of_the_workspace() {
    let world = World::empty();
    let mut command = std::process::Command::new(crate::common::BINARY);
    command.args(["status", "--json"]).env("HOME", "").env_remove("COUNTERSIGN_HOME");
    let output = command.current_dir(world.work()).output().unwrap();
    assert_eq!(crate::refused(&output), is("home", 2));
    assert!(json(&output.stderr)["error"]["hint"].as_str().unwrap().contains("--home"));
}
