//! What an answer counts as, by the passkey that was used for it.

use super::*;
use crate::passkey::Assertion;
use crate::passkey::tests::Authenticator;

/// Ann, whose key is pinned with this assurance and with a passkey, asked for this much.
fn asked(pinned: Assurance, needed: Assurance) -> Case {
    let mut case = case();
    let mut route = route(&case.key);
    route.min_assurance = needed;
    case.artifact = artifact(&route, "r1");
    for ann in &mut case.trust.approvers {
        (ann.assurance, ann.passkey) = (pinned, Some(Authenticator::new(1).passkey()));
    }
    case
}

fn signed(case: &Case, with: impl FnOnce(&Hash) -> Assertion) -> Decision {
    Decision::sign_verified(&case.artifact, case.choice.clone(), &case.key, with).unwrap()
}

fn with_passkey(case: &Case) -> Decision {
    signed(case, |challenge| Authenticator::new(1).assert(challenge))
}

/// What it counts as where nothing is asked for.
fn counts_as(pinned: Assurance, decide: impl FnOnce(&Case) -> Decision) -> Assurance {
    let case = asked(pinned, Assurance::Local);
    case.verify(decide(&case), &Fresh).unwrap().assurance()
}

#[test]
fn a_passkey_lifts_every_key_but_a_local_one() {
    use Assurance::{Device, Local, Verified, Web};
    for (pinned, without, with) in [
        (Local, Local, Local),
        (Web, Web, Verified),
        (Device, Device, Verified),
        (Verified, Device, Verified),
    ] {
        assert_eq!(counts_as(pinned, Case::decide), without, "{pinned:?}");
        assert_eq!(counts_as(pinned, with_passkey), with, "{pinned:?}");
    }
}

#[test]
fn attack_49_verified_that_was_pinned_without_a_passkey_is_shown_by_nothing() {
    let mut case = asked(Assurance::Verified, Assurance::Verified);
    case.trust.approvers.iter_mut().for_each(|ann| ann.passkey = None);
    let (have, need) = (Assurance::Device, Assurance::Verified);
    assert_eq!(case.refusal(), Refusal::Assurance { have, need });
    let lifted = case.verify(with_passkey(&case), &Fresh).unwrap_err();
    assert_eq!(lifted, Refusal::Assurance { have, need });
}

#[test]
fn attack_49_a_route_that_asks_for_verified_takes_nothing_less() {
    let case = asked(Assurance::Web, Assurance::Verified);
    let (have, need) = (Assurance::Web, Assurance::Verified);
    let refused = |decision| {
        assert_eq!(case.verify(decision, &Fresh).unwrap_err(), Refusal::Assurance { have, need })
    };
    refused(case.decide());
    // Of another answer to the same question, of another question, of another passkey.
    let before = signed(&case, |_| Authenticator::new(1).assert(&Hash([0; 32])));
    refused(before);
    let other = Case {
        choice: Choice { nonce: Fixed([2; 24]), ..case.choice.clone() },
        ..asked(Assurance::Web, Assurance::Verified)
    };
    let taken = with_passkey(&other).hint(hint::WEBAUTHN).cloned().unwrap();
    refused(signed(&case, |_| Assertion::read(&taken).unwrap()));
    refused(signed(&case, |challenge| Authenticator::new(2).assert(challenge)));
    assert!(case.verify(with_passkey(&case), &Fresh).unwrap().allows());
}

#[test]
fn attack_49_every_member_of_an_answer_is_under_its_passkey() {
    let case = asked(Assurance::Device, Assurance::Local);
    let made = with_passkey(&case).hint(hint::WEBAUTHN).cloned().unwrap();
    let changes: [fn(&mut Choice); 4] = [
        |choice| choice.word = Word::Approve,
        |choice| choice.nonce = Fixed([2; 24]),
        |choice| choice.expires_at = NOW.plus_millis(100_000).timestamp(),
        |choice| choice.hints = json!({"x": 1}).as_object().cloned(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut choice = case.choice.clone();
        change(&mut choice);
        let with = |_: &Hash| Assertion::read(&made).unwrap();
        let moved = Decision::sign_verified(&case.artifact, choice, &case.key, with).unwrap();
        assert_eq!(case.verify(moved, &Fresh).unwrap().assurance(), Assurance::Device, "{at}");
    }
}

#[test]
fn attack_49_nobody_but_the_key_puts_a_passkey_in_or_takes_it_out() {
    let case = asked(Assurance::Device, Assurance::Local);
    let mut stripped = with_passkey(&case);
    stripped.policy_hints = None;
    assert_eq!(case.verify(stripped, &Fresh).unwrap_err(), Refusal::Signature);
    let mut added = case.decide();
    added.policy_hints = with_passkey(&case).policy_hints;
    assert_eq!(case.verify(added, &Fresh).unwrap_err(), Refusal::Signature);
}

#[test]
fn attack_49_a_hint_that_is_no_assertion_counts_for_nothing() {
    for hint in [json!(true), json!({}), json!([1]), serde_json::Value::Null] {
        let mut case = asked(Assurance::Web, Assurance::Local);
        case.choice.hints = json!({"webauthn": hint}).as_object().cloned();
        assert_eq!(case.verify(case.decide(), &Fresh).unwrap().assurance(), Assurance::Web);
    }
}

#[test]
fn a_plain_no_needs_no_passkey_and_everything_else_does() {
    let mut case = asked(Assurance::Web, Assurance::Verified);
    case.choice.word = Word::Deny;
    assert!(!case.verify(case.decide(), &Fresh).unwrap().allows());
    for hints in [json!({"escalate": {}}), json!({"items": [0]})] {
        case.choice.hints = hints.as_object().cloned();
        assert!(matches!(case.refusal(), Refusal::Assurance { .. }), "{hints}");
    }
    // Of a key that no passkey lifts, no answer was asked for.
    case.trust.approvers.iter_mut().for_each(|ann| ann.passkey = None);
    case.choice.hints = None;
    assert!(matches!(case.refusal(), Refusal::Assurance { .. }));
}

#[test]
fn the_challenge_is_the_decision_without_what_is_made_for_it() {
    let mut case = asked(Assurance::Device, Assurance::Local);
    let bare = case.decide();
    assert_eq!(bare.challenge().unwrap(), Hash::of(&bare.signable().unwrap()));
    assert_eq!(with_passkey(&case).challenge().unwrap(), bare.challenge().unwrap());
    case.choice.hints = json!({"x": 1}).as_object().cloned();
    let hinted = case.decide();
    assert_eq!(hinted.challenge().unwrap(), Hash::of(&hinted.signable().unwrap()));
    assert_eq!(with_passkey(&case).challenge().unwrap(), hinted.challenge().unwrap());
    assert_eq!(case.verify(with_passkey(&case), &Fresh).unwrap().assurance(), Assurance::Verified);
}
