//! Approvers whose record was changed since.

use super::*;
use crate::passkey::tests::Authenticator;
use crate::trust::Past;

/// When the good receipt's approval was used.
const USED: Instant = Instant(NOW.0 + 5_000);

impl Case {
    /// Ann's record, changed this many milliseconds after the use.
    fn changed(mut self, after: i64, change: impl FnOnce(&mut Approver)) -> Self {
        let ann = self.trust.approvers.first_mut().unwrap();
        let past = Past {
            until: USED.plus_millis(after).timestamp(),
            person: ann.person.clone(),
            roles: ann.roles.clone(),
            assurance: ann.assurance,
            passkey: ann.passkey.clone(),
        };
        change(ann);
        ann.past.push(past);
        self
    }

    fn needing(self, least: Assurance) -> Self {
        self.allowed(|_, route| route.min_assurance = least, Scope::Once, None)
    }
}

fn renamed(ann: &mut Approver) {
    ann.person = "anna".into();
}

fn lowered(ann: &mut Approver) {
    ann.assurance = Assurance::Local;
}

#[test]
fn a_receipt_of_before_a_change_says_what_it_said() {
    let Verdict::Valid { approvers, .. } = case().changed(1, renamed).verdict() else {
        panic!("{:?}", case().changed(1, renamed).verdict());
    };
    assert_eq!(approvers, ["ann"]);
    let lowered = case().needing(Assurance::Device).changed(1, lowered).verdict();
    assert!(matches!(lowered, Verdict::Valid { assurance: Some(Assurance::Device), .. }));
}

#[test]
fn attack_09_what_somebody_was_lends_nothing_to_what_came_later() {
    let skew = DEFAULT_SKEW_MILLIS;
    for (after, good) in [(1, true), (0, true), (1 - skew, true), (-skew, false)] {
        let verdict = case().changed(after, renamed).verdict();
        assert_eq!(matches!(verdict, Verdict::Valid { .. }), good, "{after}: {verdict:?}");
        let weak = case().needing(Assurance::Device).changed(after, lowered).verdict();
        assert_eq!(matches!(weak, Verdict::Valid { .. }), good, "{after}: {weak:?}");
    }
    let one = case().changed(-skew, renamed).verdict();
    assert_eq!(one, Verdict::OffRoster);
}

#[test]
fn attack_09_what_somebody_became_lends_nothing_to_what_came_before() {
    let raised = |after| {
        let mut case = case().needing(Assurance::Device);
        case.trust.approvers.iter_mut().for_each(lowered);
        case.changed(after, |ann| ann.assurance = Assurance::Device).verdict()
    };
    for near in [0, 1, DEFAULT_SKEW_MILLIS] {
        assert!(matches!(raised(near), Verdict::Valid { .. }), "{near}: {:?}", raised(near));
    }
    assert_eq!(raised(DEFAULT_SKEW_MILLIS + 1), Verdict::OffRoster);
}

#[test]
fn attack_49_a_passkey_counts_for_the_answers_of_its_time() {
    let assurance = |after| {
        let mut case = super::passkey::ran(Assurance::Local, &Authenticator::new(1));
        case = case.changed(after, |ann| ann.passkey = Some(Authenticator::new(2).passkey()));
        super::passkey::assurance(&case)
    };
    assert_eq!(assurance(1), Some(Assurance::Verified));
    assert_eq!(assurance(0), Some(Assurance::Web));
}

#[test]
fn attack_10_a_key_that_was_taken_back_has_no_past() {
    let mut case = case().changed(1, renamed);
    case.trust.approvers[0].status =
        Status::Revoked { at: USED.timestamp(), compromised_since: None };
    assert_eq!(case.verdict(), Verdict::Revoked);
}

#[test]
fn who_allowed_it_is_told_as_they_were_then() {
    let sre = |ann: &mut Approver| ann.roles = vec!["sre".into()];
    let roles = |after| {
        let case = case().changed(after, sre);
        case.content.allowed_by(&case.trust, NOW).into_iter().map(|one| one.roles).next().unwrap()
    };
    assert_eq!((roles(1), roles(0)), (vec![], vec!["sre".to_owned()]));
    let mut denied = case();
    denied.content.entry.decisions = vec![decide(&denied.artifact, Word::Deny, &denied.person)];
    assert!(denied.content.allowed_by(&denied.trust, NOW).is_empty());
    let mut forged = case();
    forged.content.entry.decisions = vec![decide(&forged.artifact, Word::Allow, &secret(3))];
    assert!(forged.content.allowed_by(&forged.trust, NOW).is_empty());
}
