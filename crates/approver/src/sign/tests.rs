//! What is signed, what is sealed, and what is not signed at all.

use super::*;
use crate::fixture::{self, Ask};
use countersign_core::artifact::{ArtifactHash, Assurance, Route, Seat};
use countersign_core::decision::Word;
use countersign_core::keys::KeyId;
use countersign_core::sealing;
use countersign_core::trust::{Approver, Status, TrustStore, TrustType};
use countersign_core::verify::{Check, ReplayView, Subject, verify};
use countersign_wire::decision::sealed_of;
use serde_json::json;

fn signed(ask: &Ask, reply: &Reply) -> Result<SignedAnswer, SignError> {
    let random = &mut fixture::random(3);
    sign(&fixture::opened(ask), reply, &fixture::device(), fixture::now(), random)
}

fn with_route(change: impl FnOnce(&mut Route)) -> Ask {
    let mut route = fixture::route();
    change(&mut route);
    Ask { route: Some(route), ..Ask::default() }
}

/// What the enforcer reads out of the trace.
fn unsealed(answer: &SignedAnswer) -> Answer {
    let sealed = sealed_of(Some(&answer.trace)).unwrap().unwrap();
    let shown = shown(fixture::opened(&Ask::default()).artifact());
    let text = sealing::open(&sealed, &shown, &fixture::enforcer()).unwrap();
    Answer::parse(&text).unwrap()
}

#[test]
fn a_yes_is_a_decision_that_the_enforcer_can_verify() {
    let answer = signed(&Ask::default(), &Reply::allow()).unwrap();
    let decision = unsealed(&answer).decision;
    assert_eq!(decision, answer.answer.decision);
    decision.verify_signature(&fixture::device().public().signing()).unwrap();
    let artifact = fixture::statement(&Ask::default()).artifact;
    assert_eq!(decision.artifact_hash, artifact.head.artifact_hash);
    assert_eq!((decision.decision, decision.scope), (Word::Allow, Scope::Once));
    assert_eq!(decision.expires_at, artifact.head.expires_at);
    assert_eq!(decision.hint(hint::DECIDED_AT).unwrap(), "2026-02-21T12:01:00Z");
    let review = Review::of(&fixture::opened(&Ask::default()));
    let shown = review.display_hash().unwrap().to_string();
    assert_eq!(decision.hint(hint::DISPLAY_HASH).unwrap(), &shown);
}

struct NothingSpent;

impl ReplayView for NothingSpent {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }
    fn nonce_spent(&self, _: &str, _: &KeyId) -> bool {
        false
    }
}

#[test]
fn the_enforcers_whole_validation_accepts_what_is_signed() {
    let keys = fixture::device();
    let approver = Approver {
        key_id: keys.key_id(),
        keys: *keys.public(),
        device_id: "app-1".into(),
        person: "ada".into(),
        label: String::new(),
        roles: vec![],
        assurance: Assurance::Device,
        passkey: None,
        created_at: fixture::time("2026-02-21T11:00:00Z"),
        status: Status::Active {},
        pair_id: "pair-1".into(),
        past: Vec::new(),
    };
    let trust = TrustStore { kind: TrustType::V1, operators: vec![], approvers: vec![approver] };
    let artifact = fixture::statement(&Ask::default()).artifact;
    let check = Check {
        subject: &Subject::of(&artifact).unwrap(),
        trust: &trust,
        session: None,
        now: fixture::now(),
        skew_millis: 0,
        replay: &NothingSpent,
    };
    for (reply, allows) in [(Reply::allow(), true), (Reply::deny(None), false)] {
        let answer = unsealed(&signed(&Ask::default(), &reply).unwrap());
        assert_eq!(verify(answer.decision, &check).unwrap().allows(), allows);
    }
}

#[test]
fn the_body_says_approve_or_reject_and_carries_the_same_signature() {
    let yes = signed(&Ask::default(), &Reply::allow()).unwrap();
    assert_eq!((yes.body.decision, yes.verdict()), (Word::Approve, Verdict::Allow));
    assert_eq!(yes.body.signature, yes.answer.decision.signature.to_string());
    let no = signed(&Ask::default(), &Reply::deny(None)).unwrap();
    assert_eq!((no.body.decision, no.verdict()), (Word::Reject, Verdict::Deny));
    assert_eq!(no.answer.decision.decision, Word::Deny);
}

#[test]
fn attack_24_a_reason_never_leaves_in_clear() {
    let reply = Reply::deny(Some("canary-reason".into()));
    let answer = signed(&Ask::default(), &reply).unwrap();
    assert_eq!(answer.body.reason, None);
    let wire = json::canonical(&(&answer.body, &answer.trace)).unwrap();
    assert!(!String::from_utf8(wire).unwrap().contains("canary"));
    let read = unsealed(&answer);
    assert_eq!(read.reason.as_ref().unwrap().text, "canary-reason");
    let said = read.decision.hint(hint::REASON_HASH).unwrap().clone();
    assert_eq!(said, read.reason.unwrap().hash().to_string());
}

