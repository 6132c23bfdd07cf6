//! What a gateway delivers, made into decisions that can be verified.

use countersign_core::artifact::{Artifact, HashAlg, Scope};
use countersign_core::decision::{Answer, Decision, SigAlg};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::keys::{KeyId, SecretKeys};
use countersign_core::sealing::{Sealed, Shown, open};
use countersign_core::verify::Refusal;
use countersign_wire::Envelope;
use countersign_wire::decision::DecisionDeliver;
use serde_json::Value;

/// Where the whole Decision travels, sealed to the enforcer.
pub const SEALED: &str = "org.countersign.sealed";

/// The fields that a gateway shows of an artifact.
#[must_use]
pub fn shown(artifact: &Artifact) -> Shown {
    let head = &artifact.head;
    Shown {
        request_id: head.request_id.clone(),
        artifact_type: head.artifact_type.name().into(),
        artifact_hash: head.artifact_hash.to_string(),
        expires_at: head.expires_at.as_str().into(),
    }
}

/// The decisions that a delivered message may stand for, most complete first.
///
/// With the sealed Decision there is exactly one. Without it the message of the plain binding is
/// completed from the artifact, in both pairs of words, and verification decides.
///
/// # Errors
/// Where the message is none, or its seal does not open.
pub fn candidates(
    envelope: Envelope<DecisionDeliver>,
    artifact: &Artifact,
    enforcer: &SecretKeys,
) -> Result<Vec<Answer>, Refusal> {
    let sealed = envelope.trace.as_ref().and_then(|t| t.get(SEALED)).cloned();
    match sealed {
        Some(sealed) => whole(sealed, artifact, enforcer).map(|answer| vec![answer]),
        None => rebuilt(envelope, artifact),
    }
}

fn whole(sealed: Value, artifact: &Artifact, key: &SecretKeys) -> Result<Answer, Refusal> {
    let sealed: Sealed = countersign_core::json::typed(sealed)?;
    let bytes = open(&sealed, &shown(artifact), key).map_err(|_| Refusal::Signature)?;
    Ok(Answer::parse(&bytes)?)
}

fn rebuilt(
    envelope: Envelope<DecisionDeliver>,
    artifact: &Artifact,
) -> Result<Vec<Answer>, Refusal> {
    let Envelope { request_id, expires_at, body: DecisionDeliver(body), .. } = envelope;
    let hash = Hash::from_hex(&body.artifact_hash).ok_or(Refusal::HashMismatch)?;
    let signature = Fixed::from_text(&body.signature).ok_or(Refusal::Signature)?;
    let decision = Decision {
        request_id,
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: countersign_core::artifact::ArtifactHash(hash),
        repo_ref: artifact.head.repo_ref.clone(),
        decision: body.decision,
        scope: Scope::Once,
        expires_at: expires_at.unwrap_or_else(|| artifact.head.expires_at.clone()),
        nonce: body.nonce,
        sig_alg: SigAlg::Ed25519,
        signer_key_id: KeyId(body.signer_key_id),
        signature,
        policy_hints: None,
    };
    let mut twin = decision.clone();
    twin.decision = decision.decision.twin();
    Ok([decision, twin].map(|decision| Answer { decision, reason: None }).to_vec())
}
