//! However an attempt ends, a signed receipt says so.

use crate::common::Process;
use crate::hostile::Stage;
use countersign_core::decision::{Choice, Word};
use countersign_testkit::{Kind, Reply, forge};
use std::fs;

/// An attempt, and how it must end: the verdict of the report and the events of its receipts.
fn ends(stage: &Stage, run: Process, verdict: &str, code: &str, events: &[&str]) {
    let report = stage.refused(run, verdict, code);
    let id = report["requestId"].as_str().unwrap();
    let all = crate::hostile::receipts(&stage.world, "enforcer");
    let of_it: Vec<&str> = all
        .iter()
        .filter(|receipt| receipt["content"]["requestId"] == id)
        .map(|receipt| receipt["content"]["event"].as_str().unwrap())
        .collect();
    assert_eq!(of_it, events);
    let path = report["receipt"].as_str().unwrap();
    let (judged, code) = stage.world.verify(path, &["--event", events.last().unwrap()]);
    assert_eq!((&judged["verdict"], code), (&"Valid".into(), 0));
}

#[test]
fn attack_27_an_attempt_that_nobody_answered_is_recorded() {
    let stage = Stage::set();
    let run = stage.go(&["--ttl", "1s"]);
    ends(&stage, run, "expired", "HARP_ERR_EXPIRED", &["suspended", "expired"]);
}

#[test]
fn attack_27_an_attempt_that_was_denied_is_recorded() {
    let stage = Stage::set();
    let run = stage.go(&[]);
    let asked = stage.ann.request();
    let no = stage.ann.sign(&asked, Choice { word: Word::Deny, ..forge::yes(&asked) });
    stage.ann.send(&no, &asked);
    ends(&stage, run, "denied", "HARP_ERR_POLICY_DENY", &["suspended", "denied"]);
}

#[test]
fn attack_27_an_attempt_that_was_taken_back_is_recorded() {
    let stage = Stage::set();
    let run = stage.go(&[]);
    stage.gateway.wait_for_calls(Kind::Wait, 1);
    run.signal("TERM");
    ends(&stage, run, "withdrawn", "withdrawn", &["suspended", "withdrawn"]);
}

#[test]
fn attack_27_an_attempt_that_reached_nobody_is_recorded() {
    let stage = Stage::set();
    stage.gateway.script(|_, _| async { Reply::lost() });
    let report = stage.refused(stage.go(&["--ttl", "1s"]), "no_route", "HARP_ERR_TRANSPORT");
    assert!(report["requestId"].is_string());
    assert_eq!(stage.count("suspended"), 1);
    assert_eq!(stage.count("expired") + stage.count("withdrawn"), 1);
}

#[test]
fn attack_27_an_attempt_whose_answer_did_not_verify_is_recorded() {
    let stage = Stage::set();
    let (ann, stranger) = (stage.ann.clone(), forge::strangers_keys());
    stage.answer_with(move |asked| {
        let yes = countersign_core::decision::Decision::sign(asked, forge::yes(asked), &stranger);
        forge::delivery(&yes.unwrap(), asked, ann.enforcer())
    });
    let run = stage.go(&[]);
    let events = ["suspended", "observed", "withdrawn"];
    ends(&stage, run, "refused", "HARP_ERR_SIGNATURE_INVALID", &events);
    assert_eq!(stage.refusals().len(), 2, "the first question's refusal is recorded too");
}

#[test]
fn attack_27_an_approved_attempt_that_did_not_start_is_recorded() {
    let stage = Stage::set();
    let script = stage.world.work().join("job.sh");
    fs::write(&script, "echo good\n").unwrap();
    let run = stage.world.gate(&[], &["sh", "job.sh"]);
    let asked = stage.ann.request();
    fs::write(&script, "echo ran >> ran\n").unwrap();
    stage.ann.send(&stage.ann.yes(&asked), &asked);
    assert_eq!((run.output().status.code(), stage.runs()), (Some(126), 0));
    assert_eq!(
        (stage.count("approved"), stage.count("failed"), stage.count("executed")),
        (1, 1, 0)
    );
}

#[test]
fn attack_27_an_attempt_that_was_killed_is_recorded_by_the_next_one() {
    let stage = Stage::set();
    let mut run = stage.go(&["--ttl", "1s"]);
    stage.gateway.wait_for_calls(Kind::Wait, 1);
    run.kill();
    crate::hostile::until("its end", || {
        stage.world.json("enforcer", &["status"]);
        stage.count("expired") == 1
    });
    assert_eq!((stage.count("suspended"), stage.runs()), (1, 0));
}
