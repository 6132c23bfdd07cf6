//! One artifact of a round for each approver.

use super::{Question, QuestionError, Way};
use crate::edge::Edge;
use countersign_core::action::Action;
use countersign_core::artifact::{
    Artifact, ArtifactHash, ArtifactHead, ArtifactType, Context, HashAlg, Route, extensions,
};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::json::{self, JsonError};
use countersign_core::time::Instant;
use countersign_store::ledger::Asked;
use serde_json::{Map, Value};

/// The frame that all artifacts of one round share.
pub(crate) struct Frame<'a> {
    pub(crate) question: &'a Question,
    pub(crate) context: Context,
    pub(crate) expires_at: Instant,
    pub(crate) session_id: String,
    pub(crate) repo_ref: String,
    pub(crate) head: Option<Checkpoint>,
    pub(crate) now: Instant,
}

impl Frame<'_> {
    /// One artifact of a request for each approver. In the first round the first is named like it;
    /// every other names it under what is signed, so that no answer counts for another request.
    pub(crate) fn artifacts(
        &self,
        id: &str,
        route: &Route,
        to: &[Way],
        edge: &Edge,
    ) -> Result<Vec<Asked>, QuestionError> {
        let context = crate::redaction::scrubbed(&self.context, &self.question.disclosures);
        let payload = payload(&self.question.action)?;
        let mut asked = Vec::new();
        for way in self.question.enough(to) {
            let first = route.round == 1 && asked.is_empty();
            let request_id = if first { id.to_owned() } else { edge.id()? };
            let request = (!first).then(|| id.to_owned());
            let context = Context { request, ..context.clone() };
            let salt = Fixed(edge.random()?);
            let extensions = extensions(salt, &context, route, self.head.as_ref())?;
            let artifact = Artifact::build(self.head(request_id, extensions), payload.clone())?;
            let size = artifact.canonical_bytes()?.len();
            let limit = json::limit::ARTIFACT;
            if size > limit {
                return Err(JsonError::TooLarge { size, limit }.into());
            }
            let key_id = way.approver.key_id.clone();
            asked.push(Asked { pairing: way.pairing.clone(), key_id, artifact });
        }
        Ok(asked)
    }

    fn head(&self, request_id: String, extensions: Map<String, Value>) -> ArtifactHead {
        ArtifactHead {
            request_id,
            session_id: Some(self.session_id.clone()),
            artifact_type: ArtifactType::of(&self.question.action),
            repo_ref: self.repo_ref.clone(),
            base_revision: base_revision(&self.question.action),
            created_at: self.now.timestamp(),
            expires_at: self.expires_at.timestamp(),
            artifact_hash_alg: HashAlg::Sha256,
            artifact_hash: ArtifactHash(Hash([0; 32])),
            metadata: None,
            extensions: Some(extensions),
        }
    }
}

/// What a change to files was made for.
fn base_revision(action: &Action) -> Option<String> {
    match action {
        Action::Patch(patch) => Some(patch.base_revision.as_str().to_owned()),
        _ => None,
    }
}

/// The action as a payload.
pub(crate) fn payload(action: &Action) -> Result<Map<String, Value>, JsonError> {
    match action.to_payload()? {
        Value::Object(members) => Ok(members),
        _ => Err(JsonError::Shape("an action is an object".into())),
    }
}
