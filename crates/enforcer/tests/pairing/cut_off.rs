//! A change that a crash cut off between its receipts and the trust store.

use super::restored::Shared;
use super::{NOW, World, key};
use countersign_core::artifact::Assurance;
use countersign_core::receipt::Event;
use countersign_core::trust::{Approver, Status};
use countersign_enforcer::amendment::{Amendment, Edit, Particulars};
use countersign_enforcer::pairing::Candidate;
use countersign_enforcer::{Enforcer, Relays};
use countersign_store::ledger::LedgerStore;
use std::sync::Arc;

/// A home of one device, whose ledger another process may open.
async fn phone() -> (World, Arc<dyn LedgerStore>) {
    let (world, ledger) = Shared::new().world().await;
    world.begin("phone", 1, Assurance::Web).await;
    (world, ledger)
}

/// Has it allowed and claimed, and writes down what is told of an edit.
async fn half(world: &World, amendment: &Amendment, change: &str, edit: &Edit) {
    let question = world.enforcer.amendment(amendment, 60_000).await.unwrap().unwrap();
    let request = world.allow(&question, 1).await;
    drop(world.enforcer.claim(&request, &Relays::new()).await.unwrap());
    tell(world, change, edit).await;
}

async fn tell(world: &World, change: &str, edit: &Edit) {
    let Approver { key_id, keys, person, roles, assurance, status, .. } = &edit.after;
    let fingerprint = keys.fingerprint().to_string();
    let roles = serde_json::to_string(roles).unwrap();
    let mut members = vec![
        ("change", change),
        ("keyId", key_id.0.as_str()),
        ("person", person),
        ("fingerprint", &fingerprint),
        ("assurance", assurance.name()),
        ("roles", &roles),
    ];
    if let Status::Rotated { until } = status {
        members.push(("until", until.as_str()));
    }
    world.enforcer.record_key(Event::Key, &members).await.unwrap();
}

/// Writes down that a key is about to be pinned.
async fn tell_pinned(world: &World, Candidate { pairing, approver }: &Candidate) {
    let keys = serde_json::to_string(&approver.keys).unwrap();
    let fingerprint = approver.keys.fingerprint().to_string();
    let members = [
        ("change", "pinned"),
        ("name", &pairing.name),
        ("person", &approver.person),
        ("keyId", &approver.key_id.0),
        ("keys", &keys),
        ("fingerprint", &fingerprint),
        ("assurance", approver.assurance.name()),
        ("roles", "[]"),
        ("device", &pairing.approver_id),
        ("pairing", &pairing.pair_id),
        ("pairedAt", pairing.paired_at.as_str()),
    ];
    world.enforcer.record_key(Event::Key, &members).await.unwrap();
}

impl World {
    /// The process ends, and another opens the home.
    async fn again(self, ledger: &Arc<dyn LedgerStore>) -> Self {
        let Self { _dir, home, enforcer, edge, clock } = self;
        drop(enforcer);
        let identity = home.identity().unwrap().unwrap();
        let enforcer = Enforcer::open(home.clone(), identity, Arc::clone(ledger), edge.clone());
        let enforcer = enforcer.await.unwrap();
        Self { _dir, home, enforcer, edge, clock }
    }

    async fn ends(&self) -> Vec<Event> {
        let newest = self.enforcer.ledger().newest().await.unwrap().unwrap().0;
        let mut found = Vec::new();
        for seq in 1..=newest {
            found.push(self.enforcer.ledger().receipt(Some(seq)).await.unwrap().unwrap());
        }
        let ends = [Event::Executed, Event::Failed, Event::Uncertain];
        let events = found.into_iter().map(|receipt| receipt.content.entry.event);
        events.filter(|event| ends.contains(event)).collect()
    }
}

fn raised(world: &World) -> Amendment {
    let to = Particulars { assurance: Some(Assurance::Device), ..Particulars::default() };
    world.set("phone", to).unwrap()
}

