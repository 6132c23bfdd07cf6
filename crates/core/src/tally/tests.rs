use super::*;
use crate::artifact::{Assurance, Risk, Scope, Seat};
use crate::encoding::Hash;
use crate::keys::KeyId;
use proptest::prelude::*;

fn route(threshold: u32, persons: &[&str]) -> Route {
    let seat = |person: &&str| Seat { person: (*person).into(), key_id: KeyId((*person).into()) };
    Route {
        round: 1,
        rule_id: "default".into(),
        risk: Risk::High,
        policy_hash: Hash([0; 32]),
        roster: persons.iter().map(seat).collect(),
        threshold,
        min_assurance: Assurance::Local,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![],
        veto: false,
        escalate_to: vec![],
        grant: None,
    }
}

fn group(persons: &[&str], threshold: u32) -> Group {
    let persons = persons.iter().map(|person| (*person).to_owned()).collect();
    Group { name: None, persons, threshold }
}

const TEAM: [&str; 3] = ["ann", "bob", "cat"];

#[test]
fn of_several_the_first_answer_ends_it_either_way() {
    let any = route(1, &TEAM);
    assert_eq!(tally(&any, &[]), Tally::Waiting { have: 0, need: 1 });
    assert_eq!(tally(&any, &[("bob", true)]), Tally::Met);
    assert_eq!(tally(&any, &[("bob", false)]), Tally::Lost);
    assert_eq!(tally(&route(0, &TEAM), &[]), Tally::Waiting { have: 0, need: 1 });
}

#[test]
fn a_quorum_ends_when_it_is_met_or_can_be_met_no_more() {
    let two = route(2, &TEAM);
    assert_eq!(tally(&two, &[("ann", true)]), Tally::Waiting { have: 1, need: 2 });
    assert_eq!(tally(&two, &[("ann", true), ("bob", false)]), Tally::Waiting { have: 1, need: 2 });
    assert_eq!(tally(&two, &[("ann", true), ("bob", false), ("cat", true)]), Tally::Met);
    assert_eq!(tally(&two, &[("ann", false), ("bob", false)]), Tally::Lost);
    let all = route(3, &TEAM);
    assert_eq!(tally(&all, &[("ann", false)]), Tally::Lost);
    assert_eq!(tally(&route(4, &TEAM), &[]), Tally::Lost, "nobody could ever meet it");
}

#[test]
fn attack_10_one_person_on_two_devices_counts_once() {
    let mut two = route(2, &TEAM);
    two.roster.push(Seat { person: "ann".into(), key_id: KeyId("tablet".into()) });
    let twice = [("ann", true), ("ann", true)];
    assert_eq!(tally(&two, &twice), Tally::Waiting { have: 1, need: 2 });
}

#[test]
fn attack_43_a_no_stays_a_no_whatever_the_same_person_says_later() {
    let two = route(2, &TEAM);
    for both in [[("ann", false), ("ann", true)], [("ann", true), ("ann", false)]] {
        assert_eq!(tally(&two, &both), Tally::Waiting { have: 0, need: 2 });
        let with_bob = [both.as_slice(), &[("bob", true)]].concat();
        assert_eq!(tally(&two, &with_bob), Tally::Waiting { have: 1, need: 2 });
        let again = [with_bob.as_slice(), &[("cat", false)]].concat();
        assert_eq!(tally(&two, &again), Tally::Lost);
    }
}

#[test]
fn with_a_veto_one_no_ends_it_before_and_after() {
    let veto = Route { veto: true, ..route(2, &TEAM) };
    assert_eq!(tally(&veto, &[("ann", true), ("bob", false)]), Tally::Lost);
    assert_eq!(tally(&veto, &[("ann", true), ("cat", true), ("bob", false)]), Tally::Lost);
    assert_eq!(tally(&veto, &[("ann", true), ("cat", true)]), Tally::Met);
}

#[test]
fn one_of_each_role_means_each_role() {
    let groups = vec![group(&["ann", "bob"], 1), group(&["cat"], 1)];
    let each = Route { groups, ..route(2, &TEAM) };
    assert_eq!(tally(&each, &[("ann", true), ("bob", true)]), Tally::Waiting { have: 2, need: 2 });
    assert_eq!(tally(&each, &[("ann", true), ("cat", true)]), Tally::Met);
    assert_eq!(tally(&each, &[("ann", false)]), Tally::Waiting { have: 0, need: 2 });
    assert_eq!(tally(&each, &[("cat", false)]), Tally::Lost, "nobody else is of that role");
    let both = Route { groups: vec![group(&["ann"], 1), group(&["ann", "bob"], 1)], ..each };
    let alone = [("ann", true)];
    assert_eq!(
        tally(&both, &alone),
        Tally::Waiting { have: 1, need: 2 },
        "two persons all the same"
    );
}

#[test]
fn a_group_of_people_who_were_not_asked_is_never_met() {
    let strangers = Route { groups: vec![group(&["zoe"], 1)], ..route(1, &TEAM) };
    assert_eq!(tally(&strangers, &[]), Tally::Lost);
    let nobody = Route { groups: vec![group(&[], 0)], ..route(1, &TEAM) };
    assert_eq!(tally(&nobody, &[("ann", true)]), Tally::Lost, "an empty group asks for one");
}

proptest! {
    /// What is lost stays lost, and what is met was never lost before.
    #[test]
    fn another_answer_never_brings_back_what_is_lost(
        threshold in 0_u32..5,
        veto in any::<bool>(),
        said in prop::collection::vec((0_usize..3, any::<bool>()), 0..6),
        next in (0_usize..3, any::<bool>()),
    ) {
        let route = Route { veto, ..route(threshold, &TEAM) };
        let mut answers: Vec<_> = said.iter().map(|(who, yes)| (TEAM[*who], *yes)).collect();
        let before = tally(&route, &answers);
        answers.push((TEAM[next.0], next.1));
        let after = tally(&route, &answers);
        prop_assert!(before != Tally::Lost || after == Tally::Lost);
        prop_assert!(before == Tally::Met || after != Tally::Met || next.1);
    }
}
