//! Receipts of several people's answers, and of answers to a part of a batch.

use super::*;
use crate::answer::{Items, Meaning};
use crate::artifact::Group;
use crate::receipt::{ApproverDecision, MultiApproval};

const TEAM: [&str; 3] = ["ann", "bob", "cat"];

/// Ann, bob and cat, of whom two must allow; nobody answered yet.
fn team(change: impl Fn(&mut Route)) -> (Case, [SecretKeys; 3]) {
    let keys = [secret(2), secret(3), secret(4)];
    let seats = TEAM.into_iter().zip(&keys);
    let roster: Vec<Seat> =
        seats.map(|(person, key)| Seat { person: person.into(), key_id: key.key_id() }).collect();
    let mut case = case().allowed(
        |_, route| {
            (route.threshold, route.roster) = (2, roster.clone());
            change(route);
        },
        Scope::Once,
        None,
    );
    case.trust.approvers.push(approver(&keys[1], "bob"));
    case.trust.approvers.push(approver(&keys[2], "cat"));
    case.content.entry.decisions.clear();
    (case, keys)
}

impl Case {
    /// The answers of these people, as the words beside them tell it.
    fn answered(mut self, answers: &[(&SecretKeys, Word)], approvers: &[&str]) -> Self {
        let sign = |(key, word): &(&SecretKeys, Word)| decide(&self.artifact, *word, key);
        let decisions = answers.iter().map(sign).collect();
        let route = self.artifact.route().unwrap().unwrap();
        let approvers = approvers.iter().map(|name| (*name).to_owned()).collect();
        let told = MultiApproval { threshold: route.threshold, roster: route.roster, approvers };
        (self.content.entry.decisions, self.content.entry.multi_approval) = (decisions, Some(told));
        self
    }

    /// The same of an event that permits nothing.
    fn of(mut self, event: Event) -> Self {
        let entry = &mut self.content.entry;
        (entry.event, entry.trust_level, entry.outcome) = (event, Level::L0, None);
        self
    }

    fn approvers(&self) -> Vec<String> {
        match self.verdict() {
            Verdict::Valid { approvers, .. } => approvers,
            other => panic!("{other:?}"),
        }
    }
}

use Word::{Allow, Deny};

#[test]
fn two_of_three_and_a_no_that_ends_nothing() {
    let (case, [ann, bob, cat]) = team(|_| ());
    let case = case.answered(&[(&ann, Allow), (&bob, Deny), (&cat, Allow)], &["ann", "cat"]);
    assert_eq!(case.approvers(), ["ann", "cat"]);
    let quorum = case.content.quorum().unwrap();
    assert_eq!((quorum.need, quorum.asked.len(), quorum.veto), (2, 3, false));
    assert_eq!(quorum.denied, ["bob"]);
}

#[test]
fn attack_43_with_a_veto_a_no_inside_an_executed_receipt_ends_it() {
    let (case, [ann, bob, cat]) = team(|route| route.veto = true);
    let case = case.answered(&[(&ann, Allow), (&bob, Deny), (&cat, Allow)], &["ann", "cat"]);
    assert_eq!(case.verdict(), Verdict::ThresholdNotMet { have: 1, need: 2 });
}

#[test]
fn attack_10_two_of_one_role_do_not_stand_for_the_other() {
    let security = Group { name: None, persons: vec!["cat".into()], threshold: 1 };
    let each = |route: &mut Route| route.groups = vec![security.clone()];
    let (case, [ann, bob, _]) = team(each);
    let case = case.answered(&[(&ann, Allow), (&bob, Allow)], &["ann", "bob"]);
    assert_eq!(case.verdict(), Verdict::ThresholdNotMet { have: 0, need: 1 });
    let (case, [ann, _, cat]) = team(each);
    let case = case.answered(&[(&ann, Allow), (&cat, Allow)], &["ann", "cat"]);
    assert_eq!(case.approvers(), ["ann", "cat"]);
    let (case, [ann, ..]) = team(|route| {
        each(route);
        route.threshold = 1;
    });
    let alone = case.answered(&[(&ann, Allow)], &["ann"]);
    assert_eq!(alone.verdict(), Verdict::ThresholdNotMet { have: 0, need: 1 });
}

