//! What a grant permits, small enough to be kept of every one.

use super::Grant;
use crate::action::ActionHash;
use crate::json::JsonError;
use crate::time::Timestamp;

/// A grant as it was signed, with the hash of the call in place of the call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// The call.
    pub action_hash: ActionHash,
    /// Who may make it.
    pub principal: String,
    /// The one session; `None` is every session.
    pub session: Option<String>,
    /// Where.
    pub workspace: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How often it may be made; `None` is until it ends.
    pub count: Option<u32>,
}

impl Grant {
    /// What it permits.
    ///
    /// # Errors
    /// Where the call has no canonical form.
    pub fn terms(self) -> Result<Terms, JsonError> {
        let action_hash = self.action_hash()?;
        let Self { principal, session, workspace, expires_at, count, .. } = self;
        Ok(Terms { action_hash, principal, session, workspace, expires_at, count })
    }
}
