//! Puts a question to its approvers through their gateways, and waits for the answer.
//!
//! Nothing polls: the wait is a request that the gateway holds open. What the gateway says about
//! a request is a hint; only a verified decision ends it.

mod follow;
mod notes;
mod queue;
mod rarely;

use crate::answer::{candidates, shown};
use crate::edge::Edge;
use crate::gate::{Enforcer, GateError, handed_on_by};
use crate::question::{Question, persons};
use countersign_client::{Client, ClientError};
use countersign_core::artifact::Statement;
use countersign_core::json;
use countersign_core::keys::PublicKeys;
use countersign_core::request::State;
use countersign_core::sealing::{Entropy, seal};
use countersign_core::tally::Tally;
use countersign_core::time::Instant;
use countersign_core::verify::Refusal;
use countersign_store::ledger::{Asked, Ending, LedgerError, RequestRecord, Suspended};
use countersign_wire::Envelope;
use countersign_wire::artifact::{ArtifactSubmit, Ciphertext};
use countersign_wire::decision::DecisionDeliver;
use notes::Notes;
use rarely::Rarely;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How long a gateway has to hear that something is over.
pub(crate) const BRIEFLY: Duration = Duration::from_secs(2);

/// The longest that one held request stays open.
const HOLD: Duration = Duration::from_secs(30);

/// How often a request is looked at that another process carries on.
const ELSEWHERE: Duration = Duration::from_secs(1);

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
    /// So many persons have allowed it, of so many who must.
    Counted(usize, usize),
    /// Others are asked in place of those before: by this person, who handed it on, or because time
    /// was over; who they are, and the request that waits for them now.
    Escalated(Option<String>, Vec<String>, Box<RequestRecord>),
    /// This person handed it on to somebody whom only the caller that asked knows.
    HandedOn(String),
}

/// Reports what happens while a question waits.
pub type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// Waits for the answer to one artifact.
#[derive(Clone)]
struct Listener {
    relay: Relay,
    asked: Asked,
}

