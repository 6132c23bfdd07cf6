//! Holds an action, lets it through once.
//!
//! Every step is durable before the next begins, so that any process, also one that starts after
//! a crash, continues where the last one stopped.
//!
//! # Rooms
//! * `permit`: what needs nobody's answer. `suspend`: what does. `denied`: what is not asked again.
//! * [`grant`]: what was allowed once for many times. `freeze`: nothing goes. `limits`: how much
//!   may wait. `stops`: stops that approvers send from their devices. `streak`: denials one after another.
//! * `standing`, `claim`: what an answer is worth, and its one use before witnesses. `witnesses`: the
//!   gateways of a home, for what hangs on no request.
//! * `items`: the same for a batch, item by item. `heads`: the home's own memory of the ledger.
//! * `rounds`: others asked in place of those who did not end it. `progress`: what those who have
//!   not answered are told of the others.
//! * `recovery`: what a crash left open. `contradicted`: what the ledger keeps and receipts do not
//!   say. `error`: why the gate stays closed.

mod claim;
mod contradicted;
mod denied;
mod error;
mod freeze;
pub mod grant;
mod heads;
mod items;
mod limits;
mod permit;
mod progress;
mod recovery;
mod rounds;
mod standing;
mod stops;
mod streak;
mod suspend;
mod witnesses;

use crate::edge::Edge;
use crate::entry;
use crate::home::{Home, HomeError, Identity};
use crate::owner::Owner;
use crate::policy::Sources;
use crate::remembered::{Remembered, change, past};
use crate::witness;
use countersign_core::decision::{Answer, Decision};
use countersign_core::grant::GrantNote;
use countersign_core::receipt::{Boundary, Entry, Event, Receipt};
use countersign_core::request;
use countersign_core::time::Instant;
use countersign_core::trust::{Status, TrustStore};
use countersign_core::verify::{Refusal, Vote};
use countersign_store::ledger::{
    Acceptance, Asked, ClaimRecord, Ending, LedgerError, LedgerStore, Proven, RequestRecord,
};
use heads::Heads;
use serde_json::{Map, Value};
use standing::{Counting, judge};
use std::sync::{Arc, PoisonError, RwLock};
use stops::looked::Looked;

pub use claim::Still;
pub use denied::{COOL_MILLIS, DeniedBefore};
pub use error::GateError;
pub(crate) use rounds::handed_on_by;
pub use streak::DeniedInARow;

/// An enforcer over one home and its ledger.
pub struct Enforcer {
    home: Home,
    identity: Identity,
    ledger: Arc<dyn LedgerStore>,
    edge: Edge,
    owner: Owner,
    boundary: Boundary,
    sources: Sources,
    remembered: RwLock<Remembered>,
    heads: Heads,
    looked: Looked,
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

    /// The grant that it goes under, where nobody was asked for this run.
    #[must_use]
    pub fn grant(&self) -> Option<&GrantNote> {
        self.frame.grant.as_deref()
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
        let enforcer = Self {
            home,
            identity,
            ledger,
            edge,
            owner,
            boundary,
            sources: Sources::default(),
            remembered: RwLock::default(),
            heads: Heads::default(),
            looked: Looked::default(),
        };
        enforcer.tell_ends().await?;
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

    /// The pinned keys, as they are on disk now, and none of them worth more than the ledger says:
    /// a trust store of yesterday that is put back revives nobody.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn trust(&self) -> Result<TrustStore, HomeError> {
        let remembered = self.remembered.read().unwrap_or_else(PoisonError::into_inner);
        Ok(remembered.over(self.home.trust(&self.identity)?))
    }

    /// Reads again what the ledger says became of keys; another process may have changed them.
    pub(crate) async fn look_back(&self) -> Result<Remembered, GateError> {
        let found = Remembered::of(&self.past().await?);
        let mut known = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        known.clone_from(&found);
        Ok(found)
    }

    /// What changed who may do what, or what may happen at all, as the ledger's newest head proves it.
    ///
    /// # Errors
    /// Where the ledger or the pinned keys cannot be read, or something is missing or edited.
    pub async fn past(&self) -> Result<Proven, GateError> {
        let trust = self.home.trust(&self.identity)?;
        Ok(past(&*self.ledger, &trust).await?)
    }

