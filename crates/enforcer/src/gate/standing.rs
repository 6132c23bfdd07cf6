//! Whether a decision counts, when it arrives and once more when it is used.

use crate::home::{Home, HomeError};
use countersign_core::artifact::ArtifactHash;
use countersign_core::decision::Decision;
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_core::verify::{
    Approved, Check, DEFAULT_SKEW_MILLIS, Refusal, ReplayView, Subject, Vote, verify,
};
use countersign_store::ledger::{Asked, LedgerError, RequestRecord};

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

/// Whether an approval that was accepted is still one, under the keys of this moment.
pub(super) fn still_stands(
    home: &Home,
    request: &RequestRecord,
    operator: Option<&KeyId>,
    now: Instant,
) -> Result<(), LedgerError> {
    let void = |code: &str, message: String| LedgerError::Void { code: code.into(), message };
    let home_failed = |e: HomeError| void("home", e.to_string());
    let identity = home.identity().and_then(|i| i.ok_or(HomeError::NoOperator));
    let identity = identity.map_err(home_failed)?;
    if operator != Some(&identity.keys.key_id()) {
        return Err(void("HARP_ERR_POLICY_DENY", "another operator key asked for it".into()));
    }
    let trust = home.trust(&identity).map_err(home_failed)?;
    let mut votes = Vec::new();
    for accepted in request.accepted_now() {
        let decision = accepted.decision.clone();
        let hash = decision.artifact_hash;
        let asked = request.asked_now().find(|a| a.artifact.head.artifact_hash == hash);
        let asked = asked.ok_or_else(|| void("HARP_ERR_HASH_MISMATCH", "not asked".into()))?;
        let vote = judge(decision, asked, request, &trust, now);
        votes.push(vote.map_err(|e| void(e.code(), e.to_string()))?);
    }
    let approved = Approved::count(votes);
    approved.map(|_| ()).map_err(|_| void("HARP_ERR_POLICY_DENY", "not approved".into()))
}