#[test]
fn attack_45_no_scope_wider_than_the_offer_is_signed() {
    let wide = Reply { scope: Scope::Session, ..Reply::allow() };
    let refused = SignError::ScopeNotOffered(Scope::Session);
    assert_eq!(signed(&Ask::default(), &wide), Err(refused.clone()));
    assert_eq!(signed(&Ask { route: None, ..Ask::default() }, &wide), Err(refused));
    let offered = with_route(|route| route.scopes = vec![Scope::Once, Scope::Session]);
    assert!(signed(&offered, &wide).is_ok());
    let denied = Reply { scope: Scope::Session, ..Reply::deny(None) };
    assert!(signed(&offered, &denied).is_err());
}

#[test]
fn attack_45_an_answer_never_outlives_the_request() {
    let until = |text| Reply { until: Some(fixture::time(text)), ..Reply::allow() };
    let late = signed(&Ask::default(), &until("2026-02-21T12:10:01Z"));
    assert!(matches!(late, Err(SignError::OutlivesRequest(_))));
    let past = signed(&Ask::default(), &until("2026-02-21T12:00:30Z"));
    assert!(matches!(past, Err(SignError::Expired(_))));
    let soon = signed(&Ask::default(), &until("2026-02-21T12:05:00Z")).unwrap();
    assert_eq!(soon.answer.decision.expires_at.as_str(), "2026-02-21T12:05:00Z");
}

#[test]
fn attack_19_nothing_is_signed_after_the_end() {
    let opened = fixture::opened(&Ask::default());
    let end = fixture::time("2026-02-21T12:10:00Z").instant();
    let random = &mut fixture::random(3);
    let refused = sign(&opened, &Reply::allow(), &fixture::device(), end, random);
    assert!(matches!(refused, Err(SignError::Expired(_))));
}

#[test]
fn a_device_off_the_roster_signs_nothing() {
    let seat = Seat { person: "bob".into(), key_id: fixture::mallory().key_id() };
    let ask = with_route(|route| route.roster = vec![seat]);
    assert_eq!(signed(&ask, &Reply::allow()), Err(SignError::NotAsked));
}

#[test]
fn a_reason_is_given_where_it_is_wanted_and_fits_a_message() {
    let ask = with_route(|route| route.reason_required = true);
    let because = |text: &str| Reply { reason: Some(text.into()), ..Reply::allow() };
    assert_eq!(signed(&ask, &Reply::allow()), Err(SignError::ReasonMissing));
    assert_eq!(signed(&ask, &because("  ")), Err(SignError::ReasonMissing));
    assert!(signed(&ask, &because("ticket 7")).is_ok());
    assert!(signed(&ask, &Reply::deny(None)).is_ok(), "a no is never held up");
    let long = Reply::deny(Some("\u{1}".repeat(3000)));
    assert_eq!(signed(&Ask::default(), &long), Err(SignError::ReasonTooLong));
    let most = Reply::deny(Some("x".repeat(MAX_REASON - 2)));
    let answer = signed(&Ask::default(), &most).unwrap();
    let size = json::canonical(&(&answer.body, &answer.trace)).unwrap().len();
    assert!(size < countersign_wire::limit::MESSAGE - 2048, "{size}");
}

fn batch() -> Ask {
    let item = |title: &str| json!({"kind": "task", "title": title, "steps": []});
    let items = ["one", "two", "three"].map(item);
    Ask { payload: json!({"kind": "batch", "items": items}), ..Ask::default() }
}

#[test]
fn a_yes_to_a_part_of_a_batch_is_a_no_that_names_the_part() {
    let some = signed(&batch(), &Reply::to_items(vec![2, 0, 2], 3).unwrap()).unwrap();
    let decision = &some.answer.decision;
    assert_eq!((decision.decision, some.body.decision), (Word::Deny, Word::Reject));
    assert_eq!(decision.hint(hint::ITEMS), Some(&json!([0, 2])));
    assert_eq!(some.verdict(), Verdict::Part);
    let all = signed(&batch(), &Reply::to_items(vec![0, 1, 2], 3).unwrap()).unwrap();
    assert_eq!((all.verdict(), all.answer.decision.hint(hint::ITEMS)), (Verdict::Allow, None));
}

#[test]
fn attack_02_items_of_another_batch_or_of_none_are_not_signed() {
    assert!(Reply::to_items(vec![], 3).is_err() && Reply::to_items(vec![3], 3).is_err());
    let longer = Reply::to_items(vec![0, 4], 5).unwrap();
    assert!(matches!(signed(&batch(), &longer), Err(SignError::Items(_))));
    let some = Reply::to_items(vec![0], 2).unwrap();
    assert!(matches!(signed(&Ask::default(), &some), Err(SignError::Items(_))));
}

#[test]
fn a_yes_to_a_part_gives_the_reason_that_a_yes_must_give() {
    let mut route = fixture::route();
    route.reason_required = true;
    let ask = Ask { route: Some(route), ..batch() };
    let some = Reply::to_items(vec![0], 3).unwrap();
    assert_eq!(signed(&ask, &some), Err(SignError::ReasonMissing));
    let because = Reply { reason: Some("only this".into()), ..some };
    assert_eq!(signed(&ask, &because).unwrap().verdict(), Verdict::Part);
}