#[tokio::test]
async fn attack_20_half_a_raise_is_made_when_the_home_is_next_opened() {
    let (world, ledger) = phone().await;
    let amendment = raised(&world);
    half(&world, &amendment, "set", &amendment.edits()[0]).await;
    super::nobody_of(world.asked_about_eve().await, Assurance::Device);
    let world = world.again(&ledger).await;
    assert_eq!(world.record(1).assurance, Assurance::Device);
    assert_eq!(world.asked_about_eve().await.unwrap().unwrap(), ["phone"]);
    assert_eq!(world.ends().await, [Event::Executed]);
    assert_eq!(world.changes().await, ["pinned", "set"]);
    // Once: what is changed afterwards stays.
    let world = world.again(&ledger).await;
    assert_eq!(world.ends().await, [Event::Executed]);
}

#[tokio::test]
async fn attack_20_half_a_rotation_gets_its_successor() {
    let (world, ledger) = phone().await;
    let rotation = world.rotation(1, 3, 60_000);
    let amendment = world.rotate("phone", &rotation).unwrap();
    half(&world, &amendment, "rotated", &amendment.edits()[0]).await;
    let world = world.again(&ledger).await;
    assert_eq!(world.record(3).status, Status::Active {});
    assert_eq!(world.pairing("phone").key_id, key(3).key_id());
    assert_eq!(world.changes().await, ["pinned", "rotated", "successor"]);
}

#[tokio::test]
async fn attack_20_half_an_import_is_made_whole() {
    let ((world, ledger), theirs) = (phone().await, super::world().await);
    theirs.begin("ann", 66, Assurance::Local).await;
    theirs.pin("bob", 67, Assurance::Local, 66).await;
    let mut file = theirs.enforcer.trust().unwrap();
    let operator = key(68).key_id();
    file.operators[0].key_id = operator.clone();
    file.operators[0].keys = *key(68).public();
    let amendment = Amendment::import(&world.enforcer.trust().unwrap(), file, NOW).unwrap();
    half(&world, &amendment, "imported", &amendment.edits()[0]).await;
    let world = world.again(&ledger).await;
    assert_eq!((world.record(66).person, world.record(67).person), ("ann".into(), "bob".into()));
    assert!(world.enforcer.trust().unwrap().operator(&operator).is_some());
    assert_eq!(world.changes().await, ["pinned", "imported", "imported", "operator imported"]);
    assert_eq!(world.ends().await, [Event::Executed]);
}

#[tokio::test]
async fn attack_20_half_of_what_was_taken_back_is_taken_back_whole() {
    let (world, ledger) = phone().await;
    let amendment = world.rotate("phone", &world.rotation(1, 3, 60_000)).unwrap();
    let [old, new] = amendment.edits() else { panic!("{amendment:?}") };
    half(&world, &amendment, "rotated", old).await;
    tell(&world, "successor", new).await;
    let unsaid = [("change", "not ended"), ("keyId", old.after.key_id.0.as_str())];
    world.enforcer.record_key(Event::Key, &unsaid).await.unwrap();
    let world = world.again(&ledger).await;
    assert_eq!(world.record(1).status, Status::Active {});
    assert!(world.enforcer.trust().unwrap().approver(&key(3).key_id()).is_none());
    let changes = ["pinned", "rotated", "successor", "not ended", "not pinned"];
    assert_eq!(world.changes().await, changes);
    assert_eq!(world.ends().await, [Event::Failed]);
}

