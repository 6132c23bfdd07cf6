//! Whether a decision counts, when it arrives and once more when it is used.

use super::{Enforcer, GateError};
use crate::home::{Home, HomeError};
use crate::policy::recheck::Judge;
use crate::remembered::Remembered;
use countersign_core::artifact::ArtifactHash;
use countersign_core::decision::Decision;
use countersign_core::keys::KeyId;
use countersign_core::tally::Tally;
use countersign_core::time::Instant;
use countersign_core::trust::{Approver, TrustStore};
use countersign_core::verify::{
    Approved, Check, DEFAULT_SKEW_MILLIS, Refusal, ReplayView, Subject, Vote, verify,
};
use countersign_store::ledger::{Asked, LedgerError, RequestRecord};
use std::sync::Arc;

/// The pinned keys, read when they are used, and what the ledger says became of them.
#[derive(Clone)]
pub(super) struct Keys {
    home: Home,
    remembered: Remembered,
}

/// The store spends decisions in the same commit that accepts them; this view leaves it to it.
struct SpentByTheStore;

impl ReplayView for SpentByTheStore {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }
    fn nonce_spent(&self, _: &str, _: &KeyId) -> bool {
        false
    }
}

/// Checks a decision about a request of this enforcer's.
pub(super) fn judge(
    decision: Decision,
    asked: &Asked,
    request: &RequestRecord,
    trust: &TrustStore,
    now: Instant,
) -> Result<Vote, Refusal> {
    let check = Check {
        subject: &Subject::of(&asked.artifact)?,
        trust,
        session: Some(&request.key.session),
        now,
        skew_millis: DEFAULT_SKEW_MILLIS,
        replay: &SpentByTheStore,
    };
    verify(decision, &check)
}

/// Which stored answers count at one moment: a key that was taken back takes its answer along, and
/// a yes whose time is over is none any more.
///
/// What is left out here stands in no receipt either, so that every receipt proves what it says.
#[derive(Clone)]
pub(crate) struct Counting {
    trust: Arc<TrustStore>,
    /// When the keys are looked at; the latest moment, whatever the answers are judged at.
    now: Instant,
    /// When the answers must be alive.
    at: Instant,
}

impl Counting {
    /// Answers at this moment, under these keys.
    pub(crate) fn new(trust: Arc<TrustStore>, now: Instant) -> Self {
        Self { trust, now, at: now }
    }

    /// Answers as they were alive at `then`, by keys that count now as well.
    pub(crate) fn since(self, then: Instant) -> Self {
        Self { at: then, ..self }
    }

    /// Whether a stored answer to the round that is asked now counts.
    pub(crate) fn counts(&self, request: &RequestRecord, decision: &Decision) -> bool {
        is_counted(request, decision, &self.judged(request, decision))
    }

    /// The answers of this round that count.
    pub(crate) fn decisions(&self, request: &RequestRecord) -> Vec<Decision> {
        let answers = request.accepted_now().map(|accepted| &accepted.decision);
        answers.filter(|decision| self.counts(request, decision)).cloned().collect()
    }

    fn judged(&self, request: &RequestRecord, decision: &Decision) -> Result<Vote, Refusal> {
        let hash = decision.artifact_hash;
        let asked = request.asked_now().find(|asked| asked.artifact.head.artifact_hash == hash);
        let asked = asked.ok_or(Refusal::HashMismatch)?;
        let id = &decision.signer_key_id;
        let active = |signer: &Approver| signer.status.counts(self.now);
        if !self.trust.approver(id).is_none_or(active) {
            return Err(Refusal::RevokedSigner(id.clone()));
        }
        judge(decision.clone(), asked, request, &self.trust, self.at)
    }

