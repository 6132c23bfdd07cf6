//! Answers to what does not wait, and passphrases that do not fit.

use crate::common::World;
use crate::{LINE, is, refusal, refused, runs};
use std::process::{Command, Stdio};

#[test]
fn ids_that_name_nothing_or_too_much_answer_nothing() {
    let world = World::paired();
    let first = world.gate(&["--session", "one"], &LINE);
    let id = world.waiting("approver");
    let second = world.gate(&["--session", "two"], &LINE);
    world.waiting_for("approver", 2);
    for word in ["approve", "deny", "show"] {
        for (typed, code) in [
            ("ZZZ", "unknown_request"),
            ("", "ambiguous_request"),
            ("01", "ambiguous_request"),
            ("../../etc/passwd", "unknown_request"),
            ("\u{202e}\u{1b}[2J", "unknown_request"),
        ] {
            assert_eq!(refusal(&world, "approver", &[word, typed]), is(code, 1), "{word} {typed}");
        }
    }
    let hopeful = [id.as_str(), "x"].concat();
    assert_eq!(refusal(&world, "approver", &["approve", &hopeful]), is("unknown_request", 1));
    assert_eq!(runs(&world), 0);
    drop((first, second));
}

#[test]
fn a_second_answer_is_refused() {
    let world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.answer("deny");
    assert_eq!(run.wait().code(), Some(126));
    for word in ["approve", "deny"] {
        assert_eq!(refusal(&world, "approver", &[word, &id]), is("already_answered", 1));
    }
    assert_eq!(runs(&world), 0);
    let history = world.json("approver", &["history"]);
    assert_eq!(history["items"][0]["answer"], "denied");
}

#[test]
fn an_answer_to_what_is_over_is_refused() {
    let world = World::paired();
    let mut run = world.gate(&["--ttl", "5s"], &LINE);
    let late = world.waiting("approver");
    assert_eq!(run.wait().code(), Some(126));
    assert_eq!(refusal(&world, "approver", &["approve", &late]), is("HARP_ERR_EXPIRED", 11));
    let mut run = world.gate(&[], &LINE);
    let withdrawn = world.waiting("approver");
    run.signal("TERM");
    run.wait();
    assert_eq!(refusal(&world, "approver", &["approve", &withdrawn]), is("no_longer_waits", 1));
    assert_eq!(runs(&world), 0);
}

#[test]
fn a_passphrase_that_does_not_fit_signs_nothing_and_the_request_waits_on() {
    let world = World::paired();
    let mut run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(world.path(name), bytes).unwrap();
        world.path(name).display().to_string()
    };
    for (path, code) in [
        (file("wrong", b"wrong horse\n"), "wrong_passphrase"),
        (file("empty", b""), "passphrase"),
        (file("blank", b"\n\n"), "passphrase"),
        (file("bytes", &[0xff, 0xfe]), "passphrase"),
        (file("huge", &[b'x'; 9000]), "passphrase"),
        (world.path("missing").display().to_string(), "passphrase"),
        (world.work().display().to_string(), "passphrase"),
    ] {
        let args = ["approve", &id, "--passphrase-file", &path];
        assert_eq!(refusal(&world, "approver", &args), is(code, 1), "{path}");
        let args = ["join", "http://127.0.0.1:1/pair#x", "--passphrase-file", &path];
        assert_ne!(refusal(&world, "other", &args).1, 0);
    }
    assert!(run.ended().is_none() && runs(&world) == 0);
    world.json("approver", &["approve", &id]);
    assert!(run.wait().success());
}

#[test]
fn without_a_passphrase_file_and_without_a_terminal_nothing_is_signed() {
    let world = World::paired();
    let run = world.gate(&[], &LINE);
    let id = world.waiting("approver");
    let command = world.command("approver", &["approve", "--json", &id]);
    let mut alone = Command::new("setsid");
    alone.arg("-w").arg(command.get_program()).args(command.get_args());
    let output = alone.env_remove("COUNTERSIGN_PASSPHRASE_FILE").stdin(Stdio::null()).output();
    assert_eq!(refused(&output.unwrap()), is("passphrase", 1));
    assert_eq!(runs(&world), 0);
    drop(run);
}
