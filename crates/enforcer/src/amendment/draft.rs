//! An amendment made out of what somebody wants: checked against what is pinned now.

use super::{AmendError, Amendment, Edit, Kind, Particulars, is_name, mixes_names};
use crate::home::Pairing;
use countersign_core::artifact::Assurance;
use countersign_core::keys::PublicKeys;
use countersign_core::keys::rotation::Rotation;
use countersign_core::passkey::Offer;
use countersign_core::time::Instant;
use countersign_core::trust::{Approver, Past, Status, TrustStore};
use countersign_core::verify::DEFAULT_SKEW_MILLIS;

impl Amendment {
    /// Other particulars for the key of a pairing.
    ///
    /// # Errors
    /// Where the key does not count, a name is none, or nothing would change.
    pub fn set(trust: &TrustStore, of: &Pairing, to: Particulars) -> Result<Self, AmendError> {
        let before = active(trust, of)?.clone();
        let mut after = before.clone();
        after.person = to.person.unwrap_or(after.person);
        after.roles = to.roles.unwrap_or(after.roles);
        after.assurance = to.assurance.unwrap_or(after.assurance);
        if mixes_names(trust, &after) {
            return Err(AmendError::Conflict(after.key_id.to_string()));
        }
        Self::of(Kind::Set, vec![Edit { before: Some(before), after }])
    }

    /// The passkey that the device of a pairing offers, in place of any that it has.
    ///
    /// # Errors
    /// Where the key is not active or `local`, or the offer is not good at `now`.
    pub fn passkey(
        trust: &TrustStore,
        of: &Pairing,
        offer: Offer,
        now: Instant,
    ) -> Result<Self, AmendError> {
        let before = active(trust, of)?.clone();
        if before.assurance == Assurance::Local {
            return Err(AmendError::Local(of.name.clone()));
        }
        let passkey = Some(offer.verify(&before.keys, now, DEFAULT_SKEW_MILLIS)?);
        let after = Approver { passkey, ..before.clone() };
        Self::of(Kind::Set, vec![Edit { before: Some(before), after }])
    }

    /// No passkey for the key of a pairing: its answers count as they did before it had one.
    ///
    /// # Errors
    /// Where the key is not active, or has none.
    pub fn no_passkey(trust: &TrustStore, of: &Pairing) -> Result<Self, AmendError> {
        let before = active(trust, of)?.clone();
        let after = Approver { passkey: None, ..before.clone() };
        Self::of(Kind::Set, vec![Edit { before: Some(before), after }])
    }

    /// The successor that the key of a pairing signed. Everything but the key stays.
    ///
    /// # Errors
    /// Where the older key is not active, or the statement is not good at `now`.
    pub fn rotate(
        trust: &TrustStore,
        of: &Pairing,
        rotation: &Rotation,
        now: Instant,
    ) -> Result<Self, AmendError> {
        let before = active(trust, of)?.clone();
        rotation.verify(&before.keys, now, DEFAULT_SKEW_MILLIS)?;
        let new = rotation.body.new_keys;
        unpinned(trust, &new)?;
        let until = rotation.body.until.clone();
        let old = Approver { status: Status::Rotated { until }, ..before.clone() };
        let (key_id, created_at) = (new.key_id(), now.timestamp());
        let successor =
            Approver { key_id: key_id.clone(), keys: new, created_at, ..before.clone() };
        let edits = vec![
            Edit { before: Some(before), after: old },
            Edit { before: None, after: successor },
        ];
        let pairing = Some(Pairing { key_id, ..of.clone() });
        Ok(Self { pairing, ..Self::of(Kind::Rotate, edits)? })
    }

