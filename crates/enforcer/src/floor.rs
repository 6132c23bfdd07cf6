//! The floor of a home: the highest assurance that it ever pinned.
//!
//! Who may answer changes only where an approver who reaches the floor allows it, and the floor never
//! sinks: else whoever took the stronger ones back could pin a key of its own. So no change may leave
//! nobody there, or it is the last that this home ever makes.

use crate::amendment::AmendError;
use crate::home::Pairing;
use crate::remembered::Remembered;
use countersign_core::artifact::Assurance;
use countersign_core::trust::{Approver, Status, TrustStore};

/// The floor, as far as the trust store (revoked keys count) or the ledger knows; `None` where the
/// trust store names nobody.
#[must_use]
pub fn of(trust: &TrustStore, remembered: &Remembered) -> Option<Assurance> {
    let pinned = trust.approvers.iter().map(Approver::reach).max();
    pinned.map(|pinned| remembered.highest().map_or(pinned, |ever| ever.max(pinned)))
}

/// Demands that after a change somebody is left who may allow the next: who reaches the floor, does
/// not run out, and can be asked. `before` is the floor before the change, which may raise it.
///
/// # Errors
/// Where nobody would be.
pub fn kept(
    before: Option<Assurance>,
    after: &TrustStore,
    ways: &[Pairing],
) -> Result<(), AmendError> {
    let floor = before.max(after.approvers.iter().map(Approver::reach).max());
    let stays = |one: &Approver| one.status == (Status::Active {}) && Some(one.reach()) >= floor;
    let mut asked = ways.iter().filter_map(|way| after.approver(&way.key_id));
    match floor {
        Some(floor) if !asked.any(stays) => Err(AmendError::NobodyLeft(floor)),
        _ => Ok(()),
    }
}
