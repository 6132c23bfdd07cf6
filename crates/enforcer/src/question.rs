//! An action made into artifacts, one for each approver.

mod quorum;

use crate::edge::{Edge, NoEntropy};
use crate::gate::grant::offered;
use countersign_core::action::{Action, ActionHash};
use countersign_core::artifact::{
    Artifact, ArtifactHash, ArtifactHead, ArtifactType, Assurance, Context, GrantOffer, HashAlg,
    Risk, Route, Scope, Seat, extensions,
};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::json::{self, JsonError};
use countersign_core::keys::KeyId;
use countersign_core::receipt::PolicyNote;
use countersign_core::redact::{Disclosure, is_ours, smuggles_commitment};
use countersign_core::tally::{Tally, tally};
use countersign_core::time::Instant;
use countersign_core::trust::Approver;
use countersign_policy::Verdict;
use countersign_store::ledger::{Asked, RequestRecord};
use quorum::on_the_roster;
pub(crate) use quorum::{Place, persons};
pub use quorum::{Quorum, Step};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// The longest a request may wait: one day.
pub const MAX_TTL_MILLIS: i64 = 86_400_000;

/// Something that needs a person.
#[derive(Clone, Debug)]
pub struct Question {
    /// What would run.
    pub action: Action,
    /// What opens the commitments in it.
    pub disclosures: Vec<Disclosure>,
    /// Who asks and why, and what the person should know.
    pub context: Context,
    /// Why a person is asked, and what an answer must satisfy.
    pub grounds: Grounds,
    /// The principal, from the connection.
    pub principal: String,
    /// The caller's name for its session; the enforcer issues the id.
    pub session: String,
    /// The workspace's absolute directory.
    pub workspace: String,
    /// How long it may wait.
    pub ttl_millis: i64,
    /// Whom to ask.
    pub to: Vec<Way>,
}

/// Why an action runs, waits or does not run, and what an answer must satisfy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grounds {
    /// What records say of it.
    pub(crate) note: PolicyNote,
    /// Why, in words for the person who is asked.
    pub(crate) because: String,
    /// The least assurance that counts.
    pub(crate) min_assurance: Assurance,
    /// Whether an answer must say why.
    pub(crate) reason_required: bool,
    /// How long an answer is waited for where the caller does not say, in seconds.
    pub(crate) timeout_seconds: u32,
    /// How many must allow, and who is asked next.
    pub(crate) quorum: Quorum,
    /// The widest standing permission that may be taken beside a yes.
    pub(crate) grant: Option<GrantOffer>,
}

/// An approver and how to reach it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    /// The pairing; `None` is the person at this terminal.
    pub pairing: Option<String>,
    /// The pinned approver.
    pub approver: Approver,
}

