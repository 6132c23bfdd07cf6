//! Holds an action, lets it through once.
//!
//! Every step is durable before the next begins, so that any process, also one that starts after
//! a crash, continues where the last one stopped.

mod denied;
mod permit;
mod recovery;
mod standing;

use crate::ask::Relays;
use crate::edge::{Edge, NoEntropy};
use crate::entry;
use crate::home::{Home, HomeError, Identity};
use crate::owner::Owner;
use crate::policy::{PolicyError, Sources, recheck};
use crate::question::{Frame, Question, QuestionError};
use crate::witness::{self, Contradicted};
use countersign_client::ClientError;
use countersign_core::decision::{Answer, Decision};
use countersign_core::json::JsonError;
use countersign_core::receipt::{Boundary, Entry, Event, Receipt};
use countersign_core::request::State;
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_core::verify::{Refusal, Vote};
use countersign_store::error::StoreError;
use countersign_store::ledger::{
    Acceptance, Asked, ClaimRecord, Ending, LedgerError, LedgerStore, NewClaim, RequestKey,
    RequestRecord, Suspended,
};
use serde_json::{Map, Value};
use standing::{judge, proof, still_stands};
use std::sync::Arc;

pub use denied::{COOL_MILLIS, DeniedBefore};

/// Why a step of the gate was refused. Every case means: the action does not run.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The question cannot be put.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// An answer does not verify.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The ledger says no.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger is not the one that somebody remembers.
    #[error(transparent)]
    Contradicted(#[from] Contradicted),
    /// A policy cannot be judged under, or cannot be followed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A person denied the same minutes ago.
    #[error(transparent)]
    DeniedBefore(Box<DeniedBefore>),
    /// The home is unusable.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// An action may have run, and what came of it is not written down. Its claim ends as
    /// `uncertain`, in whichever process looks next.
    #[error("what came of it could not be written down: {0}")]
    Unrecorded(Box<GateError>),
}

impl GateError {
    /// The code of the refusal, for machines.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Question(_) | Self::DeniedBefore(_) => "HARP_ERR_POLICY_DENY",
            Self::Refused(refusal) => refusal.code(),
            Self::Ledger(LedgerError::Replay) => "HARP_ERR_REPLAY",
            Self::Ledger(LedgerError::Void { code, .. }) => code,
            Self::Ledger(LedgerError::State(State::Expired)) => "HARP_ERR_EXPIRED",
            Self::Ledger(LedgerError::State(State::Executed)) => "HARP_ERR_REPLAY",
            Self::Ledger(_) => "ledger",
            Self::Contradicted(Contradicted::NoWitness(_)) => "HARP_ERR_TRANSPORT",
            Self::Contradicted(Contradicted::Gone { .. }) => "witness_gone",
            Self::Contradicted(_) => "ledger_contradicted",
            Self::Policy(_) => "policy",
            Self::Home(_) => "home",
            Self::Unrecorded(_) => "uncertain",
        }
    }
}

impl From<StoreError> for GateError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<NoEntropy> for GateError {
    fn from(error: NoEntropy) -> Self {
        Self::Question(error.into())
    }
}

impl From<JsonError> for GateError {
    fn from(error: JsonError) -> Self {
        Self::Question(error.into())
    }
}

/// How long a gateway may be away that must witness a claim.
const WITNESS_MILLIS: i64 = 20_000;

/// An enforcer over one home and its ledger.
pub struct Enforcer {
    home: Home,
    identity: Identity,
    ledger: Arc<dyn LedgerStore>,
    edge: Edge,
    owner: Owner,
    boundary: Boundary,
    sources: Sources,
}

/// The right to start one action once: the claim is durable, and holding this is the permission.
///
/// Private fields: only [`Enforcer::claim`] and [`Enforcer::permit`] make one, and running
/// consumes it.
#[must_use = "a claim that is neither run nor recorded ends as uncertain"]
#[derive(Debug)]
pub struct RunOnce {
    pub(crate) claim: ClaimRecord,
    pub(crate) request: RequestRecord,
    /// What its receipts say, but for how it ended.
    pub(crate) frame: Entry,
}

