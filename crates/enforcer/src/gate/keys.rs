//! The keys that count, and what the ledger says became of them.

use super::{Enforcer, GateError};
use crate::home::HomeError;
use crate::remembered::{Remembered, change, past};
use countersign_core::receipt::Event;
use countersign_core::trust::{Status, TrustStore};
use countersign_store::ledger::Proven;
use std::sync::PoisonError;

impl Enforcer {
    /// The pinned keys, as they are on disk now, and none of them worth more than the ledger says:
    /// a trust store of yesterday that is put back revives nobody.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn trust(&self) -> Result<TrustStore, HomeError> {
        let remembered = self.remembered.read().unwrap_or_else(PoisonError::into_inner);
        Ok(remembered.over(self.home.trust(&self.identity)?))
    }

    /// Reads again what the ledger says became of keys; another process may have changed them.
    pub(crate) async fn look_back(&self) -> Result<Remembered, GateError> {
        Ok(self.learned(&self.past().await?))
    }

    /// What became of keys, by what was read a moment ago.
    pub(super) fn learned(&self, past: &Proven) -> Remembered {
        let found = Remembered::of(past);
        let mut known = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        known.clone_from(&found);
        found
    }

    /// What changed who may do what, or what may happen at all, as the ledger's newest head proves it.
    ///
    /// # Errors
    /// Where the ledger or the pinned keys cannot be read, or something is missing or edited.
    pub async fn past(&self) -> Result<Proven, GateError> {
        let trust = self.home.trust(&self.identity)?;
        Ok(past(&*self.ledger, &trust).await?)
    }

    /// Writes down the ends of keys that a crash kept out of the ledger.
    pub(super) async fn tell_ends(&self) -> Result<(), GateError> {
        let remembered = self.look_back().await?;
        let trust = self.home.trust(&self.identity)?;
        for approver in remembered.untold(&trust) {
            let mut members = vec![("name", approver.label.as_str())];
            match &approver.status {
                Status::Active {} => continue,
                Status::Rotated { until } => {
                    members.extend([("change", change::ROTATED), ("until", until.as_str())]);
                }
                Status::Revoked { at, .. } => {
                    members.extend([("change", change::REVOKED), ("revokedAt", at.as_str())]);
                }
            }
            members.push(("keyId", &approver.key_id.0));
            self.record_key(Event::Key, &members).await?;
        }
        Ok(())
    }
}
