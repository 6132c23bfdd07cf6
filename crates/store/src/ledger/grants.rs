//! Standing permissions: what one covers, how often it was used, and whether it still stands.
//!
//! A row is only a counter and an index. What a grant permits is what people signed, which whoever
//! uses one compares inside the transaction.

use super::{ClaimRecord, LedgerError, NewPermit, Recheck, RequestKey, RequestRecord};
use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::action::ActionHash;
use countersign_core::grant::Terms;
use countersign_core::receipt::{Entry, Receipt};
use countersign_core::request::State;
use countersign_core::time::Instant;
use serde::{Deserialize, Serialize};

/// A grant as the ledger keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GrantRecord {
    /// A ULID.
    pub id: String,
    /// The request whose approval gave it.
    pub request_id: String,
    /// Who may make the call.
    pub principal: String,
    /// The one session; `None` is every session.
    pub session: Option<String>,
    /// Where.
    pub workspace: String,
    /// The call.
    pub action_hash: ActionHash,
    /// When it was given.
    pub granted_at: Instant,
    /// When it ends.
    pub expires_at: Instant,
    /// How often it may be used; `None` is until it ends.
    pub count: Option<u32>,
    /// How often it was used.
    pub used: u32,
    /// When it was taken back.
    pub revoked_at: Option<Instant>,
}

impl GrantRecord {
    /// Whether it covers a call of this key.
    #[must_use]
    pub fn covers(&self, key: &RequestKey) -> bool {
        let RequestKey { principal, session, workspace, action_hash } = key;
        (&self.principal, &self.workspace, &self.action_hash) == (principal, workspace, action_hash)
            && self.session.as_ref().is_none_or(|own| own == session)
    }

    /// What of it is not as people signed it, in words; `None` where all is.
    #[must_use]
    pub fn strange(&self, signed: &Terms) -> Option<&'static str> {
        let another = [
            (self.action_hash != signed.action_hash, "another call"),
            (self.principal != signed.principal, "another principal"),
            (self.session != signed.session, "another session"),
            (self.workspace != signed.workspace, "another workspace"),
            (self.expires_at != signed.expires_at.instant(), "another end"),
            (self.count != signed.count, "another number of uses"),
        ];
        another.into_iter().find_map(|(differs, what)| differs.then_some(what))
    }

    /// Why it may not be used any more, in words; `None` where it may. `seen` is the latest time
    /// that the ledger knows of: one that was seen is over, whatever the clock says now.
    #[must_use]
    pub fn over(&self, seen: Instant) -> Option<&'static str> {
        match self {
            Self { revoked_at: Some(_), .. } => Some("it was taken back"),
            Self { expires_at, .. } if seen >= *expires_at => Some("its time is over"),
            Self { count: Some(count), used, .. } if used >= count => Some("it is used up"),
            _ => None,
        }
    }

    /// Demands that a call of this key may use it now. `now` is the clock, `seen` the latest time
    /// that the ledger knows of.
    ///
    /// # Errors
    /// [`LedgerError::Void`] where it may not.
    pub fn check(&self, key: &RequestKey, now: Instant, seen: Instant) -> Result<(), LedgerError> {
        let early = now < self.granted_at;
        let why = match self.over(seen.max(now)) {
            _ if !self.covers(key) => Some("it is for another call, session or workspace"),
            _ if early => Some("the clock stands before the time at which it was given"),
            over => over,
        };
        let void = |why: &str| {
            let (code, id) = ("HARP_ERR_POLICY_DENY".to_owned(), &self.id);
            LedgerError::Void { code, message: format!("grant `{id}` does not hold: {why}") }
        };
        why.map_or(Ok(()), |why| Err(void(why)))
    }
}

/// What a grant is given out of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Given {
    /// A request for it: its approval is used up by giving the grant.
    AskedFor,
    /// An answer to the call itself, which may still be used for its one run. It gives one grant,
    /// whether or not it was used meanwhile.
    BesideAYes,
}

impl Given {
    /// Demands an approval that a grant can be taken from beside its use.
    ///
    /// # Errors
    /// The state of a request that was not approved, or is no more.
    pub fn beside(state: State) -> Result<(), LedgerError> {
        match state {
            State::Approved | State::Executed => Ok(()),
            other => Err(LedgerError::State(other)),
        }
    }
}

/// A grant to be given.
pub struct NewGrant {
    /// The grant, unused.
    pub grant: GrantRecord,
    /// What it is given out of.
    pub given: Given,
    /// The time.
    pub now: Instant,
    /// Run over the approved request inside the transaction.
    pub recheck: Recheck,
    /// The receipt: `granted`.
    pub entry: Entry,
}

/// Looks once more at everything that may have changed since a grant was given: the grant and the
/// request whose approval gave it.
pub type GrantRecheck =
    Box<dyn FnOnce(&GrantRecord, &RequestRecord) -> Result<(), LedgerError> + Send>;

/// One use of a grant.
pub struct GrantUse {
    /// The grant.
    pub grant_id: String,
    /// What goes, as for a permit.
    pub permit: NewPermit,
    /// Run inside the transaction; an error leaves everything as it was.
    pub recheck: GrantRecheck,
}

/// The part of a ledger that keeps grants.
#[async_trait]
pub trait GrantStore: Send + Sync {
    /// Gives a grant, once, out of an approved request, which is used up by it where the grant is
    /// what it asked for. [`LedgerError::Ended`] where the request has given its grant before.
    async fn grant(&self, new: NewGrant) -> Result<Receipt, LedgerError>;

    /// Uses a grant: counts it, and writes request, open claim and receipt in the same commit.
    async fn use_grant(&self, using: GrantUse) -> Result<ClaimRecord, LedgerError>;

    /// Takes a grant back, once, with its receipt.
    async fn revoke_grant(
        &self,
        id: &str,
        entry: Entry,
        now: Instant,
    ) -> Result<Receipt, LedgerError>;

    /// Every grant, oldest first.
    async fn grants(&self) -> Result<Vec<GrantRecord>, StoreError>;

    /// The grants that cover a call and were not taken back, oldest first.
    async fn grants_for(&self, key: &RequestKey) -> Result<Vec<GrantRecord>, StoreError>;

    /// The latest time of any receipt.
    async fn latest(&self) -> Result<Option<Instant>, StoreError>;
}
