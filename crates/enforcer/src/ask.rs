//! Puts a question to its approvers through their gateways, and waits for the answer.
//!
//! Nothing polls: the wait is a request that the gateway holds open. What the gateway says about
//! a request is a hint; only a verified decision ends it.
//!
//! # Rooms, in the order in which a question passes through
//! * `rounds`: one round after the other. `queue`: a place among what waits already.
//! * `submit`: the artifacts sent, again where a gateway is away. `seal`: one of them for its device.
//! * `hear`: a round heard until it is over. `listen`: the requests that gateways hold open.
//!   `take`: what they deliver. `over`: what else ends a round.
//! * `outcome`: how asking ended. `tell`: who need not answer any more. `notes`: how far the others
//!   are.
//! * `follow`: the same for somebody who does not wait from the beginning to the end. `rarely`: the
//!   same trouble is told once.

mod follow;
mod hear;
mod listen;
mod notes;
mod outcome;
mod over;
mod queue;
mod rarely;
mod rounds;
mod seal;
mod submit;
mod take;
mod tell;

use crate::gate::{Enforcer, GateError};
use crate::question::Question;
use countersign_client::Client;
use countersign_core::time::Instant;
use countersign_core::verify::Refusal;
use countersign_store::ledger::{Asked, Ending, RequestRecord, Suspended};
use rarely::Rarely;
use std::collections::BTreeMap;
use std::time::Duration;

pub use outcome::{Answered, by_state};

/// How long a gateway has to hear that something is over.
pub(crate) const BRIEFLY: Duration = Duration::from_secs(2);

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

/// How long asking may take.
#[derive(Clone, Copy)]
struct Deadline {
    /// What the question gives.
    whole: Instant,
    /// What the caller has.
    patience: Option<Instant>,
}

/// One caller's asking: through which gateways, for how long, and who hears how it goes.
#[derive(Clone, Copy)]
struct Asking<'a> {
    enforcer: &'a Enforcer,
    relays: &'a Relays,
    deadline: Instant,
    report: Report<'a>,
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
        let again = again(question, whole.0.saturating_sub(self.now().0));
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
        let deadline = deadline.of(&request, joined);
        Asking { enforcer: self, relays, deadline, report }.rounds(request, question).await
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
}

impl Deadline {
    /// Until when this caller waits for a request.
    fn of(self, request: &RequestRecord, joined: bool) -> Instant {
        // A request of our own was written down a moment after this call began, and ends as much
        // later: who opened it sees it expire, and leaves nothing waiting.
        let whole = if joined { self.whole } else { request.expires_at };
        self.patience.map_or(whole, |patience| patience.min(whole))
    }
}

/// The same question in what is left of its time.
fn again(question: &Question, left_millis: i64) -> Question {
    let mut again = question.clone();
    again.ttl_millis = left_millis.max(1_000);
    // What is left of the time is theirs; they may still hand it on.
    again.grounds.quorum.timed = false;
    again
}

/// The gateway through which somebody is asked; `None` where none is known.
fn way<'a>(asked: &Asked, relays: &'a Relays) -> Option<&'a Relay> {
    asked.pairing.as_ref().and_then(|pairing| relays.get(pairing))
}

fn left(now: Instant, deadline: Instant) -> Duration {
    Duration::from_millis(u64::try_from(deadline.0.saturating_sub(now.0)).unwrap_or(0))
}
