//! From a decision to a proof (PROTOCOL §3): each check in its order, each with its own refusal.

use crate::artifact::{Artifact, ArtifactHash, Assurance, Route, Scope};
use crate::decision::{Decision, hint};
use crate::json::JsonError;
use crate::keys::KeyId;
use crate::time::{Instant, Timestamp};
use crate::trust::{Approver, TrustStore};
use serde_json::Value;

/// The clock skew that is tolerated unless configured otherwise: 60 s.
pub const DEFAULT_SKEW_MILLIS: i64 = 60_000;

/// What has been used before. Durable at the caller's; spent by acceptance.
pub trait ReplayView {
    /// Whether a decision for this request and artifact was accepted before.
    fn request_spent(&self, request_id: &str, artifact: &ArtifactHash) -> bool;
    /// Whether this signer used this nonce before.
    fn nonce_spent(&self, nonce: &str, signer: &KeyId) -> bool;
}

/// Everything that a decision is checked against.
pub struct Check<'a> {
    /// The artifact as it was built and stored here, never the one a message brought.
    pub artifact: &'a Artifact,
    /// The pinned keys, as they are now.
    pub trust: &'a TrustStore,
    /// The session the enforcer itself issued.
    pub session: Option<&'a str>,
    /// The time.
    pub now: Instant,
    /// The clock skew tolerated, in milliseconds.
    pub skew_millis: i64,
    /// What has been used before.
    pub replay: &'a dyn ReplayView,
}

/// Why a decision was refused. Not `#[non_exhaustive]`: a new refusal must be handled everywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a Decision.
    #[error("not a decision: {0}")]
    Schema(#[from] JsonError),
    /// The artifact asks for nobody's signature in a form that we know.
    #[error("the artifact carries no route")]
    NoRoute,
    /// No pinned approver has this key.
    #[error("signer `{0}` is not pinned")]
    UnknownSigner(KeyId),
    /// The key is revoked or rotated out.
    #[error("signer `{0}` is revoked or out of date")]
    RevokedSigner(KeyId),
    /// The key was not asked.
    #[error("signer `{0}` is not on the roster of this request")]
    OffRoster(KeyId),
    /// The key is of a lower assurance than the route asks for.
    #[error("signer's assurance `{have:?}` is below `{need:?}`")]
    Assurance {
        /// What the key has.
        have: Assurance,
        /// What the route asks for.
        need: Assurance,
    },
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// The decision's time is over.
    #[error("the decision expired at `{0}`")]
    DecisionExpired(Timestamp),
    /// The artifact's time is over.
    #[error("the request expired at `{0}`")]
    ArtifactExpired(Timestamp),
    /// The artifact was made later than now.
    #[error("the request was made in the future, at `{0}`")]
    FromTheFuture(Timestamp),
    /// The decision answers another artifact.
    #[error("the decision was made for a different artifact")]
    HashMismatch,
    /// The decision answers another request.
    #[error("the decision was made for request `{0}`")]
    WrongRequest(String),
    /// The decision answers for another repository.
    #[error("the decision was made for another repository")]
    WrongRepository,
    /// The decision belongs to another session.
    #[error("the decision belongs to another session")]
    WrongSession,
    /// The scope is wider than the route offers, or a yes names only some items.
    #[error("the scope `{0:?}` was not on offer, or a yes does not say yes to all of it")]
    Scope(Scope),
    /// The route wants a reason and there is none.
    #[error("the route asks for a reason and none was signed")]
    NoReason,
    /// The decision was used before.
    #[error("the decision was used before")]
    Replay,
}

impl Refusal {
    /// The HARP error code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Schema(_) => "HARP_ERR_CANONICALIZATION",
            Self::NoRoute => "HARP_ERR_UNSUPPORTED",
            Self::UnknownSigner(_)
            | Self::RevokedSigner(_)
            | Self::OffRoster(_)
            | Self::Assurance { .. }
            | Self::Signature => "HARP_ERR_SIGNATURE_INVALID",
            Self::DecisionExpired(_) | Self::ArtifactExpired(_) | Self::FromTheFuture(_) => {
                "HARP_ERR_EXPIRED"
            }
            Self::HashMismatch | Self::WrongRequest(_) | Self::WrongRepository => {
                "HARP_ERR_HASH_MISMATCH"
            }
            Self::WrongSession | Self::Scope(_) | Self::NoReason => "HARP_ERR_SCOPE",
            Self::Replay => "HARP_ERR_REPLAY",
        }
    }
}

/// Proof that one decision was checked against one artifact.
///
/// Private fields: only [`verify`] makes one.
#[must_use = "a verified answer that is not recorded is lost"]
#[derive(Debug)]
pub struct Vote {
    decision: Decision,
    route: Route,
    person: String,
    assurance: Assurance,
}

impl Vote {
    /// Whether the person said yes.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.decision.decision.allows()
    }

    /// Who answered.
    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    /// How sure we are that it was the person.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        self.assurance
    }

    /// The decision that was verified.
    #[must_use]
    pub fn decision(&self) -> &Decision {
        &self.decision
    }
}

/// Proof that the people whom the route asks for have allowed one artifact's action.
///
/// Holding it *is* the permission. Neither `Clone` nor `Copy`: claiming it consumes it.
#[must_use = "an approval that is neither claimed nor recorded is lost"]
#[derive(Debug)]
pub struct Approved {
    votes: Vec<Vote>,
}

