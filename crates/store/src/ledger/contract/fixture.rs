//! Made-up people, calls and answers for the promises of a ledger.

use crate::error::StoreError;
use crate::ledger::{
    Acceptance, Asked, LedgerError, LedgerStore, NewClaim, Notary, RequestKey, RequestRecord,
    Suspended,
};
use countersign_core::artifact::{
    Artifact, ArtifactHash, ArtifactHead, ArtifactType, Assurance, Context, HashAlg, Risk, Route,
    Scope, Seat, extensions,
};
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::decision::{Choice, Decision, Word};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::keys::{KeyError, KeyId, SecretKeys};
use countersign_core::receipt::{Boundary, Entry, Event, Hashed, Written};
use countersign_core::request::{self as step, State};
use countersign_core::time::Instant;
use countersign_core::trust::{Approver, Status, TrustStore};
use countersign_core::verify::{Check, ReplayView, Subject, Vote, verify};
use serde_json::json;
use std::error::Error;
use std::sync::Arc;

pub(super) const NOW: Instant = Instant(1_770_000_000_000);
pub(super) const DAY: i64 = 86_400_000;

pub(super) type Made<T> = Result<T, Box<dyn Error + Send + Sync>>;

pub(super) fn operator() -> Result<SecretKeys, KeyError> {
    SecretKeys::from_bytes(&[1; 64])
}

struct TestNotary(SecretKeys);

impl Notary for TestNotary {
    fn receipt(&self, content: Hashed) -> Result<Written, StoreError> {
        content.sign(&self.0).map_err(|e| StoreError::Corrupt(e.to_string()))
    }
    fn checkpoint(&self, head: Head) -> Result<Checkpoint, StoreError> {
        Checkpoint::sign(head, &self.0).map_err(|e| StoreError::Corrupt(e.to_string()))
    }
    fn is_own(&self, head: &Checkpoint) -> bool {
        is_own(head)
    }
}

/// Whether the operator of [`notary`] signed a head.
#[must_use]
pub fn is_own(head: &Checkpoint) -> bool {
    operator().is_ok_and(|keys| head.verify(&keys.public().signing()).is_ok())
}

/// A notary with a fixed operator key.
///
/// # Errors
/// Never in practice.
pub fn notary() -> Result<Arc<dyn Notary>, StoreError> {
    let key = operator().map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(Arc::new(TestNotary(key)))
}

pub(super) struct Fixture {
    pub(super) path: String,
    pub(super) nonce: u8,
    pub(super) person: Arc<SecretKeys>,
    /// Whether it asks for three things at once.
    pub(super) batch: bool,
}

struct Fresh;

impl ReplayView for Fresh {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }
    fn nonce_spent(&self, _: &str, _: &KeyId) -> bool {
        false
    }
}

impl Fixture {
    pub(super) fn new() -> Made<Self> {
        let person = Arc::new(SecretKeys::from_bytes(&[2; 64])?);
        Ok(Self { path: "/a".into(), nonce: 1, person, batch: false })
    }

    fn payload(&self) -> serde_json::Map<String, serde_json::Value> {
        let one = json!({"kind": "request", "action": "delete", "parameters": {"path": self.path}});
        let value = match self.batch {
            true => json!({"kind": "batch", "items": [one, one, one]}),
            false => one,
        };
        value.as_object().cloned().unwrap_or_default()
    }

    pub(super) fn entry(&self, event: Event) -> Entry {
        Entry::bare(event, Boundary::Unprotected)
    }

    pub(super) fn request(&self, id: &str, now: Instant) -> Made<RequestRecord> {
        let artifact = self.artifact(id, now)?;
        Ok(RequestRecord {
            id: id.into(),
            key: RequestKey {
                principal: "uid:1".into(),
                session: "s1".into(),
                workspace: "/w".into(),
                action_hash: artifact.action_hash()?,
            },
            state: State::Created,
            created_at: now,
            expires_at: now.plus_millis(300_000),
            step_ends: None,
            policy: None,
            asked: vec![Asked { pairing: None, key_id: self.person.key_id(), artifact }],
            accepted: vec![],
        })
    }

    fn artifact(&self, id: &str, now: Instant) -> Made<Artifact> {
        self.artifact_under(&self.route(), (id, None), (now, now.plus_millis(300_000)))
    }

    pub(super) fn route(&self) -> Route {
        Route {
            round: 1,
            rule_id: "default".into(),
            risk: Risk::High,
            policy_hash: Hash([0; 32]),
            roster: vec![Seat { person: "ann".into(), key_id: self.person.key_id() }],
            threshold: 1,
            min_assurance: Assurance::Local,
            reason_required: false,
            scopes: vec![Scope::Once],
            max_uses: 1,
            groups: vec![],
            veto: false,
            escalate_to: vec![],
            grant: None,
        }
    }

