//! What an artifact is named by when it is signed.

use crate::encoding::Hash;
use serde::{Deserialize, Serialize};

/// SHA-256 of the canonical artifact without `artifactHash`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ArtifactHash(pub Hash);

impl ArtifactHash {
    /// The four digits that the asking side shows beside a critical call, and that its approver
    /// types: whoever knows them looked at the call that waits. They prove nothing else.
    ///
    /// The first eight bytes of SHA-256(`countersign-look/v1` ‖ 0 ‖ the 32 bytes of the hash) as a
    /// number, big endian, modulo 10000.
    #[must_use]
    pub fn look_digits(&self) -> String {
        let text = [b"countersign-look/v1\0".as_slice(), &self.0.0].concat();
        let mut first = [0; 8];
        first.iter_mut().zip(Hash::of(&text).0).for_each(|(to, from)| *to = from);
        format!("{:04}", u64::from_be_bytes(first) % 10_000)
    }
}

impl std::fmt::Display for ArtifactHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The one hash algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum HashAlg {
    /// SHA-256.
    #[serde(rename = "SHA-256")]
    Sha256,
}
