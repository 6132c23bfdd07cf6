//! Puts a question to its approvers through their gateways, and waits for the answer.
//!
//! Nothing polls: the wait is a request that the gateway holds open. What the gateway says about
//! a request is a hint; only a verified decision ends it.

mod follow;
mod queue;

use crate::answer::{candidates, shown};
use crate::edge::Edge;
use crate::gate::{Enforcer, GateError};
use crate::question::Question;
use countersign_client::{Client, ClientError};
use countersign_core::artifact::Statement;
use countersign_core::json;
use countersign_core::keys::PublicKeys;
use countersign_core::request::State;
use countersign_core::sealing::{Entropy, seal};
use countersign_core::time::Instant;
use countersign_core::verify::Refusal;
use countersign_store::ledger::{Asked, Ending, LedgerError, RequestRecord, Suspended};
use countersign_wire::Envelope;
use countersign_wire::artifact::{ArtifactSubmit, Ciphertext};
use countersign_wire::decision::DecisionDeliver;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How long a gateway has to hear that something is over.
pub(crate) const BRIEFLY: Duration = Duration::from_secs(2);

/// The longest that one held request stays open.
const HOLD: Duration = Duration::from_secs(30);

/// The gateway behind one pairing.
#[derive(Clone)]
pub struct Relay {
    /// Talks to it.
    pub client: Client,
    /// The approver's device, as the gateway knows it.
    pub approver_id: String,
}

/// The gateways, by pairing.
pub type Relays = BTreeMap<String, Relay>;

/// How long asking may take.
#[derive(Clone, Copy)]
struct Deadline {
    /// What the question gives.
    whole: Instant,
    /// What the caller has.
    patience: Option<Instant>,
}

/// How asking ended.
#[derive(Debug)]
pub enum Answered {
    /// It may be claimed.
    Approved(RequestRecord),
    /// A person refused it.
    Denied(RequestRecord),
    /// Nobody answered in time.
    Expired(RequestRecord),
    /// Somebody took it back.
    Withdrawn(RequestRecord),
    /// Another process used the approval.
    Used(RequestRecord),
    /// This caller's time is over; the request still waits.
    Pending(RequestRecord),
    /// What came back did not verify, twice.
    Unverified(RequestRecord, Refusal),
    /// No gateway could be reached in time.
    NoRoute(RequestRecord, String),
}

/// What happens while a question waits.
#[derive(Debug, Clone)]
pub enum Progress {
    /// The request is written down; `true` where it waited already.
    Suspended(Box<RequestRecord>, bool),
    /// There is no place for it yet; so many stand before it.
    Queued(u32),
    /// It lies in the approvers' inboxes.
    Submitted,
    /// A gateway cannot be reached; it will be tried again.
    Unreachable(String),
    /// An answer was refused.
    Refused(Refusal),
}

/// Reports what happens while a question waits.
pub type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// Waits for the answer to one artifact.
#[derive(Clone)]
struct Listener {
    relay: Relay,
    asked: Asked,
}

enum Heard {
    Answer(Box<Listener>, Box<Envelope<DecisionDeliver>>),
    Silence(String),
}

impl Listener {
    /// Holds a request open at the gateway, again and again, until there is an answer. Ends with
    /// the first one: a gateway never changes a decision, so a second look would find the same.
    async fn listen(self, edge: Edge, heard: mpsc::Sender<Heard>) {
        let mut attempt = 0;
        loop {
            let id = &self.asked.artifact.head.request_id;
            match self.relay.client.wait_decision(id, HOLD).await {
                Ok(Some(envelope)) => {
                    let from = Box::new(self.clone());
                    let _ = heard.send(Heard::Answer(from, Box::new(envelope))).await;
                    return;
                }
                Ok(None) => attempt = 0,
                Err(error) => {
                    let _ = heard.send(Heard::Silence(error.to_string())).await;
                    tokio::time::sleep(edge.pause(&mut attempt)).await;
                }
            }
        }
    }
}

impl Enforcer {
    /// Asks until somebody answers or `question.ttl_millis` have passed. An answer that does not
    /// verify is recorded, and the question is put once more under a new id.
    ///
    /// # Errors
    /// Where the question cannot be put or the answer cannot be written down.
    pub async fn ask(
        &self,
        question: &Question,
        relays: &Relays,
        report: Report<'_>,
    ) -> Result<Answered, GateError> {
        self.ask_until(question, relays, None, report).await
    }