/// Why a question could not be put.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// Nobody could answer.
    #[error("no approver to ask")]
    Nobody,
    /// More people must allow than can be asked.
    #[error("{need} must allow this, and those who can be asked (`{}`) are not enough", .who.join("`, `"))]
    TooFew {
        /// How many, in words.
        need: String,
        /// The persons who can be asked.
        who: Vec<String>,
    },
    /// Nobody of enough assurance could answer.
    #[error("no approver of assurance `{}` or higher, and this call needs one", .0.name())]
    Assurance(Assurance),
    /// The time to wait is not positive, or too long.
    #[error("the time to live must be between 1 second and 24 hours")]
    Ttl,
    /// The action has no canonical form, or is too large.
    #[error("the action cannot be asked about: {0}")]
    Action(#[from] JsonError),
    /// A word of the caller's that only the enforcer may write.
    #[error("the input contains a commitment `_sd` that only the enforcer may write")]
    Smuggled,
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Grounds {
    /// What a verdict says.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Self {
        Self {
            note: PolicyNote {
                rule_id: verdict.rule_id.clone(),
                display: verdict.display.clone(),
                policy_hash: verdict.policy_hash,
                risk: verdict.risk,
                verb: verdict.verb.to_string(),
                matched: verdict.matched.clone(),
            },
            because: verdict.display.clone(),
            min_assurance: verdict.min_assurance,
            reason_required: verdict.require_reason,
            timeout_seconds: verdict.timeout_seconds,
            quorum: Quorum::of(verdict),
            grant: offered(verdict, false)
                .ok()
                .map(|offer| GrantOffer { max_seconds: offer.max_seconds, session: offer.session }),
        }
    }

    /// The same with the quorum that [`Enforcer::seated`](crate::Enforcer::seated) made of the
    /// verdict's labels. Without it, what several lists ask for is refused at the claim.
    #[must_use]
    pub fn with_quorum(mut self, quorum: Quorum) -> Self {
        self.quorum = quorum;
        self
    }

    /// How many must allow, and who is asked next.
    #[must_use]
    pub fn quorum(&self) -> &Quorum {
        &self.quorum
    }

    /// A rule of the enforcer's own, which no policy can loosen: one person of those asked.
    #[must_use]
    pub fn fixed(rule: &str, display: &str) -> Self {
        Self {
            note: PolicyNote {
                rule_id: rule.to_owned(),
                display: display.to_owned(),
                policy_hash: fixed_hash(),
                risk: Risk::High,
                verb: "tool_call".to_owned(),
                matched: Vec::new(),
            },
            because: display.to_owned(),
            min_assurance: Assurance::Local,
            reason_required: false,
            timeout_seconds: 300,
            quorum: Quorum::default(),
            grant: None,
        }
    }

    /// The same for those who admit others: each of them answers with as much as it can, or an answer
    /// that anybody could give in its place would count.
    #[must_use]
    pub(crate) fn of_admitters(mut self, to: &[Way]) -> Self {
        let least = to.iter().map(|way| way.approver.reach()).min();
        self.min_assurance = least.unwrap_or(self.min_assurance);
        self
    }

    /// The same for an action of which something was found that makes it critical.
    #[must_use]
    pub fn critical(mut self) -> Self {
        self.note.risk = Risk::Critical;
        self.grant = None;
        self.min_assurance = self.min_assurance.max(Assurance::Web);
        self
    }

    /// Why, in words for the person who is asked.
    #[must_use]
    pub fn because(&self) -> &str {
        &self.because
    }

    /// Whether it is critical.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        self.note.risk == Risk::Critical
    }

    /// What records say of it.
    #[must_use]
    pub fn note(&self) -> &PolicyNote {
        &self.note
    }

    /// How long an answer is waited for where the caller does not say.
    #[must_use]
    pub fn timeout_seconds(&self) -> u32 {
        self.timeout_seconds
    }
}

/// What [`Grounds::fixed`] stands under in place of a policy.
pub(crate) fn fixed_hash() -> Hash {
    Hash(Sha256::digest(b"countersign.enforcer/v1").into())
}

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

/// Whether a request is about something that whoever asked carries out, under a policy: then
/// whoever follows it may use its approval. Commands are run here, and changes of keys and policies
/// are made here.
#[must_use]
pub fn is_handed_over(request: &RequestRecord) -> bool {
    let handed_over = |asked: &Asked| {
        let route = asked.artifact.route().ok().flatten();
        let ruled = route.is_some_and(|route| route.policy_hash != fixed_hash());
        let words = |action: &Action| is_words(action) && !is_grant(action);
        ruled && asked.artifact.action().is_some_and(|action| words(&action))
    };
    !request.asked.is_empty() && request.asked.iter().all(handed_over)
}

/// What asks for a grant is used by giving it, and by nothing else.
fn is_grant(action: &Action) -> bool {
    matches!(action, Action::Request(request) if request.action == countersign_core::grant::ACTION)
}

/// Kinds that are asked in words: whoever asked carries them out.
fn is_words(action: &Action) -> bool {
    matches!(action, Action::Request(_) | Action::Plan(_) | Action::Task(_) | Action::Batch(_))
}

impl Question {
    /// The question behind a stored request, as far as it is needed to put it once more; `None`
    /// where it holds secrets that are not `kept`.
    pub(crate) fn of_record(
        request: &RequestRecord,
        to: Vec<Way>,
        kept: Vec<Disclosure>,
    ) -> Option<Self> {
        let artifact = &request.asked.last()?.artifact;
        let action = artifact.action().filter(is_words)?;
        let route = artifact.route().ok().flatten()?;
        let note = request.policy.clone()?;
        is_ours(&Value::Object(artifact.payload.clone()), &kept).then_some(())?;
        Some(Self {
            action,
            disclosures: kept,
            context: artifact.context().ok().flatten().unwrap_or_default(),
            grounds: Grounds {
                because: note.display.clone(),
                note,
                min_assurance: route.min_assurance,
                reason_required: route.reason_required,
                timeout_seconds: 0,
                quorum: Quorum::of_route(&route),
                grant: route.grant,
            },
            principal: request.key.principal.clone(),
            session: String::new(),
            workspace: request.key.workspace.clone(),
            ttl_millis: request.expires_at.0.saturating_sub(request.created_at.0),
            to,
        })
    }

