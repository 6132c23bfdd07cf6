//! What is learned later of a key that was taken back: since when others may have had it.

use super::{Home, HomeError, Identity};
use countersign_core::keys::KeyId;
use countersign_core::time::Timestamp;
use countersign_core::trust::{Status, TrustStore};

impl Home {
    /// Says of the keys of a pairing that was taken back since when others may have had them. Where
    /// several bore the name, the one that was taken back last is meant. Names each key with the
    /// moment at which it was taken back.
    ///
    /// # Errors
    /// Where no such pairing was taken back, an earlier moment was said already, or it cannot be
    /// written.
    pub fn backdate(
        &self,
        identity: &Identity,
        name: &str,
        since: &Timestamp,
    ) -> Result<Vec<(KeyId, Timestamp)>, HomeError> {
        let _lock = self.lock("trust.lock")?;
        let found = taken_back(&self.trust(identity)?, name);
        let (pair_id, said) = found.ok_or_else(|| HomeError::NoPairing(name.to_owned()))?;
        if since.instant() > said.instant() {
            return Err(HomeError::NotEarlier { name: name.to_owned(), said });
        }
        let mut keys = Vec::new();
        self.change_trust_locked(identity, |store| {
            for approver in store.approvers.iter_mut().filter(|a| a.pair_id == pair_id) {
                if let Status::Revoked { at, compromised_since } = &mut approver.status {
                    *compromised_since = Some(since.clone());
                    keys.push((approver.key_id.clone(), at.clone()));
                }
            }
        })?;
        Ok(keys)
    }
}

/// The pairing of this name that was taken back last, and the earliest moment that was said of it.
fn taken_back(trust: &TrustStore, name: &str) -> Option<(String, Timestamp)> {
    let revoked = trust.approvers.iter().filter(|a| a.label == name).filter_map(|a| {
        let Status::Revoked { at, compromised_since } = &a.status else { return None };
        Some((at.instant(), &a.pair_id, compromised_since.as_ref().unwrap_or(at)))
    });
    let (_, pair_id, said) = revoked.max_by_key(|(at, ..)| *at)?;
    Some((pair_id.clone(), said.clone()))
}
