//! What is pinned changes only by those who admit approvers, and never by what it says of itself.

use super::{NOW, World, key, world};
use countersign_core::artifact::Assurance;
use countersign_core::keys::rotation::Rotation;
use countersign_core::trust::{Approver, Operator, Status, TrustStore};
use countersign_enforcer::amendment::{AmendError, Amendment, Particulars};
use countersign_enforcer::home::{HomeError, Pairing};
use countersign_enforcer::pairing::PairingError;
use countersign_enforcer::{Answered, Relays};
use countersign_store::ledger::Change;

impl World {
    pub(super) fn pairing(&self, name: &str) -> Pairing {
        self.home.pairings().unwrap().into_iter().find(|p| p.name == name).unwrap()
    }

    pub(super) fn record(&self, n: u8) -> Approver {
        self.enforcer.trust().unwrap().approver(&key(n).key_id()).unwrap().clone()
    }

    pub(super) fn rotation(&self, old: u8, new: u8, millis: i64) -> Rotation {
        let now = self.edge.now();
        let until = now.plus_millis(millis).timestamp();
        Rotation::sign(&key(old), *key(new).public(), now.timestamp(), until).unwrap()
    }

    pub(super) fn rotate(&self, name: &str, rotation: &Rotation) -> Result<Amendment, AmendError> {
        let trust = self.enforcer.trust().unwrap();
        Amendment::rotate(&trust, &self.pairing(name), rotation, self.edge.now())
    }

    /// Has the key `by` allow it, and changes it.
    pub(super) async fn amend(&self, amendment: &Amendment, by: u8) -> Result<(), PairingError> {
        let question = self.enforcer.amendment(amendment, 60_000).await?.unwrap();
        let request = self.allow(&question, by).await;
        self.enforcer.amend(amendment, Answered::Approved(request), &Relays::new()).await
    }

    pub(super) fn set(&self, name: &str, to: Particulars) -> Result<Amendment, AmendError> {
        Amendment::set(&self.enforcer.trust().unwrap(), &self.pairing(name), to)
    }

    pub(super) async fn changes(&self) -> Vec<String> {
        let past = self.enforcer.past().await.unwrap();
        let receipts = past.of(&[Change::Key]);
        let change = |r: &countersign_core::receipt::Receipt| {
            let action = r.content.entry.action.as_ref().unwrap();
            action["change"].as_str().unwrap().to_owned()
        };
        receipts.map(change).collect()
    }
}

pub(super) async fn phone_and_me() -> World {
    let world = world().await;
    world.begin("phone", 1, Assurance::Web).await;
    world.pin("me", 2, Assurance::Local, 1).await;
    world
}

fn raised() -> Particulars {
    let roles = Some(vec!["finance".to_owned()]);
    Particulars { roles, assurance: Some(Assurance::Device), ..Particulars::default() }
}

#[tokio::test]
async fn attack_09_roles_and_assurance_are_changed_by_the_strongest_only() {
    let world = phone_and_me().await;
    let amendment = world.set("me", raised()).unwrap();
    let question = world.enforcer.amendment(&amendment, 60_000).await.unwrap().unwrap();
    let asked: Vec<_> = question.to.iter().map(|way| way.approver.person.as_str()).collect();
    assert_eq!(asked, ["phone"]);
    assert_eq!(world.record(2).assurance, Assurance::Local);
    world.amend(&amendment, 1).await.unwrap();
    let me = world.record(2);
    assert_eq!((me.assurance, me.roles), (Assurance::Device, vec!["finance".to_owned()]));
    assert_eq!(world.changes().await, ["pinned", "pinned", "set"]);
    // The floor rose with it: the phone admits nobody any more.
    assert_eq!(world.asked_about_eve().await.unwrap().unwrap(), ["me"]);
}

#[tokio::test]
async fn attack_03_an_approval_of_one_change_makes_no_other() {
    let world = phone_and_me().await;
    let asked = world.set("me", raised()).unwrap();
    let question = world.enforcer.amendment(&asked, 60_000).await.unwrap().unwrap();
    let request = world.allow(&question, 1).await;
    let person = Some("boss".to_owned());
    let other = world.set("me", Particulars { person, ..raised() }).unwrap();
    let answered = Answered::Approved(request);
    let refused = world.enforcer.amend(&other, answered, &Relays::new()).await;
    assert!(matches!(refused, Err(PairingError::NotAllowed(_))), "{refused:?}");
    assert_eq!(world.record(2).person, "me");
}

