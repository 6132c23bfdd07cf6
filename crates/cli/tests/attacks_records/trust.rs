//! A proof counts only under keys that somebody pinned.

use crate::common::{World, error_code, json};
use crate::hostile::{Stage, operator};
use countersign_core::decision::Decision;
use countersign_core::encoding::Hash;
use countersign_core::receipt::{Level, Receipt};
use countersign_core::trust::TrustStore;
use countersign_testkit::forge;
use serde_json::{Value, json};
use std::fs;

/// A run that was approved; its receipt and the trust store it is judged against.
fn executed() -> (Stage, Receipt, TrustStore) {
    let stage = Stage::set();
    let mut run = stage.go(&[]);
    stage.ann.approve();
    assert!(run.wait().success());
    let path = stage.world.report()["receipt"].as_str().unwrap().to_owned();
    let receipt = Receipt::parse(&fs::read(path).unwrap()).unwrap();
    let trust = TrustStore::parse(&fs::read(stage.world.trust()).unwrap()).unwrap();
    (stage, receipt, trust)
}

/// The binary's verdict over a receipt under a trust store, and its exit code.
fn judge(world: &World, receipt: &Receipt, trust: &Value) -> (String, i32) {
    let (file, store) = (world.path("judged.json"), world.path("store.json"));
    fs::write(&file, receipt.canonical_bytes().unwrap()).unwrap();
    fs::write(&store, trust.to_string()).unwrap();
    let (file, store) = (file.display().to_string(), store.display().to_string());
    let output = world.run("auditor", &["receipt", "verify", &file, "--trust", &store, "--json"]);
    let verdict = json(&output.stdout)["verdict"].as_str().unwrap().to_owned();
    (verdict, output.status.code().unwrap())
}

fn value(trust: &TrustStore) -> Value {
    serde_json::to_value(trust).unwrap()
}

#[test]
fn attack_07_a_receipt_made_with_fresh_keys_proves_nothing() {
    let (stage, receipt, trust) = executed();
    assert_eq!(judge(&stage.world, &receipt, &value(&trust)), ("Valid".into(), 0));
    // Two fresh keys: an operator's for the receipt, an approver's for the decision in it.
    let (operator, approver) = (forge::strangers_keys(), forge::strangers_keys());
    let mut content = receipt.content.clone();
    let artifact = content.whole_artifacts().remove(0);
    let forged = Decision::sign(&artifact, forge::yes(&artifact), &approver).unwrap();
    content.entry.decisions = vec![forged];
    let forged = Receipt::sign(content.clone(), &operator).unwrap();
    assert_eq!(judge(&stage.world, &forged, &value(&trust)), ("Untrusted".into(), 13));
    // A fresh operator's key alone, around the person's true decision.
    let forged = Receipt::sign(receipt.content.clone(), &operator).unwrap();
    assert_eq!(judge(&stage.world, &forged, &value(&trust)), ("Untrusted".into(), 13));
    // The true operator's key, which an agent may have found, around a fresh person's decision.
    let (_, operator) = self::operator(&stage.world);
    let forged = Receipt::sign(content, &operator).unwrap();
    let (verdict, code) = judge(&stage.world, &forged, &value(&trust));
    assert_eq!((verdict.as_str(), code), ("Untrusted", 13));
    // And nobody's word counts where nobody was pinned.
    let nobody = json!({"type": "countersign.trust/v1", "operators": [], "approvers": []});
    assert_eq!(judge(&stage.world, &receipt, &nobody), ("Untrusted".into(), 13));
}

#[test]
fn attack_07_a_key_inside_a_receipt_is_not_believed() {
    let (stage, receipt, trust) = executed();
    let stranger = forge::strangers_keys();
    let mut forged = Receipt::sign(receipt.content.clone(), &stranger).unwrap();
    // It names the true operator and brings a key of its own along.
    forged.signatures[0].key_id = receipt.signatures[0].key_id.clone();
    assert_eq!(judge(&stage.world, &forged, &value(&trust)), ("BadSignature".into(), 13));
    forged.signatures[0].public_key = receipt.signatures[0].public_key;
    assert_eq!(judge(&stage.world, &forged, &value(&trust)), ("BadSignature".into(), 13));
    forged.signatures.clear();
    let (verdict, code) = judge(&stage.world, &forged, &value(&trust));
    assert_ne!(verdict, "Valid");
    assert_eq!(code, 13);
}

