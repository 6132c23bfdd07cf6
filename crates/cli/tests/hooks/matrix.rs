//! Each host, and each way in which a hook can fail: every cell refuses.

use crate::common::World;
use crate::disk::{Disk, with_own_mounts};
use crate::host::{Does, HOSTS, Host, TIMEOUT, does, line, newest};
use serde_json::{Value, json};
use std::fs;

fn world() -> World {
    let world = World::paired();
    world.hold_nothing_more();
    world
}

/// A harmless call: it would run if nothing failed.
fn harmless(host: &Host<'_>) -> Vec<u8> {
    host.shell("git status").to_string().into_bytes()
}

/// Every host refuses these bytes, and says so.
fn refuses(world: &World, what: &str, message: impl Fn(&Host<'_>) -> Vec<u8>) {
    for name in HOSTS {
        let host = Host::new(world, name);
        let does = host.asks_with(&host.line(TIMEOUT), &message(&host));
        assert!(does.refused().contains("countersign"), "{name}: {what}");
    }
}

/// The call's message with one part replaced.
fn with(host: &Host<'_>, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut message = host.shell("git status");
    change(&mut message);
    message.to_string().into_bytes()
}

#[test]
fn attack_32_a_message_that_cannot_be_read_is_a_refusal_and_recorded() {
    let world = world();
    refuses(&world, "nothing", |_| Vec::new());
    let receipt = newest(&world);
    assert_eq!(
        (&receipt["event"], &receipt["policy"]["ruleId"]),
        (&"blocked".into(), &"hook".into())
    );
    refuses(&world, "no JSON", |_| b"hello".to_vec());
    refuses(&world, "no text", |_| vec![0xff, 0xfe, 0x00]);
    refuses(&world, "a list", |_| b"[]".to_vec());
    refuses(&world, "cut", |host| {
        let whole = harmless(host);
        whole[..whole.len() / 2].to_vec()
    });
    refuses(&world, "two documents", |host| [harmless(host), harmless(host)].concat());
    refuses(&world, "ten megabytes", |host| {
        with(host, |message| message["tool_input"]["command"] = "x".repeat(10 << 20).into())
    });
    refuses(&world, "deep", |host| {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        String::from_utf8(harmless(host)).unwrap().replace("\"use-1\"", &deep).into_bytes()
    });
    refuses(&world, "a key twice", |host| {
        let whole = String::from_utf8(harmless(host)).unwrap();
        whole.replacen('{', "{\"tool_name\":\"Read\",", 1).into_bytes()
    });
}

#[test]
fn attack_32_an_event_or_a_call_that_nobody_knows_is_a_refusal() {
    let world = world();
    for event in ["PostToolUse", "Stop", "pretooluse", "PreToolUse2", ""] {
        refuses(&world, event, |host| with(host, |m| m["hook_event_name"] = event.into()));
    }
    for member in ["hook_event_name", "tool_name", "tool_input", "cwd", "session_id"] {
        refuses(&world, member, |host| {
            with(host, |m| drop(m.as_object_mut().unwrap().remove(member)))
        });
        refuses(&world, member, |host| with(host, |m| m[member] = json!(7)));
        refuses(&world, member, |host| with(host, |m| m[member] = json!(null)));
    }
    for cwd in ["/nowhere/at/all", "relative", "", "/etc/passwd"] {
        refuses(&world, cwd, |host| with(host, |m| m["cwd"] = cwd.into()));
    }
}

#[test]
fn attack_32_a_home_that_is_gone_or_damaged_is_a_refusal() {
    type Damage = fn(&World);
    let damages: [(&str, Damage); 6] = [
        ("gone", |w| fs::remove_dir_all(w.path("enforcer")).unwrap()),
        ("a file", |w| {
            fs::remove_dir_all(w.path("enforcer")).unwrap();
            fs::write(w.path("enforcer"), "").unwrap();
        }),
        ("no operator", |w| {
            fs::remove_file(w.path("enforcer").join("keys/operator.json")).unwrap()
        }),
        ("a damaged trust store", |w| {
            fs::write(w.path("enforcer").join("trust.json"), "{").unwrap()
        }),
        ("a damaged ledger", |w| {
            fs::write(w.path("enforcer").join("ledger.db"), "no database".repeat(999)).unwrap();
        }),
        ("a policy with a mistake", |w| {
            fs::write(w.path("enforcer").join("policy.toml"), "version = 1\n[[rul]]").unwrap();
        }),
    ];
    for (what, damage) in damages {
        let world = world();
        damage(&world);
        let before = world.path("enforcer").exists();
        refuses(&world, what, harmless);
        assert_eq!(world.path("enforcer").exists(), before, "{what}: a hook makes no home");
    }
}

#[test]
fn attack_32_a_hook_that_is_killed_missing_or_replaced_by_one_that_fails_is_a_refusal() {
    let world = world();
    let broken = world.path("broken");
    for (script, what) in [
        ("#!/bin/sh\nkill -9 $$\n", "killed"),
        ("#!/bin/sh\nkill -SEGV $$\n", "crashed"),
        ("#!/bin/sh\necho '{\"half\":'; exit 1\n", "failed"),
        ("#!/bin/sh\nexit 101\n", "panicked"),
    ] {
        fs::write(&broken, script).unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).unwrap();
        for name in HOSTS {
            let host = Host::new(&world, name);
            let binary = broken.display().to_string();
            let line = line(&binary, name, &world.path("enforcer"), TIMEOUT);
            host.asks_with(&line, &harmless(&host)).refused();
            let _ = what;
        }
    }
    for name in HOSTS {
        let host = Host::new(&world, name);
        let line = line("/nowhere/countersign", name, &world.path("enforcer"), TIMEOUT);
        host.asks_with(&line, &harmless(&host)).refused();
    }
}