#[tokio::test]
async fn attack_19_a_record_that_changed_meanwhile_is_not_changed() {
    let world = phone_and_me().await;
    let amendment = world.set("me", raised()).unwrap();
    let question = world.enforcer.amendment(&amendment, 60_000).await.unwrap().unwrap();
    let request = world.allow(&question, 1).await;
    world.enforcer.revoke("me", None).await.unwrap();
    let answered = Answered::Approved(request);
    let refused = world.enforcer.amend(&amendment, answered, &Relays::new()).await;
    let changed = AmendError::Changed;
    assert!(
        matches!(&refused, Err(PairingError::Home(HomeError::Amend(e))) if *e == changed),
        "{refused:?}"
    );
    assert!(matches!(world.record(2).status, Status::Revoked { .. }));
}

#[tokio::test]
async fn attack_08_no_device_bears_the_name_of_another_person() {
    let world = world().await;
    world.begin("alice", 1, Assurance::Device).await;
    let bob = world.candidate("bobs", 3, Assurance::Local).of("bob");
    let request = world.allowed(&bob, 1).await;
    world.admit(bob, request).await.unwrap();
    let posing = world.candidate("bob", 4, Assurance::Local).of("eve");
    assert!(world.enforcer.admission(&posing, 60_000).await.is_err());
    let posing = world.candidate("laptop", 4, Assurance::Local).of("bobs");
    assert!(world.enforcer.admission(&posing, 60_000).await.is_err());
    let person = |name: &str| Particulars { person: Some(name.into()), ..Particulars::default() };
    assert!(world.set("bobs", person("alice")).is_ok(), "a person's other device");
    assert!(world.set("alice", person("bob")).is_ok());
    for bad in ["", "a b", "role:x", "al\u{202e}ice", "a\n"] {
        assert!(matches!(world.set("bobs", person(bad)), Err(AmendError::Name(_))), "{bad}");
    }
}

#[tokio::test]
async fn a_rotated_key_keeps_person_roles_and_assurance_and_both_count_for_a_time() {
    let world = phone_and_me().await;
    let amendment = world.rotate("me", &world.rotation(2, 3, 60_000)).unwrap();
    world.amend(&amendment, 1).await.unwrap();
    let (old, new) = (world.record(2), world.record(3));
    let expected = Approver {
        key_id: old.key_id.clone(),
        keys: old.keys,
        status: old.status.clone(),
        created_at: old.created_at.clone(),
        ..new.clone()
    };
    assert_eq!(old, expected);
    let now = world.edge.now();
    assert!(old.status.counts(now) && new.status.counts(now));
    assert!(!old.status.counts(now.plus_millis(60_000)), "a rotated-out key counts no more");
    assert!(new.status.counts(now.plus_millis(60_000)));
    assert_eq!(world.pairing("me").key_id, key(3).key_id());
    assert_eq!(world.changes().await, ["pinned", "pinned", "rotated", "successor"]);
}

#[tokio::test]
async fn attack_19_a_rotation_is_used_once_and_by_no_key_that_was_taken_back() {
    let world = phone_and_me().await;
    let rotation = world.rotation(2, 3, 60_000);
    let amendment = world.rotate("me", &rotation).unwrap();
    world.amend(&amendment, 1).await.unwrap();
    assert!(world.rotate("me", &rotation).is_err(), "replayed");
    assert!(world.rotate("me", &world.rotation(2, 4, 60_000)).is_err(), "by a replaced key");
    let known = world.rotate("me", &world.rotation(3, 1, 60_000));
    assert!(matches!(known, Err(AmendError::Conflict(_))), "to somebody else's key: {known:?}");
    let operators = Rotation::sign(
        &key(3),
        *world.enforcer.identity().keys.public(),
        world.edge.now().timestamp(),
        world.edge.now().plus_millis(9).timestamp(),
    );
    assert!(world.rotate("me", &operators.unwrap()).is_err(), "to the operator's key");
    let next = world.rotation(3, 5, 60_000);
    world.rewrite_trust(|trust| {
        let at = world.edge.now().timestamp();
        let status = Status::Revoked { at, compromised_since: None };
        trust.approvers.iter_mut().for_each(|a| a.status = status.clone());
    });
    assert!(matches!(world.rotate("me", &next), Err(AmendError::NotCounting(_))));
}

