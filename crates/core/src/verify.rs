//! From a decision to a proof (PROTOCOL §3): each check in its order, each with its own refusal.

mod assured;
mod subject;
mod terms;

use crate::action::ActionHash;
use crate::answer::{Items, Meaning, Unclear, meaning};
use crate::artifact::{ArtifactHash, ArtifactHead, Assurance, Route, Scope};
use crate::decision::{Decision, hint};
use crate::encoding::Hash;
use crate::grant::Taken;
use crate::json::{JsonError, clip};
use crate::keys::KeyId;
use crate::tally;
use crate::time::{Instant, Timestamp};
use crate::trust::{Approver, TrustStore};
pub(crate) use assured::assured;
use serde_json::Value;
use std::sync::Arc;
pub use subject::Subject;
pub(crate) use terms::Terms;

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
    pub subject: &'a Subject<'a>,
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
    #[error("signer `{}` is not pinned", clip(&.0.0))]
    UnknownSigner(KeyId),
    /// The key is revoked or rotated out.
    #[error("signer `{}` is revoked or out of date", clip(&.0.0))]
    RevokedSigner(KeyId),
    /// The key was not asked.
    #[error("signer `{}` is not on the roster of this request", clip(&.0.0))]
    OffRoster(KeyId),
    /// The answer, or any of its key, is of a lower assurance than the route asks for.
    #[error("signer's assurance `{have:?}` is below `{need:?}`")]
    Assurance {
        /// What it has.
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
    /// The scope is wider than the route offers.
    #[error("the scope `{0:?}` was not on offer")]
    Scope(Scope),
    /// What it says beside its word is no answer to this question.
    #[error(transparent)]
    Unclear(#[from] Unclear),
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
            Self::Unclear(unclear) => unclear.code(),
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
    terms: Arc<Terms>,
    meaning: Meaning,
    taken: Option<Taken>,
    person: String,
    assurance: Assurance,
}

impl Vote {
    /// Whether the person said yes to all of it.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.meaning == Meaning::Allow
    }

    /// What the person said.
    #[must_use]
    pub fn meaning(&self) -> &Meaning {
        &self.meaning
    }

    /// The standing permission that the person took beside a yes, no wider than the offer.
    #[must_use]
    pub fn taken(&self) -> Option<&Taken> {
        self.taken.as_ref()
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

    /// The action that it is about.
    #[must_use]
    pub fn action_hash(&self) -> ActionHash {
        self.terms.action_hash
    }

    /// The round that it belongs to.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.terms.route.round
    }
}

/// Proof that the people whom the route asks for have allowed one artifact's action.
///
/// Holding it *is* the permission. Neither `Clone` nor `Copy`: claiming it consumes it.
#[must_use = "an approval that is neither claimed nor recorded is lost"]
#[derive(Debug)]
pub struct Approved {
    votes: Vec<Vote>,
    part: Option<Items>,
}

impl Approved {
    /// Counts votes: each distinct person once, against the threshold of the signed route.
    ///
    /// All of them must be about one action and of one round, under one route, session and
    /// repository.
    ///
    /// # Errors
    /// The votes back, where they are not enough or do not belong together.
    pub fn count(votes: Vec<Vote>) -> Result<Self, Vec<Vote>> {
        let Some(terms) = votes.first().map(|v| &v.terms) else { return Err(votes) };
        let together = votes.iter().all(|v| v.terms == *terms);
        let answers: Vec<_> = votes.iter().map(|v| (v.person(), v.allows())).collect();
        let enough = together && terms.met_by(&answers);
        if enough { Ok(Self { votes, part: None }) } else { Err(votes) }
    }

    /// One person's yes to some items of a batch, where one person is enough. Where several must
    /// agree a batch is answered whole, and a yes to a part of it counts as a no.
    ///
    /// # Errors
    /// The vote back, where it is no such answer.
    pub fn part(vote: Vote) -> Result<Self, Box<Vote>> {
        match &vote.meaning {
            Meaning::Partial(items) if tally::one_decides(&vote.terms.route) => {
                Ok(Self { part: Some(items.clone()), votes: vec![vote] })
            }
            _ => Err(Box::new(vote)),
        }
    }

