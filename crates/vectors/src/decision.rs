//! Decisions against an artifact and pinned keys; the pinned keys themselves.

use crate::input::{Damaged, Input};
use crate::suite::{Answer, told};
use countersign_core::artifact::{Artifact, ArtifactHash};
use countersign_core::decision::Decision;
use countersign_core::encoding::Hash;
use countersign_core::json;
use countersign_core::keys::KeyId;
use countersign_core::passkey::{Assertion, Passkey, PasskeyError};
use countersign_core::trust::{TrustError, TrustStore};
use countersign_core::verify::{Check, Refusal, ReplayView, Subject, Vote, verify};
use serde_json::{Value, json};

pub(crate) fn answer(input: &Input<'_>) -> Result<Answer, Damaged> {
    let artifact = Artifact::parse(input.text("artifact")?.as_bytes());
    let trust = TrustStore::parse(input.text("trust")?.as_bytes()).map_err(|e| Damaged::new(&e))?;
    let case =
        Case { artifact: artifact.map_err(|e| Damaged::new(&e))?, trust, spent: Spent::of(input)? };
    let vote = case.vote(input, input.text("decision")?.as_bytes())?;
    Ok(told(vote.map(|vote| {
        json!({
            "allows": vote.allows(),
            "person": vote.person(),
            "assurance": vote.assurance(),
        })
    })))
}

struct Case<'a> {
    artifact: Artifact,
    trust: TrustStore,
    spent: Spent<'a>,
}

impl Case<'_> {
    fn vote(&self, input: &Input<'_>, decision: &[u8]) -> Result<Result<Vote, Refusal>, Damaged> {
        let subject = match Subject::of(&self.artifact) {
            Ok(subject) => subject,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let check = Check {
            subject: &subject,
            trust: &self.trust,
            session: input.member("session")?.as_str(),
            now: input.now()?,
            skew_millis: input.integer("skewMillis")?,
            replay: &self.spent,
        };
        let decision = Decision::parse(decision).map_err(Refusal::from);
        Ok(decision.and_then(|decision| verify(decision, &check)))
    }
}

/// Decisions and nonces that were used before, as pairs.
pub(crate) struct Spent<'a> {
    requests: &'a [Value],
    nonces: &'a [Value],
}

impl<'a> Spent<'a> {
    pub(crate) fn of(input: &Input<'a>) -> Result<Self, Damaged> {
        Ok(Self { requests: input.list("spentRequests")?, nonces: input.list("spentNonces")? })
    }
}

impl ReplayView for Spent<'_> {
    fn request_spent(&self, request_id: &str, artifact: &ArtifactHash) -> bool {
        self.requests.contains(&json!([request_id, artifact.to_string()]))
    }

    fn nonce_spent(&self, nonce: &str, signer: &KeyId) -> bool {
        self.nonces.contains(&json!([nonce, signer.0]))
    }
}

pub(crate) fn passkey(input: &Input<'_>) -> Result<Answer, Damaged> {
    let pinned: Passkey = json::read(input.text("passkey")?.as_bytes(), json::limit::MESSAGE)
        .map_err(|e| Damaged::new(&e))?;
    let challenge = Hash(input.fixed("challenge")?);
    let hint = json::parse(input.text("webauthn")?.as_bytes(), json::limit::MESSAGE);
    let made = hint.map_err(PasskeyError::from).and_then(|hint| Assertion::read(&hint));
    Ok(told(made.and_then(|made| pinned.verify(&challenge, &made)).map(|()| json!({}))))
}

pub(crate) fn trust(input: &Input<'_>) -> Result<Answer, Damaged> {
    Ok(match TrustStore::parse(input.text("text")?.as_bytes()) {
        Err(TrustError::Json(why)) => Answer::refused(&why),
        other => told(other.map(
            |trust| json!({"operators": trust.operators.len(), "approvers": trust.approvers.len()}),
        )),
    })
}