    /// Writes down the ends of keys that a crash kept out of the ledger.
    async fn tell_ends(&self) -> Result<(), GateError> {
        let remembered = self.look_back().await?;
        let trust = self.home.trust(&self.identity)?;
        for approver in remembered.untold(&trust) {
            let mut members = vec![("name", approver.label.as_str())];
            match &approver.status {
                Status::Active {} => continue,
                Status::Rotated { until } => {
                    members.extend([("change", change::ROTATED), ("until", until.as_str())]);
                }
                Status::Revoked { at, .. } => {
                    members.extend([("change", change::REVOKED), ("revokedAt", at.as_str())]);
                }
            }
            members.push(("keyId", &approver.key_id.0));
            self.record_key(Event::Key, &members).await?;
        }
        Ok(())
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
        self.look_back().await?;
        let trust = Arc::new(self.trust()?);
        let vote = self.voted(request, asked, &answer, &trust).await?;
        let Answer { decision, reason } = answer;
        let (boundary, now) = (self.boundary, self.now());
        let counting = Counting::new(Arc::clone(&trust), now);
        let (counted, of, why) = (counting.clone(), request.clone(), reason.clone());
        let entry = move |request: &RequestRecord, happened| {
            let decisions = counted.decisions(request);
            let frame = entry::of_request(event_of(happened), boundary, request, decisions);
            entry::answered(frame, &decision, why.as_ref(), &trust)
        };
        let counts = move |stored: &Decision| counting.counts(&of, stored);
        let (request_id, entry) = (request.id.clone(), Box::new(entry));
        let counts = Box::new(counts);
        let acceptance = Acceptance { request_id, vote, reason, counts, entry, now };
        let accepted = self.spent(request, self.ledger.accept(acceptance).await).await?;
        self.give_taken(&accepted).await?;
        Ok(accepted)
    }

    /// What a receipt says of a request, with the answers that count now.
    ///
    /// # Errors
    /// Where there are answers, and the pinned keys cannot be read.
    pub(crate) fn entry_of(
        &self,
        event: Event,
        request: &RequestRecord,
    ) -> Result<Entry, HomeError> {
        let decisions = match request.accepted_now().next() {
            None => Vec::new(),
            Some(_) => Counting::new(Arc::new(self.trust()?), self.now()).decisions(request),
        };
        Ok(entry::of_request(event, self.boundary, request, decisions))
    }

    /// Verifies an answer; a refusal is recorded.
    async fn voted(
        &self,
        request: &RequestRecord,
        asked: &Asked,
        answer: &Answer,
        trust: &TrustStore,
    ) -> Result<Vote, GateError> {
        match self.vote(answer.decision.clone(), asked, request, trust) {
            Ok(vote) => Ok(vote),
            Err(refusal) => {
                self.record_refusal(request, &refusal).await?;
                Err(refusal.into())
            }
        }
    }

    /// Records that an answer was used before, or came too late.
    async fn spent(
        &self,
        request: &RequestRecord,
        taken: Result<RequestRecord, LedgerError>,
    ) -> Result<RequestRecord, GateError> {
        match self.unless_contradicted(&request.id, taken).await {
            Err(LedgerError::Replay) => {
                self.record_refusal(request, &Refusal::Replay).await?;
                Err(Refusal::Replay.into())
            }
            Err(late @ (LedgerError::Void { .. } | LedgerError::State(_))) => {
                let late = GateError::from(late);
                let frame = self.entry_of(Event::Observed, request)?;
                let entry = entry::refused(frame, late.code(), &late.to_string());
                self.ledger.record(entry, self.now()).await?;
                Err(late)
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
        let frame = self.entry_of(Event::Observed, request)?;
        let entry = entry::refused(frame, refusal.code(), &refusal.to_string());
        self.ledger.record(entry, self.now()).await?;
        Ok(())
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
        // A clock that was set back meanwhile dates no outcome before its claim: such a receipt
        // would prove nothing.
        let at = self.now().max(claim.claimed_at);
        Ok(self.ledger.finish(&claim.id, entry, at).await?)
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
        let entry = self.entry_of(event, request)?;
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
        let receipt = self.record_change(event, entry::note("key", members)).await?;
        self.look_back().await?;
        Ok(receipt)
    }

    pub(crate) async fn record_change(
        &self,
        event: Event,
        action: Map<String, Value>,
    ) -> Result<Receipt, GateError> {
        let receipt = self.ledger.record(self.change(event, action)?, self.now()).await?;
        // From the first pinned key on, the home knows its ledger from any other.
        self.remember_head().await?;
        if event == Event::Revoked {
            self.tell_everywhere().await;
        }
        Ok(receipt)
    }

    /// The entry of a change that belongs to no request.
    pub(crate) fn change(
        &self,
        event: Event,
        action: Map<String, Value>,
    ) -> Result<Entry, GateError> {
        let mut entry = Entry::bare(event, self.boundary);
        let hash = countersign_core::encoding::Hash(countersign_core::json::sha256(&action)?);
        entry.action_hash = Some(countersign_core::action::ActionHash(hash));
        entry.action = Some(action);
        Ok(entry)
    }

    pub(crate) fn now(&self) -> Instant {
        self.edge.now()
    }
}

/// The receipt's event of what an answer did. One that ends nothing yet leaves the action what it
/// was, suspended, and its receipt holds the answers so far.
fn event_of(happened: request::Event) -> Event {
    match happened {
        request::Event::Approved => Event::Approved,
        request::Event::Denied => Event::Denied,
        _ => Event::Suspended,
    }
}
