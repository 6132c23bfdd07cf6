//! What those who have not answered are told of the others.

use super::*;
use countersign_core::progress::{SignedNote, SoFar, shown};
use countersign_core::sealing::open;

const THREE: &str = "quorum = 3\napprovers = [\"anyone\"]\n";

impl World {
    /// Who is told, by the index of their key, and what they read.
    fn told(&self, request: &RequestRecord) -> Vec<(usize, SoFar)> {
        let operator = *self.enforcer.identity().keys.public();
        let notes = self.enforcer.notes(request).unwrap();
        let mut told: Vec<_> = notes
            .iter()
            .map(|(asked, sealed)| {
                let at = self.people.iter().position(|(key, _)| key.key_id() == asked.key_id);
                let (at, about) = (at.unwrap(), shown(&asked.artifact));
                let text = open(sealed, &about, &self.people[at].0).unwrap();
                let signed = SignedNote::parse(&text).unwrap();
                (at, signed.verify(&asked.artifact, &operator).unwrap())
            })
            .collect();
        told.sort_by_key(|(at, _)| *at);
        told
    }

    fn summary(&self, request: &RequestRecord) -> Vec<(usize, Vec<String>, usize)> {
        let told = self.told(request).into_iter();
        told.map(|(at, so_far)| (at, so_far.allowed().to_vec(), so_far.needed())).collect()
    }
}

fn ann() -> Vec<String> {
    vec!["ann".to_owned()]
}

#[tokio::test]
async fn whoever_has_not_answered_is_told_who_has_allowed() {
    let world = world(THREE).await;
    let request = world.suspended().await;
    assert_eq!(world.summary(&request), [], "nobody has answered");
    let waits = world.says(&request, 0, Word::Allow).await.unwrap();
    let expected = [(1, ann(), 3), (2, ann(), 3), (3, ann(), 3)];
    assert_eq!(world.summary(&waits), expected, "bob, cat and the tablet of ann");
    let waits = world.says(&request, 2, Word::Allow).await.unwrap();
    let both = vec!["ann".to_owned(), "cat".to_owned()];
    assert_eq!(world.summary(&waits), [(1, both.clone(), 3), (3, both, 3)]);
    let approved = world.says(&request, 1, Word::Allow).await.unwrap();
    assert_eq!(approved.state, State::Approved);
    assert_eq!(world.summary(&approved), [], "it waits no more");
}

#[tokio::test]
async fn a_no_that_ends_nothing_is_told_as_no_yes() {
    let world = world(TWO).await;
    let request = world.suspended().await;
    let waits = world.says(&request, 1, Word::Deny).await.unwrap();
    let told = world.summary(&waits);
    assert_eq!(told, [(0, vec![], 2), (2, vec![], 2), (3, vec![], 2)]);
}

#[tokio::test]
async fn groups_are_told_by_the_persons_in_them() {
    let world = world("quorum = { ann = 1, bob = 1 }\n").await;
    let request = world.suspended().await;
    let waits = world.says(&request, 0, Word::Allow).await.unwrap();
    let told = world.told(&waits);
    let groups: Vec<_> = told[0].1.groups().iter().map(|g| (g.have, g.need)).collect();
    assert_eq!((told[0].0, groups), (1, vec![(1, 1), (0, 1)]));
}

#[tokio::test]
async fn attack_10_whose_key_was_taken_back_is_neither_told_nor_told_of() {
    let world = world(THREE).await;
    let request = world.suspended().await;
    let waits = world.says(&request, 0, Word::Allow).await.unwrap();
    let home = Home::open(world.dir.path()).unwrap();
    let identity = home.identity().unwrap().unwrap();
    let revoke = |name: &str| {
        home.revoke(&identity, name, &Instant(START + 1).timestamp(), None).unwrap();
    };
    revoke("bob");
    assert_eq!(world.summary(&waits), [(2, ann(), 3), (3, ann(), 3)]);
    revoke("ann");
    assert_eq!(world.summary(&waits), [(2, vec![], 3), (3, vec![], 3)], "her yes counts no more");
}

#[tokio::test]
async fn attack_43_those_of_the_next_round_are_told_nothing_of_the_one_before() {
    let world = world(THEN_CAT).await;
    let request = world.suspended().await;
    let next = world.hands_to(&request, 0, "cat").await;
    assert_eq!(next.round(), 2);
    assert_eq!(world.summary(&next), []);
}
