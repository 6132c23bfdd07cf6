//! Homes with a person who answers, and ledgers that hold many receipts already. A ledger is
//! written once in a run, and measured by every row that wants one of its size.

use super::crowd::crowd_until;
use super::gate::Gate;
use super::ground::Ground;
use super::verification::{pin, question};
use super::{failed, gate};
use crate::failure::Failure;
use crate::parties;
use countersign_core::artifact::{Risk, Scope};
use countersign_core::decision::{Answer, Choice, Decision, Word};
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::Entry;
use countersign_enforcer::{Edge, Enforcer, Relays, Way};
use countersign_store::ledger::{LedgerStore as _, Suspended};
use countersign_store_sqlite::SqliteLedger;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// How long a ledger is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) receipts: u64,
    /// As it stands in the names of rows.
    pub(super) name: &'static str,
}

/// Those that are measured, shortest first.
pub(super) const SIZES: [Size; 3] = [
    Size { receipts: 1_000, name: "1k" },
    Size { receipts: 100_000, name: "100k" },
    Size { receipts: 1_000_000, name: "1m" },
];

/// Callers who fill a ledger: as many as are written together, and as many who prepare the next.
const FILLERS: usize = 1_024;

/// One in so many receipts of a filled ledger is a critical one.
const RARE: u64 = 1_000;

/// The offices of one run.
pub(super) struct Offices<'a> {
    ground: &'a Ground,
    open: Vec<(Size, Office)>,
}

impl<'a> Offices<'a> {
    pub(super) fn new(ground: &'a Ground) -> Self {
        Self { ground, open: Vec::new() }
    }

    /// A place for a file beside them.
    pub(super) fn path(&self, name: &str) -> std::path::PathBuf {
        self.ground.path(name)
    }

    /// The one whose ledger is so long; it is filled where nobody wanted it before.
    pub(super) async fn with(&mut self, size: Size) -> Result<Office, Failure> {
        if let Some((_, office)) = self.open.iter().find(|(open, _)| *open == size) {
            return Ok(office.clone());
        }
        let office = Office::open(self.ground, &format!("office-{}", size.name)).await?;
        let like = office.gate.allow(&gate::action(0)).await?.content.entry;
        fill(office.enforcer(), &like, size.receipts).await?;
        self.open.push((size, office.clone()));
        Ok(office)
    }
}

/// The ledger itself, without the gate before it.
pub(super) fn ledger_of(enforcer: &Enforcer) -> Result<Arc<SqliteLedger>, Failure> {
    parties::ledger(enforcer.home(), enforcer.identity(), enforcer.edge())
}

/// Writes receipts like one, and now and then a critical one, until there are so many.
pub(super) async fn fill(enforcer: &Enforcer, like: &Entry, receipts: u64) -> Result<(), Failure> {
    let ledger = ledger_of(enforcer)?;
    let held = ledger.newest().await?.map_or(0, |(seq, _)| seq);
    if held >= receipts {
        return Ok(());
    }
    let (next, like) = (Arc::new(AtomicU64::new(held + 1)), Arc::new(like.clone()));
    let callers = usize::try_from(receipts - held).unwrap_or(FILLERS).min(FILLERS);
    crowd_until(callers, receipts + 1, &next, move |n| {
        let (ledger, entry) = (Arc::clone(&ledger), rarely(&like, n));
        async move {
            ledger.record(entry, Edge::system().now()).await?;
            Ok(())
        }
    })
    .await
}

fn rarely(like: &Entry, n: u64) -> Entry {
    let mut entry = like.clone();
    // What people were shown is not changed: their artifacts name the risk, too.
    if n.is_multiple_of(RARE)
        && entry.artifacts.is_empty()
        && let Some(policy) = &mut entry.policy
    {
        policy.risk = Risk::Critical;
    }
    entry
}

/// An enforcer, and the one person whom it asks.
#[derive(Clone)]
pub(super) struct Office {
    pub(super) gate: Gate,
    person: Arc<(SecretKeys, Way)>,
}

impl Office {
    async fn open(ground: &Ground, name: &str) -> Result<Self, Failure> {
        let (gate, edge) = (Gate::open(ground, name).await?, Edge::system());
        let keys = SecretKeys::from_bytes(&edge.random().map_err(failed)?).map_err(failed)?;
        let way = pin(gate.enforcer(), &keys, &edge)?;
        Ok(Self { gate, person: Arc::new((keys, way)) })
    }

    fn enforcer(&self) -> &Enforcer {
        self.gate.enforcer()
    }

    /// One action from the moment in which it is suspended until it is let go; returns its request.
    ///
    /// The question is one of the enforcer's own, of which any number may wait.
    pub(super) async fn approve(&self, n: u64) -> Result<String, Failure> {
        let (enforcer, (keys, way)) = (self.enforcer(), &*self.person);
        let number = usize::try_from(n).unwrap_or(usize::MAX);
        let Suspended::Opened(request) =
            enforcer.suspend(&question(number, vec![way.clone()])).await?
        else {
            return Err(failed("the question was put before"));
        };
        let request = enforcer.submitted(&request.id).await?;
        let asked = request.asked.first().ok_or_else(|| failed("nobody was asked"))?;
        let choice = Choice {
            word: Word::Allow,
            scope: Scope::Once,
            expires_at: asked.artifact.head.expires_at.clone(),
            nonce: Fixed(enforcer.edge().random().map_err(failed)?),
            hints: None,
        };
        let decision = Decision::sign(&asked.artifact, choice, keys).map_err(failed)?;
        let answer = Answer { decision, reason: None };
        let approved = enforcer.accept(&request, asked, answer).await?;
        let permit = enforcer.claim(&approved, &Relays::new()).await?;
        Ok(enforcer.hand_over(permit).await?.id)
    }
}
