//! A change of who may answer that a crash cut off between its receipts and the trust store.
//!
//! What the receipts say raises the floor of the home at once, so half of a change could leave nobody
//! who reaches it. The claim is then still open, its owner is gone, and what was allowed stands whole
//! in its request: so it is made, once, when the home is next opened. Where files of the home are not
//! as they were it waits for them: taken back, it would let the floor sink on the word of a file that
//! somebody may have put there. Only what would leave nobody is taken back, as without the crash.

use crate::amendment::{AmendError, Amendment};
use crate::entry;
use crate::floor;
use crate::gate::{Enforcer, GateError};
use crate::home::{HomeError, Pairing};
use crate::pairing::{Candidate, PairingError};
use crate::remembered::{Remembered, change};
use countersign_core::action::{Action, Request};
use countersign_core::keys::KeyId;
use countersign_core::receipt::{Event, Receipt};
use countersign_core::trust::TrustStore;
use countersign_store::ledger::{Change, ClaimRecord, LedgerError, Proven, RequestRecord};
use serde_json::{Map, Value};

/// The change of who may answer that a request asks for, by the name of its action.
#[must_use]
pub fn named(request: &RequestRecord) -> Option<String> {
    let payload = request.asked.first()?.artifact.payload.clone();
    let Some(Action::Request(asked)) = Action::from_payload(&Value::Object(payload)) else {
        return None;
    };
    let ours = asked.action == Candidate::ACTION || Amendment::is_asked_by(&asked.action);
    ours.then_some(asked.action)
}

/// What receipts say of keys, oldest first.
#[derive(Default)]
pub(crate) struct Told(Vec<Map<String, Value>>);

/// How a change that was cut off goes on.
enum Half {
    Pinned(Box<Candidate>),
    Amended(Box<Amendment>),
}

impl Told {
    /// What was said after a receipt.
    fn since(past: &Proven, seq: u64) -> Self {
        let later = past.of(&[Change::Key]).filter(|receipt| receipt.content.seq > seq);
        Self(later.filter_map(|receipt| receipt.content.entry.action.clone()).collect())
    }

    /// The newest word about a key, and what it says happened.
    pub(crate) fn newest(&self, key: &KeyId) -> Option<(&Map<String, Value>, &str)> {
        let of =
            |said: &&Map<String, Value>| said.get("keyId").and_then(Value::as_str) == Some(&key.0);
        let said = self.0.iter().rfind(of)?;
        Some((said, said.get("change")?.as_str()?))
    }

    /// Whether the newest word about a key holds all of this.
    pub(crate) fn holds(&self, key: &KeyId, members: &[(&str, String)]) -> bool {
        let is = |said: &Map<String, Value>, (name, text): &(&str, String)| {
            said.get(*name).and_then(Value::as_str) == Some(text)
        };
        self.newest(key).is_some_and(|(said, _)| members.iter().all(|member| is(said, member)))
    }

    /// Whether the newest word about a key is this change.
    pub(crate) fn says(&self, key: &KeyId, what: &str) -> bool {
        self.newest(key).is_some_and(|(_, newest)| newest == what)
    }

    /// Whether a change of the key was taken back.
    pub(crate) fn unsays(&self, key: &KeyId) -> bool {
        self.says(key, change::NOT_PINNED) || self.says(key, change::NOT_ENDED)
    }
}

impl Enforcer {
    /// What is said of keys after the receipt of this number.
    pub(crate) async fn told_since(&self, seq: u64) -> Result<Told, GateError> {
        Ok(Told::since(&self.past().await?, seq))
    }

    /// The number of the newest receipt.
    pub(crate) async fn newest_seq(&self) -> Result<u64, GateError> {
        let newest = self.ledger().newest().await.map_err(LedgerError::from)?;
        Ok(newest.map_or(0, |(seq, _)| seq))
    }

