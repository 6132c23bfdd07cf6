//! The artifact that decisions are checked against, with what follows from it worked out once.

use super::{Refusal, Terms};
use crate::artifact::{Artifact, ArtifactHash};
use std::sync::Arc;

/// An artifact as it stands here, its hash, and the terms that it states.
///
/// The three cannot disagree: all of them come from the one artifact, and it cannot change below
/// them. Several decisions about one artifact need only one of these.
pub struct Subject<'a> {
    artifact: &'a Artifact,
    hash: ArtifactHash,
    terms: Arc<Terms>,
}

impl<'a> Subject<'a> {
    /// Works out hash and terms; the hash that the artifact claims is not looked at.
    ///
    /// # Errors
    /// [`Refusal::Schema`] where the artifact has no canonical form, [`Refusal::NoRoute`] where it
    /// asks for nobody's signature.
    pub fn of(artifact: &'a Artifact) -> Result<Self, Refusal> {
        let terms = Terms::of(artifact, artifact.action_hash()?)?;
        Ok(Self { artifact, hash: artifact.hash()?, terms: Arc::new(terms) })
    }

    /// The artifact.
    #[must_use]
    pub fn artifact(&self) -> &'a Artifact {
        self.artifact
    }

    /// Its hash, as worked out here.
    #[must_use]
    pub fn hash(&self) -> ArtifactHash {
        self.hash
    }

    pub(super) fn terms(&self) -> &Arc<Terms> {
        &self.terms
    }
}
