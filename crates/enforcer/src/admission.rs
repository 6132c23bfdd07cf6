//! Whether a key that arrived unchanged is pinned (PROTOCOL §8).
//!
//! The first pairing of a home is its bootstrap. Every later one needs a decision of a pinned
//! approver of the highest assurance that the home has ever had: whoever controls the agent's
//! machine could else pin a key of its own, after it took the stronger ones back.

use crate::amendment::mixes_names;
use crate::ask::{Answered, Relays, Report};
use crate::entry;
use crate::floor;
use crate::gate::{Enforcer, GateError, RunOnce};
use crate::home::HomeError;
use crate::pairing::{Candidate, PairingError};
use crate::question::{Question, Way};
use crate::remembered::change;
use countersign_core::action::ActionHash;
use countersign_core::artifact::Assurance;
use countersign_core::receipt::{Entry, Event, Outcome};
use countersign_core::trust::Approver;
use countersign_store::ledger::{Change, ClaimRecord, RequestRecord};

/// Why an answer admits nothing.
pub(crate) fn not_admitted(answered: Answered) -> PairingError {
    let why = match answered {
        Answered::Expired(_) | Answered::Pending(_) => return PairingError::NotInTime,
        Answered::Denied(_) => "denied".to_owned(),
        Answered::Withdrawn(_) => "withdrawn".to_owned(),
        Answered::Unverified(_, refusal) => refusal.to_string(),
        Answered::NoRoute(_, why) => return PairingError::NoRoute(why),
        Answered::Used(_) | Answered::Approved(_) => "its approval was used before".to_owned(),
    };
    PairingError::NotAllowed(why)
}

impl Enforcer {
    /// Pins a candidate: at once in a new home, else after a decision of one of the
    /// [`Enforcer::admitters`].
    ///
    /// # Errors
    /// Where they do not allow it, or it cannot be written down.
    pub async fn admit(
        &self,
        candidate: Candidate,
        relays: &Relays,
        ttl_millis: i64,
        report: Report<'_>,
    ) -> Result<(), PairingError> {
        let Some(question) = self.admission(&candidate, ttl_millis).await? else {
            return self.pin(&candidate, true).await;
        };
        let answered = self.ask(&question, relays, report).await?;
        self.admit_answered(candidate, answered, relays).await
    }

    /// What one of the [`Enforcer::admitters`] must allow before a candidate is pinned; `None` in
    /// a new home.
    ///
    /// # Errors
    /// As [`Enforcer::admitters`].
    pub async fn admission(
        &self,
        candidate: &Candidate,
        ttl_millis: i64,
    ) -> Result<Option<Question>, PairingError> {
        if mixes_names(&self.trust()?, &candidate.approver) {
            let why = "the name is another person's, whom policies may name";
            return Err(PairingError::NotAllowed(why.into()));
        }
        Ok(self.admitters().await?.map(|to| candidate.question(to, ttl_millis)))
    }

    /// The ways to those who may allow another approver: whoever has the highest assurance that
    /// this home ever pinned. `None` in a new home, whose first pairing is its bootstrap.
    ///
    /// # Errors
    /// Where nobody is left, the home cannot be read, or it lost its keys and is not new.
    pub async fn admitters(&self) -> Result<Option<Vec<Way>>, PairingError> {
        let Some(floor) = self.floor().await? else {
            self.is_new().await?;
            return Ok(None);
        };
        let mut ways = self.ways()?;
        ways.retain(|way| way.approver.reach() >= floor);
        if ways.is_empty() { Err(PairingError::NobodyLeft(floor)) } else { Ok(Some(ways)) }
    }

    /// Whether nobody would be left, without this pairing, who may allow the next change of keys.
    ///
    /// # Errors
    /// Where the home cannot be read.
    pub async fn is_last(&self, name: &str) -> Result<bool, PairingError> {
        let floor = self.floor().await?;
        let mut ways = self.home().pairings()?;
        ways.retain(|way| way.name != name);
        Ok(floor::kept(floor, &self.trust()?, &ways).is_err())
    }

    /// The [`floor`] of this home.
    pub(crate) async fn floor(&self) -> Result<Option<Assurance>, GateError> {
        let remembered = self.look_back().await?;
        Ok(floor::of(&self.trust()?, &remembered))
    }

    /// Demands that a home which has pinned nobody is new: that nothing else knows of earlier keys.
    ///
    /// # Errors
    /// [`HomeError::NotNew`], or where the home cannot be read.
    pub async fn knows_its_keys(&self) -> Result<(), PairingError> {
        if self.trust()?.approvers.is_empty() { self.is_new().await } else { Ok(()) }
    }