impl RunOnce {
    /// The request that is used up.
    #[must_use]
    pub fn request(&self) -> &RequestRecord {
        &self.request
    }
}

impl Enforcer {
    /// Opens the gate of a home: checks the ledger against what is remembered of it, and ends
    /// what a crash left open.
    ///
    /// # Errors
    /// Where the home or the ledger is unusable, or the ledger was cut, restored or copied.
    pub async fn open(
        home: Home,
        identity: Identity,
        ledger: Arc<dyn LedgerStore>,
        edge: Edge,
    ) -> Result<Self, GateError> {
        witness::check_home(&home, &*ledger, &identity.keys).await?;
        let owner = Owner::new(&home, &edge)?;
        let boundary = Boundary::Unprotected;
        let enforcer =
            Self { home, identity, ledger, edge, owner, boundary, sources: Sources::default() };
        enforcer.recover().await?;
        Ok(enforcer)
    }

    /// The same with policies from outside the home.
    #[must_use]
    pub fn with_sources(self, sources: Sources) -> Self {
        Self { sources, ..self }
    }

    /// Where policies come from, apart from the home.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The home.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The operator's identity.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &dyn LedgerStore {
        &*self.ledger
    }

    /// Clock and randomness.
    #[must_use]
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Whether the operating system separates agent and enforcer.
    #[must_use]
    pub fn boundary(&self) -> Boundary {
        self.boundary
    }

    /// The pinned keys, as they are on disk now.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn trust(&self) -> Result<TrustStore, HomeError> {
        self.home.trust(&self.identity)
    }

    /// Suspends an action, or finds the same call where it stands.
    ///
    /// # Errors
    /// Where it cannot be put to anybody, or cannot be written down.
    pub async fn suspend(&self, question: &Question) -> Result<Suspended, GateError> {
        let action_hash = question.check()?;
        let mut suspended = self.suspend_as_is(question, action_hash).await?;
        // The same call put to other people, or on other grounds, is another question: their answer is not this one's.
        if let Suspended::Joined(old) | Suspended::Ready(old) = &suspended
            && !asks_the_same(question, old)
        {
            self.close(old, Ending::Withdrawn).await?;
            suspended = self.suspend_as_is(question, action_hash).await?;
        }
        if let Suspended::Joined(other) | Suspended::Ready(other) = &suspended
            && !asks_the_same(question, other)
        {
            return Err(LedgerError::State(other.state).into());
        }
        if let Suspended::Ready(_) = suspended {
            // A stored approval is worth as much as the ledger that stores it.
            witness::check_home(&self.home, &*self.ledger, &self.identity.keys).await?;
        }
        Ok(suspended)
    }

    async fn suspend_as_is(
        &self,
        question: &Question,
        action_hash: countersign_core::action::ActionHash,
    ) -> Result<Suspended, GateError> {
        let request = self.draft(question, action_hash).await?;
        self.not_denied_before(question, &request).await?;
        let entry = entry::of_request(Event::Suspended, self.boundary, &request);
        Ok(self.ledger.suspend(request, entry, self.now()).await?)
    }

    async fn draft(
        &self,
        question: &Question,
        action_hash: countersign_core::action::ActionHash,
    ) -> Result<RequestRecord, GateError> {
        let (ledger, now, id) = (&self.ledger, self.now(), self.edge.id()?);
        let fresh = self.edge.id()?;
        let session = ledger.session(&question.principal, &question.session, &fresh).await?;
        let fresh = format!("repo_{}", self.edge.id()?);
        let repo_ref = ledger.repo_ref(&question.workspace, &fresh).await?;
        let head = ledger.checkpoint().await?;
        let session_id = session.clone();
        let frame = Frame { question, action_hash, session_id, repo_ref, head, now };
        let key = RequestKey {
            principal: question.principal.clone(),
            session,
            workspace: question.workspace.clone(),
            action_hash: frame.action_hash,
        };
        Ok(RequestRecord {
            asked: frame.artifacts(&id, &self.edge)?,
            policy: Some(question.grounds.note().clone()),
            id,
            key,
            state: State::Created,
            created_at: now,
            expires_at: now.plus_millis(question.ttl_millis),
            accepted: Vec::new(),
        })
    }

    /// Writes down that a request was put to its approvers.
    ///
    /// # Errors
    /// Where it cannot be written down.
    pub async fn submitted(&self, request_id: &str) -> Result<RequestRecord, GateError> {
        Ok(self.ledger.submitted(request_id, self.now()).await?)
    }

    /// Verifies an answer to a request and accepts it, once.
    ///
    /// # Errors
    /// The refusal, where it does not verify; it is recorded and changes nothing.
    pub async fn accept(
        &self,
        request: &RequestRecord,
        asked: &Asked,
        answer: Answer,
    ) -> Result<RequestRecord, GateError> {
        let trust = self.trust()?;
        let Answer { decision, reason } = answer;
        let vote = match self.vote(decision.clone(), asked, request, &trust) {
            Ok(vote) => vote,
            Err(refusal) => {
                self.record_refusal(request, &refusal).await?;
                return Err(refusal.into());
            }
        };
        let event = if vote.allows() { Event::Approved } else { Event::Denied };
        let frame = entry::of_request(event, self.boundary, request);
        let entry = entry::decided(frame, &[&decision], reason.as_ref(), &trust);
        let proof = proof(vote)?;
        let request_id = request.id.clone();
        let acceptance = Acceptance { request_id, proof, reason, entry, now: self.now() };
        match self.ledger.accept(acceptance).await {
            Err(LedgerError::Replay) => {
                self.record_refusal(request, &Refusal::Replay).await?;
                Err(Refusal::Replay.into())
            }
            other => Ok(other?),
        }
    }

    /// Whether an answer would be accepted, without writing anything down.
    ///
    /// # Errors
    /// Where the pinned keys cannot be read.
    pub(crate) fn verifies(
        &self,
        request: &RequestRecord,
        asked: &Asked,
        answer: &Answer,
    ) -> Result<bool, GateError> {
        let trust = self.trust()?;
        Ok(self.vote(answer.decision.clone(), asked, request, &trust).is_ok())
    }

    fn vote(
        &self,
        decision: Decision,
        asked: &Asked,
        request: &RequestRecord,
        trust: &TrustStore,
    ) -> Result<Vote, Refusal> {
        judge(decision, asked, request, trust, self.now())
    }

    pub(crate) async fn record_refusal(
        &self,
        request: &RequestRecord,
        refusal: &Refusal,
    ) -> Result<(), GateError> {
        let frame = entry::of_request(Event::Observed, self.boundary, request);
        let entry = entry::refused(frame, refusal.code(), &refusal.to_string());
        self.ledger.record(entry, self.now()).await?;
        Ok(())
    }

    /// Uses an approval. The claim's own transaction looks at everything once more: signers,
    /// policy, expiry, withdrawal, denial, revocation.
    ///
    /// The ledger's head is remembered before: a home that cannot be written to keeps its approval.
    ///
    /// Before it returns, the ledger's head stands outside the ledger: in the home, and at every
    /// gateway through which the request went. An older ledger that is put back is noticed then.
    ///
    /// # Errors
    /// Where another process was faster, something is true no more, or no witness is there.
    pub async fn claim(
        &self,
        request: &RequestRecord,
        relays: &Relays,
    ) -> Result<RunOnce, GateError> {
        let (home, now) = (self.home.clone(), self.now());
        let judge = recheck::Judge::of(self).await?;
        let recheck = move |request: &RequestRecord| {
            still_stands(&home, request, now)?;
            judge.still_asks_no_more(request)
        };
        let claim = NewClaim {
            id: self.edge.id()?,
            request_id: request.id.clone(),
            owner: self.owner.name().to_owned(),
            now,
            recheck: Box::new(recheck),
            entry: entry::of_request(Event::Released, self.boundary, request),
        };
        self.remember_head().await?;
        let (claim, request) = self.ledger.claim(claim).await?;
        if let Err(error) = self.attest(&request, relays).await {
            self.give_up(&claim, &request, &error.to_string()).await?;
            return Err(error);
        }
        let frame = entry::of_request(Event::Released, self.boundary, &request);
        Ok(RunOnce { claim, request, frame })
    }

    /// Ends a claim with its receipt.
    ///
    /// # Errors
    /// Where it has ended already, or cannot be written down.
    pub(crate) async fn finish(
        &self,
        claim: &ClaimRecord,
        entry: countersign_core::receipt::Entry,
    ) -> Result<Receipt, GateError> {
        let receipt = self.ledger.finish(&claim.id, entry, self.now()).await?;
        // The receipt is durable, and that is the answer. An older head stays true, and the next
        // claim is refused where none can be remembered.
        let _ = self.remember_head().await;
        Ok(receipt)
    }

    /// Ends a request that nobody answered: withdrawn, or expired where its time is over.
    ///
    /// # Errors
    /// Where it cannot be written down.
    pub async fn close(
        &self,
        request: &RequestRecord,
        ending: Ending,
    ) -> Result<RequestRecord, GateError> {
        let event = match ending {
            Ending::Withdrawn => Event::Withdrawn,
            Ending::Expired => Event::Expired,
        };
        let entry = entry::of_request(event, self.boundary, request);
        Ok(self.ledger.close(&request.id, ending, entry, self.now()).await?)
    }

    /// Records a change of keys.
    ///
    /// # Errors
    /// Where it cannot be written down.
    pub async fn record_key(
        &self,
        event: Event,
        members: &[(&str, &str)],
    ) -> Result<Receipt, GateError> {
        self.record_change(event, entry::note("key", members)).await
    }

    pub(crate) async fn record_change(
        &self,
        event: Event,
        action: Map<String, Value>,
    ) -> Result<Receipt, GateError> {
        let mut entry = entry::bare(event, self.boundary);
        let hash = countersign_core::encoding::Hash(countersign_core::json::sha256(&action)?);
        entry.action_hash = Some(countersign_core::action::ActionHash(hash));
        entry.action = Some(action);
        let receipt = self.ledger.record(entry, self.now()).await?;
        // From the first pinned key on, the home knows its ledger from any other.
        self.remember_head().await?;
        Ok(receipt)
    }

    async fn attest(&self, request: &RequestRecord, relays: &Relays) -> Result<(), GateError> {
        self.remember_head().await?;
        self.witnessed(request, relays).await
    }

    /// Hands the ledger's head to the gateways of a request, and compares what they remember. One
    /// that is away for a moment, such as while it is restarted, is waited for.
    ///
    /// # Errors
    /// Where one of them cannot be reached, remembers what the ledger does not contain, or was a
    /// witness and is none any more.
    pub async fn witnessed(
        &self,
        request: &RequestRecord,
        relays: &Relays,
    ) -> Result<(), GateError> {
        let until = request.expires_at.min(self.now().plus_millis(WITNESS_MILLIS));
        let ways = self.home.pairings()?;
        for asked in &request.asked {
            // The person at this terminal has no gateway; everybody else's must be the witness.
            let Some(pairing) = &asked.pairing else { continue };
            let relay = relays.get(pairing).ok_or_else(|| {
                let why = format!("no gateway is known for the pairing `{pairing}`");
                Contradicted::NoWitness(ClientError::Unreachable(why))
            })?;
            let (client, keys) = (&relay.client, &self.identity.keys);
            let ledger = &*self.ledger;
            let found = witness::hand_in_until(until, &self.edge, client, ledger, keys).await?;
            witness::as_before(&self.home, found, pairing, &ways)?;
        }
        Ok(())
    }

    async fn remember_head(&self) -> Result<(), GateError> {
        if let Some(head) = self.ledger.checkpoint().await? {
            witness::remember(&self.home, &head)?;
        }
        Ok(())
    }

    pub(crate) fn now(&self) -> Instant {
        self.edge.now()
    }
}

/// Whether a stored request is the question that is put now.
fn asks_the_same(question: &Question, request: &RequestRecord) -> bool {
    question.asks_the_same_people(request) && question.asks_the_same(request)
}
