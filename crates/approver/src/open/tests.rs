//! A gateway that invents, swaps and forges; an enforcer that contradicts itself.

use super::*;
use crate::fixture::{self, Ask};
use countersign_core::encoding::Fixed;
use serde_json::json;

fn refused(delivered: &Delivered) -> OpenError {
    open(delivered, &fixture::pairing(), &fixture::device(), fixture::now()).err().unwrap()
}

#[test]
fn an_honest_request_opens_whole() {
    let opened = fixture::opened(&Ask::default());
    assert_eq!(opened.artifact().head.request_id, "REQ-1");
    assert!(matches!(opened.action(), Some(Action::Command(_))));
    assert_eq!(opened.route().unwrap().threshold, 1);
    assert_eq!(opened.context().description.as_deref(), Some("clean the build"));
}

#[test]
fn the_prefix_of_the_hash_changes_nothing() {
    let mut delivered = fixture::delivered(&Ask::default());
    delivered.artifact_hash = format!("sha256:{}", delivered.artifact_hash);
    assert!(open(&delivered, &fixture::pairing(), &fixture::device(), fixture::now()).is_ok());
}

#[test]
fn attack_36_a_gateway_cannot_invent_a_request() {
    // It knows the device's public keys, so it can seal; but it cannot sign for the enforcer.
    let ask = Ask { signer: fixture::mallory(), ..Ask::default() };
    assert_eq!(refused(&fixture::delivered(&ask)), OpenError::NotFromEnforcer);
    // An approver's own signature is no enforcer's either.
    let ask = Ask { signer: fixture::device(), ..Ask::default() };
    assert_eq!(refused(&fixture::delivered(&ask)), OpenError::NotFromEnforcer);
}

#[test]
fn attack_36_a_signature_for_another_artifact_does_not_help() {
    let mut other = fixture::statement(&Ask::default());
    other.artifact.payload.insert("cwd".into(), json!("/"));
    other.artifact.head.artifact_hash = other.artifact.hash().unwrap();
    assert_eq!(refused(&fixture::deliver(&other)), OpenError::NotFromEnforcer);
}

#[test]
fn attack_23_bodies_swapped_between_requests_do_not_open() {
    let one = fixture::delivered(&Ask::default());
    let two = fixture::delivered(&Ask { request_id: "REQ-2".into(), ..Ask::default() });
    let swapped = Delivered { sealed: two.sealed, ..one };
    assert_eq!(refused(&swapped), OpenError::Seal(SealError::Broken));
}

#[test]
fn attack_23_every_field_that_the_gateway_shows_is_bound_to_the_seal() {
    let honest = fixture::delivered(&Ask::default());
    let hash = Hash([1; 32]).to_string();
    let later = "2026-02-21T12:30:00Z".to_owned();
    for changed in [
        Delivered { request_id: "REQ-2".into(), ..honest.clone() },
        Delivered { artifact_type: "plan.review".into(), ..honest.clone() },
        Delivered { artifact_hash: hash, ..honest.clone() },
        Delivered { expires_at: later, ..honest.clone() },
    ] {
        assert_eq!(refused(&changed), OpenError::Seal(SealError::Broken));
    }
    let nonsense = Delivered { artifact_hash: "abc".into(), ..honest };
    assert_eq!(refused(&nonsense), OpenError::HashMismatch);
}

#[test]
fn fields_that_contradict_what_was_signed_are_refused_each_by_its_name() {
    let statement = fixture::statement(&Ask::default());
    let honest = fixture::shown(&statement);
    for (shown, reason) in [
        (Shown { request_id: "X".into(), ..honest.clone() }, OpenError::RequestMismatch),
        (Shown { artifact_type: "x".into(), ..honest.clone() }, OpenError::TypeMismatch),
        (
            Shown { artifact_hash: Hash([1; 32]).to_string(), ..honest.clone() },
            OpenError::HashMismatch,
        ),
        (
            Shown { expires_at: "2026-02-21T12:30:00Z".into(), ..honest.clone() },
            OpenError::ExpiryMismatch,
        ),
    ] {
        assert_eq!(refused(&fixture::deliver_as(&statement, &shown)), reason);
    }
}

#[test]
fn a_claimed_hash_is_never_believed() {
    let mut artifact = fixture::statement(&Ask::default()).artifact;
    artifact.payload.insert("cwd".into(), json!("/"));
    let lying = Statement::sign(artifact, vec![], &fixture::enforcer()).unwrap();
    assert_eq!(refused(&fixture::deliver(&lying)), OpenError::HashMismatch);
}

