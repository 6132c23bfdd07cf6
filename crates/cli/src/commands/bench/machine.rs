//! The machine itself: what stands behind every limit, said once for the whole run.

use super::ground::Ground;
use super::limit::{Appends, Inserts, signatures, verifications};
use super::samples::median;
use super::{Effort, failed};
use crate::failure::Failure;

/// As long as a receipt of an action that a policy allows.
const LINE: usize = 1_536;

/// What one core and one disk do in a second, at best.
pub(super) struct Machine {
    /// Appends to a file, each one synced before the next.
    pub(super) syncs: f64,
    /// Rows of SQLite, each one in a commit of its own.
    pub(super) inserts: f64,
    /// Ed25519 signatures.
    pub(super) signatures: f64,
    /// Strict Ed25519 verifications, all of one key.
    pub(super) verifications: f64,
}

impl Machine {
    pub(super) async fn measure(ground: &Ground, effort: Effort) -> Result<Self, Failure> {
        let line = "x".repeat(LINE);
        let appends = Appends::new(ground.path("appends"), line.clone().into_bytes());
        let rows = Inserts::new(ground.path("machine.db"), line);
        let (mut syncs, mut inserts) = (Vec::new(), Vec::new());
        let (mut signed, mut verified) = (Vec::new(), Vec::new());
        for _ in 0..effort.rounds {
            syncs.push(appends.grouped(1, effort.slice / 8).await?);
            inserts.push(rows.grouped(1, effort.slice / 8).await?);
            signed.push(signatures(effort.slice / 8).await?);
            verified.push(verifications(effort.slice / 8).await?);
        }
        std::fs::remove_file(ground.path("appends")).map_err(failed)?;
        Ok(Self {
            syncs: median(&syncs),
            inserts: median(&inserts),
            signatures: median(&signed),
            verifications: median(&verified),
        })
    }
}