impl Approved {
    /// Counts votes: each distinct person once, against the threshold of the signed route.
    ///
    /// # Errors
    /// The votes back, where they are not enough.
    pub fn count(votes: Vec<Vote>) -> Result<Self, Vec<Vote>> {
        let persons: std::collections::BTreeSet<&str> =
            votes.iter().filter(|v| v.allows()).map(Vote::person).collect();
        let need = votes.iter().map(|v| v.route.threshold.max(1)).max();
        let denied = votes.iter().any(|v| !v.allows() && v.route.threshold <= 1);
        match need {
            Some(need) if !denied && persons.len() >= need as usize => Ok(Self { votes }),
            _ => Err(votes),
        }
    }

    /// The votes that were counted.
    pub fn votes(&self) -> &[Vote] {
        &self.votes
    }
}

/// Checks one decision against the artifact that is stored here.
///
/// # Errors
/// The first check that fails, in the order of PROTOCOL §3.
pub fn verify(decision: Decision, check: &Check<'_>) -> Result<Vote, Refusal> {
    let route = check.artifact.route()?.ok_or(Refusal::NoRoute)?;
    let signer = seated(&decision, &route, check)?;
    decision.verify_signature(&signer.keys.signing()).map_err(|_| Refusal::Signature)?;
    in_time(&decision, check.artifact, check.now, check.skew_millis)?;
    same_question(&decision, check.artifact)?;
    same_session(&decision, check)?;
    within_offer(&decision, &route)?;
    crate::answer::plain_yes(&decision).map_err(|_| Refusal::Scope(decision.scope))?;
    unused(&decision, check.replay)?;
    let (person, assurance) = (signer.person.clone(), signer.assurance);
    Ok(Vote { decision, route, person, assurance })
}

fn seated<'a>(
    decision: &Decision,
    route: &Route,
    check: &Check<'a>,
) -> Result<&'a Approver, Refusal> {
    let id = &decision.signer_key_id;
    let signer = check.trust.approver(id).ok_or_else(|| Refusal::UnknownSigner(id.clone()))?;
    if !signer.status.counts(check.now) {
        return Err(Refusal::RevokedSigner(id.clone()));
    }
    if !route.roster.iter().any(|seat| seat.key_id == *id && seat.person == signer.person) {
        return Err(Refusal::OffRoster(id.clone()));
    }
    let (have, need) = (signer.assurance, route.min_assurance);
    if have < need {
        return Err(Refusal::Assurance { have, need });
    }
    Ok(signer)
}

/// Whether decision and artifact are both alive at `now`.
///
/// # Errors
/// Which of them is not.
pub fn in_time(
    decision: &Decision,
    artifact: &Artifact,
    now: Instant,
    skew_millis: i64,
) -> Result<(), Refusal> {
    let head = &artifact.head;
    if now >= decision.expires_at.instant().plus_millis(skew_millis) {
        return Err(Refusal::DecisionExpired(decision.expires_at.clone()));
    }
    if now >= head.expires_at.instant().plus_millis(skew_millis) {
        return Err(Refusal::ArtifactExpired(head.expires_at.clone()));
    }
    if head.created_at.instant() > now.plus_millis(skew_millis) {
        return Err(Refusal::FromTheFuture(head.created_at.clone()));
    }
    Ok(())
}

fn same_question(decision: &Decision, artifact: &Artifact) -> Result<(), Refusal> {
    if decision.artifact_hash != artifact.hash()? {
        return Err(Refusal::HashMismatch);
    }
    if decision.request_id != artifact.head.request_id {
        return Err(Refusal::WrongRequest(crate::json::clip(&decision.request_id)));
    }
    if decision.repo_ref != artifact.head.repo_ref {
        return Err(Refusal::WrongRepository);
    }
    Ok(())
}

fn same_session(decision: &Decision, check: &Check<'_>) -> Result<(), Refusal> {
    let asked = check.artifact.head.session_id.as_deref();
    let signed = decision.hint(hint::SESSION_ID).map(Value::as_str);
    let bound = decision.scope == Scope::Session || signed.is_some();
    // The artifact's own session is under the hash already; a hint that is there must agree too.
    let agrees = asked == check.session && (!bound || signed == Some(asked));
    if agrees && (decision.scope != Scope::Session || asked.is_some()) {
        return Ok(());
    }
    Err(Refusal::WrongSession)
}

fn within_offer(decision: &Decision, route: &Route) -> Result<(), Refusal> {
    // A denial permits nothing, so no scope is too wide for it.
    if decision.decision.allows() && !route.scopes.contains(&decision.scope) {
        return Err(Refusal::Scope(decision.scope));
    }
    if decision.decision.allows()
        && route.reason_required
        && decision.hint(hint::REASON_HASH).is_none()
    {
        return Err(Refusal::NoReason);
    }
    Ok(())
}

fn unused(decision: &Decision, replay: &dyn ReplayView) -> Result<(), Refusal> {
    let spent = replay.request_spent(&decision.request_id, &decision.artifact_hash)
        || replay.nonce_spent(&decision.nonce, &decision.signer_key_id);
    if spent { Err(Refusal::Replay) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
