//! Messages that nobody sent, as good as an outsider can make them.

use crate::chance;
use countersign_core::artifact::{Artifact, Scope, Statement};
use countersign_core::decision::{Answer, Choice, Decision, Reason, Word, hint};
use countersign_core::encoding::Fixed;
use countersign_core::json;
use countersign_core::keys::{PublicKeys, SecretKeys};
use countersign_core::sealing::{Entropy, Sealed, Shown, seal};
use countersign_wire::Envelope;
use countersign_wire::artifact::{ApprovalRequest, Ciphertext, CiphertextRef};
use countersign_wire::decision::{DecisionDeliver, DecisionSubmit, sealed_trace};
use countersign_wire::envelope::Sender;
use serde_json::Value;
use std::sync::Arc;

/// Keys that nobody pinned.
#[must_use]
pub fn strangers_keys() -> Arc<SecretKeys> {
    chance::keys()
}

/// Yes, once, until the artifact ends: what an honest device would choose.
#[must_use]
pub fn yes(artifact: &Artifact) -> Choice {
    let wants_reason = artifact.route().ok().flatten().is_some_and(|route| route.reason_required);
    Choice {
        word: Word::Allow,
        scope: Scope::Once,
        expires_at: artifact.head.expires_at.clone(),
        nonce: Fixed(chance::draw()),
        hints: wants_reason.then(|| {
            let named = (hint::REASON_HASH.to_owned(), reason().hash().to_string().into());
            std::iter::once(named).collect()
        }),
    }
}

/// The reason that goes with a [`yes`] that must give one.
#[must_use]
pub fn reason() -> Reason {
    Reason { text: "I looked at it".into(), salt: Fixed([7; 32]) }
}

/// The fields that a gateway shows of an artifact.
#[must_use]
pub fn shown(artifact: &Artifact) -> Shown {
    let head = &artifact.head;
    Shown {
        request_id: head.request_id.clone(),
        artifact_type: head.artifact_type.name().to_owned(),
        artifact_hash: head.artifact_hash.to_string(),
        expires_at: head.expires_at.to_string(),
    }
}

/// Seals any bytes, as the answer or the question about an artifact.
///
/// # Panics
/// Where `to` is no usable key.
#[must_use]
pub fn sealed(bytes: &[u8], about: &Shown, to: &PublicKeys) -> Sealed {
    let mut fill = chance::fill;
    seal(bytes, about, &[*to], Entropy(&mut fill)).expect("a usable key")
}

/// What the gateway is told of a decision.
#[must_use]
pub fn told(decision: &Decision) -> DecisionSubmit {
    DecisionSubmit {
        artifact_hash: decision.artifact_hash.to_string(),
        decision: DecisionSubmit::wire_word(decision.decision),
        reason: None,
        signer_key_id: decision.signer_key_id.to_string(),
        nonce: decision.nonce.clone(),
        signature: decision.signature.to_string(),
        decision_hash: None,
    }
}

/// A `decision.deliver` about `artifact`, with the whole decision sealed to the enforcer.
///
/// # Panics
/// Where the decision has no canonical form.
#[must_use]
pub fn delivery(decision: &Decision, artifact: &Artifact, enforcer: &PublicKeys) -> Value {
    let answer = Answer { decision: decision.clone(), reason: None };
    let answer = json::canonical(&answer).expect("a decision is canonical");
    sealed_delivery(&answer, &told(decision), artifact, enforcer)
}

/// The same with any bytes under the seal.
///
/// # Panics
/// Where the message has no JSON form.
#[must_use]
pub fn sealed_delivery(
    answer: &[u8],
    told: &DecisionSubmit,
    artifact: &Artifact,
    enforcer: &PublicKeys,
) -> Value {
    let sealed = sealed(answer, &shown(artifact), enforcer);
    let mut envelope = envelope(told, artifact);
    envelope.trace = Some(sealed_trace(&sealed).expect("a seal is JSON"));
    serde_json::to_value(envelope).expect("an envelope is JSON")
}

/// A `decision.deliver` of another HARP implementation: nothing is sealed.
///
/// # Panics
/// Where the message has no JSON form.
#[must_use]
pub fn plain_delivery(told: &DecisionSubmit, artifact: &Artifact) -> Value {
    serde_json::to_value(envelope(told, artifact)).expect("an envelope is JSON")
}

fn envelope(told: &DecisionSubmit, artifact: &Artifact) -> Envelope<DecisionDeliver> {
    let (now, head) = (chance::now().timestamp(), &artifact.head);
    let (sender, body) = (Sender::gateway("hostile"), DecisionDeliver(told.clone()));
    let mut envelope = Envelope::new(&head.request_id, now, sender, body);
    envelope.msg_id = Some("forged".to_owned());
    envelope.expires_at = Some(head.expires_at.clone());
    envelope
}

/// An `approval.request` around a statement, sealed to a device: what an inbox would list.
///
/// # Panics
/// Where the statement has no canonical form.
#[must_use]
pub fn question(statement: &Statement, device: &PublicKeys) -> Value {
    let plaintext = json::canonical(statement).expect("a statement is canonical");
    let about = shown(&statement.artifact);
    let sealed = sealed(&plaintext, &about, device);
    let body = ApprovalRequest {
        artifact_type: about.artifact_type,
        artifact_hash: about.artifact_hash,
        ciphertext_ref: CiphertextRef::inline(Ciphertext::of(&sealed).expect("a seal is JSON")),
        metadata: None,
        policy_hint: None,
    };
    let (now, sender) = (chance::now().timestamp(), Sender::gateway("hostile"));
    let mut envelope = Envelope::new(&about.request_id, now, sender, body);
    envelope.msg_id = Some("invented".to_owned());
    envelope.expires_at = Some(statement.artifact.head.expires_at.clone());
    serde_json::to_value(envelope).expect("an envelope is JSON")
}
