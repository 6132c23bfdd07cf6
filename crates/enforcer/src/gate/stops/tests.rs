mod asked;

use super::*;
use crate::edge::Edge;
use crate::home::Home;
use crate::notary::OperatorNotary;
use crate::pairing::Candidate;
use countersign_core::encoding::Fixed;
use countersign_core::freeze::{SignedStop, Stop, StopType, shown};
use countersign_core::json;
use countersign_core::keys::{KeyId, SecretKeys};
use countersign_core::sealing::{self, Entropy};
use countersign_store::ledger::MemoryLedger;
use countersign_store::relay::stop::STOPS_TOLD;
use std::path::Path;

async fn gate(dir: &Path, person: &SecretKeys) -> Enforcer {
    gate_at(dir, person, Edge::system()).await
}

async fn gate_at(dir: &Path, person: &SecretKeys, edge: Edge) -> Enforcer {
    let home = Home::open(dir).unwrap();
    let identity = home.identity_or_new(&edge).unwrap();
    let notary = Arc::new(OperatorNotary(Arc::clone(&identity.keys)));
    let ledger = Arc::new(MemoryLedger::new("l1", [7; 32], notary));
    let gate = Enforcer::open(home, identity, ledger, edge.clone()).await.unwrap();
    let ann = Candidate::local(*person.public(), "ann", vec![], &edge);
    gate.admit(ann, &Relays::new(), 60_000, &|_| {}).await.unwrap();
    gate
}

/// What a gateway lists under a name.
fn listed(gate: &Enforcer, stop_id: &str, text: &[u8]) -> WaitingStop {
    let mut fill = |bytes: &mut [u8]| bytes.fill(5);
    let (entropy, to) = (Entropy(&mut fill), [*gate.identity.keys.public()]);
    let ciphertext = sealing::seal(text, &shown(stop_id), &to, entropy).unwrap();
    WaitingStop { stop_id: stop_id.to_owned(), approver_id: "app_1".to_owned(), ciphertext }
}

fn stop(gate: &Enforcer, person: &SecretKeys) -> WaitingStop {
    stop_of(gate, person, 7)
}

fn stop_of(gate: &Enforcer, person: &SecretKeys, nonce: u8) -> WaitingStop {
    let signed = signed_stop(gate.identity.keys.key_id(), person, nonce);
    listed(gate, &signed.id(), &json::canonical(&signed).unwrap())
}

fn signed_stop(enforcer: KeyId, person: &SecretKeys, nonce: u8) -> SignedStop {
    let stop = Stop {
        kind: StopType::V1,
        enforcer,
        signer_key_id: person.key_id(),
        why: None,
        signed_at: Edge::system().now().timestamp(),
        nonce: Fixed([nonce; 24]),
    };
    SignedStop::sign(stop, person).unwrap()
}

/// As many as an honest gateway tells of are looked at whatever time it takes, and what is left is
/// known to be.
#[tokio::test]
async fn attack_26_a_real_stop_is_heeded_among_many_and_what_is_left_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let person = SecretKeys::from_bytes(&[9; 64]).unwrap();
    let gate = gate(dir.path(), &person).await;
    let bogus = listed(&gate, "bogus", b"{}");
    let mut stops = vec![bogus; STOPS_TOLD + 8];
    let late = stops.len() - 1;
    let over = Instant::now();
    stops[late] = stop(&gate, &person);
    let looked = gate.looked_at(&stops, over).await.unwrap();
    assert_eq!((looked.count, looked.refused.is_some()), (STOPS_TOLD, true));
    assert!(gate.frozen().await.unwrap().is_none(), "it is among those that are left");
    stops.swap(late, 20);
    assert_eq!(gate.looked_at(&stops, over).await.unwrap().count, STOPS_TOLD);
    assert_eq!(gate.frozen().await.unwrap().unwrap().by, "ann from another device");
}
