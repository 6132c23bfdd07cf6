//! Everything stopped at once, and let go again by those who may.
//!
//! Stopping needs nobody's answer: the worst that it can cause is "no". Letting go again takes a
//! decision of the highest assurance that this home has ever had, as another key would.

use super::standing::still_stands;
use super::{Enforcer, GateError};
use crate::admission::not_admitted;
use crate::ask::Answered;
use crate::entry;
use crate::pairing::PairingError;
use crate::question::{Grounds, Question, Way};
use crate::witness::Contradicted::{Forked, Truncated};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::Context;
use countersign_core::freeze::{RECEIPT, THAW};
use countersign_core::receipt::course::FREEZE;
use countersign_core::receipt::{Entry, Event, PolicyNote, Receipt};
use countersign_core::request::State;
use countersign_store::ledger::{Frozen, LedgerError, RequestRecord, Thaw};
use serde_json::json;

/// How a stop ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Thawed {
    /// By the approval that was given for it.
    Now,
    /// Somebody else let go before.
    Before,
}

impl Enforcer {
    /// Who stopped everything; `None` where nobody did.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn frozen(&self) -> Result<Option<Frozen>, GateError> {
        Ok(self.ledger.frozen().await?)
    }

    /// The same, also where the stop of an approver's device still lies at a gateway that answers.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn frozen_anywhere(&self) -> Result<Option<Frozen>, GateError> {
        let _ = self.heed_everywhere().await;
        self.frozen().await
    }

    /// Stops everything at once: from its commit on nothing is claimed, permitted, released or
    /// granted, also nothing that is approved already. It stays recorded who did, in words.
    ///
    /// # Errors
    /// Where it cannot be written down.
    pub async fn freeze(&self, by: &str, why: Option<&str>) -> Result<Receipt, GateError> {
        let (by, why, now) = (by.to_owned(), why.map(str::to_owned), self.now());
        let frozen = Frozen { by, why, since: now.timestamp() };
        let mut members = vec![("change", "frozen"), ("by", frozen.by.as_str())];
        members.extend(frozen.why.as_deref().map(|why| ("why", why)));
        let entry = self.change(Event::Frozen, entry::note(FREEZE, &members))?;
        let receipt = self.ledger.freeze(frozen, entry, now).await?;
        self.remember_head().await?;
        self.tell_everywhere().await;
        Ok(receipt)
    }

    /// What must be allowed before a stop ends.
    ///
    /// # Errors
    /// As [`Enforcer::admitters`], and where nobody ever paired who could allow it.
    pub async fn thaw_question(
        &self,
        frozen: &Frozen,
        ttl_millis: i64,
    ) -> Result<Question, PairingError> {
        let nobody = || PairingError::NotAllowed("nobody is paired who could allow it".into());
        let to = self.admitters().await?.ok_or_else(nobody)?;
        Ok(question(frozen, self.stop_that_holds().await?, to, ttl_millis))
    }

    /// The number of the receipt of the stop that holds: what ends one stop ends no other, whatever
    /// the words beside the receipts are.
    async fn stop_that_holds(&self) -> Result<u64, PairingError> {
        let past = self.past().await?;
        let none = || PairingError::NotAllowed("no receipt says what holds: freeze again".into());
        past.stop().map(|receipt| receipt.content.seq).ok_or_else(none)
    }

    /// Ends a stop, once its question was approved. Several may ask for the end of one stop: they put
    /// the same question, and its answer is used once.
    ///
    /// # Errors
    /// Where it was not, those who allowed it may not any more, another stop holds by now, or it
    /// cannot be written down.
    pub async fn thaw(&self, frozen: &Frozen, answered: Answered) -> Result<Thawed, PairingError> {
        let request = match answered {
            Answered::Approved(_) | Answered::Used(_) if self.is_over(frozen).await? => {
                return Ok(Thawed::Before);
            }
            Answered::Approved(request) => request,
            other => return Err(not_admitted(other)),
        };
        match self.end(frozen, &request).await {
            Ok(()) => Ok(Thawed::Now),
            Err(lost) if is_lost(&lost) && self.is_over(frozen).await? => Ok(Thawed::Before),
            Err(error) => Err(error),
        }
    }

    /// Whether a stop ended, and nothing is stopped.
    ///
    /// # Errors
    /// [`LedgerError::Frozen`] where another one holds, or where the ledger was edited.
    async fn is_over(&self, frozen: &Frozen) -> Result<bool, GateError> {
        match self.past().await?.frozen() {
            None => Ok(true),
            Some(holds) if holds == frozen => Ok(false),
            Some(other) => Err(LedgerError::Frozen(Box::new(other.clone())).into()),
        }
    }

    async fn end(&self, frozen: &Frozen, request: &RequestRecord) -> Result<(), PairingError> {
        let action = question(frozen, self.stop_that_holds().await?, Vec::new(), 1_000).action;
        if request.key.action_hash != action.hash().map_err(GateError::from)? {
            let why = "the approval is for something else";
            return Err(PairingError::NotAllowed(why.into()));
        }
        self.is_enough(request).await?;
        // One that waits at a gateway is another stop than the one that may end.
        let _ = self.heed_everywhere().await;
        let (keys, now) = (self.keys_now().await?, self.now());
        let operator = self.operator_of(request).await?;
        let thaw = Thaw {
            frozen: frozen.clone(),
            request_id: request.id.clone(),
            now,
            recheck: Box::new(move |request| still_stands(&keys, request, operator.as_ref(), now)),
            released: self.entry_of(Event::Released, request).map_err(GateError::from)?,
            entry: self.thawed(request)?,
        };
        let thawed = self.ledger.thaw(thaw).await;
        self.unless_contradicted(&request.id, thawed).await.map_err(GateError::from)?;
        Ok(self.remember_head().await?)
    }

    fn thawed(&self, request: &RequestRecord) -> Result<Entry, GateError> {
        let members = [("change", "thawed"), ("request", request.id.as_str())];
        self.change(Event::Frozen, entry::note(FREEZE, &members))
    }

    /// Refuses a question while everything stands still, but for the one that lets go again, and any
    /// question of a ledger that was put back: it may have forgotten what was answered to this one.
    pub(super) async fn may_ask(&self, question: &Question) -> Result<(), GateError> {
        // A person is about to be asked, so a look at the gateways costs nothing that counts.
        if let Err(error) = self.looked_around().await {
            return Err(self.stopped(&question.action, question.grounds.note(), error).await);
        }
        let Some(frozen) = self.ledger.frozen().await? else { return Ok(()) };
        if is_thaw(question) {
            return Ok(());
        }
        let error = LedgerError::Frozen(Box::new(frozen));
        Err(self.stopped(&question.action, question.grounds.note(), error).await)
    }

    /// Records that an action was stopped by what the ledger says, or by what is said of it, where
    /// it was.
    pub(super) async fn stopped(
        &self,
        action: &Action,
        note: &PolicyNote,
        error: impl Into<GateError>,
    ) -> GateError {
        let error = error.into();
        let rule = match &error {
            GateError::Ledger(LedgerError::Frozen(_)) => "frozen",
            GateError::Ledger(LedgerError::Full { .. }) => "limits",
            GateError::Contradicted(Truncated { .. } | Forked { .. }) => "ledger",
            _ => return error,
        };
        let (mut note, display) = (note.clone(), error.to_string());
        (note.rule_id, note.display) = (rule.to_owned(), display);
        // It is refused whether or not this can be written.
        let _ = self.block(action, note).await;
        error
    }
}