#[tokio::test]
async fn attack_20_what_was_taken_back_whole_has_failed_and_begins_nothing_later() {
    let (world, ledger) = phone().await;
    let amendment = raised(&world);
    half(&world, &amendment, "set", &amendment.edits()[0]).await;
    let unsaid = [("change", "not pinned"), ("keyId", &key(1).key_id().0)];
    world.enforcer.record_key(Event::Key, &unsaid).await.unwrap();
    let world = world.again(&ledger).await;
    assert_eq!(world.ends().await, [Event::Failed]);
    // The same, asked for once more: nothing is told of it yet.
    let question = world.enforcer.amendment(&amendment, 60_000).await.unwrap().unwrap();
    let request = world.allow(&question, 1).await;
    drop(world.enforcer.claim(&request, &Relays::new()).await.unwrap());
    let world = world.again(&ledger).await;
    assert_eq!(world.ends().await, [Event::Failed, Event::Uncertain]);
    assert_eq!(world.record(1).assurance, Assurance::Web);
}

#[tokio::test]
async fn attack_20_a_rotation_that_stands_in_the_trust_store_gets_its_way() {
    let (world, ledger) = phone().await;
    let amendment = world.rotate("phone", &world.rotation(1, 3, 60_000)).unwrap();
    let [old, new] = amendment.edits() else { panic!("{amendment:?}") };
    half(&world, &amendment, "rotated", old).await;
    tell(&world, "successor", new).await;
    world.rewrite_trust(|trust| trust.approvers = vec![old.after.clone(), new.after.clone()]);
    assert_eq!(world.pairing("phone").key_id, key(1).key_id());
    let world = world.again(&ledger).await;
    assert_eq!(world.pairing("phone").key_id, key(3).key_id());
    assert_eq!(world.ends().await, [Event::Executed]);
}

#[tokio::test]
async fn attack_20_half_a_pairing_is_made_as_it_was_allowed_and_no_other() {
    for (told, end) in [(Assurance::Local, Event::Executed), (Assurance::Web, Event::Uncertain)] {
        let (world, ledger) = phone().await;
        let mut candidate = world.candidate("me", 2, Assurance::Local);
        let request = world.allowed(&candidate, 1).await;
        drop(world.enforcer.claim(&request, &Relays::new()).await.unwrap());
        candidate.approver.assurance = told;
        tell_pinned(&world, &candidate).await;
        let world = world.again(&ledger).await;
        let pinned = world.enforcer.trust().unwrap().approver(&key(2).key_id()).cloned();
        let made = end == Event::Executed;
        assert_eq!(pinned, made.then_some(candidate.approver), "{told:?}");
        assert_eq!(world.ends().await, [end]);
    }
}

#[tokio::test]
async fn attack_09_what_too_weak_an_approver_allowed_is_not_made() {
    let (world, ledger) = phone().await;
    let roles = Particulars { roles: Some(vec!["boss".into()]), ..Particulars::default() };
    let amendment = world.set("phone", roles).unwrap();
    let question = world.enforcer.amendment(&amendment, 60_000).await.unwrap().unwrap();
    let request = world.allow(&question, 1).await;
    // The gate itself claims none that is not enough by now.
    world.pin("tablet", 2, Assurance::Device, 1).await;
    drop(world.enforcer.claim(&request, &Relays::new()).await.unwrap());
    tell(&world, "set", &amendment.edits()[0]).await;
    let world = world.again(&ledger).await;
    assert!(world.record(1).roles.is_empty());
    assert_eq!(world.ends().await, [Event::Executed, Event::Uncertain]);
}

#[tokio::test]
async fn attack_09_what_had_not_begun_or_is_another_change_is_not_made() {
    // Allowed and claimed, and nothing told of it.
    let (world, ledger) = phone().await;
    let amendment = raised(&world);
    let question = world.enforcer.amendment(&amendment, 60_000).await.unwrap().unwrap();
    let request = world.allow(&question, 1).await;
    drop(world.enforcer.claim(&request, &Relays::new()).await.unwrap());
    let world = world.again(&ledger).await;
    assert_eq!(world.record(1).assurance, Assurance::Web);
    assert_eq!(world.ends().await, [Event::Uncertain]);
    // Told otherwise than it was allowed.
    let (world, ledger) = phone().await;
    let amendment = raised(&world);
    let mut other = amendment.edits()[0].clone();
    other.after.person = "eve".into();
    half(&world, &amendment, "set", &other).await;
    let world = world.again(&ledger).await;
    assert_eq!(world.record(1).assurance, Assurance::Web);
    assert_eq!(world.ends().await, [Event::Uncertain]);
}