    /// Makes what was left half made under a claim whose owner is gone, and ends the claim. `false`
    /// where it is about something else, had not begun, or was not rightly allowed; a home that is
    /// not whole, or cannot be written to, keeps it for the next time.
    pub(crate) async fn made_whole(
        &self,
        claim: &ClaimRecord,
        request: &RequestRecord,
        receipts: &[Receipt],
    ) -> Result<bool, GateError> {
        let claimed = |receipt: &&Receipt| receipt.content.entry.event == Event::Released;
        let Some(claimed) = receipts.iter().rfind(claimed) else { return Ok(false) };
        let past = self.past().await?;
        let told = Told::since(&past, claimed.content.seq);
        let (pinned, ways) = (self.home().trust(self.identity())?, self.home().pairings()?);
        let is_whole = !pinned.approvers.is_empty() && !ways.is_empty();
        let Some(half) = Half::of(request, &told, ways) else { return Ok(false) };
        if !is_whole {
            return Ok(true);
        }
        let before = Remembered::before(&past, claimed.content.seq);
        if !half.is_in(&pinned) && !was_enough(request, &before.over(pinned), &before) {
            return Ok(false);
        }
        let made = match half {
            Half::Pinned(candidate) => self.pin_on(&candidate),
            Half::Amended(amendment) => {
                self.amend_on(&amendment, (&told, claimed.content.seq)).await
            }
        };
        match made {
            // The records are not as they were shown: they may be yet, where a file is put right.
            Err(PairingError::Home(HomeError::File(_) | HomeError::Amend(AmendError::Changed))) => {
                return Ok(true);
            }
            Err(PairingError::Gate(error)) => return Err(error),
            Err(PairingError::NotAllowed(_)) | Ok(()) => {}
            Err(_) => return Ok(false),
        }
        let frame = entry::as_event(claimed.content.entry.clone(), Event::Executed);
        match self.change_ended(claim, frame, made.err().map(|e| e.to_string())).await {
            // Another process found the same claim.
            Err(GateError::Ledger(LedgerError::Ended(_))) => Ok(true),
            ended => ended.map(|()| true),
        }
    }

    fn pin_on(&self, candidate: &Candidate) -> Result<(), PairingError> {
        let Candidate { pairing, approver } = candidate;
        if self.home().trust(self.identity())?.approver(&approver.key_id).is_none() {
            self.home().pin(self.identity(), approver.clone(), pairing, false)?;
        }
        Ok(())
    }

    /// `told` is what was said after the receipt `since`.
    async fn amend_on(
        &self,
        amendment: &Amendment,
        (told, since): (&Told, u64),
    ) -> Result<(), PairingError> {
        if amendment.edits().iter().any(|edit| told.unsays(&edit.after.key_id)) {
            self.untell(amendment, told).await?;
            return Err(PairingError::NotAllowed("it was taken back before it was made".into()));
        }
        self.tell(amendment, told).await?;
        if amendment.is_in(&self.home().trust(self.identity())?) {
            return Ok(self.home().lead(amendment)?);
        }
        match self.make(amendment, false).await {
            // As it would have ended without the crash: what was told of it is taken back.
            Err(PairingError::Home(HomeError::Amend(why @ AmendError::NobodyLeft(_)))) => {
                let told = Told::since(&self.past().await?, since);
                self.untell(amendment, &told).await?;
                Err(PairingError::NotAllowed(why.to_string()))
            }
            made => made,
        }
    }
}

/// Whether those who allowed it reached the floor that was demanded then.
fn was_enough(request: &RequestRecord, trust: &TrustStore, before: &Remembered) -> bool {
    let floor = floor::of(trust, before);
    let asked = request.route().is_some_and(|route| Some(route.min_assurance) >= floor);
    let reached = request.accepted.iter().all(|one| {
        let signer = trust.approver(&one.decision.signer_key_id);
        signer.is_some_and(|signer| Some(signer.assurance_of(&one.decision)) >= floor)
    });
    asked && reached && floor.is_some()
}

impl Half {
    /// Whether the trust store has it already.
    fn is_in(&self, trust: &TrustStore) -> bool {
        match self {
            Self::Pinned(candidate) => trust.approver(&candidate.approver.key_id).is_some(),
            Self::Amended(amendment) => amendment.is_in(trust),
        }
    }

    /// `None` where the request is none of ours, or no receipt tells of it.
    fn of(request: &RequestRecord, told: &Told, ways: Vec<Pairing>) -> Option<Self> {
        if request.strange().is_some() {
            return None;
        }
        let payload = request.asked.first()?.artifact.payload.clone();
        let action = Action::from_payload(&Value::Object(payload))?;
        let Action::Request(Request { action: name, parameters, .. }) = &action else {
            return None;
        };
        if name == Candidate::ACTION {
            let key = serde_json::from_value(parameters.get("keyId")?.clone()).ok()?;
            let (said, what) = told.newest(&key)?;
            let candidate = Candidate::told(said).filter(|_| what == change::PINNED)?;
            return (candidate.action() == action).then(|| Self::Pinned(Box::new(candidate)));
        }
        let amendment = Amendment::read(name, parameters, ways)?;
        (amendment.is_begun(told) && amendment.action() == action)
            .then(|| Self::Amended(Box::new(amendment)))
    }
}