/// Whether the end of a stop may have been refused because it ended, or another one came, in between.
fn is_lost(error: &PairingError) -> bool {
    use LedgerError::{State as Is, Void};
    match error {
        PairingError::NotAllowed(_) => true,
        PairingError::Gate(GateError::Ledger(Void { code, .. })) => code == "frozen",
        PairingError::Gate(GateError::Ledger(Is(state))) => *state == State::Executed,
        _ => false,
    }
}

/// The question about the stop of the receipt with a number.
fn question(frozen: &Frozen, stop: u64, to: Vec<Way>, ttl_millis: i64) -> Question {
    let action = THAW.to_owned();
    let parameters = json!({"by": frozen.by, "why": frozen.why.as_deref().unwrap_or_default(),
        "since": frozen.since, RECEIPT: stop});
    let notes = vec![
        frozen.to_string(),
        "allowing this lets actions run again, also those approved before it was frozen".into(),
    ];
    Question {
        action: Action::Request(Request { action, parameters, verb: None }),
        disclosures: Vec::new(),
        context: Context { notes, ..Context::default() },
        grounds: Grounds::fixed("thaw", "everything was stopped, and somebody lets go again")
            .of_admitters(&to),
        principal: "home".into(),
        session: "thaw".into(),
        workspace: "home".into(),
        ttl_millis,
        to,
    }
}

fn is_thaw(question: &Question) -> bool {
    let named = matches!(&question.action, Action::Request(request) if request.action == THAW);
    named && question.principal == "home"
}