/// What a wait brought.
enum Waited {
    /// It is over.
    Ended(Answered),
    /// Others are asked by now.
    Escalated(RequestRecord),
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
        let rarely = Rarely::new(report, self.edge());
        let report: Report<'_> = &|progress| rarely.tell(progress);
        let whole = self.now().plus_millis(question.whole_millis());
        let deadline = Deadline { whole, patience };
        let first = self.ask_once(question, relays, deadline, report).await?;
        let Answered::Unverified(request, refusal) = first else { return Ok(first) };
        report(Progress::Refused(refusal));
        self.close(&request, Ending::Withdrawn).await?;
        let mut again = question.clone();
        again.ttl_millis = whole.0.saturating_sub(self.now().0).max(1_000);
        // What is left of the time is theirs; they may still hand it on.
        again.grounds.quorum.timed = false;
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
        self.rounds(request, question, relays, deadline, report).await
    }

    /// Puts and hears one round after the other until one of them ends it.
    async fn rounds(
        &self,
        mut request: RequestRecord,
        question: &Question,
        relays: &Relays,
        deadline: Instant,
        report: Report<'_>,
    ) -> Result<Answered, GateError> {
        loop {
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
            match self.wait(&request, Some(question), relays, deadline, report).await? {
                Waited::Ended(answered) => return Ok(answered),
                Waited::Escalated(next) => {
                    self.escalated(&request, &next, relays, report).await;
                    request = next;
                }
            }
        }
    }

    /// Tells everybody that others are asked by now.
    async fn escalated(
        &self,
        before: &RequestRecord,
        next: &RequestRecord,
        relays: &Relays,
        report: Report<'_>,
    ) {
        tell_withdrawn(before, next, relays, "escalated").await;
        let whom = next.route().as_ref().map(persons).unwrap_or_default();
        report(Progress::Escalated(handed_on_by(before, next), whom, Box::new(next.clone())));
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
        for asked in request.asked_now() {
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
            let origin = relay.client.origin();
            let late = || ClientError::Unreachable(format!("no answer in time from `{origin}`"));
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
        let steps = question.grounds.quorum.chain.iter().flat_map(|step| &step.to);
        let way = question
            .to
            .iter()
            .chain(steps)
            .map(|way| &way.approver)
            .find(|a| a.key_id == asked.key_id);
        way.map(|a| a.keys).ok_or_else(|| Refusal::UnknownSigner(asked.key_id.clone()))
    }

    /// Waits until the round is over: for as many answers as it takes, or for its time. Answers that
    /// are stored already, also by a process that is gone, are not asked for again.
    async fn wait(
        &self,
        request: &RequestRecord,
        question: Option<&Question>,
        relays: &Relays,
        deadline: Instant,
        report: Report<'_>,
    ) -> Result<Waited, GateError> {
        let mut notes = Notes::default();
        notes.tell(self, request, relays);
        let waited = self.hear(request, question, relays, deadline, report, &mut notes).await;
        if let Ok(Waited::Ended(Answered::Pending(_))) = &waited {
            notes.arrive().await;
        }
        waited
    }

    async fn hear(
        &self,
        request: &RequestRecord,
        question: Option<&Question>,
        relays: &Relays,
        deadline: Instant,
        report: Report<'_>,
        notes: &mut Notes,
    ) -> Result<Waited, GateError> {
        let (mut hear, _listeners) = self.listen(request, relays);
        let mut refused = None;
        let mut heard_all = None;
        loop {
            if let Some(over) = self.over(request, question, relays, deadline).await? {
                return Ok(over);
            }
            let step = request.step_ends.unwrap_or(deadline).min(deadline);
            let left = left(self.now(), step).min(HOLD);
            if let Some(pause) = heard_all {
                tokio::time::sleep(left.min(pause)).await;
                continue;
            }
            match tokio::time::timeout(left, hear.recv()).await {
                // Another process may have ended the request meanwhile: look again.
                Err(_) => {}
                // Every device has answered, and something that was stored counts no more.
                Ok(None) if refused.is_none() && has_way(request, relays) => heard_all = Some(HOLD),
                Ok(None) => {
                    let unheard = "no gateway is known for any approver".to_owned();
                    let request = request.clone();
                    return Ok(Waited::Ended(match refused {
                        Some(refusal) => Answered::Unverified(request, refusal),
                        None => Answered::NoRoute(request, unheard),
                    }));
                }
                Ok(Some(Heard::Silence(error))) => report(Progress::Unreachable(error)),
                Ok(Some(Heard::Answer(from, envelope))) => {
                    match self.take((request, question), relays, &from, *envelope).await {
                        Ok(taken) => {
                            if let Some(over) =
                                self.after(request, taken, relays, report, notes).await
                            {
                                return Ok(over);
                            }
                        }
                        Err(GateError::Refused(refusal)) => refused = Some(refusal),
                        // What else comes is for those who are asked next, and their caller's.
                        Err(GateError::HandedOn(by)) => {
                            report(Progress::HandedOn(by));
                            heard_all = Some(ELSEWHERE);
                        }
                        // The request, or its round, ended elsewhere: it is looked at again.
                        Err(GateError::Ledger(
                            LedgerError::State(_) | LedgerError::Void { .. },
                        )) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }

    /// One listener for every device that has not answered yet.
    fn listen(
        &self,
        request: &RequestRecord,
        relays: &Relays,
    ) -> (mpsc::Receiver<Heard>, JoinSet<()>) {
        let (heard, hear) = mpsc::channel(8);
        let mut listeners = JoinSet::new();
        for asked in request.asked_now().filter(|asked| !request.has_answer_to(asked)) {
            if let Some(relay) = asked.pairing.as_ref().and_then(|p| relays.get(p)) {
                let listener = Listener { relay: relay.clone(), asked: asked.clone() };
                listeners.spawn(listener.listen(self.edge().clone(), heard.clone()));
            }
        }
        (hear, listeners)
    }

    /// What an accepted answer led to; `None` where more are needed.
    async fn after(
        &self,
        request: &RequestRecord,
        taken: RequestRecord,
        relays: &Relays,
        report: Report<'_>,
        notes: &mut Notes,
    ) -> Option<Waited> {
        if taken.round() != request.round() {
            return Some(Waited::Escalated(taken));
        }
        if let Tally::Waiting { have, need } = taken.tally(&|_| true)
            && is_open(&taken)
        {
            notes.tell(self, &taken, relays);
            report(Progress::Counted(have, need));
            return None;
        }
        let others = taken.asked_now().any(|asked| !taken.has_answer_to(asked));
        if others && taken.state == State::Approved {
            // What was approved does not wait for the inboxes of the others.
            let (ended, relays) = (taken.clone(), relays.clone());
            drop(tokio::spawn(async move {
                tell_withdrawn(&ended, &ended, &relays, "decided").await;
            }));
        } else if others {
            tell_withdrawn(&taken, &taken, relays, "decided").await;
        }
        Some(Waited::Ended(by_state(taken)))
    }

    /// Verifies and accepts what a gateway delivered, then acknowledges it.
    async fn take(
        &self,
        (request, question): (&RequestRecord, Option<&Question>),
        relays: &Relays,
        from: &Listener,
        envelope: Envelope<DecisionDeliver>,
    ) -> Result<RequestRecord, GateError> {
        let Listener { relay, asked } = from;
        let msg_id = envelope.msg_id.clone();
        let keys = &self.identity().keys;
        let taken = match candidates(envelope, &asked.artifact, keys) {
            Ok(answers) => self.accept_any(request, question, asked, answers).await,
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
        question: Option<&Question>,
        asked: &Asked,
        answers: Vec<countersign_core::decision::Answer>,
    ) -> Result<RequestRecord, GateError> {
        let mut answers = answers.into_iter().peekable();
        while let Some(answer) = answers.next() {
            // The twin in the other words is tried silently; the last refusal is recorded.
            let last = answers.peek().is_none();
            if last || self.verifies(request, asked, &answer)? {
                return match question {
                    Some(question) => self.take_answer(request, asked, answer, question).await,
                    // Nobody is here who knows whom to ask next.
                    None => self.take_alone(request, asked, answer).await,
                };
            }
        }
        Err(Refusal::Signature.into())
    }

    /// What ended the request or its round: another process, the deadline, or the round's own time.
    async fn over(
        &self,
        request: &RequestRecord,
        question: Option<&Question>,
        relays: &Relays,
        deadline: Instant,
    ) -> Result<Option<Waited>, GateError> {
        let found = self.ledger().request(&request.id).await?;
        let found = found.ok_or_else(|| LedgerError::Unknown(request.id.clone()))?;
        if is_open(&found) && self.now() < found.expires_at {
            if found.round() != request.round() {
                return Ok(Some(Waited::Escalated(found)));
            }
            if let Some(question) = question {
                match self.next_round(&found, question).await {
                    Ok(Some(next)) => return Ok(Some(Waited::Escalated(next))),
                    // Another process ended it at this moment: it is looked at again.
                    Ok(None) | Err(GateError::Ledger(LedgerError::State(_))) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(self.ended(found, relays, deadline).await?.map(Waited::Ended))
    }

    async fn ended(
        &self,
        found: RequestRecord,
        relays: &Relays,
        deadline: Instant,
    ) -> Result<Option<Answered>, GateError> {
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
        tell_withdrawn(request, request, relays, why).await;
        self.witnessed_at_rest(request, relays).await
    }
}

fn left(now: Instant, deadline: Instant) -> Duration {
    Duration::from_millis(u64::try_from(deadline.0.saturating_sub(now.0)).unwrap_or(0))
}

/// How asking ended, as far as the state of the request tells.
#[must_use]
pub fn by_state(request: RequestRecord) -> Answered {
    // Answers that did not end it are kept where somebody took it back.
    let withdrawn = request.tally(&|_| true) != Tally::Lost;
    match request.state {
        State::Approved => Answered::Approved(request),
        State::Executed => Answered::Used(request),
        State::Denied if withdrawn => Answered::Withdrawn(request),
        State::Denied => Answered::Denied(request),
        State::Expired => Answered::Expired(request),
        State::Created | State::AwaitingDecision => Answered::Pending(request),
    }
}

/// Whether it can still be answered.
fn is_open(request: &RequestRecord) -> bool {
    matches!(request.state, State::Created | State::AwaitingDecision)
}

fn has_way(request: &RequestRecord, relays: &Relays) -> bool {
    let mut pairings = request.asked_now().filter_map(|asked| asked.pairing.as_ref());
    pairings.any(|pairing| relays.contains_key(pairing))
}

/// Tells the gateways that nobody of a round needs to answer any more, but for those who did, as
/// `now` knows. They may not hear it: the enforcer refuses what comes later in any case.
async fn tell_withdrawn(round: &RequestRecord, now: &RequestRecord, relays: &Relays, why: &str) {
    for asked in round.asked_now().filter(|asked| !now.has_answer_to(asked)) {
        if let Some(relay) = asked.pairing.as_ref().and_then(|p| relays.get(p)) {
            let id = &asked.artifact.head.request_id;
            let told = relay.client.withdraw(id, Some(why));
            let _ = tokio::time::timeout(BRIEFLY, told).await;
        }
    }
}
