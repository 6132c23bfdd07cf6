//! What the key of a device is worth to a thief where a passkey was pinned beside it.

use crate::hostile::Stage;
use countersign_core::artifact::Artifact;
use countersign_core::decision::{Decision, hint};
use countersign_core::encoding::base64;
use countersign_core::json;
use countersign_core::passkey::{Assertion, Offer, OfferBody};
use countersign_core::time::Instant;
use countersign_testkit::{Authenticator, HostileDevice, forge};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

/// Has her device answer every question with what `sign` makes of it.
fn answers(
    stage: &Stage,
    sign: impl Fn(&HostileDevice, &Artifact) -> Decision + Send + Sync + 'static,
) {
    let ann = stage.ann.clone();
    stage.answer_with(move |asked| forge::delivery(&sign(&ann, asked), asked, ann.enforcer()));
}

fn with_passkey(n: u8) -> impl Fn(&HostileDevice, &Artifact) -> Decision + Send + Sync + 'static {
    move |ann, asked| {
        let assert = |challenge: &_| Authenticator::new(n).assert(challenge);
        Decision::sign_verified(asked, forge::yes(asked), ann.keys(), assert).unwrap()
    }
}

/// What her console shows for the enforcer.
fn offered(ann: &HostileDevice) -> String {
    let one = Authenticator::new(1);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let time = Instant(i64::try_from(now).unwrap()).timestamp();
    let body = OfferBody { key_id: ann.keys().key_id(), passkey: one.passkey(), time };
    let webauthn = one.assert(&body.challenge().unwrap());
    let offer = Offer::sign(body, webauthn, ann.keys()).unwrap();
    base64(&json::canonical(&offer).unwrap())
}

fn set(stage: &Stage, args: &[&str]) -> bool {
    let all = [&["trust", "set", "ann", "--ttl", "30s", "--json"], args].concat();
    stage.world.run("enforcer", &all).status.success()
}

fn ann(stage: &Stage) -> Value {
    stage.world.json("enforcer", &["trust", "show"])["approvers"][0].clone()
}

#[test]
fn attack_49_a_stolen_key_changes_nothing_where_a_passkey_was_pinned() {
    let stage = Stage::set();
    answers(&stage, |ann, asked| ann.yes(asked));
    assert!(set(&stage, &["--passkey", &offered(&stage.ann)]));
    assert_eq!(ann(&stage)["passkey"]["origin"], "https://relay.example");
    // The key alone, another's passkey, and what her passkey signed for something else.
    assert!(!set(&stage, &["--role", "sre"]));
    answers(&stage, with_passkey(2));
    assert!(!set(&stage, &["--role", "sre"]));
    let seen = Arc::new(Mutex::new(None));
    let keeps = Arc::clone(&seen);
    answers(&stage, move |ann, asked| {
        let yes = with_passkey(1)(ann, asked);
        *keeps.lock().unwrap() = yes.hint(hint::WEBAUTHN).cloned();
        yes
    });
    assert!(stage.go(&[]).wait().success());
    let least = ["--require", "L1", "--assurance", "verified"];
    let run = stage.world.json("enforcer", &[&["receipt", "verify", "last"], &least[..]].concat());
    assert_eq!(run["assurance"], "verified");
    let old = Assertion::read(seen.lock().unwrap().as_ref().unwrap()).unwrap();
    answers(&stage, move |ann, asked| {
        Decision::sign_verified(asked, forge::yes(asked), ann.keys(), |_| old.clone()).unwrap()
    });
    assert!(!set(&stage, &["--role", "sre"]));
    assert_eq!(ann(&stage)["roles"], serde_json::json!([]));
    answers(&stage, with_passkey(1));
    assert!(set(&stage, &["--role", "sre"]));
    assert_eq!(ann(&stage)["roles"][0], "sre");
}