    /// The items of a batch that are allowed; `None` where all of the action is.
    #[must_use]
    pub fn items(&self) -> Option<&[usize]> {
        self.part.as_ref().map(Items::indices)
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
    let (artifact, terms) = (check.subject.artifact(), check.subject.terms());
    let signer = signer(&decision, check.trust, check.now)?;
    seated(signer, &terms.route)?;
    decision.verify_signature_known(&signer.keys.signing()).map_err(|_| Refusal::Signature)?;
    let assurance = assured(&decision, signer, &terms.route)?;
    in_time(&decision, &artifact.head, check.now, check.skew_millis)?;
    same_question(&decision, check.subject)?;
    if terms.session_id.as_deref() != check.session {
        return Err(Refusal::WrongSession);
    }
    let meaning = within_terms(&decision, terms)?;
    let taken = Taken::of(&decision, &artifact.head, &terms.route)?;
    unused(&decision, check.replay)?;
    let person = signer.person.clone();
    Ok(Vote { decision, terms: Arc::clone(terms), meaning, taken, person, assurance })
}

/// The pinned approver whose key the decision names.
fn signer<'a>(
    decision: &Decision,
    trust: &'a TrustStore,
    now: Instant,
) -> Result<&'a Approver, Refusal> {
    let id = &decision.signer_key_id;
    let signer = trust.approver(id).ok_or_else(|| Refusal::UnknownSigner(id.clone()))?;
    if signer.status.counts(now) { Ok(signer) } else { Err(Refusal::RevokedSigner(id.clone())) }
}

/// Whether the route asked this approver, and an answer of its can be of enough assurance.
pub(crate) fn seated(signer: &Approver, route: &Route) -> Result<(), Refusal> {
    let id = &signer.key_id;
    if !route.roster.iter().any(|seat| seat.key_id == *id && seat.person == signer.person) {
        return Err(Refusal::OffRoster(id.clone()));
    }
    let (have, need) = (signer.reach(), route.min_assurance);
    if have < need {
        return Err(Refusal::Assurance { have, need });
    }
    Ok(())
}

/// Whether decision and artifact are both alive at `now`.
///
/// # Errors
/// Which of them is not.
pub(crate) fn in_time(
    decision: &Decision,
    head: &ArtifactHead,
    now: Instant,
    skew_millis: i64,
) -> Result<(), Refusal> {
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

fn same_question(decision: &Decision, subject: &Subject<'_>) -> Result<(), Refusal> {
    if decision.artifact_hash != subject.hash() {
        return Err(Refusal::HashMismatch);
    }
    same_names(decision, &subject.artifact().head)
}

/// Whether a decision names the request and the repository of the artifact it was made for.
pub(crate) fn same_names(decision: &Decision, head: &ArtifactHead) -> Result<(), Refusal> {
    if decision.request_id != head.request_id {
        return Err(Refusal::WrongRequest(clip(&decision.request_id)));
    }
    if decision.repo_ref != head.repo_ref {
        return Err(Refusal::WrongRepository);
    }
    Ok(())
}

/// What an answer says that keeps to what it was asked for: its session, the scopes on offer, a
/// reason, the items that there are.
pub(crate) fn within_terms(decision: &Decision, terms: &Terms) -> Result<Meaning, Refusal> {
    same_session(decision, terms.session_id.as_deref())?;
    within_offer(decision, &terms.route)?;
    Ok(meaning(decision, terms.items, &terms.route)?)
}

/// The artifact's own session is under the hash already; a hint that is there must agree too, and
/// a scope that lasts for a session must name it.
fn same_session(decision: &Decision, asked: Option<&str>) -> Result<(), Refusal> {
    let signed = decision.hint(hint::SESSION_ID).map(Value::as_str);
    let agrees = match signed {
        None => decision.scope != Scope::Session,
        // A hint that is no text agrees with nothing, not even with no session.
        Some(signed) => signed.is_some() && signed == asked,
    };
    if agrees { Ok(()) } else { Err(Refusal::WrongSession) }
}

fn within_offer(decision: &Decision, route: &Route) -> Result<(), Refusal> {
    // A denial permits nothing, so no scope is too wide for it.
    if !decision.decision.allows() {
        return Ok(());
    }
    if !route.scopes.contains(&decision.scope) {
        return Err(Refusal::Scope(decision.scope));
    }
    if route.reason_required && !gives_reason(decision) {
        return Err(Refusal::NoReason);
    }
    Ok(())
}

/// Whether a reason was signed: a hint that is no hash commits to none.
pub(crate) fn gives_reason(decision: &Decision) -> bool {
    let hash = decision.hint(hint::REASON_HASH);
    hash.is_some_and(|hash| serde_json::from_value::<Hash>(hash.clone()).is_ok())
}

/// Whether neither the question nor the nonce was used before.
pub(crate) fn unused(decision: &Decision, replay: &dyn ReplayView) -> Result<(), Refusal> {
    let spent = replay.request_spent(&decision.request_id, &decision.artifact_hash)
        || replay.nonce_spent(&decision.nonce, &decision.signer_key_id);
    if spent { Err(Refusal::Replay) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