    /// The same for a caller that can wait only until `patience`: the request then goes on waiting
    /// ([`Answered::Pending`]), and the same call joins it.
    ///
    /// # Errors
    /// As [`Enforcer::ask`].
    pub async fn ask_until(
        &self,
        question: &Question,
        relays: &Relays,
        patience: Option<Instant>,
        report: Report<'_>,
    ) -> Result<Answered, GateError> {
        let whole = self.now().plus_millis(question.ttl_millis);
        let deadline = Deadline { whole, patience };
        let first = self.ask_once(question, relays, deadline, report).await?;
        let Answered::Unverified(request, refusal) = first else { return Ok(first) };
        report(Progress::Refused(refusal));
        self.close(&request, Ending::Withdrawn).await?;
        let mut again = question.clone();
        again.ttl_millis = whole.0.saturating_sub(self.now().0).max(1_000);
        let second = self.ask_once(&again, relays, deadline, report).await?;
        if let Answered::Unverified(request, _) = &second {
            self.withdraw(request, relays).await?;
        }
        Ok(second)
    }

    async fn ask_once(
        &self,
        question: &Question,
        relays: &Relays,
        deadline: Deadline,
        report: Report<'_>,
    ) -> Result<Answered, GateError> {
        let (request, joined) = match self.suspend(question).await? {
            Suspended::Ready(request) => {
                // A stored approval is worth as much as the ledger that stores it.
                self.witnessed(&request, relays).await?;
                return Ok(Answered::Approved(request));
            }
            Suspended::Opened(request) => (request, false),
            Suspended::Joined(request) => (request, true),
        };
        report(Progress::Suspended(Box::new(request.clone()), joined));
        // A request of our own was written down a moment after this call began, and ends as much
        // later: who opened it sees it expire, and leaves nothing waiting.
        let whole = if joined { deadline.whole } else { request.expires_at };
        let deadline = deadline.patience.map_or(whole, |patience| patience.min(whole));
        if request.state == State::Created {
            if let Some(ended) = self.queued(question, &request, deadline, report).await? {
                return Ok(ended);
            }
            let sent = self.submit_all(&request, question, relays, deadline, report).await;
            if let Err(error) = sent {
                return self.no_route(&request, relays, error).await;
            }
            self.submitted(&request.id).await?;
            report(Progress::Submitted);
        }
        self.wait(request, relays, deadline, report).await
    }

    async fn no_route(
        &self,
        request: &RequestRecord,
        relays: &Relays,
        error: String,
    ) -> Result<Answered, GateError> {
        let over = self.now() >= request.expires_at;
        let ending = if over { Ending::Expired } else { Ending::Withdrawn };
        let request = self.close(request, ending).await?;
        self.tell_ended(&request, relays, "no route").await?;
        Ok(Answered::NoRoute(request, error))
    }

    /// Sends every artifact, trying again until the deadline while a gateway is away.
    async fn submit_all(
        &self,
        request: &RequestRecord,
        question: &Question,
        relays: &Relays,
        deadline: Instant,
        report: Report<'_>,
    ) -> Result<(), String> {
        let mut sent = 0;
        let mut last = "no gateway is known for any approver".to_owned();
        for asked in &request.asked {
            let Some(relay) = asked.pairing.as_ref().and_then(|p| relays.get(p)) else { continue };
            let message = self.sealed(asked, question).map_err(|e| e.to_string())?;
            match self.submit(relay, asked, message, deadline, report).await {
                Ok(()) => sent += 1,
                Err(error) => last = error.to_string(),
            }
        }
        if sent > 0 { Ok(()) } else { Err(last) }
    }