    /// The hash of the call, after the checks that need no store.
    ///
    /// # Errors
    /// Where nobody can be asked or the action cannot be put.
    pub fn check(&self) -> Result<ActionHash, QuestionError> {
        if !(1_000..=MAX_TTL_MILLIS).contains(&self.ttl_millis) {
            return Err(QuestionError::Ttl);
        }
        if self.seated().next().is_none() {
            let nobody = self.to.is_empty();
            let floor = QuestionError::Assurance(self.min_assurance());
            return Err(if nobody { QuestionError::Nobody } else { floor });
        }
        let route = self.route(1, &self.first());
        if tally(&route, &[]) == Tally::Lost {
            let (need, who) = (self.grounds.quorum.in_words(), persons(&route));
            return Err(QuestionError::TooFew { need, who });
        }
        if self.smuggles() {
            return Err(QuestionError::Smuggled);
        }
        Ok(self.action.hash()?)
    }

    /// The approvers of enough assurance.
    fn seated(&self) -> impl Iterator<Item = &Way> {
        self.enough(&self.to)
    }

    fn enough<'a>(&'a self, ways: &'a [Way]) -> impl Iterator<Item = &'a Way> {
        let floor = self.min_assurance();
        ways.iter().filter(move |way| way.approver.reach() >= floor)
    }

    /// Whether a stored request is this question: put to exactly these people, on exactly these
    /// grounds, in whatever round it is.
    pub(crate) fn asks_the_same(&self, request: &RequestRecord) -> bool {
        let Some(stored) = request.route() else { return false };
        let place = if stored.round == 1 { Some(self.first()) } else { self.place_of(&stored) };
        let Some(place) = place else { return false };
        let now: BTreeSet<&KeyId> = self.enough(place.to).map(|w| &w.approver.key_id).collect();
        let then: BTreeSet<&KeyId> = request.asked_now().map(|asked| &asked.key_id).collect();
        now == then && self.route(stored.round, &place) == stored
    }

    /// A commitment that nothing opens comes from the caller.
    fn smuggles(&self) -> bool {
        self.action.to_payload().map_or(true, |whole| !is_ours(&whole, &self.disclosures))
    }

    /// The same question, whose words tell nothing of what is hidden.
    pub(crate) fn scrubbed(&self) -> Self {
        let context = crate::redaction::scrubbed(&self.context, &self.disclosures);
        Self { context, ..self.clone() }
    }

    pub(crate) fn min_assurance(&self) -> Assurance {
        self.grounds.min_assurance
    }

    pub(crate) fn route(&self, round: u32, place: &Place<'_>) -> Route {
        let seat = |way: &Way| Seat {
            person: way.approver.person.clone(),
            key_id: way.approver.key_id.clone(),
        };
        let roster: Vec<Seat> = self.enough(place.to).map(seat).collect();
        Route {
            round,
            rule_id: self.grounds.note.rule_id.clone(),
            risk: self.grounds.note.risk,
            policy_hash: self.grounds.note.policy_hash,
            threshold: place.threshold,
            min_assurance: self.min_assurance(),
            reason_required: self.grounds.reason_required,
            scopes: vec![Scope::Once],
            max_uses: 1,
            groups: on_the_roster(place.groups, &roster),
            roster,
            veto: self.grounds.quorum.veto,
            escalate_to: place.rest.iter().map(|step| step.label.clone()).collect(),
            grant: self.grant_offer(),
        }
    }

    /// What may be taken beside a yes. Only what the gate looks up as granted is on offer: no batch,
    /// nothing that has a use of its own, and nothing that holds a secret.
    fn grant_offer(&self) -> Option<GrantOffer> {
        let may_be = match &self.action {
            Action::Command(_) | Action::Tool(_) => true,
            Action::Request(request) => request.action != countersign_core::grant::ACTION,
            _ => false,
        };
        let open = || self.action.to_payload().is_ok_and(|whole| !smuggles_commitment(&whole));
        self.grounds.grant.filter(|_| may_be && open())
    }
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
