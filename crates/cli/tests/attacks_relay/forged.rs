//! Answers that nobody gave, or that were given to another question.

use crate::hostile::{Stage, operator};
use countersign_core::artifact::{Artifact, Scope};
use countersign_core::decision::{Choice, Decision, Word, hint};
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_core::time::Timestamp;
use countersign_testkit::{HostileDevice, Kind, Reply, forge};
use serde_json::{Map, Value, json};

const INVALID: &str = "HARP_ERR_SIGNATURE_INVALID";

/// A yes by other keys, under the name of whoever the forger likes.
fn by(keys: &SecretKeys, artifact: &Artifact, name: &SecretKeys) -> Decision {
    let mut decision = Decision::sign(artifact, forge::yes(artifact), keys).unwrap();
    decision.signer_key_id = name.key_id();
    decision
}

/// Every yes that a gateway could make of what it knows.
fn forgeries(ann: &HostileDevice) -> Vec<(&'static str, Box<Forgery>)> {
    let deliver = |make: fn(&HostileDevice, &Artifact) -> Decision| -> Box<Forgery> {
        let ann = ann.clone();
        Box::new(move |asked| forge::delivery(&make(&ann, asked), asked, ann.enforcer()))
    };
    let plain = |make: fn(&HostileDevice, &Artifact) -> Value| -> Box<Forgery> {
        let ann = ann.clone();
        Box::new(move |asked| make(&ann, asked))
    };
    vec![
        (
            "a stranger's key, by its name",
            deliver(|_, asked| {
                let stranger = forge::strangers_keys();
                by(&stranger, asked, &stranger)
            }),
        ),
        (
            "a stranger's key, by her name",
            deliver(|ann, asked| by(&forge::strangers_keys(), asked, ann.keys())),
        ),
        (
            "her no, made a yes",
            deliver(|ann, asked| {
                let mut decision =
                    ann.sign(asked, Choice { word: Word::Deny, ..forge::yes(asked) });
                decision.decision = Word::Allow;
                decision
            }),
        ),
        (
            "her yes, in a wider scope",
            deliver(|ann, asked| Decision { scope: Scope::Session, ..ann.yes(asked) }),
        ),
        (
            "her yes, with a longer life",
            deliver(|ann, asked| {
                let expires_at = Timestamp::parse("2036-01-01T00:00:00Z").unwrap();
                Decision { expires_at, ..ann.yes(asked) }
            }),
        ),
        (
            "her no, made a yes, in the plain binding",
            plain(|ann, asked| {
                let no = ann.sign(asked, Choice { word: Word::Deny, ..forge::yes(asked) });
                let mut delivery = forge::plain_delivery(&forge::told(&no), asked);
                delivery["body"]["decision"] = "approve".into();
                delivery
            }),
        ),
        (
            "her yes in the plain binding, with a longer life",
            plain(|ann, asked| {
                let mut delivery = forge::plain_delivery(&forge::told(&ann.yes(asked)), asked);
                delivery["expiresAt"] = "2036-01-01T00:00:00Z".into();
                delivery
            }),
        ),
        (
            "her yes without the words under the seal",
            plain(|ann, asked| {
                let hints = Map::from_iter([(hint::DECIDED_AT.to_owned(), json!("now"))]);
                let yes = ann.sign(asked, Choice { hints: Some(hints), ..forge::yes(asked) });
                forge::plain_delivery(&forge::told(&yes), asked)
            }),
        ),
    ]
}

type Forgery = dyn Fn(&Artifact) -> Value + Send + Sync;

#[test]
fn attack_23_no_answer_of_the_gateways_own_is_taken() {
    let stage = Stage::set();
    let forgeries = forgeries(&stage.ann);
    let count = forgeries.len();
    for (name, forge) in forgeries {
        stage.answer_with(forge);
        let report = stage.refused(stage.go(&[]), "refused", INVALID);
        assert!(report["receipt"].is_string(), "{name}");
    }
    let noted = stage.refusals();
    assert!(noted.iter().all(|note| note.starts_with(INVALID)), "{noted:?}");
    assert_eq!(noted.len(), 2 * count, "each asked once more, and refused twice");
}

#[test]
fn attack_23_the_same_stage_lets_a_true_answer_through() {
    let stage = Stage::set();
    let ann = stage.ann.clone();
    stage.answer_with(move |asked| forge::delivery(&ann.yes(asked), asked, ann.enforcer()));
    assert!(stage.go(&[]).wait().success());
    let ann = stage.ann.clone();
    stage.answer_with(move |asked| forge::plain_delivery(&forge::told(&ann.yes(asked)), asked));
    assert!(stage.go(&[]).wait().success(), "another implementation's device seals nothing");
    assert_eq!(stage.runs(), 2);
}

#[test]
fn attack_10_the_operators_key_approves_nothing() {
    let stage = Stage::set();
    for name in ["its own", "hers"] {
        let (_, operator) = operator(&stage.world);
        let ann = stage.ann.clone();
        stage.answer_with(move |asked| {
            let named = if name == "hers" { ann.keys() } else { &operator };
            forge::delivery(&by(&operator, asked, named), asked, ann.enforcer())
        });
        stage.unverified(stage.go(&[]), INVALID);
    }
}

