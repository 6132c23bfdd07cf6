//! Standard input is approved too.

use crate::common::Process;
use crate::hostile::Stage;
use std::fs;
use std::process::Stdio;

#[test]
fn attack_41_an_approved_shell_reads_nothing_that_was_not_approved() {
    let stage = Stage::set();
    let feed = stage.world.path("feed");
    fs::write(&feed, "echo evil >> ran\n").unwrap();
    let mut command = stage.world.command("enforcer", &["run", "--", "sh"]);
    command.stdin(Stdio::from(fs::File::open(&feed).unwrap()));
    let run = Process::start(command);
    stage.ann.approve();
    assert!(run.output().status.success(), "a shell without input ends at once");
    assert_eq!(stage.runs(), 0);
}

#[test]
fn attack_41_input_that_was_approved_arrives_as_it_was() {
    let stage = Stage::set();
    let feed = stage.world.path("feed");
    fs::write(&feed, "echo good >> ran\n").unwrap();
    let feed_arg = feed.display().to_string();
    let run = stage.world.gate(&["--stdin", &feed_arg], &["sh"]);
    let asked = stage.ann.request();
    fs::write(&feed, "echo evil >> ran\n").unwrap();
    stage.ann.send(&stage.ann.yes(&asked), &asked);
    assert!(run.output().status.success());
    assert_eq!(fs::read_to_string(stage.world.work().join("ran")).unwrap(), "good\n");
    let shown = countersign_core::encoding::Hash::of(b"echo good >> ran\n");
    assert_eq!(asked.payload["stdinSha256"], shown.to_string());
}

#[test]
fn attack_41_other_input_is_another_question() {
    let stage = Stage::set();
    let feed = stage.world.path("feed");
    fs::write(&feed, "echo good >> ran\n").unwrap();
    let feed_arg = feed.display().to_string();
    let mut run = stage.world.gate(&["--stdin", &feed_arg], &["sh"]);
    stage.gateway.wait_for_calls(countersign_testkit::Kind::Wait, 1);
    run.kill();
    stage.ann.approve();
    fs::write(&feed, "echo evil >> ran\n").unwrap();
    let again = stage.world.gate(&["--stdin", &feed_arg, "--ttl", "1s"], &["sh"]);
    assert_eq!(again.output().status.code(), Some(126));
    assert_eq!(stage.runs(), 0);
}
