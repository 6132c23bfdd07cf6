//! One artifact, signed and sealed so that only its approver's device reads it.

use crate::answer::shown;
use crate::gate::{Enforcer, GateError};
use crate::question::{Question, Way};
use countersign_core::artifact::Statement;
use countersign_core::json::{self, JsonError};
use countersign_core::keys::PublicKeys;
use countersign_core::sealing::{Entropy, seal};
use countersign_core::verify::Refusal;
use countersign_store::ledger::Asked;
use countersign_wire::artifact::{ArtifactSubmit, Ciphertext};

impl Enforcer {
    /// One artifact, signed and sealed to its approver.
    pub(super) fn sealed(
        &self,
        asked: &Asked,
        question: &Question,
    ) -> Result<ArtifactSubmit, GateError> {
        let keys = keys_of(asked, question)?;
        let shown = shown(&asked.artifact);
        let plaintext = json::canonical(&self.statement(asked, question)?)?;
        let mut failed = None;
        let mut fill = |bytes: &mut [u8]| failed = self.edge().fill(bytes).err().or(failed.take());
        let sealed = seal(&plaintext, &shown, &[keys], Entropy(&mut fill));
        // What was sealed without randomness leaves this room in no case.
        if let Some(error) = failed {
            return Err(error.into());
        }
        let sealed = sealed.map_err(|e| JsonError::Shape(e.to_string()))?;
        Ok(ArtifactSubmit {
            artifact_type: shown.artifact_type,
            artifact_hash: shown.artifact_hash,
            ciphertext: Ciphertext::of(&sealed)?,
            metadata: None,
            expires_at: asked.artifact.head.expires_at.clone(),
        })
    }

    fn statement(&self, asked: &Asked, question: &Question) -> Result<Statement, Refusal> {
        let disclosures = question.disclosures.clone();
        Statement::sign(asked.artifact.clone(), disclosures, &self.identity().keys)
            .map_err(|e| Refusal::Schema(JsonError::Shape(e.to_string())))
    }
}

/// The pinned keys of somebody whom the question is put to, at once or later.
fn keys_of(asked: &Asked, question: &Question) -> Result<PublicKeys, Refusal> {
    let steps = question.grounds.quorum.chain.iter().flat_map(|step| &step.to);
    let mut ways = question.to.iter().chain(steps);
    let way = ways.find(|Way { approver, .. }| approver.key_id == asked.key_id);
    way.map(|way| way.approver.keys).ok_or_else(|| Refusal::UnknownSigner(asked.key_id.clone()))
}
