//! The pinned keys, changed under a lock, so that no two processes overwrite one another.

use super::{Home, HomeError, Identity, Pairing};
use crate::amendment::Amendment;
use crate::floor;
use crate::remembered::Remembered;
use countersign_core::trust::{Approver, Operator, Status, TrustStore};
use countersign_store::files::{self, Target};

impl Home {
    /// The pinned keys, with this home's own operator among them.
    ///
    /// # Errors
    /// Where the file is unreadable, damaged or contradicts itself.
    pub fn trust(&self, identity: &Identity) -> Result<TrustStore, HomeError> {
        let mut store = files::read::<TrustStore>(&self.trust_path())?.unwrap_or_default();
        let key_id = identity.keys.key_id();
        if store.operator(&key_id).is_none() {
            store.operators.push(Operator {
                key_id,
                keys: *identity.keys.public(),
                label: identity.device_id.clone(),
                created_at: identity.created_at.clone(),
                status: Status::Active {},
            });
        }
        self.checked(store)
    }

    fn write_trust(&self, store: TrustStore) -> Result<TrustStore, HomeError> {
        let store = self.checked(store)?;
        files::write(&self.trust_path(), &store, Target::Replace)?;
        Ok(store)
    }

    /// A store that contradicts itself is nobody's.
    fn checked(&self, store: TrustStore) -> Result<TrustStore, HomeError> {
        store.checked().map_err(|source| HomeError::Trust { path: self.trust_path(), source })
    }

    /// Changes the trust store under a lock, so that no two processes overwrite one another.
    ///
    /// # Errors
    /// As [`Home::trust`], and where it cannot be written.
    pub fn change_trust(
        &self,
        identity: &Identity,
        change: impl FnOnce(&mut TrustStore),
    ) -> Result<TrustStore, HomeError> {
        let _lock = self.lock("trust.lock")?;
        self.change_trust_locked(identity, change)
    }

    pub(super) fn change_trust_locked(
        &self,
        identity: &Identity,
        change: impl FnOnce(&mut TrustStore),
    ) -> Result<TrustStore, HomeError> {
        let mut store = self.trust(identity)?;
        change(&mut store);
        self.write_trust(store)
    }

    /// Pins an approver and remembers the way to it.
    ///
    /// # Errors
    /// Where the name is taken or cannot be one, or something cannot be written.
    pub fn pin(
        &self,
        identity: &Identity,
        approver: Approver,
        pairing: &Pairing,
        bootstrap: bool,
    ) -> Result<(), HomeError> {
        let path = self.pairing_path(&pairing.name)?;
        let there = files::read::<Pairing>(&path)?;
        // Of a pairing that a crash cut off the way may be there already.
        if there.is_none_or(|there| {
            (there.key_id, there.pair_id) != (pairing.key_id.clone(), pairing.pair_id.clone())
        }) {
            files::write(&path, pairing, Target::New)?;
        }
        // The key counts last: one that counts has a way to it, by which it can be taken back.
        let mut late = false;
        let pinned = self.change_trust(identity, |store| {
            // Of two first pairings at once, the second is no bootstrap any more.
            late = bootstrap && !store.approvers.is_empty();
            if !late {
                store.approvers.push(approver);
            }
        });
        if pinned.is_err() || late {
            files::remove(&path)?;
        }
        pinned.and(if late { Err(HomeError::NotFirst) } else { Ok(()) })
    }

    /// Changes records of the trust store, all or none, and the way to a successor.
    ///
    /// # Errors
    /// Where a record changed meanwhile, nobody would be left who may allow the next change, or
    /// something cannot be written.
    pub fn amend(
        &self,
        identity: &Identity,
        amendment: &Amendment,
        remembered: &Remembered,
        bootstrap: bool,
    ) -> Result<(), HomeError> {
        let _lock = self.lock("trust.lock")?;
        let mut store = self.trust(identity)?;
        if bootstrap && !store.approvers.is_empty() {
            return Err(HomeError::NotFirst);
        }
        let before = floor::of(&store, remembered);
        amendment.apply(&mut store)?;
        if !bootstrap {
            let ways = amendment.ways(self.pairings()?);
            floor::kept(before, &remembered.over(store.clone()), &ways)?;
        }
        self.write_trust(store)?;
        self.lead_locked(amendment)
    }

    /// Lets the way of a key lead to its successor.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(crate) fn lead(&self, amendment: &Amendment) -> Result<(), HomeError> {
        let _lock = self.lock("trust.lock")?;
        self.lead_locked(amendment)
    }

    fn lead_locked(&self, amendment: &Amendment) -> Result<(), HomeError> {
        let Some(pairing) = amendment.pairing() else { return Ok(()) };
        let path = self.pairing_path(&pairing.name)?;
        // One that was taken back meanwhile does not come back.
        if path.exists() {
            files::write(&path, pairing, Target::Replace)?;
        }
        Ok(())
    }
}