    async fn submit(
        &self,
        relay: &Relay,
        asked: &Asked,
        message: ArtifactSubmit,
        deadline: Instant,
        report: Report<'_>,
    ) -> Result<(), ClientError> {
        let id = &asked.artifact.head.request_id;
        let mut attempt = 0;
        loop {
            let call = relay.client.submit_artifact(id, &relay.approver_id, message.clone());
            // A gateway that takes the call and says nothing has no more time than this caller.
            let sent = tokio::time::timeout(left(self.now(), deadline), call).await;
            let late = || ClientError::Unreachable("no answer in time".to_owned());
            let error = match sent.unwrap_or_else(|_| Err(late())) {
                Ok(_) => return Ok(()),
                Err(error) if !error.is_retryable() => return Err(error),
                Err(error) => error,
            };
            report(Progress::Unreachable(error.to_string()));
            let (wait, left) = (self.edge().pause(&mut attempt), left(self.now(), deadline));
            tokio::time::sleep(wait.min(left)).await;
            if wait >= left {
                return Err(error);
            }
        }
    }

    /// One artifact, signed and sealed to its approver.
    fn sealed(&self, asked: &Asked, question: &Question) -> Result<ArtifactSubmit, GateError> {
        let keys = self.keys_of(asked, question)?;
        let artifact = asked.artifact.clone();
        let shown = shown(&artifact);
        let disclosures = question.disclosures.clone();
        let statement = Statement::sign(artifact, disclosures, &self.identity().keys)
            .map_err(|e| Refusal::Schema(json::JsonError::Shape(e.to_string())))?;
        let mut failed = None;
        let mut fill = |bytes: &mut [u8]| failed = self.edge().fill(bytes).err().or(failed.take());
        let sealed = seal(&json::canonical(&statement)?, &shown, &[keys], Entropy(&mut fill));
        if let Some(error) = failed {
            return Err(error.into());
        }
        let sealed = sealed.map_err(|e| json::JsonError::Shape(e.to_string()))?;
        Ok(ArtifactSubmit {
            artifact_type: shown.artifact_type,
            artifact_hash: shown.artifact_hash,
            ciphertext: Ciphertext::of(&sealed)?,
            metadata: None,
            expires_at: asked.artifact.head.expires_at.clone(),
        })
    }

    fn keys_of(&self, asked: &Asked, question: &Question) -> Result<PublicKeys, Refusal> {
        let ways = question.to.iter();
        let way = ways.map(|way| &way.approver).find(|a| a.key_id == asked.key_id);
        way.map(|a| a.keys).ok_or_else(|| Refusal::UnknownSigner(asked.key_id.clone()))
    }

