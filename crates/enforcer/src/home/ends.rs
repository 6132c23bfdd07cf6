//! The end of a key: it runs out, or is taken back at once.

use super::{Home, HomeError, Identity, Pairing};
use countersign_core::keys::KeyId;
use countersign_core::time::Timestamp;
use countersign_core::trust::{Approver, Status, TrustStore};

impl Home {
    /// Lets a key run out: it counts until then, and no longer than was said before.
    ///
    /// # Errors
    /// Where there is no such pairing, no other key stays that is of as much assurance, or
    /// something cannot be written.
    pub fn retire(
        &self,
        identity: &Identity,
        name: &str,
        until: &Timestamp,
    ) -> Result<Pairing, HomeError> {
        let _lock = self.lock("trust.lock")?;
        let pairing = self.pairing(name)?;
        let (ways, mut followed) = (self.pairings()?, false);
        self.change_trust_locked(identity, |store| {
            followed = retired(store, &pairing, &ways, until);
        })?;
        if followed { Ok(pairing) } else { Err(HomeError::NoSuccessor(name.to_owned())) }
    }

    /// Takes the keys of a pairing back at once, those that it was rotated from and to as well, and
    /// says which. `since` is from when on others may have had them. The way to them is left for
    /// [`Home::forget`].
    ///
    /// # Errors
    /// Where there is no such pairing, or something cannot be written.
    pub fn revoke(
        &self,
        identity: &Identity,
        name: &str,
        at: &Timestamp,
        since: Option<&Timestamp>,
    ) -> Result<(Pairing, Vec<KeyId>), HomeError> {
        let _lock = self.lock("trust.lock")?;
        let pairing = self.pairing(name)?;
        let mut keys = Vec::new();
        self.change_trust_locked(identity, |store| {
            let of = |a: &&mut Approver| a.key_id == pairing.key_id || a.pair_id == pairing.pair_id;
            let compromised_since = since.cloned();
            let status = Status::Revoked { at: at.clone(), compromised_since };
            for approver in store.approvers.iter_mut().filter(of) {
                approver.status = status.clone();
                keys.push(approver.key_id.clone());
            }
        })?;
        Ok((pairing, keys))
    }
}

/// Marks the key of `pairing` as replaced, where another that can be asked takes over.
fn retired(store: &mut TrustStore, pairing: &Pairing, ways: &[Pairing], until: &Timestamp) -> bool {
    let Some(old) = store.approver(&pairing.key_id).cloned() else { return false };
    let takes_over = |a: &Approver| {
        let asked = ways.iter().any(|way| way.key_id == a.key_id);
        let active = a.status == Status::Active {};
        a.key_id != old.key_id && a.reach() >= old.reach() && active && asked
    };
    let sooner = match &old.status {
        Status::Active {} => true,
        Status::Rotated { until: before } => until.instant() < before.instant(),
        Status::Revoked { .. } => return false,
    };
    if !store.approvers.iter().any(takes_over) {
        return false;
    }
    let same = store.approvers.iter_mut().filter(|a| sooner && a.key_id == old.key_id);
    same.for_each(|a| a.status = Status::Rotated { until: until.clone() });
    true
}
