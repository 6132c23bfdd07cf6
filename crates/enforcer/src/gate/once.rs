//! The right to start one action once.

use countersign_core::grant::GrantNote;
use countersign_core::receipt::Entry;
use countersign_store::ledger::{ClaimRecord, RequestRecord};

/// The right to start one action once: the claim is durable, and holding this is the permission.
///
/// Private fields: only [`Enforcer::claim`](super::Enforcer::claim) and [`Enforcer::permit`](super::Enforcer::permit) make one, and running
/// consumes it.
#[must_use = "a claim that is neither run nor recorded ends as uncertain"]
#[derive(Debug)]
pub struct RunOnce {
    pub(crate) claim: ClaimRecord,
    pub(crate) request: RequestRecord,
    /// What its receipts say, but for how it ended.
    pub(crate) frame: Entry,
}

impl RunOnce {
    /// The request that is used up.
    #[must_use]
    pub fn request(&self) -> &RequestRecord {
        &self.request
    }

    /// The grant that it goes under, where nobody was asked for this run.
    #[must_use]
    pub fn grant(&self) -> Option<&GrantNote> {
        self.frame.grant.as_deref()
    }
}