    /// What a file pins and this home does not. A key that the file says was taken back is taken
    /// back here too; of keys that both know, nothing else changes.
    ///
    /// # Errors
    /// Where a key is something else here, a name is none, what a key was before is not over at
    /// `now`, or nothing would change.
    pub fn import(trust: &TrustStore, file: TrustStore, now: Instant) -> Result<Self, AmendError> {
        let mut edits = Vec::new();
        for after in file.approvers {
            if !is_over(&after.past, now) {
                return Err(AmendError::Future(after.key_id.to_string()));
            }
            let before = trust.approver(&after.key_id).cloned();
            match &before {
                None if mixes_names(trust, &after) => {
                    return Err(AmendError::Conflict(after.key_id.to_string()));
                }
                None => unpinned(trust, &after.keys)?,
                Some(ours) if taken_back(ours, &after) => {
                    let after = Approver { status: after.status, ..ours.clone() };
                    edits.push(Edit { before, after });
                    continue;
                }
                Some(ours) if same(ours, &after) => continue,
                Some(_) => return Err(AmendError::Conflict(after.key_id.to_string())),
            }
            edits.push(Edit { before, after });
        }
        let mut operators = Vec::new();
        for operator in file.operators {
            match trust.operator(&operator.key_id) {
                Some(_) => {}
                None if trust.approver(&operator.key_id).is_some() => {
                    return Err(AmendError::Conflict(operator.key_id.to_string()));
                }
                None => operators.push(operator),
            }
        }
        if edits.is_empty() && !operators.is_empty() {
            return Ok(Self { kind: Kind::Import, edits, operators, pairing: None });
        }
        Ok(Self { operators, ..Self::of(Kind::Import, edits)? })
    }

    fn of(kind: Kind, edits: Vec<Edit>) -> Result<Self, AmendError> {
        // What a key was before is told by the receipts of its changes, and of one that is new here
        // by the file that it comes out of.
        let bare = |Edit { before, after }: Edit| match before {
            None if kind == Kind::Import => Edit { before, after },
            before => Edit { before: before.as_ref().map(Approver::newest), after: after.newest() },
        };
        let edits: Vec<_> = edits.into_iter().map(bare).collect();
        if edits.iter().all(|edit| edit.before.as_ref() == Some(&edit.after)) {
            return Err(AmendError::Nothing);
        }
        let bad = edits.iter().flat_map(|edit| names(&edit.after)).find(|name| !is_name(name));
        if let Some(bad) = bad {
            return Err(AmendError::Name(countersign_core::display::visible(bad, false)));
        }
        Ok(Self { kind, edits, operators: Vec::new(), pairing: None })
    }
}

/// The persons and roles in a record, of now and of before.
fn names(record: &Approver) -> impl Iterator<Item = &String> {
    let past = record.past.iter().flat_map(|past| past.roles.iter().chain([&past.person]));
    record.roles.iter().chain([&record.person]).chain(past)
}

/// Whether what a key was before ended, but for the difference of two clocks.
fn is_over(past: &[Past], now: Instant) -> bool {
    let latest = now.plus_millis(DEFAULT_SKEW_MILLIS);
    past.iter().all(|one| one.until.instant() <= latest)
}

/// The record of a pairing's key, which counts and was not replaced.
fn active<'a>(trust: &'a TrustStore, of: &Pairing) -> Result<&'a Approver, AmendError> {
    let found = trust.approver(&of.key_id).filter(|one| one.status == Status::Active {});
    found.ok_or_else(|| AmendError::NotCounting(of.key_id.to_string()))
}

/// Neither half may be anybody's already, whatever became of it.
fn unpinned(trust: &TrustStore, keys: &PublicKeys) -> Result<(), AmendError> {
    let approvers = trust.approvers.iter().map(|a| &a.keys);
    let mut pinned = approvers.chain(trust.operators.iter().map(|o| &o.keys));
    let known = pinned.any(|p| p.key_id() == keys.key_id() || p.exchange() == keys.exchange());
    if known { Err(AmendError::Conflict(keys.key_id().to_string())) } else { Ok(()) }
}

fn taken_back(ours: &Approver, theirs: &Approver) -> bool {
    let revoked = |a: &Approver| matches!(a.status, Status::Revoked { .. });
    !revoked(ours) && revoked(theirs) && ours.keys == theirs.keys
}

/// Whether two records say the same of a key; ours may be the stricter one.
fn same(ours: &Approver, theirs: &Approver) -> bool {
    let lax = Approver {
        status: ours.status.clone(),
        created_at: ours.created_at.clone(),
        ..theirs.clone()
    };
    ours.newest() == lax.newest()
}
