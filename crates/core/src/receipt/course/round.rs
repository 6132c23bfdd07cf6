//! The artifacts that people were asked with together, and what the policy said of them.

use crate::artifact::ArtifactHead;
use crate::encoding::Hash;
use crate::json;
use crate::receipt::PolicyNote;

/// The artifacts of one round of a request, in twenty bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Round {
    /// Its number, from 1.
    pub(super) number: u32,
    /// Half of a hash over their hashes, in the order in which they were made, and over the note.
    artifacts: [u8; 16],
}

impl Round {
    /// The round of these artifacts, as the first of them says, about what the policy said of them.
    /// Whether their hashes are right was checked before.
    #[must_use]
    pub fn of<'a>(
        heads: impl IntoIterator<Item = &'a ArtifactHead>,
        policy: Option<&PolicyNote>,
    ) -> Self {
        let (mut number, mut hashes) = (1, Vec::new());
        for head in heads {
            if hashes.is_empty() {
                number = head.route().ok().flatten().map_or(1, |route| route.round);
            }
            hashes.extend(head.artifact_hash.0.0);
        }
        let note = policy.and_then(|note| json::value_of(note).and_then(|v| json::sha256(&v)).ok());
        hashes.extend(note.into_iter().flatten());
        let mut artifacts = [0; 16];
        artifacts.iter_mut().zip(Hash::of(&hashes).0).for_each(|(to, from)| *to = from);
        Self { number, artifacts }
    }
}

#[cfg(test)]
impl Round {
    /// A round that is no other.
    pub(super) fn made(number: u32, artifacts: u8) -> Self {
        Self { number, artifacts: [artifacts; 16] }
    }
}