#[test]
fn attack_43_everybody_who_allowed_is_told_and_nobody_else() {
    let cases: [(&[&str], bool); 5] = [
        (&["ann", "bob"], true),
        (&["ann"], false),
        (&[], false),
        (&["ann", "bob", "cat"], false),
        (&["ann", "bob", "bob"], false),
    ];
    for (told, holds) in cases {
        let (case, [ann, bob, _]) = team(|_| ());
        let case = case.answered(&[(&ann, Allow), (&bob, Allow)], told);
        assert_eq!(is_valid(&case), holds, "{told:?}");
        if !holds {
            assert_eq!(case.verdict(), Verdict::LevelMismatch, "{told:?}");
        }
    }
}

#[test]
fn a_part_of_the_votes_proves_no_approval_and_is_told_truly() {
    use Event::{Escalated, Expired, Observed, Suspended, Withdrawn};
    for event in [Suspended, Escalated, Expired, Withdrawn, Observed] {
        let (case, [ann, bob, _]) = team(|_| ());
        let votes = [(&ann, Allow), (&bob, Deny)];
        let case = case.answered(&votes, &["ann"]).of(event);
        assert!(case.approvers().is_empty(), "{event:?}");
        let (case, [ann, bob, _]) = team(|_| ());
        let lie = case.answered(&[(&ann, Allow), (&bob, Deny)], &["ann", "bob"]).of(event);
        assert_eq!(lie.verdict(), Verdict::LevelMismatch, "{event:?}");
        let (case, _) = team(|_| ());
        let made_up = case.answered(&[], &[]).of(event);
        assert_eq!(made_up.verdict(), Verdict::LevelMismatch, "{event:?}");
    }
    for event in [Event::Approved, Event::Released] {
        let (case, [ann, bob, _]) = team(|_| ());
        let mut case = case.answered(&[(&ann, Allow), (&bob, Deny)], &["ann"]).of(event);
        assert_eq!(case.verdict(), Verdict::ThresholdNotMet { have: 1, need: 2 });
        case.content.entry.trust_level = Level::L1;
        assert_eq!(case.verdict(), Verdict::ThresholdNotMet { have: 1, need: 2 });
    }
}

#[test]
fn attack_43_a_denial_that_nobody_signed_is_none() {
    let (case, [ann, ..]) = team(|_| ());
    let case = case.answered(&[(&ann, Allow)], &["ann"]).of(Event::Denied);
    assert_eq!(case.verdict(), Verdict::LevelMismatch);
    let (case, [ann, bob, _]) = team(|_| ());
    let case = case.answered(&[(&ann, Deny), (&bob, Deny)], &[]).of(Event::Denied);
    assert!(case.approvers().is_empty());
}

#[test]
fn attack_43_a_vote_of_another_round_counts_for_nothing() {
    let (case, [ann, bob, _]) = team(|_| ());
    let (other, _) = team(|route| route.round = 2);
    let late = decide(&other.artifact, Allow, &bob);
    let mut case = case.answered(&[(&ann, Allow)], &["ann", "bob"]);
    case.content.entry.decisions.push(late);
    assert_eq!(case.verdict(), Verdict::HashMismatch);
    case.content.entry.artifacts.push(other.artifact.head);
    assert_eq!(case.verdict(), Verdict::HashMismatch);
}

