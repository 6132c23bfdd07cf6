//! What the tests of a gate begin with: time that a test moves, and a gate over a ledger in memory.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a step that fails has failed the test")]

use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;
use countersign_enforcer::notary::OperatorNotary;
use countersign_enforcer::pairing::Candidate;
use countersign_enforcer::policy::Place;
use countersign_enforcer::{Edge, Enforcer, Home, Relays};
use countersign_store::ledger::{LedgerStore, MemoryLedger};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// 02:40 UTC.
pub(crate) const START: i64 = 1_770_000_000_000;

/// A gate in a home of its own.
pub(crate) struct Gate {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) home: Home,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) enforcer: Enforcer,
    pub(crate) clock: Arc<AtomicI64>,
    pub(crate) edge: Edge,
}

/// Time that a test moves, and bytes that never repeat.
pub(crate) fn edge(clock: &Arc<AtomicI64>) -> Edge {
    let (clock, count) = (Arc::clone(clock), AtomicU64::new(1));
    Edge::new(
        move || Instant(clock.load(Ordering::SeqCst)),
        move |bytes| {
            let n = count.fetch_add(1, Ordering::SeqCst).to_be_bytes();
            bytes.iter_mut().zip(n.iter().cycle()).for_each(|(to, b)| *to = *b);
            Ok(())
        },
    )
}

/// A gate that pinned nobody yet, at [`START`].
pub(crate) async fn gate() -> Gate {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path()).unwrap();
    let clock = Arc::new(AtomicI64::new(START));
    let edge = edge(&clock);
    let identity = home.identity_or_new(&edge).unwrap();
    let notary = Arc::new(OperatorNotary(Arc::clone(&identity.keys)));
    let ledger = Arc::new(MemoryLedger::new("ledger-1", [7; 32], notary));
    let store = Arc::clone(&ledger) as Arc<dyn LedgerStore>;
    let enforcer = Enforcer::open(home.clone(), identity, store, edge.clone()).await.unwrap();
    Gate { dir, home, ledger, enforcer, clock, edge }
}

/// Has a home that pinned nobody yet accept a policy of its own.
pub(crate) async fn accept(enforcer: &Enforcer, text: &str) {
    let path = enforcer.home().root().join("policy.toml");
    let proposal = enforcer.propose_policy(Place::Home, &path, text.into()).await.unwrap();
    enforcer.accept_first_policy(&proposal).await.unwrap();
    std::fs::write(path, text).unwrap();
}

/// Pins ann, the home's first approver, at the terminal; her keys.
pub(crate) async fn pin_ann(enforcer: &Enforcer) -> SecretKeys {
    let person = SecretKeys::from_bytes(&[9; 64]).unwrap();
    let ann = Candidate::local(*person.public(), "ann", vec![], enforcer.edge());
    enforcer.admit(ann, &Relays::new(), 60_000, &|_| {}).await.unwrap();
    person
}
