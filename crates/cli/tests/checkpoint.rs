//! Boundaries that are asked about, with the system's git.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;
mod repository;

use common::{Process, World, error_code, json};
use repository::Repository;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Stdio;

const REVISION: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b";

fn asking(world: &World, args: &[&str]) -> Process {
    let args: Vec<&str> = ["checkpoint"].into_iter().chain(args.iter().copied()).collect();
    world.spawn("enforcer", &[&args[..], &["--json"]].concat())
}

/// The action of the newest receipt.
fn action(world: &World) -> Value {
    world.json("enforcer", &["receipt", "show", "last"])["content"]["action"].clone()
}

#[test]
fn a_deployment_is_zero_once_and_the_next_one_asks_anew() {
    let world = World::paired();
    let args = ["deploy", "--target", "production", "--revision", REVISION, "--to", "ann"];
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let deploying = asking(&world, &args);
        let id = world.waiting("approver");
        let review = world.json("approver", &["show", &id]).to_string();
        for part in ["production", REVISION, "asked, not enforced"] {
            assert!(review.contains(part), "{part}: {review}");
        }
        world.json("approver", &["approve", &id]);
        let output = deploying.output();
        assert_eq!(
            (output.status.code(), &json(&output.stdout)["verdict"]),
            (Some(0), &"approved".into())
        );
        ids.insert(id);
    }
    assert_eq!(ids.len(), 2);
    let (verdict, _) = world.verify("last", &["--require", "L1", "--event", "released"]);
    assert_eq!(verdict["verdict"], "Valid");
    let artifact = world.json("enforcer", &["receipt", "show", "last"]);
    assert_eq!(artifact["content"]["artifacts"][0]["artifactType"], "checkpoint.review");
}

#[test]
fn attack_02_each_operation_target_and_revision_has_a_hash_of_its_own() {
    let world = World::paired();
    let other = "ab".repeat(20);
    let mut hashes = std::collections::BTreeSet::new();
    for args in [
        ["tag", "v1", REVISION],
        ["deploy", "v1", REVISION],
        ["release", "v1", REVISION],
        ["migration", "v1", REVISION],
        ["deploy", "v2", REVISION],
        ["deploy", "v1", &other],
    ] {
        let [operation, target, revision] = args;
        let waiting = asking(&world, &[operation, "--target", target, "--revision", revision]);
        let id = world.waiting("approver");
        world.json("approver", &["deny", &id, "-m", "no"]);
        let output = waiting.output();
        assert_eq!(output.status.code(), Some(10));
        hashes.insert(json(&output.stdout)["actionHash"].to_string());
    }
    assert_eq!(hashes.len(), 6);
}

#[test]
fn attack_01_what_can_be_moved_is_no_revision() {
    let world = World::paired();
    for bad in ["main", "v1.0.0", "HEAD", "9f86d08", &REVISION.to_uppercase(), ""] {
        let output = asking(&world, &["deploy", "--target", "x", "--revision", bad]).output();
        assert_eq!(output.status.code(), Some(2), "{bad}");
    }
}