    /// Waits for the first answer that verifies.
    async fn wait(
        &self,
        request: RequestRecord,
        relays: &Relays,
        deadline: Instant,
        report: Report<'_>,
    ) -> Result<Answered, GateError> {
        let (heard, mut hear) = mpsc::channel(8);
        let mut listeners = JoinSet::new();
        for asked in &request.asked {
            if let Some(relay) = asked.pairing.as_ref().and_then(|p| relays.get(p)) {
                let listener = Listener { relay: relay.clone(), asked: asked.clone() };
                listeners.spawn(listener.listen(self.edge().clone(), heard.clone()));
            }
        }
        drop(heard);
        let mut refused = None;
        loop {
            if let Some(ended) = self.ended(&request, relays, deadline).await? {
                return Ok(ended);
            }
            let left = left(self.now(), deadline).min(HOLD);
            match tokio::time::timeout(left, hear.recv()).await {
                // Another process may have ended the request meanwhile: look again.
                Err(_) => {}
                Ok(None) => {
                    let unheard = "no gateway is known for any approver".to_owned();
                    return Ok(match refused {
                        Some(refusal) => Answered::Unverified(request, refusal),
                        None => Answered::NoRoute(request, unheard),
                    });
                }
                Ok(Some(Heard::Silence(error))) => report(Progress::Unreachable(error)),
                Ok(Some(Heard::Answer(from, envelope))) => {
                    match self.take(&request, relays, &from, *envelope).await {
                        Ok(request) => return Ok(by_state(request)),
                        Err(GateError::Refused(refusal)) => refused = Some(refusal),
                        Err(GateError::Ledger(LedgerError::State(_))) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }

    /// Verifies and accepts what a gateway delivered, then acknowledges it.
    async fn take(
        &self,
        request: &RequestRecord,
        relays: &Relays,
        from: &Listener,
        envelope: Envelope<DecisionDeliver>,
    ) -> Result<RequestRecord, GateError> {
        let Listener { relay, asked } = from;
        let msg_id = envelope.msg_id.clone();
        let keys = &self.identity().keys;
        let taken = match candidates(envelope, &asked.artifact, keys) {
            Ok(answers) => self.accept_any(request, asked, answers).await,
            Err(refusal) => {
                self.record_refusal(request, &refusal).await?;
                Err(refusal.into())
            }
        };
        // Acknowledged only when it is durable here, whichever way it was judged.
        let durable = matches!(&taken, Ok(_) | Err(GateError::Refused(_)));
        if let Some(msg_id) = msg_id.filter(|_| durable) {
            let (client, id) = (relay.client.clone(), asked.artifact.head.request_id.clone());
            let ack = async move {
                // Where it is lost, the answer is delivered once more and found to be known.
                let _ = client.ack(&msg_id, &id).await;
            };
            match &taken {
                // What was approved does not wait for the gateway's disk.
                Ok(request) if request.state == State::Approved => drop(tokio::spawn(ack)),
                _ => ack.await,
            }
        }
        if let Ok(ended) = &taken
            && ended.state.is_final()
        {
            self.witnessed_at_rest(ended, relays).await?;
        }
        taken
    }

    async fn accept_any(
        &self,
        request: &RequestRecord,
        asked: &Asked,
        answers: Vec<countersign_core::decision::Answer>,
    ) -> Result<RequestRecord, GateError> {
        let mut answers = answers.into_iter().peekable();
        while let Some(answer) = answers.next() {
            // The twin in the other words is tried silently; the last refusal is recorded.
            let last = answers.peek().is_none();
            if last || self.verifies(request, asked, &answer)? {
                return self.accept(request, asked, answer).await;
            }
        }
        Err(Refusal::Signature.into())
    }

    /// What ended the request from elsewhere, or the deadline.
    async fn ended(
        &self,
        request: &RequestRecord,
        relays: &Relays,
        deadline: Instant,
    ) -> Result<Option<Answered>, GateError> {
        let found = self.ledger().request(&request.id).await?;
        let found = found.ok_or_else(|| LedgerError::Unknown(request.id.clone()))?;
        if found.state.is_final() || found.state == State::Approved {
            return Ok(Some(by_state(found)));
        }
        if self.now() < deadline.min(found.expires_at) {
            return Ok(None);
        }
        if self.now() < found.expires_at {
            return Ok(Some(Answered::Pending(found)));
        }
        let ended = self.close(&found, Ending::Expired).await?;
        self.tell_ended(&ended, relays, "expired").await?;
        Ok(Some(by_state(ended)))
    }

    /// Takes a request back, here and in the inboxes it lies in.
    ///
    /// # Errors
    /// Where it cannot be written down; the gateways are told on a best effort.
    pub async fn withdraw(
        &self,
        request: &RequestRecord,
        relays: &Relays,
    ) -> Result<RequestRecord, GateError> {
        let ended = self.close(request, Ending::Withdrawn).await?;
        self.tell_ended(&ended, relays, "withdrawn").await?;
        Ok(ended)
    }

    /// Tells the gateways that nobody needs to answer any more, and that this is in the ledger.
    /// They may not hear it: the enforcer refuses what comes later in any case.
    async fn tell_ended(
        &self,
        request: &RequestRecord,
        relays: &Relays,
        why: &str,
    ) -> Result<(), GateError> {
        for asked in &request.asked {
            if let Some(relay) = asked.pairing.as_ref().and_then(|p| relays.get(p)) {
                let id = &asked.artifact.head.request_id;
                let told = relay.client.withdraw(id, Some(why));
                let _ = tokio::time::timeout(BRIEFLY, told).await;
            }
        }
        self.witnessed_at_rest(request, relays).await
    }
}

fn left(now: Instant, deadline: Instant) -> Duration {
    Duration::from_millis(u64::try_from(deadline.0.saturating_sub(now.0)).unwrap_or(0))
}

/// How asking ended, as far as the state of the request tells.
#[must_use]
pub fn by_state(request: RequestRecord) -> Answered {
    let withdrawn = request.accepted.is_empty();
    match request.state {
        State::Approved => Answered::Approved(request),
        State::Executed => Answered::Used(request),
        State::Denied if withdrawn => Answered::Withdrawn(request),
        State::Denied => Answered::Denied(request),
        State::Expired => Answered::Expired(request),
        State::Created | State::AwaitingDecision => Answered::Pending(request),
    }
}
