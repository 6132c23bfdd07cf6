//! What this program knows of policies besides the texts that somebody accepted.

use super::layers::built_in;
use crate::entry::NO_POLICY;
use crate::question::fixed_hash;
use countersign_core::bundle::Known;

/// What a check of policy hashes is told: the built-in policy of this version, and what stands in
/// place of a policy hash.
#[must_use]
pub fn known() -> Known {
    Known { builtin: Some(built_in().sha256), own: vec![fixed_hash(), NO_POLICY] }
}
