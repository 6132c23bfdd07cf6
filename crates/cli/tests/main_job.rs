//! The main job, end to end, through the real binary.

mod common;

use common::World;

#[test]
fn a_command_waits_for_a_signature_runs_once_and_is_proven_afterwards() {
    let world = World::paired();
    let mut run = world.gate(&[], &["sh", "-c", "echo hi > out"]);
    let id = world.waiting("approver");
    assert!(!world.work().join("out").exists());
    world.json("approver", &["approve", &id]);
    assert!(run.wait().success());
    assert_eq!(std::fs::read_to_string(world.work().join("out")).unwrap(), "hi\n");
    let report = world.report();
    assert_eq!((&report["verdict"], &report["exitCode"]), (&"approved".into(), &0.into()));
    let receipt = report["receipt"].as_str().unwrap();
    let (verdict, code) = world.verify(receipt, &["--require", "L1", "--event", "executed"]);
    assert_eq!((&verdict["verdict"], &verdict["level"]), (&"Valid".into(), &"L1".into()));
    assert_eq!((&verdict["assurance"], code), (&"device".into(), 0));
}

#[test]
fn a_denial_reaches_the_agent_with_its_reason_and_nothing_runs() {
    let world = World::paired();
    let run = world.gate(&["--json"], &["sh", "-c", "echo hi > out"]);
    let id = world.waiting("approver");
    world.json("approver", &["deny", &id, "-m", "not today"]);
    let output = run.output();
    assert_eq!(output.status.code(), Some(126));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not today"));
    let report = world.report();
    assert_eq!((&report["verdict"], &report["reason"]), (&"denied".into(), &"not today".into()));
    assert!(!world.work().join("out").exists());
    let (verdict, _) = world.verify(report["receipt"].as_str().unwrap(), &[]);
    assert_eq!((&verdict["event"], &verdict["level"]), (&"denied".into(), &"L0".into()));
}

#[test]
fn the_childs_exit_code_is_passed_on() {
    let world = World::paired();
    let mut run = world.gate(&[], &["sh", "-c", "exit 7"]);
    world.answer("approve");
    assert_eq!(run.wait().code(), Some(7));
    assert_eq!(world.report()["exitCode"], 7);
}

#[test]
fn attack_20_silence_ends_in_a_refusal() {
    let world = World::paired();
    let mut run = world.gate(&["--ttl", "1s"], &["sh", "-c", "echo hi > out"]);
    assert_eq!(run.wait().code(), Some(126));
    let report = world.report();
    assert_eq!(report["verdict"], "expired");
    let (verdict, _) = world.verify(report["receipt"].as_str().unwrap(), &[]);
    assert_eq!(verdict["event"], "expired");
    assert!(!world.work().join("out").exists());
}

#[test]
fn attack_18_a_run_that_goes_on_is_not_called_uncertain_by_another_process() {
    let world = World::paired();
    let fifo = world.work().join("go");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut run = world.gate(&[], &["sh", "-c", "read x < go"]);
    let id = world.answer("approve");
    // Opens when the command reads, and so when it runs.
    let go = std::fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    let status = world.json("enforcer", &["status"]);
    assert_eq!(status["running"], serde_json::json!([id]));
    assert_eq!(status["uncertain"], serde_json::json!([]));
    std::io::Write::write_all(&mut &go, b"\n").unwrap();
    assert!(run.wait().success());
    let (verdict, _) = world.verify("last", &["--require", "L1", "--event", "executed"]);
    assert_eq!(verdict["event"], "executed");
}
