//! An approver's device that signs what it should not, and a gateway that says nothing in the worst
//! moment.

use crate::common::json;
use crate::hostile::{Stage, shared, until};
use crate::{said, verdict};
use countersign_core::artifact::Artifact;
use countersign_core::decision::{Choice, Decision, Word, hint};
use countersign_testkit::{Kind, Reply, forge};
use serde_json::{Value, json as value};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};

fn file(stage: &Stage) -> String {
    let path = stage.world.path("batch.jsonl");
    std::fs::write(&path, "{\"action\":\"one\"}\n{\"action\":\"two\"}\n").unwrap();
    path.display().to_string()
}

/// An answer with these items beside its word.
fn signed(stage: &Stage, artifact: &Artifact, word: Word, items: &Value) -> Decision {
    let yes = forge::yes(artifact);
    let mut hints = yes.hints.clone().unwrap_or_default();
    hints.insert(hint::ITEMS.into(), items.clone());
    stage.ann.sign(artifact, Choice { word, hints: Some(hints), ..yes })
}

fn asked(stage: &Stage, answer: impl Fn(&Artifact) -> Decision) -> Output {
    let asking = stage.world.spawn("enforcer", &["request", "--json", "--batch", &file(stage)]);
    // What is refused is asked once more; what was answered lies in the inbox no longer.
    for _ in 0..2 {
        let artifact = stage.ann.request();
        stage.ann.send(&answer(&artifact), &artifact);
    }
    asking.output()
}

#[test]
fn attack_02_items_that_are_none_of_the_batch_allow_nothing() {
    for (word, items) in
        [(Word::Deny, value!([2])), (Word::Deny, value!([0, 1])), (Word::Allow, value!([0]))]
    {
        let stage = Stage::set();
        let output = asked(&stage, |artifact| signed(&stage, artifact, word, &items));
        assert_eq!(verdict(&output), (13, "refused".into()), "{word:?} {items}");
        assert_eq!(said(&output)["error"]["code"], "HARP_ERR_SCOPE");
        assert!(stage.refusals().iter().all(|note| note.starts_with("HARP_ERR_SCOPE")));
        assert_eq!((stage.count("approved"), stage.count("released")), (0, 0));
    }
}

#[test]
fn attack_21_an_approval_that_was_used_by_somebody_who_died_is_sixteen() {
    let stage = Stage::set();
    let detach = ["request", "--json", "--detach", "--action", "deploy"];
    let id = said(&stage.world.run("enforcer", &detach))["requestId"].as_str().unwrap().to_owned();
    stage.ann.approve();
    // The head of the claim is handed in, and the gateway never says that it took it.
    stage.gateway.script(|call, honest| async move {
        if call.kind == Kind::Other && call.path().ends_with("/heads") {
            std::future::pending::<()>().await;
        }
        honest.answer(call).await
    });
    let heads = || {
        let calls = stage.gateway.calls(Kind::Other);
        calls.iter().filter(|call| call.path().ends_with("/heads")).count()
    };
    let before = heads();
    let mut waiting = stage.world.spawn("enforcer", &["wait", &id, "--json"]);
    until("the claim", || {
        heads() > before && stage.world.json("enforcer", &["status"])["running"][0] == id.as_str()
    });
    waiting.kill();
    stage.gateway.be_honest();
    let output = stage.world.run("enforcer", &["wait", &id, "--json"]);
    assert_eq!(verdict(&output), (16, "uncertain".into()), "{output:?}");
    let document = json(&output.stdout);
    assert_eq!(document["error"]["code"], "uncertain");
    let output = stage.world.run("enforcer", &["wait", &id, "--json"]);
    assert_eq!(verdict(&output).0, 16, "it stays so");
}

#[test]
fn what_a_dead_asker_did_not_get_through_is_sent_once_by_whoever_joins() {
    let stage = Stage::set();
    let detach = ["request", "--json", "--detach", "--action", "deploy"];
    let (held, is_held) = shared(false);
    stage.gateway.script(move |call, honest| {
        let held = held.clone();
        async move {
            if call.kind == Kind::Submit {
                *held.lock().unwrap() = true;
                std::future::pending::<()>().await;
            }
            honest.answer(call).await
        }
    });
    let mut dies = stage.world.spawn("enforcer", &detach);
    // Only once this script has the call is it answered by no later one.
    until("the call", || *is_held.lock().unwrap());
    dies.kill();
    // The gateway is there for one call, and away for every other.
    let sent = AtomicUsize::new(0);
    stage.gateway.script(move |call, honest| {
        let once = call.kind != Kind::Submit || sent.fetch_add(1, Ordering::SeqCst) == 0;
        async move { if once { honest.answer(call).await } else { Reply::lost() } }
    });
    let joins = stage.world.run("enforcer", &detach);
    assert_eq!(verdict(&joins), (15, "pending".into()), "{joins:?}");
    assert_eq!(stage.gateway.calls(Kind::Submit).len(), 2, "the dead one's, and one");
    assert_eq!((stage.count("suspended"), stage.count("withdrawn")), (1, 0));
}
