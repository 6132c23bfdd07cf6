//! What an auditor works out of an answer with a passkey.

use super::*;
use crate::passkey::tests::Authenticator;

/// A run that was allowed with a passkey, under a route that asks for this much.
pub(super) fn ran(needed: Assurance, passkey: &Authenticator) -> Case {
    let mut case = case().allowed(|_, route| route.min_assurance = needed, Scope::Once, None);
    let choice = Choice {
        word: Word::Allow,
        scope: Scope::Once,
        expires_at: NOW.plus_millis(200_000).timestamp(),
        nonce: Fixed([5; 24]),
        hints: None,
    };
    let with = |challenge: &Hash| passkey.assert(challenge);
    let decision = Decision::sign_verified(&case.artifact, choice, &case.person, with).unwrap();
    case.content.entry.decisions = vec![decision];
    let ann = case.trust.approvers.first_mut().unwrap();
    (ann.assurance, ann.passkey) = (Assurance::Web, Some(Authenticator::new(1).passkey()));
    case
}

pub(super) fn assurance(case: &Case) -> Option<Assurance> {
    match case.verdict() {
        Verdict::Valid { level: Level::L1, assurance, .. } => assurance,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_receipt_proves_that_its_person_was_verified() {
    let one = Authenticator::new(1);
    for needed in [Assurance::Local, Assurance::Verified] {
        assert_eq!(assurance(&ran(needed, &one)), Some(Assurance::Verified));
    }
}

#[test]
fn attack_49_a_receipt_says_verified_of_no_other_passkey() {
    let other = Authenticator::new(2);
    assert_eq!(assurance(&ran(Assurance::Local, &other)), Some(Assurance::Web));
    assert_eq!(ran(Assurance::Verified, &other).verdict(), Verdict::OffRoster);
    let mut unpinned = ran(Assurance::Local, &Authenticator::new(1));
    unpinned.trust.approvers.iter_mut().for_each(|ann| ann.passkey = None);
    assert_eq!(assurance(&unpinned), Some(Assurance::Web));
}

#[test]
fn attack_49_a_denial_without_a_passkey_is_one_all_the_same() {
    let mut case = ran(Assurance::Verified, &Authenticator::new(1));
    let entry = &mut case.content.entry;
    entry.decisions = vec![decide(&case.artifact, Word::Deny, &case.person)];
    (entry.event, entry.outcome, entry.trust_level) = (Event::Denied, None, Level::L0);
    assert!(matches!(case.verdict(), Verdict::Valid { event: Event::Denied, .. }));
}