#[tokio::test]
async fn attack_10_taking_a_key_back_takes_back_what_it_was_rotated_from_and_to() {
    let world = phone_and_me().await;
    let amendment = world.rotate("me", &world.rotation(2, 3, 60_000)).unwrap();
    world.amend(&amendment, 1).await.unwrap();
    let since = world.edge.now().timestamp();
    world.enforcer.revoke("me", Some(&since)).await.unwrap();
    for n in [2, 3] {
        let Status::Revoked { compromised_since, .. } = world.record(n).status else {
            panic!("key {n} still counts");
        };
        assert_eq!(compromised_since.as_ref(), Some(&since));
    }
    assert_eq!(world.enforcer.ways().unwrap().len(), 1);
}

fn exported(world: &World) -> TrustStore {
    world.enforcer.trust().unwrap()
}

#[tokio::test]
async fn a_new_home_believes_its_first_file_and_no_second() {
    let (from, to) = (phone_and_me().await, world().await);
    let file = TrustStore { operators: vec![], ..exported(&from) };
    let amendment = Amendment::import(&exported(&to), file.clone(), NOW).unwrap();
    assert!(to.enforcer.amendment(&amendment, 1_000).await.unwrap().is_none());
    to.enforcer.amend_new(&amendment).await.unwrap();
    assert_eq!(exported(&to).approvers, file.approvers);
    let again = Amendment::import(&exported(&to), file, NOW).unwrap_err();
    assert_eq!(again, AmendError::Nothing);
    assert_eq!(to.changes().await, ["imported", "imported"]);
}

#[tokio::test]
async fn attack_09_an_import_into_a_home_with_keys_is_a_question_to_the_strongest() {
    let (world, theirs) = (phone_and_me().await, super::world().await);
    theirs.begin("eve", 66, Assurance::Web).await;
    let file = TrustStore { operators: vec![], ..exported(&theirs) };
    let amendment = Amendment::import(&exported(&world), file, NOW).unwrap();
    assert!(matches!(world.enforcer.amend_new(&amendment).await, Err(PairingError::NotAllowed(_))));
    let question = world.enforcer.amendment(&amendment, 60_000).await.unwrap().unwrap();
    let asked: Vec<_> = question.to.iter().map(|way| way.approver.person.as_str()).collect();
    assert_eq!(asked, ["phone"]);
    assert_eq!(exported(&world).approvers.len(), 2);
}

#[tokio::test]
async fn attack_10_an_import_makes_no_operator_an_approver_and_revives_nobody() {
    let world = phone_and_me().await;
    let ours = exported(&world);
    let own = world.enforcer.identity().keys.public();
    let mut posing = world.record(2);
    (posing.key_id, posing.keys) = (own.key_id(), *own);
    let file = TrustStore { approvers: vec![posing], ..TrustStore::default() };
    assert!(matches!(Amendment::import(&ours, file, NOW), Err(AmendError::Conflict(_))));
    let hers = world.record(1);
    let operator = Operator {
        key_id: hers.key_id,
        keys: hers.keys,
        label: "op".into(),
        created_at: hers.created_at,
        status: Status::Active {},
    };
    let file = TrustStore { operators: vec![operator], ..TrustStore::default() };
    assert!(matches!(Amendment::import(&ours, file, NOW), Err(AmendError::Conflict(_))));
    // What was taken back here and is active in an older file stays taken back.
    world.enforcer.revoke("me", None).await.unwrap();
    assert_eq!(Amendment::import(&exported(&world), ours.clone(), NOW), Err(AmendError::Nothing));
    // And the other way round it is taken back here too.
    let later = exported(&world);
    let amendment = Amendment::import(&ours, later, NOW).unwrap();
    assert!(matches!(amendment.edits()[0].after.status, Status::Revoked { .. }));
    // A file that gives a known key another role is no import.
    let mut other = ours.clone();
    other.approvers[0].roles = vec!["boss".into()];
    assert!(matches!(Amendment::import(&ours, other, NOW), Err(AmendError::Conflict(_))));
}
