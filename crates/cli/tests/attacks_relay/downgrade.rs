//! A gateway that witnessed the ledger, and then says that it knows no heads.

use crate::hostile::Stage;
use countersign_testkit::{Call, Honest, Reply};
use std::path::Path;
use std::process::Command;

/// Everything as before, but no heads: what a gateway of the plain binding says.
async fn without_heads(call: Call, honest: Honest) -> Reply {
    if call.path() == "/v1/heads" {
        return Reply::refusal(404, "not_found", "-");
    }
    honest.answer(call).await
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

fn pairing(stage: &Stage) -> serde_json::Value {
    let path = stage.world.path("enforcer").join("pairings/ann.json");
    crate::common::json(&std::fs::read(path).unwrap())
}

#[test]
fn attack_39_a_witness_that_looks_away_does_not_let_a_spent_approval_live_again() {
    let stage = Stage::set();
    assert!(pairing(&stage).get("witnessed").is_none());
    let mut first = stage.go(&[]);
    stage.ann.approve();
    assert!(first.wait().success());
    assert_eq!(pairing(&stage)["witnessed"], true, "remembered with the pairing");

    let (home, backup) = (stage.world.path("enforcer"), stage.world.path("backup"));
    let mut held = stage.go(&[]);
    let asked = stage.ann.request();
    held.kill();
    copy(&home, &backup);
    stage.ann.send(&stage.ann.yes(&asked), &asked);
    assert!(stage.go(&[]).wait().success());
    assert_eq!(stage.runs(), 2);

    copy(&backup, &home);
    stage.gateway.script(without_heads);
    let output = stage.go(&["--ttl", "5s"]).output();
    assert_eq!((output.status.code(), stage.runs()), (Some(126), 2), "{output:?}");
    let report = stage.world.report();
    assert_eq!(report["error"]["code"], "witness_gone", "{report}");
}

#[test]
fn a_gateway_that_never_knew_heads_is_no_witness_and_no_obstacle() {
    let stage = Stage::set();
    stage.gateway.script(without_heads);
    for runs in 1..=2 {
        let mut run = stage.go(&[]);
        stage.ann.approve();
        assert!(run.wait().success());
        assert_eq!(stage.runs(), runs);
    }
    assert!(pairing(&stage).get("witnessed").is_none());
    // Once it does, it must go on.
    stage.gateway.be_honest();
    let mut run = stage.go(&[]);
    stage.ann.approve();
    assert!(run.wait().success());
    assert_eq!(pairing(&stage)["witnessed"], true);
    stage.gateway.script(without_heads);
    let run = stage.go(&["--ttl", "5s"]);
    stage.ann.approve();
    assert_eq!((run.output().status.code(), stage.runs()), (Some(126), 3));
}

/// A head that this home did not sign says nothing of its ledger: it takes no question from people.
#[test]
fn a_gateway_that_makes_up_a_head_holds_no_question_up() {
    let stage = Stage::set();
    stage.go(&["--ttl", "1s"]).output();
    stage.gateway.script(|call, honest| async move {
        let heads = call.path() == "/v1/heads";
        let reply = honest.answer(call).await;
        if heads { reply.edit(made_up) } else { reply }
    });
    let held = stage.go(&["--ttl", "20s"]);
    let asked = stage.ann.request();
    stage.gateway.be_honest();
    stage.ann.send(&stage.ann.yes(&asked), &asked);
    assert_eq!((held.output().status.code(), stage.runs()), (Some(0), 1));
}

/// The newest head, said to be another one.
fn made_up(body: &mut serde_json::Value) {
    body["body"]["checkpoint"]["head"]["seq"] = 1_000_000.into();
}
