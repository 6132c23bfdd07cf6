//! Holds an action, lets it through once.
//!
//! Every step is durable before the next begins, so that any process, also one that starts after
//! a crash, continues where the last one stopped.
//!
//! # Rooms
//! * `permit`: what needs nobody's answer. `suspend`: what does. `denied`: what is not asked again.
//! * [`grant`]: what was allowed once for many times. `freeze`: nothing goes. `limits`: how much
//!   may wait. `stops`: stops that approvers send from their devices. `streak`: denials one after another.
//! * `answers`: verified and accepted, or refused. `standing`, `claim`: what one is worth, and its one
//!   use before witnesses. `once`: the right to that use. `endings`: how requests and claims end.
//! * `keys`: those that count. `changes`: of keys and other things that belong to no request.
//!   `witnesses`: the gateways of a home, for what hangs on no request.
//! * `items`: the same for a batch, item by item. `heads`: the home's own memory of the ledger.
//! * `rounds`: others asked in place of those who did not end it. `progress`: what those who have
//!   not answered are told of the others.
//! * `recovery`: what a crash left open. `contradicted`: what the ledger keeps and receipts do not
//!   say. `error`: why the gate stays closed.

mod answers;
mod changes;
mod claim;
mod contradicted;
mod denied;
mod endings;
mod error;
mod freeze;
pub mod grant;
mod heads;
mod items;
mod keys;
mod limits;
mod once;
mod permit;
mod progress;
mod recovery;
mod rounds;
mod standing;
mod stops;
mod streak;
mod suspend;
mod witnesses;

use crate::edge::Edge;
use crate::home::{Home, Identity};
use crate::owner::Owner;
use crate::policy::Sources;
use crate::remembered::Remembered;
use crate::witness;
use countersign_core::receipt::Boundary;
use countersign_core::time::Instant;
use countersign_store::ledger::LedgerStore;
use heads::Heads;
use std::sync::{Arc, RwLock};
use stops::looked::Looked;

pub use claim::Still;
pub use denied::{COOL_MILLIS, DeniedBefore};
pub use error::GateError;
pub use freeze::Thawed;
pub use once::RunOnce;
pub(crate) use rounds::handed_on_by;
pub use streak::DeniedInARow;

/// An enforcer over one home and its ledger.
pub struct Enforcer {
    home: Home,
    identity: Identity,
    ledger: Arc<dyn LedgerStore>,
    edge: Edge,
    owner: Owner,
    boundary: Boundary,
    sources: Sources,
    remembered: RwLock<Remembered>,
    heads: Heads,
    looked: Looked,
}

impl Enforcer {
    /// Opens the gate of a home: checks the ledger against what is remembered of it, and ends
    /// what a crash left open.
    ///
    /// # Errors
    /// Where the home or the ledger is unusable, or the ledger was cut, restored or copied.
    pub async fn open(
        home: Home,
        identity: Identity,
        ledger: Arc<dyn LedgerStore>,
        edge: Edge,
    ) -> Result<Self, GateError> {
        witness::check_home(&home, &*ledger, &identity.keys).await?;
        let owner = Owner::new(&home, &edge)?;
        let boundary = Boundary::Unprotected;
        let enforcer = Self {
            home,
            identity,
            ledger,
            edge,
            owner,
            boundary,
            sources: Sources::default(),
            remembered: RwLock::default(),
            heads: Heads::default(),
            looked: Looked::default(),
        };
        enforcer.tell_ends().await?;
        enforcer.recover().await?;
        Ok(enforcer)
    }

    /// The same with policies from outside the home.
    #[must_use]
    pub fn with_sources(self, sources: Sources) -> Self {
        Self { sources, ..self }
    }

    /// Where policies come from, apart from the home.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The home.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The operator's identity.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &dyn LedgerStore {
        &*self.ledger
    }

    /// Clock and randomness.
    #[must_use]
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Whether the operating system separates agent and enforcer.
    #[must_use]
    pub fn boundary(&self) -> Boundary {
        self.boundary
    }

    pub(crate) fn now(&self) -> Instant {
        self.edge.now()
    }
}
