//! Whether a decision counts, when it arrives and once more when it is used.

use super::{Enforcer, GateError};
use crate::home::{Home, HomeError};
use crate::question::QuestionError;
use crate::remembered::Remembered;
use countersign_core::artifact::ArtifactHash;
use countersign_core::decision::Decision;
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_core::verify::{
    Approved, Check, DEFAULT_SKEW_MILLIS, Refusal, ReplayView, Subject, Vote, verify,
};
use countersign_store::ledger::{Asked, LedgerError, Proof, RequestRecord};

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

pub(super) fn proof(vote: Vote) -> Result<Proof, GateError> {
    if !vote.allows() {
        return Ok(match Approved::part(vote) {
            Ok(approved) => Proof::Approved(approved),
            Err(vote) => Proof::Denied(vote),
        });
    }
    let approved = Approved::count(vec![vote]);
    approved.map(Proof::Approved).map_err(|_| GateError::Question(QuestionError::Nobody))
}

/// Whether an approval that was accepted is still one, under the keys of this moment.
pub(super) fn still_stands(
    keys: &Keys,
    request: &RequestRecord,
    now: Instant,
) -> Result<(), LedgerError> {
    counted(&keys.trust()?, request, now)
}

/// Whether what people signed at `then` still holds: it was an approval then, and every key that
/// signed it counts now.
pub(super) fn still_signed(
    keys: &Keys,
    request: &RequestRecord,
    then: Instant,
    now: Instant,
) -> Result<(), LedgerError> {
    let trust = keys.trust()?;
    for accepted in &request.accepted {
        let id = &accepted.decision.signer_key_id;
        if !trust.approver(id).is_some_and(|signer| signer.status.counts(now)) {
            let refusal = Refusal::RevokedSigner(id.clone());
            return Err(void(refusal.code(), refusal.to_string()));
        }
    }
    counted(&trust, request, then)
}

fn counted(trust: &TrustStore, request: &RequestRecord, at: Instant) -> Result<(), LedgerError> {
    let mut votes = Vec::new();
    for accepted in &request.accepted {
        let decision = accepted.decision.clone();
        let hash = decision.artifact_hash;
        let asked = request.asked.iter().find(|a| a.artifact.head.artifact_hash == hash);
        let asked = asked.ok_or_else(|| void("HARP_ERR_HASH_MISMATCH", "not asked".into()))?;
        let vote = judge(decision, asked, request, trust, at);
        votes.push(vote.map_err(|e| void(e.code(), e.to_string()))?);
    }
    // What of it is approved is for the claim to say: it names the items.
    let approved = Approved::count(votes).or_else(|mut votes| match (votes.pop(), votes.len()) {
        (Some(one), 0) => Approved::part(one).map_err(|_| ()),
        _ => Err(()),
    });
    approved.map(|_| ()).map_err(|()| void("HARP_ERR_POLICY_DENY", "not approved".into()))
}

impl Keys {
    fn trust(&self) -> Result<TrustStore, LedgerError> {
        let failed = |e: HomeError| void("home", e.to_string());
        let identity = self.home.identity().and_then(|i| i.ok_or(HomeError::NoOperator));
        let trust = self.home.trust(&identity.map_err(failed)?).map_err(failed)?;
        Ok(self.remembered.over(trust))
    }
}

impl Enforcer {
    /// The keys by which an approval is judged when it is used, with what the ledger says of them
    /// now.
    pub(super) async fn keys_now(&self) -> Result<Keys, GateError> {
        let remembered = self.look_back().await?;
        Ok(Keys { home: self.home.clone(), remembered })
    }
}

fn void(code: &str, message: String) -> LedgerError {
    LedgerError::Void { code: code.into(), message }
}
