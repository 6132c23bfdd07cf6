//! What it costs to check one decision: everything that stands between a message and a vote.

use super::ground::Ground;
use super::limit::verifications;
use super::row::{Better, Row};
use super::samples::{median, per_second};
use super::{Effort, failed, gate};
use crate::failure::Failure;
use crate::parties;
use countersign_core::artifact::{Artifact, ArtifactHash, Assurance, Context, Scope};
use countersign_core::decision::{Choice, Decision, Word};
use countersign_core::encoding::Fixed;
use countersign_core::keys::{KeyId, SecretKeys};
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_core::verify::{Check, DEFAULT_SKEW_MILLIS, ReplayView, Subject, verify};
use countersign_enforcer::home::{self, Pairing};
use countersign_enforcer::{Edge, Enforcer, Grounds, Question, Way};
use countersign_store::ledger::Suspended;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};
use tokio::task::spawn_blocking;

pub(super) const ROWS: &[&str] = &["verify-rate"];

/// Decisions about one artifact, whose hash and terms are worked out once for all of them.
const TOGETHER: usize = 8;

/// A round has one decision for so many microseconds of its time.
const EACH: u128 = 40;

pub(super) async fn measure(ground: &Ground, effort: Effort) -> Result<Vec<Row>, Failure> {
    let case = Case::make(ground, "verification").await?;
    let (mut whole, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        whole.push(case.clone().round(effort.slice / 2).await?);
        bare.push(verifications(effort.slice / 2).await?);
    }
    Ok(vec![Row {
        name: "verify-rate",
        value: median(&whole),
        unit: "per s",
        better: Better::Higher,
        limit: median(&bare),
        against: "bare strict Ed25519 on one core".into(),
        budget: Some(25_000.0),
    }])
}

/// A question as an enforcer puts it, and its answer.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) enforcer: Arc<Enforcer>,
    artifact: Artifact,
    session: String,
    pub(super) trust: TrustStore,
    pub(super) decision: Decision,
    keys: Arc<SecretKeys>,
    now: Instant,
}

/// One more yes to an artifact.
fn allow(artifact: &Artifact, keys: &SecretKeys, edge: &Edge) -> Result<Decision, Failure> {
    let choice = Choice {
        word: Word::Allow,
        scope: Scope::Once,
        expires_at: artifact.head.expires_at.clone(),
        nonce: Fixed(edge.random().map_err(failed)?),
        hints: None,
    };
    Decision::sign(artifact, choice, keys).map_err(failed)
}

impl Case {
    pub(super) async fn make(ground: &Ground, name: &str) -> Result<Self, Failure> {
        let edge = Edge::system();
        let enforcer = parties::enforcer(&ground.path(name)).await?;
        let keys = SecretKeys::from_bytes(&edge.random().map_err(failed)?).map_err(failed)?;
        let way = pin(&enforcer, &keys, &edge)?;
        let request = match enforcer.suspend(&question(0, vec![way])).await? {
            Suspended::Opened(request) => request,
            _ => return Err(failed("the question was put before")),
        };
        let session = request.key.session.clone();
        let asked = request.asked.into_iter().next();
        let artifact = asked.ok_or_else(|| failed("nobody was asked"))?.artifact;
        let decision = allow(&artifact, &keys, &edge)?;
        let (trust, now) = (enforcer.trust()?, edge.now());
        let (enforcer, keys) = (Arc::new(enforcer), Arc::new(keys));
        Ok(Self { enforcer, artifact, session, trust, decision, keys, now })
    }

    /// Decisions that nobody saw before, checked in a second.
    async fn round(self, slice: Duration) -> Result<f64, Failure> {
        let groups = usize::try_from(slice.as_micros() / EACH).unwrap_or(1) / TOGETHER + 1;
        let edge = self.enforcer.edge().clone();
        let fresh = (0..groups * TOGETHER).map(|_| allow(&self.artifact, &self.keys, &edge));
        let fresh = fresh.collect::<Result<Vec<_>, _>>()?;
        let check = move || {
            let (began, count) = (Moment::now(), fresh.len());
            if !fresh.chunks(TOGETHER).all(|together| self.holds(together)) {
                return Err(failed("a decision does not hold"));
            }
            Ok(per_second(count, began.elapsed()))
        };
        spawn_blocking(check).await.map_err(failed)?
    }

    /// Whether each of these decisions about the one artifact holds.
    fn holds(&self, together: &[Decision]) -> bool {
        let Ok(subject) = Subject::of(&self.artifact) else { return false };
        let check = Check {
            subject: &subject,
            trust: &self.trust,
            session: Some(&self.session),
            now: self.now,
            skew_millis: DEFAULT_SKEW_MILLIS,
            replay: &Unused,
        };
        together.iter().all(|one| verify(one.clone(), &check).is_ok_and(|vote| vote.allows()))
    }
}

/// Replay is the ledger's business, and measured with it.
struct Unused;

impl ReplayView for Unused {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }
    fn nonce_spent(&self, _: &str, _: &KeyId) -> bool {
        false
    }
}

pub(super) fn pin(enforcer: &Enforcer, keys: &SecretKeys, edge: &Edge) -> Result<Way, Failure> {
    let pairing = Pairing {
        name: "bench".into(),
        pair_id: "bench".into(),
        relay: None,
        approver_id: "app_bench".into(),
        key_id: keys.key_id(),
        paired_at: edge.now().timestamp(),
        witnessed: false,
    };
    let approver = home::approver(&pairing, *keys.public(), Vec::new(), Assurance::Device);
    enforcer.home().pin(enforcer.identity(), approver.clone(), &pairing, true)?;
    Ok(Way { pairing: None, approver })
}

/// A question about an action like those of the gate.
pub(super) fn question(n: usize, to: Vec<Way>) -> Question {
    Question {
        action: gate::action(n),
        disclosures: Vec::new(),
        context: Context {
            agent: Some("bench".into()),
            description: Some("pay the rent".into()),
            ..Context::default()
        },
        grounds: Grounds::fixed("bench", "a question of the benchmark"),
        principal: "uid:0".into(),
        session: "bench".into(),
        workspace: "/bench".into(),
        ttl_millis: 300_000,
        to,
    }
}
