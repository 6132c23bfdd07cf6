//! `decision.json`: made by an approver, judged by an enforcer.

use super::{Keys, Refused, Wire, keys};
use crate::artifact::{Artifact, ArtifactHead, HashAlg, Scope};
use crate::decision::{Decision, SigAlg, Word};
use crate::encoding::Fixed;
use crate::json::{self, limit};
use crate::message::exact;
use crate::time::Instant;
use crate::verify::{Refusal, ReplayView, in_time, same_names, unused};
use serde_json::Value;

/// Signs an answer to an artifact that [`Wire::open`] opened. It is good for one use, until the
/// artifact ends, and carries no hints: the reference programs rebuild ten fixed members.
///
/// # Errors
/// [`Refused::NoSecret`], [`Refused::Json`], and [`Refused::Decision`] where the artifact's time
/// is over or lies ahead by more than `skew_millis`.
pub fn decide(
    artifact: &Artifact,
    word: Word,
    nonce: Fixed<24>,
    keys: &Keys,
    (now, skew_millis): (Instant, i64),
) -> Result<Decision, Refused> {
    let head = &artifact.head;
    if now >= head.expires_at.instant() {
        return Err(Refusal::ArtifactExpired(head.expires_at.clone()).into());
    }
    if head.created_at.instant() > now.plus_millis(skew_millis) {
        return Err(Refusal::FromTheFuture(head.created_at.clone()).into());
    }
    let mut decision = Decision {
        request_id: head.request_id.clone(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: artifact.hash()?,
        repo_ref: head.repo_ref.clone(),
        decision: word,
        scope: Scope::Once,
        expires_at: head.expires_at.clone(),
        nonce: nonce.to_string(),
        sig_alg: SigAlg::Ed25519,
        signer_key_id: keys.signer().clone(),
        signature: Fixed([0; 64]),
        policy_hints: None,
    };
    let signature = keys.sign(&decision.signable()?);
    decision.signature = signature.ok_or(Refused::NoSecret(keys::SIGN_PRIVATE))?;
    Ok(decision)
}

/// Reads `decision.json` strictly, but for one thing: HARP's program in C# writes `"policyHints":
/// null`, which it does not sign. That is read as absent, here and nowhere else; whatever else the
/// member holds is refused by [`judge`].
///
/// # Errors
/// [`Refused::Json`] where it is not a Decision of HARP-CORE.
pub fn parse_decision(bytes: &[u8]) -> Result<Decision, Refused> {
    let mut value = json::parse(bytes, limit::MESSAGE)?;
    if let Some(members) = value.as_object_mut()
        && members.get(HINTS) == Some(&Value::Null)
    {
        members.remove(HINTS);
    }
    Ok(exact(&value)?)
}

const HINTS: &str = "policyHints";

/// A decision that was checked against one artifact. Private fields: only [`judge`] makes one.
#[must_use = "an answer that is not recorded can be replayed"]
#[derive(Debug)]
pub struct Verdict {
    decision: Decision,
    recomputed: bool,
}

impl Verdict {
    /// Whether the approver said yes.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.decision.decision.allows()
    }

    /// The decision, as it was signed.
    #[must_use]
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Whether the payload was opened and its hash worked out here. Without the approver's private
    /// key only the claimed hash was compared: the seal may hold anything.
    #[must_use]
    pub fn hash_recomputed(&self) -> bool {
        self.recomputed
    }
}

/// Judges a decision against an artifact, in the order of PROTOCOL §3: signer, signature,
/// decision's expiry, artifact's expiry, hash, request, scope, replay.
///
/// # Errors
/// Every case of [`Refused`]. A file offers no scope, so an allow is good for one use only.
pub fn judge(
    decision: Decision,
    wire: &Wire,
    keys: &Keys,
    (now, skew_millis): (Instant, i64),
    replay: &dyn ReplayView,
) -> Result<Verdict, Refused> {
    if decision.policy_hints.is_some() {
        return Err(Refused::Hints);
    }
    if decision.signer_key_id != *keys.signer() {
        return Err(Refusal::UnknownSigner(decision.signer_key_id).into());
    }
    decision.verify_signature(&keys.signing().0).map_err(|_| Refusal::Signature)?;
    let head = wire.head();
    in_time(&decision, &head, now, skew_millis)?;
    let recomputed = same_question(&decision, &head, wire, keys)?;
    if decision.decision.allows() && decision.scope != Scope::Once {
        return Err(Refusal::Scope(decision.scope).into());
    }
    unused(&decision, replay)?;
    Ok(Verdict { decision, recomputed })
}

/// Whether the hash could be worked out, where everything fits.
fn same_question(
    decision: &Decision,
    head: &ArtifactHead,
    wire: &Wire,
    keys: &Keys,
) -> Result<bool, Refused> {
    // What opens has the hash that its header claims.
    let recomputed = keys.can_open().then(|| wire.open(keys)).transpose()?.is_some();
    if decision.artifact_hash != wire.artifact_hash {
        return Err(Refusal::HashMismatch.into());
    }
    same_names(decision, head)?;
    Ok(recomputed)
}