/// Asks about a push with these lines, in a repository.
fn push(world: &World, remote: &str, lines: &str) -> Process {
    let mut command =
        world.command("enforcer", &["checkpoint", "push", "--remote", remote, "--json"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    Process { child }
}

#[test]
fn a_push_shows_every_ref_and_what_would_be_lost() {
    let world = World::paired();
    let repository = Repository::new(&world.work());
    repository.commit("x", "1\n");
    let old = repository.head();
    repository.commit("x", "2\n");
    let (new, none) = (repository.head(), "0".repeat(40));
    for (line, force, told) in [
        (format!("refs/heads/main {new} refs/heads/main {old}"), false, ""),
        (format!("refs/heads/main {new} refs/heads/main {none}"), false, ""),
        (format!("refs/heads/main {old} refs/heads/main {new}"), true, "does not move forward"),
        (
            format!("refs/heads/main {new} refs/heads/main {REVISION}"),
            true,
            "does not move forward",
        ),
        (format!("(delete) {none} refs/heads/main {old}"), true, "would be deleted"),
        (format!("refs/tags/v1 {new} refs/tags/v1 {old}"), true, "does not move forward"),
    ] {
        let pushing = push(&world, "https://ann:hunter2@git.example/r.git", &format!("{line}\n"));
        let id = world.waiting("approver");
        let review = world.json("approver", &["show", &id]).to_string();
        assert!(review.contains(told) && !review.contains("hunter2"), "{line}: {review}");
        // What may be lost is critical, and needs a reason.
        world.answer_of("approver", "approve", &["-m", "seen"]);
        assert_eq!(pushing.output().status.code(), Some(0));
        let action = action(&world);
        assert_eq!(
            (&action["force"], &action["operation"]),
            (&json!(force), &json!("push")),
            "{line}"
        );
        assert_eq!(action["remote"], "https://git.example/r.git");
    }
}

#[test]
fn attack_11_grafts_of_a_repository_make_no_push_move_forward() {
    let world = World::paired();
    let repository = Repository::new(&world.work());
    repository.commit("x", "1\n");
    let old = repository.head();
    repository.git(&["checkout", "-q", "--orphan", "other"]);
    repository.commit("x", "2\n");
    let new = repository.head();
    std::fs::write(repository.path(".git/info/grafts"), format!("{new} {old}\n")).unwrap();
    let line = format!("refs/heads/main {new} refs/heads/main {old}\n");
    let pushing = push(&world, "/srv/r.git", &line);
    let id = world.waiting("approver");
    let review = world.json("approver", &["show", &id]).to_string();
    world.json("approver", &["deny", &id, "-m", "no"]);
    assert_eq!(pushing.output().status.code(), Some(10));
    assert!(review.contains("does not move forward"), "{review}");
}

#[test]
fn a_push_of_nothing_asks_nobody_and_one_that_cannot_be_read_is_refused() {
    let world = World::paired();
    Repository::new(&world.work());
    let output = push(&world, "/srv/r.git", "").output();
    assert_eq!(
        (output.status.code(), &json(&output.stdout)["verdict"]),
        (Some(0), &"nothing".into())
    );
    for bad in ["refs/heads/main\n", "a b c d\n"] {
        let output = push(&world, "/srv/r.git", bad).output();
        assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(1), "checkpoint"));
    }
}

#[test]
fn a_commit_is_its_tree_its_parents_and_its_message() {
    let world = World::paired();
    let repository = Repository::new(&world.work());
    repository.commit("x", "1\n");
    let parent = repository.head();
    repository.write("x", "2\n");
    repository.git(&["add", "x"]);
    let tree = repository.git(&["write-tree"]).trim().to_owned();
    repository.write("message", "Raise it\n\n# a comment\n");
    let committing = asking(&world, &["commit", "--message-file", "message"]);
    world.answer("approve");
    assert_eq!(committing.output().status.code(), Some(0));
    let action = action(&world);
    assert_eq!(action["tree"], tree);
    assert_eq!(action["parents"], json!([parent]));
    assert_eq!(action["message"], "Raise it\n\n# a comment");
}

#[test]
fn attack_06_a_commit_message_is_shown_whole_or_refused() {
    let world = World::paired();
    let repository = Repository::new(&world.work());
    repository.commit("x", "1\n");
    // Git leaves such lines out of an edited message alone, and `;` is whatever the configuration says.
    let message = "ok\n\n#hidden line\n; another\n# ------------------------ >8 ---\ndiff";
    repository.write("message", &format!("{message}\n"));
    let committing = asking(&world, &["commit", "--message-file", "message"]);
    let id = world.waiting("approver");
    let review = world.json("approver", &["show", &id]).to_string();
    assert!(review.contains("#hidden line"), "{review}");
    world.json("approver", &["approve", &id]);
    assert_eq!(committing.output().status.code(), Some(0));
    assert_eq!(action(&world)["message"], message);
    repository.write("message", &format!("{}hidden", "a".repeat(1 << 20)));
    let output = asking(&world, &["commit", "--message-file", "message"]).output();
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(1), "checkpoint"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("longer than 1 MiB"), "{said}");
}

#[test]
fn attack_20_a_pipe_in_the_place_of_a_message_is_refused() {
    let world = World::paired();
    let repository = Repository::new(&world.work());
    repository.commit("x", "1\n");
    let fifo = repository.path("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut asking = asking(&world, &["commit", "--message-file", "fifo"]);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while asking.child.try_wait().unwrap().is_none() {
        if std::time::Instant::now() > until {
            asking.child.kill().unwrap();
            panic!("it waits for ever");
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let said = String::from_utf8(asking.output().stderr).unwrap();
    assert!(said.contains("no regular file"), "{said}");
}
