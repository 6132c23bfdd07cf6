//! A change that a crash cut off between its receipts and the trust store.

use super::restored::Shared;
use super::{World, key};
use countersign_core::artifact::Assurance;
use countersign_core::receipt::Event;
use countersign_core::trust::{Approver, Status};
use countersign_enforcer::amendment::{Amendment, Edit, Particulars};
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
    let Approver { key_id, keys, person, assurance, status, .. } = &edit.after;
    let fingerprint = keys.fingerprint().to_string();
    let mut members = vec![
        ("change", change),
        ("keyId", key_id.0.as_str()),
        ("person", person),
        ("fingerprint", &fingerprint),
        ("assurance", assurance.name()),
        ("roles", "[]"),
    ];
    if let Status::Rotated { until } = status {
        members.push(("until", until.as_str()));
    }
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
    world.rewrite_trust(|trust| trust.approvers[0].roles = vec!["boss".into()]);
    let world = world.again(&ledger).await;
    assert_eq!(world.ends().await, [Event::Uncertain]);
    // Nothing is taken back of what was told, so the floor stays.
    super::nobody_of(world.asked_about_eve().await, Assurance::Device);
}