/// Has `ann`'s own device answer every question with what `sign` makes of it.
fn answered_by_her(code: &str, sign: fn(&HostileDevice, &Artifact) -> Decision) {
    let stage = Stage::set();
    let ann = stage.ann.clone();
    stage.answer_with(move |asked| forge::delivery(&sign(&ann, asked), asked, ann.enforcer()));
    stage.unverified(stage.go(&[]), code);
}

#[test]
fn attack_45_a_device_cannot_take_a_wider_scope_than_was_offered() {
    answered_by_her("HARP_ERR_SCOPE", |ann, asked| {
        ann.sign(asked, Choice { scope: Scope::Timebox, ..forge::yes(asked) })
    });
}

#[test]
fn attack_03_an_approval_of_another_session_is_refused() {
    answered_by_her("HARP_ERR_SCOPE", |ann, asked| {
        let hints = Map::from_iter([(hint::SESSION_ID.to_owned(), json!("another"))]);
        ann.sign(asked, Choice { hints: Some(hints), ..forge::yes(asked) })
    });
}

#[test]
fn attack_03_an_approval_of_another_repository_is_refused() {
    answered_by_her("HARP_ERR_HASH_MISMATCH", |ann, asked| {
        let mut elsewhere = asked.clone();
        elsewhere.head.repo_ref = "repo_another".into();
        ann.yes(&elsewhere)
    });
}

#[test]
fn attack_03_an_approval_of_the_same_command_under_another_id_is_refused() {
    answered_by_her("HARP_ERR_HASH_MISMATCH", |ann, asked| {
        let mut another = asked.clone();
        another.head.request_id = "01KAH0000000000000000000ZZ".into();
        ann.yes(&another)
    });
}

#[test]
fn attack_03_an_approval_under_another_policy_is_refused() {
    answered_by_her("HARP_ERR_HASH_MISMATCH", |ann, asked| {
        let mut looser = asked.clone();
        let extensions = looser.head.extensions.as_mut().unwrap();
        extensions["org.countersign.route"]["policyHash"] = json!("ab".repeat(32));
        ann.yes(&looser)
    });
}

#[test]
fn attack_19_an_approval_past_its_own_expiry_is_refused() {
    answered_by_her("HARP_ERR_EXPIRED", |ann, asked| {
        let expires_at = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        ann.sign(asked, Choice { expires_at, ..forge::yes(asked) })
    });
}

#[test]
fn attack_05_an_answer_that_two_parsers_read_differently_is_refused() {
    let stage = Stage::set();
    let ann = stage.ann.clone();
    stage.answer_with(move |asked| {
        let no = ann.sign(asked, Choice { word: Word::Deny, ..forge::yes(asked) });
        let text = json!({"decision": no}).to_string();
        // The word twice: a reader that keeps the last sees a yes.
        let twice =
            text.replace("\"decision\":\"deny\"", "\"decision\":\"deny\",\"decision\":\"allow\"");
        assert_ne!(text, twice);
        forge::sealed_delivery(twice.as_bytes(), &forge::told(&no), asked, ann.enforcer())
    });
    stage.unverified(stage.go(&[]), "HARP_ERR_CANONICALIZATION");
}

#[test]
fn attack_35_what_a_device_signs_for_the_gateway_is_no_decision() {
    let stage = Stage::set();
    // The challenge is the text of the very decision that the gateway would like to have.
    let stolen = steal_a_signature(&stage);
    let ann = stage.ann.clone();
    let kx: Fixed<64> = serde_json::from_value(
        serde_json::to_value(ann.keys().public()).unwrap()["kxSignature"].clone(),
    )
    .unwrap();
    for signature in [stolen, kx] {
        let ann = stage.ann.clone();
        stage.answer_with(move |asked| {
            let decision = Decision { signature, ..ann.yes(asked) };
            forge::delivery(&decision, asked, ann.enforcer())
        });
        stage.unverified(stage.go(&[]), INVALID);
    }
}

/// Lets `ann` prove her possession of a nonce that the gateway chose, and keeps the proof.
fn steal_a_signature(stage: &Stage) -> Fixed<64> {
    let run = stage.go(&["--ttl", "1s"]);
    let asked = stage.ann.request();
    stage.refused(run, "expired", "HARP_ERR_EXPIRED");
    let wanted = forge::told(&stage.ann.sign(&asked, forge::yes(&asked))).digest().unwrap();
    stage.gateway.script(move |call, honest| {
        let nonce = format!("{wanted}");
        async move {
            match call.kind {
                Kind::Challenge => Reply::json(
                    200,
                    &json!({"serverNonce": nonce, "expiresAt": "2036-01-01T00:00:00Z"}),
                ),
                _ => honest.answer(call).await,
            }
        }
    });
    stage.ann.log_in_again();
    let proofs = stage.gateway.calls(Kind::Session);
    let proof = proofs.last().unwrap().json();
    assert_eq!(proof["serverNonce"], wanted.to_string());
    serde_json::from_value(proof["signature"].clone()).unwrap()
}