#[tokio::test]
async fn attack_09_half_a_change_is_not_made_over_a_file_that_was_put_back() {
    let (world, ledger) = phone().await;
    let amendment = raised(&world);
    half(&world, &amendment, "set", &amendment.edits()[0]).await;
    let shown = world.record(1);
    world.rewrite_trust(|trust| trust.approvers[0].roles = vec!["boss".into()]);
    let world = world.again(&ledger).await;
    assert_eq!(world.ends().await, []);
    // Nothing is taken back of what was told, so the floor stays.
    super::nobody_of(world.asked_about_eve().await, Assurance::Device);
    // It waits for the file to be put right.
    world.rewrite_trust(|trust| trust.approvers[0].roles = shown.roles);
    let world = world.again(&ledger).await;
    assert_eq!(world.ends().await, [Event::Executed]);
    assert_eq!(world.record(1).assurance, Assurance::Device);
}

#[tokio::test]
async fn attack_39_half_a_change_overrules_nothing_that_was_changed_later() {
    let (world, ledger) = phone().await;
    let rotation = world.rotation(1, 3, 60_000);
    let amendment = world.rotate("phone", &rotation).unwrap();
    half(&world, &amendment, "rotated", &amendment.edits()[0]).await;
    tell(&world, "successor", &amendment.edits()[1]).await;
    let mut later = amendment.edits()[1].clone();
    later.after.person = "ann".into();
    tell(&world, "set", &later).await;
    let world = world.again(&ledger).await;
    assert_eq!(world.ends().await, [Event::Uncertain]);
    assert_eq!(world.changes().await, ["pinned", "rotated", "successor", "set"]);
}

#[tokio::test]
async fn half_a_change_waits_for_a_home_that_is_not_whole() {
    let (mut world, ledger) = phone().await;
    let amendment = raised(&world);
    half(&world, &amendment, "set", &amendment.edits()[0]).await;
    for gone in ["trust.json", "pairings"] {
        let (path, aside) = (world.home.root().join(gone), world.home.root().join("aside"));
        std::fs::rename(&path, &aside).unwrap();
        if gone == "pairings" {
            std::fs::create_dir(&path).unwrap();
        }
        world = world.again(&ledger).await;
        assert_eq!(world.ends().await, [], "{gone}");
        let _ = std::fs::remove_dir(&path);
        std::fs::rename(&aside, &path).unwrap();
    }
    let world = world.again(&ledger).await;
    assert_eq!(world.ends().await, [Event::Executed]);
    assert_eq!(world.record(1).assurance, Assurance::Device);
}

#[tokio::test]
async fn attack_20_of_two_halves_that_would_leave_nobody_one_is_taken_back() {
    let (world, ledger) = phone().await;
    world.pin("tablet", 2, Assurance::Web, 1).await;
    let to = Particulars { assurance: Some(Assurance::Local), ..Particulars::default() };
    let both = ["phone", "tablet"].map(|name| world.set(name, to.clone()).unwrap());
    for amendment in &both {
        let question = world.enforcer.amendment(amendment, 60_000).await.unwrap().unwrap();
        let request = world.allow(&question, 1).await;
        drop(world.enforcer.claim(&request, &Relays::new()).await.unwrap());
    }
    for amendment in &both {
        tell(&world, "set", &amendment.edits()[0]).await;
    }
    let world = world.again(&ledger).await;
    let ends = world.ends().await;
    assert_eq!(ends.iter().filter(|end| **end == Event::Failed).count(), 1, "{ends:?}");
    assert_eq!(ends.iter().filter(|end| **end == Event::Executed).count(), 2, "{ends:?}");
    assert_eq!(world.asked_about_eve().await.unwrap().unwrap().len(), 1);
}