    /// An artifact under its own name, and of another request where it says so.
    pub(super) fn artifact_under(
        &self,
        route: &Route,
        (id, request): (&str, Option<&str>),
        (now, ends): (Instant, Instant),
    ) -> Made<Artifact> {
        let context = Context { request: request.map(str::to_owned), ..Context::default() };
        let extensions = extensions(Fixed([3; 32]), &context, route, None)?;
        let head = ArtifactHead {
            request_id: id.into(),
            session_id: None,
            artifact_type: ArtifactType::Command,
            repo_ref: "repo".into(),
            base_revision: None,
            created_at: now.timestamp(),
            expires_at: ends.timestamp(),
            artifact_hash_alg: HashAlg::Sha256,
            artifact_hash: ArtifactHash(Hash([0; 32])),
            metadata: None,
            extensions: Some(extensions),
        };
        Ok(Artifact::build(head, self.payload())?)
    }

    pub(super) async fn suspend(
        &self,
        ledger: &dyn LedgerStore,
        id: &str,
        now: Instant,
    ) -> Made<Suspended> {
        let request = self.request(id, now)?;
        let entry = of_request(self.entry(Event::Suspended), &request);
        Ok(ledger.suspend(request, entry, now).await?)
    }

    pub(super) async fn acceptance(
        &self,
        ledger: &dyn LedgerStore,
        id: &str,
        word: Word,
    ) -> Made<Acceptance> {
        self.answer(ledger, id, word, None).await
    }

    /// A yes to these items of a batch, and a no to the others.
    pub(super) async fn part(
        &self,
        ledger: &dyn LedgerStore,
        id: &str,
        items: &[usize],
    ) -> Made<Acceptance> {
        let hints = json!({"items": items}).as_object().cloned();
        self.answer(ledger, id, Word::Deny, hints).await
    }

    async fn answer(
        &self,
        ledger: &dyn LedgerStore,
        id: &str,
        word: Word,
        hints: Option<serde_json::Map<String, serde_json::Value>>,
    ) -> Made<Acceptance> {
        let request = ledger.request(id).await?.ok_or("no such request")?;
        let asked = request.asked.first().ok_or("nobody was asked")?;
        let choice = Choice {
            word,
            scope: Scope::Once,
            expires_at: asked.artifact.head.expires_at.clone(),
            nonce: Fixed([self.nonce; 24]),
            hints,
        };
        let decision = Decision::sign(&asked.artifact, choice, &self.person)?;
        let trust = self.trust();
        let vote = vote(decision, &asked.artifact, &trust)?;
        let (observed, request_id) = (self.entry(Event::Observed), id.to_owned());
        let entry = Box::new(move |request: &RequestRecord, happened| {
            let event = event(happened);
            of_request(Entry { event, ..observed }, request)
        });
        let counts = Box::new(|_: &Decision| true);
        Ok(Acceptance { request_id, vote, reason: None, counts, entry, now: NOW })
    }

    fn trust(&self) -> TrustStore {
        TrustStore { approvers: vec![approver(&self.person, "ann")], ..TrustStore::default() }
    }

    pub(super) fn claim(&self, id: &str, request_id: &str, now: Instant) -> NewClaim {
        NewClaim {
            id: id.into(),
            request_id: request_id.into(),
            owner: "process-1".into(),
            now,
            recheck: Box::new(|_| Ok::<(), LedgerError>(())),
            entry: Entry { request_id: Some(request_id.into()), ..self.entry(Event::Released) },
        }
    }
}

/// A pinned approver.
pub(super) fn approver(keys: &SecretKeys, person: &str) -> Approver {
    Approver {
        key_id: keys.key_id(),
        keys: *keys.public(),
        device_id: "device".into(),
        person: person.into(),
        label: "phone".into(),
        roles: vec![],
        assurance: Assurance::Local,
        passkey: None,
        created_at: NOW.timestamp(),
        status: Status::Active {},
        pair_id: "pair_1".into(),
        past: Vec::new(),
    }
}

/// The receipt's event of a change that an answer made.
pub(super) fn event(of: step::Event) -> Event {
    match of {
        step::Event::Approved => Event::Approved,
        step::Event::Denied => Event::Denied,
        _ => Event::Suspended,
    }
}

/// A decision, verified at [`NOW`].
pub(super) fn vote(decision: Decision, artifact: &Artifact, trust: &TrustStore) -> Made<Vote> {
    let check = Check {
        subject: &Subject::of(artifact)?,
        trust,
        session: None,
        now: NOW,
        skew_millis: 0,
        replay: &Fresh,
    };
    Ok(verify(decision, &check)?)
}

/// The same entry about a request, its action, and those who are asked now.
pub(super) fn of_request(entry: Entry, request: &RequestRecord) -> Entry {
    let artifacts = request.asked_now().map(|asked| asked.artifact.head.clone()).collect();
    let action = request.asked.first().map(|asked| asked.artifact.payload.clone());
    Entry { request_id: Some(request.id.clone()), action, artifacts, ..entry }
}