    async fn is_new(&self) -> Result<(), PairingError> {
        // A policy may be accepted, and what it allows may run, before anybody was pinned.
        let past = self.past().await?;
        let because = match past.of(&[Change::Key]).next() {
            Some(receipt) => format!("receipt {} says who was pinned", receipt.content.seq),
            None if !self.home().pairings()?.is_empty() => "it has pairings".to_owned(),
            None => return Ok(()),
        };
        let trust = self.home().trust_path();
        Err(HomeError::NotNew { trust, because }.into())
    }

    /// Pins a candidate once its [`Enforcer::admission`] was approved.
    ///
    /// # Errors
    /// Where it was not, or it cannot be written down.
    pub async fn admit_answered(
        &self,
        candidate: Candidate,
        answered: Answered,
        relays: &Relays,
    ) -> Result<(), PairingError> {
        let hash = candidate.action().hash().map_err(GateError::from)?;
        let permit = self.admitted(answered, hash, relays).await?;
        let pinned = self.pin(&candidate, false).await;
        self.change_made(permit, pinned).await
    }

    /// The right to change who may do what once, where those who may allow it did.
    ///
    /// # Errors
    /// Where they did not.
    pub(crate) async fn admitted(
        &self,
        answered: Answered,
        action: ActionHash,
        relays: &Relays,
    ) -> Result<RunOnce, PairingError> {
        match answered {
            // The claim's request is compared: an approval of something else admits nothing.
            Answered::Approved(request) => {
                if request.key.action_hash != action {
                    let why = "the approval is for something else";
                    return Err(PairingError::NotAllowed(why.into()));
                }
                self.is_enough(&request).await?;
                Ok(self.claim(&request, relays).await?)
            }
            other => Err(not_admitted(other)),
        }
    }

    /// Whether those who allowed it still may: a stronger approver may have come meanwhile.
    pub(crate) async fn is_enough(&self, request: &RequestRecord) -> Result<(), PairingError> {
        let floor = self.floor().await?;
        let trust = self.trust()?;
        let enough = request.accepted.iter().all(|accepted| {
            let signer = trust.approver(&accepted.decision.signer_key_id);
            signer.is_some_and(|signer| Some(signer.assurance_of(&accepted.decision)) >= floor)
        });
        if enough && floor.is_some() {
            return Ok(());
        }
        let why = "a stronger approver was pinned meanwhile, and must allow it";
        Err(PairingError::NotAllowed(why.into()))
    }

    /// Ends the claim of a change with what came of it. Where its receipts could not be taken back it
    /// stays open, and is made when the home is next opened.
    pub(crate) async fn change_made<T>(
        &self,
        permit: RunOnce,
        changed: Result<T, PairingError>,
    ) -> Result<T, PairingError> {
        if !matches!(changed, Err(PairingError::Gate(GateError::Unrecorded(_)))) {
            let RunOnce { claim, frame, .. } = permit;
            let error = changed.as_ref().err().map(ToString::to_string);
            self.change_ended(&claim, frame, error).await?;
        }
        changed
    }

    pub(crate) async fn change_ended(
        &self,
        claim: &ClaimRecord,
        frame: Entry,
        error: Option<String>,
    ) -> Result<(), GateError> {
        let event = if error.is_none() { Event::Executed } else { Event::Failed };
        let outcome = Outcome {
            claimed_at: claim.claimed_at.timestamp(),
            ended_at: Some(self.now().max(claim.claimed_at).timestamp()),
            exit_code: None,
            signal: None,
            error,
            stdout: None,
            stderr: None,
        };
        self.finish(claim, entry::ended(entry::as_event(frame, event), None, outcome)).await?;
        Ok(())
    }

    async fn pin(&self, candidate: &Candidate, bootstrap: bool) -> Result<(), PairingError> {
        let Candidate { pairing, approver } = candidate;
        self.home().free_name(&pairing.name)?;
        let members = candidate.members().map_err(GateError::from)?;
        let members: Vec<_> = members.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let since = self.newest_seq().await?;
        // Recorded first: a key that counts is never one that the ledger does not know of.
        let pinned = match self.record_key(Event::Key, &members).await {
            Ok(_) => self.home().pin(self.identity(), approver.clone(), pairing, bootstrap),
            Err(error) => {
                self.unpin(approver, since).await?;
                return Err(error.into());
            }
        };
        if pinned.is_err() {
            self.unpin(approver, since).await?;
        }
        Ok(pinned?)
    }

    /// Takes back what was told of a key that was not pinned.
    async fn unpin(&self, approver: &Approver, since: u64) -> Result<(), GateError> {
        let unsaid = async {
            if self.told_since(since).await?.says(&approver.key_id, change::PINNED) {
                let members = [("change", change::NOT_PINNED), ("keyId", &approver.key_id.0)];
                self.record_key(Event::Key, &members).await?;
            }
            Ok(())
        };
        unsaid.await.map_err(|error: GateError| GateError::Unrecorded(Box::new(error)))
    }
}