    /// Demands that the answers which count are an approval, counted as the ledger counts.
    ///
    /// # Errors
    /// [`LedgerError::Void`], with what keeps the first one from counting.
    fn approve(&self, request: &RequestRecord) -> Result<(), LedgerError> {
        let answers = request.accepted_now().map(|accepted| &accepted.decision);
        let judged = answers.map(|decision| (decision, self.judged(request, decision)));
        let judged: Vec<_> = judged.collect();
        let counts = |stored: &Decision| {
            let mut same = judged.iter().filter(|(decision, _)| *decision == stored);
            same.any(|(decision, judged)| is_counted(request, decision, judged))
        };
        let met = request.tally(&counts) == Tally::Met;
        let judged = judged.into_iter().map(|(_, judged)| judged);
        let (votes, refused): (Vec<_>, Vec<_>) = judged.partition(Result::is_ok);
        let votes = votes.into_iter().flatten().collect();
        if met && proven(votes).is_some() {
            return Ok(());
        }
        Err(match refused.into_iter().find_map(Result::err) {
            Some(refusal) => void(refusal.code(), refusal.to_string()),
            None => void("HARP_ERR_POLICY_DENY", "not approved".into()),
        })
    }
}

/// Whether an answer counts of which that was found.
fn is_counted(
    request: &RequestRecord,
    decision: &Decision,
    judged: &Result<Vote, Refusal>,
) -> bool {
    match judged {
        Ok(_) => true,
        // A no is one also where it is late.
        Err(Refusal::DecisionExpired(_) | Refusal::ArtifactExpired(_)) => !request.is_yes(decision),
        Err(_) => false,
    }
}

/// The proof that votes are enough, of the whole or, by one person, of some items of a batch. What
/// of it is approved is for the claim to say: it names the items.
fn proven(votes: Vec<Vote>) -> Option<Approved> {
    Approved::count(votes)
        .or_else(|mut votes| match (votes.pop(), votes.len()) {
            (Some(one), 0) => Approved::part(one).map_err(|_| ()),
            _ => Err(()),
        })
        .ok()
}

/// Whether an approval that was accepted is still one, under the keys of this moment and the
/// operator key under which it was asked.
pub(super) fn still_stands(
    keys: &Keys,
    request: &RequestRecord,
    operator: Option<&KeyId>,
    now: Instant,
) -> Result<(), LedgerError> {
    let (ours, trust) = keys.read()?;
    if operator != Some(&ours) {
        return Err(void("HARP_ERR_POLICY_DENY", "another operator key asked for it".into()));
    }
    Counting::new(Arc::new(trust), now).approve(request)
}

/// Whether what people signed still holds: those who signed it and whose keys count now are as many
/// as its route asks for, and their answers were alive at `then`.
pub(super) fn still_signed(
    keys: &Keys,
    request: &RequestRecord,
    then: Instant,
    now: Instant,
) -> Result<(), LedgerError> {
    let (_, trust) = keys.read()?;
    Counting::new(Arc::new(trust), now).since(then).approve(request)
}

impl Keys {
    /// The operator key of the home, and the keys that it pinned.
    fn read(&self) -> Result<(KeyId, TrustStore), LedgerError> {
        let failed = |e: HomeError| void("home", e.to_string());
        let identity = self.home.identity().and_then(|i| i.ok_or(HomeError::NoOperator));
        let identity = identity.map_err(failed)?;
        let trust = self.home.trust(&identity).map_err(failed)?;
        Ok((identity.keys.key_id(), self.remembered.over(trust)))
    }
}

impl Enforcer {
    /// The keys by which an approval is judged when it is used, with what the ledger says of them
    /// now.
    pub(super) async fn keys_now(&self) -> Result<Keys, GateError> {
        Ok(Keys { home: self.home.clone(), remembered: self.look_back().await? })
    }

    /// The same with the policies, both by what the ledger says at one moment.
    pub(super) async fn judged_now(&self) -> Result<(Keys, Judge), GateError> {
        let past = self.past().await?;
        let keys = Keys { home: self.home.clone(), remembered: self.learned(&past) };
        Ok((keys, Judge::of(self, &past)?))
    }
}

fn void(code: &str, message: String) -> LedgerError {
    LedgerError::Void { code: code.into(), message }
}