#[test]
fn a_message_for_another_device_does_not_open() {
    let delivered = fixture::delivered(&Ask::default());
    let other = fixture::mallory();
    let refused = open(&delivered, &fixture::pairing(), &other, fixture::now()).err();
    assert_eq!(refused, Some(OpenError::Seal(SealError::NotForUs)));
}

#[test]
fn attack_19_an_expired_request_is_not_shown() {
    let delivered = fixture::delivered(&Ask::default());
    let at = |text: &str| Timestamp::parse(text).unwrap().instant();
    let open_at = |now| open(&delivered, &fixture::pairing(), &fixture::device(), now);
    assert!(open_at(at("2026-02-21T12:09:59Z")).is_ok());
    let refused = open_at(at("2026-02-21T12:10:00Z")).err();
    assert!(matches!(refused, Some(OpenError::Expired(_))));
}

#[test]
fn a_local_statement_passes_the_same_checks() {
    let name = fixture::pairing().name;
    let enforcer = *fixture::enforcer().public();
    let local = |ask: &Ask, now| at_hand(fixture::statement(ask), name.clone(), &enforcer, now);
    assert!(local(&Ask::default(), fixture::now()).is_ok());
    let forged = Ask { signer: fixture::mallory(), ..Ask::default() };
    assert_eq!(local(&forged, fixture::now()).err(), Some(OpenError::NotFromEnforcer));
    let late = fixture::now().plus_millis(3_600_000);
    assert!(matches!(local(&Ask::default(), late), Err(OpenError::Expired(_))));
}

#[test]
fn what_is_no_statement_is_refused() {
    let shown = fixture::shown(&fixture::statement(&Ask::default()));
    for text in ["", "{}", "{\"artifact\":1,\"artifact\":2}"] {
        let refused = refused(&fixture::deliver_bytes(text.as_bytes(), &shown));
        assert!(matches!(refused, OpenError::Malformed(_)), "{text}");
    }
}

#[test]
fn attack_47_a_disclosure_must_open_the_commitment_at_its_place() {
    let honest = Ask::with_secret();
    assert!(!fixture::statement(&honest).disclosures.is_empty());
    fixture::opened(&honest);
    let Disclosure(path, value, salt) = honest.disclosures[0].clone();
    for wrong in [
        Disclosure(path.clone(), json!("harmless"), salt),
        Disclosure("/env/OTHER".into(), value.clone(), salt),
        Disclosure(path.clone(), value, Hash([0; 32])),
        Disclosure("/cwd".into(), json!("/"), salt),
    ] {
        let ask = Ask { disclosures: vec![wrong.clone()], ..Ask::with_secret() };
        let expected = OpenError::WrongDisclosure(wrong.0);
        assert_eq!(refused(&fixture::delivered(&ask)), expected);
    }
}

#[test]
fn a_request_id_that_is_no_file_name_is_refused() {
    for id in ["../x", ".x", "a b", "a/b"] {
        let ask = Ask { request_id: id.into(), ..Ask::default() };
        assert_eq!(refused(&fixture::delivered(&ask)), OpenError::BadRequestId);
    }
}

#[test]
fn a_message_without_an_end_or_with_other_ciphertext_is_refused() {
    let envelope = fixture::envelope(&Ask::default());
    assert_eq!(Delivered::of(&envelope), Ok(fixture::delivered(&Ask::default())));
    let endless = Envelope { expires_at: None, ..envelope.clone() };
    assert_eq!(Delivered::of(&endless), Err(OpenError::ExpiryMismatch));
    let mut foreign = serde_json::to_value(&envelope).unwrap();
    foreign["body"]["ciphertextRef"] = json!({"kind": "inline", "data": "x"});
    let foreign: Envelope = serde_json::from_value(foreign).unwrap();
    let refused = Delivered::of(&foreign.open().unwrap());
    assert!(matches!(refused, Err(OpenError::Malformed(_))));
}

#[test]
fn a_tampered_ciphertext_does_not_open() {
    let mut delivered = fixture::delivered(&Ask::default());
    delivered.sealed.tag = Fixed([0; 16]);
    assert_eq!(refused(&delivered), OpenError::Seal(SealError::Broken));
}