#[test]
fn attack_32_a_line_that_makes_no_sense_is_a_refusal_without_the_shells_help() {
    let world = world();
    let home = world.path("enforcer").display().to_string();
    for args in [
        &["hook"][..],
        &["hook", "no-such-host"],
        &["hook", "claude-code", "--no-such-option"],
        &["hook", "claude-code", "--timeout", "0"],
        &["hook", "claude-code", "--json", "--timeout", "x"],
    ] {
        let output = world.run("enforcer", args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{args:?}");
    }
    let _ = home;
}

#[test]
fn attack_20_a_disk_that_is_full_is_a_refusal() {
    with_own_mounts("matrix::attack_20_a_disk_that_is_full_is_a_refusal", || {
        let mut world = World::empty();
        let disk = Disk::at(world.path("enforcer"));
        world.hold_nothing_more();
        world.start_gateway();
        world.pair("enforcer", "approver", "ann", "device");
        disk.fill();
        refuses(&world, "a full disk", harmless);
        disk.free();
        let host = Host::new(&world, "claude-code");
        assert_eq!(host.asks(&host.tool("Read", &json!({"file_path": "a"}))), Does::Runs);
    });
}

#[test]
fn attack_32_a_verdict_that_cannot_be_said_is_a_refusal() {
    let world = world();
    for name in HOSTS {
        let host = Host::new(&world, name);
        let line = format!("exec > /dev/full; {}", host.line(TIMEOUT));
        host.asks_with(&line, &harmless(&host)).refused();
        let line = format!("exec >&-; {}", host.line(TIMEOUT));
        host.asks_with(&line, &harmless(&host)).refused();
    }
}

#[test]
fn attack_32_noise_before_the_verdict_lets_no_refused_call_run() {
    let world = world();
    for name in HOSTS {
        let host = Host::new(&world, name);
        let line = format!("echo welcome; {}", host.line(TIMEOUT));
        let refused = with(&host, |message| message["cwd"] = "/nowhere".into());
        let output = host.starts(&line, &refused).output();
        let said = String::from_utf8(output.stdout).unwrap();
        let verdict: Value = serde_json::from_str(said.strip_prefix("welcome\n").unwrap()).unwrap();
        let verdict = &verdict["hookSpecificOutput"];
        assert_eq!(verdict["permissionDecision"], "deny");
        // The same words, once for whoever reads the document, once for whoever reads the code.
        let words = format!("{}\n", verdict["permissionDecisionReason"].as_str().unwrap());
        let heard = (output.status.code(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(heard, (Some(2), words), "{name}");
    }
}

#[test]
fn attack_32_a_host_that_reads_no_answer_is_not_waited_for() {
    let world = world();
    for name in HOSTS {
        let host = Host::new(&world, name);
        // A pipe that is full and that nobody empties.
        let line = format!(
            "mkfifo full; exec 3<>full; dd if=/dev/zero of=full bs=4096 count=16 2>/dev/null; \
             ({}) >&3; code=$?; rm full; exit $code",
            host.line("5")
        );
        host.asks_with(&line, &harmless(&host)).refused();
    }
}

#[test]
fn attack_32_the_environment_names_no_size_of_a_stack() {
    let world = world();
    for name in HOSTS {
        let host = Host::new(&world, name);
        let line = format!("export RUST_MIN_STACK=1; {}", host.line(TIMEOUT));
        assert_eq!(host.asks_with(&line, &harmless(&host)), Does::Runs);
    }
}

#[test]
fn attack_32_a_host_that_never_finishes_its_message_is_answered_in_time() {
    let world = world();
    for name in HOSTS {
        let host = Host::new(&world, name);
        let (hook, _open) = host.starts_open(&host.line("5"));
        assert!(does(&hook.output()).refused().contains("no verdict in time"));
    }
}