#[test]
fn attack_08_a_persons_name_under_another_key_proves_nothing() {
    let (stage, receipt, trust) = executed();
    let stranger = forge::strangers_keys();
    let mut trust = value(&trust);
    assert_eq!(trust["approvers"][0]["person"], "ann");
    trust["approvers"][0]["keyId"] = json!(stranger.key_id());
    trust["approvers"][0]["keys"] = json!(stranger.public());
    assert_eq!(judge(&stage.world, &receipt, &trust), ("Untrusted".into(), 13));
}

#[test]
fn attack_10_a_receipt_that_the_operator_approved_for_itself_proves_no_approval() {
    let (stage, receipt, trust) = executed();
    let (_, operator) = operator(&stage.world);
    let mut content = receipt.content;
    let artifact = content.whole_artifacts().remove(0);
    content.entry.decisions =
        vec![Decision::sign(&artifact, forge::yes(&artifact), &operator).unwrap()];
    let forged = Receipt::sign(content.clone(), &operator).unwrap();
    let (verdict, code) = judge(&stage.world, &forged, &value(&trust));
    assert_eq!((verdict.as_str(), code), ("SelfApproval", 13));
    // Without any decision it may say L1 as loudly as it likes.
    content.entry.decisions.clear();
    assert_eq!(content.entry.trust_level, Level::L1);
    let forged = Receipt::sign(content, &operator).unwrap();
    let (verdict, code) = judge(&stage.world, &forged, &value(&trust));
    assert_ne!(verdict, "Valid");
    assert_eq!(code, 13);
}

#[test]
fn attack_10_a_home_in_which_the_operator_is_an_approver_gates_nothing() {
    let stage = Stage::set();
    let path = stage.world.path("enforcer").join("trust.json");
    let mut trust = json(&fs::read(&path).unwrap());
    let own = trust["operators"][0].clone();
    let hers = &mut trust["approvers"][0];
    hers["keyId"] = own["keyId"].clone();
    hers["keys"] = own["keys"].clone();
    fs::write(&path, trust.to_string()).unwrap();
    let output = stage.world.run("enforcer", &["run", "--json", "--", "touch", "ran"]);
    assert_eq!(output.status.code(), Some(125), "{output:?}");
    assert_eq!((error_code(&output), stage.runs()), ("home".into(), 0));
    assert!(!stage.world.work().join("ran").exists());
}

#[test]
fn attack_10_a_key_that_was_taken_back_is_asked_no_more() {
    let stage = Stage::set();
    stage.world.json("enforcer", &["revoke", "ann"]);
    let output = stage.go(&["--ttl", "5s"]).output();
    assert_eq!((output.status.code(), stage.runs()), (Some(126), 0));
    assert_eq!(stage.world.report()["error"]["code"], "no_approver");
    // Written back by hand, the record of her pairing leads to a key that no longer counts.
    let pairing = json!({
        "name": "ann", "pairId": "any", "relay": stage.gateway.url(), "approverId": "any",
        "keyId": stage.ann.keys().key_id(), "pairedAt": "2026-02-24T10:00:00Z",
    });
    fs::write(stage.world.path("enforcer").join("pairings/ann.json"), pairing.to_string()).unwrap();
    let output = stage.go(&["--ttl", "5s"]).output();
    assert_eq!((output.status.code(), stage.runs()), (Some(126), 0));
    assert_eq!(stage.world.report()["error"]["code"], "no_approver");
}

#[test]
fn attack_04_a_receipt_with_another_run_under_the_same_decision_is_refused() {
    let (stage, receipt, trust) = executed();
    let (_, operator) = operator(&stage.world);
    let mut content = receipt.content;
    let argv = json!(["sh", "-c", "something else"]);
    let action = content.entry.action.as_mut().unwrap();
    action.insert("argv".into(), argv);
    let hash = countersign_core::json::sha256(action).unwrap();
    content.entry.action_hash = Some(countersign_core::action::ActionHash(Hash(hash)));
    // Signed by the true operator: the person's decision is what does not fit.
    let forged = Receipt::sign(content, &operator).unwrap();
    let (verdict, code) = judge(&stage.world, &forged, &value(&trust));
    assert_eq!((verdict.as_str(), code), ("HashMismatch", 13));
}
