//! What a run wrote, as a digest: whoever kept the output can show later that it is the same.

use super::{Entry, Event};
use crate::encoding::Hash;
use serde::{Deserialize, Serialize};

/// The digest of what came out of one of a run's two outputs.
///
/// It has no salt, since it is there to be compared with a file that somebody kept; so who can
/// guess a short output sees that the guess is right.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OutputDigest {
    /// How many bytes, at most 2^53.
    pub bytes: u64,
    /// SHA-256 of these bytes.
    pub sha256: Hash,
    /// Whether it is of the first `bytes` bytes only, and more may have been written. Absent where
    /// it is of everything.
    #[serde(default, skip_serializing_if = "is_whole")]
    pub cut: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_whole(cut: &bool) -> bool {
    !cut
}

/// Only what ran and ended has digests, and then of both outputs.
pub(super) fn are_there(entry: &Entry) -> bool {
    let Some(outcome) = &entry.outcome else { return true };
    match (&outcome.stdout, &outcome.stderr) {
        (None, None) => true,
        (Some(_), Some(_)) => entry.event == Event::Executed,
        _ => false,
    }
}