#[test]
fn a_yes_that_came_too_late_is_neither_yes_nor_no() {
    let (case, [ann, bob, cat]) = team(|route| route.veto = true);
    let mut case = case.answered(&[(&ann, Allow), (&bob, Allow)], &["ann", "bob"]);
    let early = Choice {
        word: Allow,
        scope: Scope::Once,
        expires_at: NOW.plus_millis(-70_000).timestamp(),
        nonce: Fixed([5; 24]),
        hints: None,
    };
    let over = Decision::sign(&case.artifact, early, &cat).unwrap();
    case.content.entry.decisions.push(over);
    assert_eq!(case.approvers(), ["ann", "bob"]);
    case.content.entry.decisions.remove(1);
    assert_eq!(case.verdict(), Verdict::ThresholdNotMet { have: 1, need: 2 });
}

#[test]
fn an_answer_that_names_another_to_ask_is_told_as_that() {
    let mut case = case().of(Event::Escalated);
    let mut hints = Map::new();
    let word = Meaning::Escalate { to: None }.write(&mut hints);
    let hints = Some(Value::Object(hints));
    let decision = decide_as(&case.artifact, word, Scope::Once, hints, &case.person);
    case.content.entry.decisions = vec![decision];
    for (verdict, holds) in [("escalated", true), ("rejected", false), ("approved", false)] {
        case.content.entry.approver_decision = Some(ApproverDecision {
            verdict: verdict.into(),
            person: "ann".into(),
            key_id: case.person.key_id(),
            reason: None,
        });
        assert_eq!(matches!(case.verdict(), Verdict::Valid { .. }), holds, "{verdict}");
    }
}

/// A batch of three, of which the second is allowed, and the receipt of one item's run.
fn batch(about: Option<Vec<usize>>, change: impl Fn(&mut Route)) -> Case {
    let mut case = case();
    let item = Value::Object(action());
    let batch = json!({"kind": "batch", "items": [item, item, item]});
    let payload = batch.as_object().unwrap().clone();
    let head = artifact_under(&case.person, |_, route| change(route)).head;
    case.artifact = Artifact::build(head, payload.clone()).unwrap();
    let mut hints = Map::new();
    let word = Meaning::Partial(Items::new(vec![1], 3).unwrap()).write(&mut hints);
    let hints = Some(Value::Object(hints));
    let decision = decide_as(&case.artifact, word, Scope::Once, hints, &case.person);
    let entry = &mut case.content.entry;
    entry.action_hash = Some(case.artifact.action_hash().unwrap());
    entry.action = Some(payload);
    (entry.artifacts, entry.decisions, entry.items) =
        (vec![case.artifact.head.clone()], vec![decision], about);
    case
}

#[test]
fn an_item_that_was_allowed_ran_and_no_other_did() {
    assert_eq!(batch(Some(vec![1]), |_| ()).approvers(), ["ann"]);
    for other in [Some(vec![0]), Some(vec![2]), None] {
        assert_eq!(batch(other.clone(), |_| ()).verdict(), NOT_MET, "{other:?}");
    }
    for malformed in [vec![], vec![3], vec![1, 1], vec![0, 1], vec![2, 1]] {
        let case = batch(Some(malformed.clone()), |_| ());
        assert_eq!(case.verdict(), Verdict::Malformed, "{malformed:?}");
    }
}

#[test]
fn attack_43_a_yes_to_a_part_is_no_vote_where_several_must_agree() {
    let group = Group { name: None, persons: vec!["ann".into()], threshold: 1 };
    let one_of_a_group = batch(Some(vec![1]), |route| route.groups = vec![group.clone()]);
    assert_eq!(one_of_a_group.verdict(), NOT_MET);
}

#[test]
fn items_stand_only_beside_what_permits_a_batch() {
    let mut plain = case();
    plain.content.entry.items = Some(vec![0]);
    assert_eq!(plain.verdict(), Verdict::Malformed, "no batch");
    let denied = batch(Some(vec![1]), |_| ()).of(Event::Denied);
    assert_eq!(denied.verdict(), Verdict::Malformed);
    let mut approved = batch(Some(vec![1]), |_| ()).of(Event::Approved);
    approved.content.entry.trust_level = Level::L1;
    assert_eq!(approved.approvers(), ["ann"]);
}
