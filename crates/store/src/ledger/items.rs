//! The approval of a batch, used item by item.
//!
//! Which items are allowed stands in the accepted answers; which of them were used stands here.

use super::{Answers, ClaimRecord, LedgerError, Recheck, RequestRecord};
use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::receipt::Entry;
use countersign_core::tally::Tally;
use countersign_core::time::Instant;

/// A claim of one item.
pub struct NewItemClaim {
    /// A fresh ULID.
    pub id: String,
    /// The item's place in the batch, from 0.
    pub item: usize,
    /// The receipt of the claim, about this item.
    pub entry: Entry,
}

/// Claims to be made together.
pub struct NewItemClaims {
    /// The request to use.
    pub request_id: String,
    /// This process.
    pub owner: String,
    /// The time.
    pub now: Instant,
    /// Run inside the transaction; an error leaves everything as it was.
    pub recheck: Recheck,
    /// At least one.
    pub claims: Vec<NewItemClaim>,
}

/// The part of a ledger that knows the items of batches.
#[async_trait]
pub trait ItemClaims: Send + Sync {
    /// Uses the approval of some items of a batch, all of them or none, and records it. Each item
    /// is used once: exactly one caller wins, and the others get [`LedgerError::State`]. The
    /// request ends with the last item that is allowed.
    async fn claim_items(
        &self,
        claims: NewItemClaims,
    ) -> Result<(Vec<ClaimRecord>, RequestRecord), LedgerError>;

    /// The item that a claim uses; `None` where it uses a whole request, or there is none.
    async fn item_of(&self, claim_id: &str) -> Result<Option<usize>, StoreError>;
}

/// The items of a batch that its accepted answers allow, in rising order; `None` where the request
/// is no batch.
#[must_use]
pub fn permitted(request: &RequestRecord) -> Option<Vec<usize>> {
    let size = request.asked.last()?.artifact.items()?;
    let answers = Answers::of(request, &|_| true)?;
    let allowed = |index: &usize| answers.tally(Some(*index)) == Tally::Met;
    Some((0..size).filter(allowed).collect())
}

/// The items of these claims that are allowed and named once; an item that is not is a refusal.
///
/// # Errors
/// [`LedgerError::Void`].
pub fn within(request: &RequestRecord, claims: &NewItemClaims) -> Result<usize, LedgerError> {
    let void = |message: &str| LedgerError::Void {
        code: "HARP_ERR_SCOPE".into(),
        message: message.to_owned(),
    };
    let allowed = permitted(request).ok_or_else(|| void("it is no batch"))?;
    if claims.claims.is_empty() {
        return Err(void("no item is claimed"));
    }
    if claims.claims.iter().any(|claim| !allowed.contains(&claim.item)) {
        return Err(void("an item is claimed that nobody allowed"));
    }
    Ok(allowed.len())
}

/// Refuses a claim of a whole request that is used by its items.
///
/// # Errors
/// [`LedgerError::Void`].
pub fn is_claimed_whole(request: &RequestRecord) -> Result<(), LedgerError> {
    match permitted(request) {
        None => Ok(()),
        Some(_) => Err(LedgerError::Void {
            code: "HARP_ERR_SCOPE".into(),
            message: "a batch is used by its items".into(),
        }),
    }
}
