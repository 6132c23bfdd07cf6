//! A home with a ledger in a file, a clock that a test moves, and one approver.

use super::common::{accept, edge, pin_ann};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::{Context, Scope};
use countersign_core::bundle::{Checker, Report as FileReport};
use countersign_core::decision::{Answer, Choice, Decision, Word};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{PolicyNote, Receipt};
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_enforcer::audit::{Audit, Report};
use countersign_enforcer::notary::{HomeNotary, OperatorNotary};
use countersign_enforcer::pairing::Candidate;
use countersign_enforcer::remembered::Remembered;
use countersign_enforcer::segments::Rule;
use countersign_enforcer::walk::Walk;
use countersign_enforcer::{Answered, Edge, Enforcer, GateError, Grounds, Home, Question};
use countersign_store::ledger::read::Receipts;
use countersign_store::ledger::segments::Segment;
use countersign_store::ledger::{Asked, Frozen, LedgerStore, Notary, RequestRecord, Suspended};
use countersign_store_sqlite::{Birth, LedgerFile, SqliteLedger};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub(crate) const DAY: i64 = 86_400_000;
const START: i64 = 1_790_000_000_000;

pub(crate) struct Scene {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) enforcer: Enforcer,
    pub(crate) person: SecretKeys,
    clock: Arc<AtomicI64>,
    pub(crate) edge: Edge,
}

/// Seals what is a month old, in segments of `size`.
pub(crate) fn rule(size: usize) -> Rule {
    Rule { older_millis: 30 * DAY, live: u64::MAX, size, keep_millis: None }
}

/// Seals what is an hour old.
pub(crate) fn hourly() -> Rule {
    Rule { older_millis: DAY / 24, ..rule(100) }
}

/// The gate of a home, with a notary of the caller's making around the home's own.
pub(crate) async fn open(
    home: &Home,
    edge: &Edge,
    around: impl FnOnce(HomeNotary) -> Arc<dyn Notary>,
) -> Enforcer {
    let identity = home.identity_or_new(edge).unwrap();
    let operator = OperatorNotary(Arc::clone(&identity.keys));
    let notary = around(HomeNotary { operator, home: home.clone() });
    let birth = Birth { ledger_id: "ledger-1".into(), secret: [7; 32] };
    let ledger = SqliteLedger::open(&home.ledger_path(), notary, &birth).unwrap();
    let ledger: Arc<dyn LedgerStore> = Arc::new(ledger);
    Enforcer::open(home.clone(), identity, ledger, edge.clone()).await.unwrap()
}

impl Scene {
    pub(crate) async fn set() -> Self {
        Self::under(None).await
    }

    /// The same under a policy, which was accepted before anybody was pinned.
    pub(crate) async fn under(policy: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        let clock = Arc::new(AtomicI64::new(START));
        let edge = edge(&clock);
        let enforcer = open(&home, &edge, |notary| Arc::new(notary)).await;
        if let Some(text) = policy {
            accept(&enforcer, text).await;
        }
        let person = pin_ann(&enforcer).await;
        Self { dir, enforcer, person, clock, edge }
    }

    /// The same home, opened anew.
    pub(crate) async fn reopened(self, around: impl FnOnce(HomeNotary) -> Arc<dyn Notary>) -> Self {
        let Self { dir, enforcer, person, clock, edge } = self;
        let home = enforcer.home().clone();
        drop(enforcer);
        let enforcer = open(&home, &edge, around).await;
        Self { dir, enforcer, person, clock, edge }
    }

    pub(crate) fn later(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    /// Receipts of calls that a policy forbids, a minute apart.
    pub(crate) async fn blocks(&self, count: usize) {
        for n in 0..count {
            let note = PolicyNote {
                rule_id: "no".into(),
                display: "no".into(),
                policy_hash: Hash([0; 32]),
                risk: countersign_core::artifact::Risk::Low,
                verb: "other".into(),
                matched: vec![],
            };
            self.enforcer.block(&action(&format!("call-{n}")), note).await.unwrap();
            self.later(60_000);
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.edge.now()
    }

    /// Ends a stop, as people allowed.
    pub(crate) async fn ended(&self, frozen: &Frozen) {
        let question = self.enforcer.thaw_question(frozen, DAY).await.unwrap();
        let request = match self.enforcer.suspend(&question).await.unwrap() {
            Suspended::Opened(r) | Suspended::Joined(r) | Suspended::Ready(r) => r,
        };
        let answer = self.answer(&request, Word::Allow);
        let allowed = self.enforcer.accept(&request, &request.asked[0], answer).await.unwrap();
        self.enforcer.thaw(frozen, Answered::Approved(allowed)).await.unwrap();
    }

    pub(crate) async fn newest(&self) -> u64 {
        self.enforcer.ledger().newest().await.unwrap().unwrap().0
    }

    /// Every receipt that is left, oldest first.
    pub(crate) async fn receipts(&self) -> Vec<Receipt> {
        let (mut walk, mut receipts) = (Walk::from(self.enforcer.ledger(), 1), Vec::new());
        while let Some(receipt) = walk.next().await.unwrap() {
            receipts.push(receipt);
        }
        receipts
    }

    pub(crate) fn file(&self, segment: &Segment) -> PathBuf {
        self.dir.path().join("segments").join(segment.file_name())
    }

    /// A segment as an auditor checks it, who has nothing else.
    pub(crate) fn check_file(&self, segment: &Segment) -> FileReport {
        let bytes = std::fs::read(self.file(segment)).unwrap();
        let trust = self.enforcer.trust().unwrap();
        let mut checker = Checker::new(&trust, self.edge.now());
        for line in bytes.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n') {
            checker.line(line);
        }
        checker.end()
    }

    /// What a check of the whole finds.
    pub(crate) async fn verify(&self) -> Report {
        let file = LedgerFile::open(&self.enforcer.home().ledger_path()).await.unwrap();
        self.verify_over(Arc::new(file)).await
    }

    /// The same, read through somebody.
    pub(crate) async fn verify_over(&self, source: Arc<dyn Receipts>) -> Report {
        self.verify_by(source, self.enforcer.trust().unwrap()).await
    }

    /// The same by keys that the ledger tells nothing of.
    pub(crate) async fn verify_unproven(&self) -> Report {
        let home = self.enforcer.home();
        let trust = home.trust(&home.identity().unwrap().unwrap()).unwrap();
        let file = LedgerFile::open(&home.ledger_path()).await.unwrap();
        self.verify_by(Arc::new(file), Remembered::default().over(trust)).await
    }

    async fn verify_by(&self, source: Arc<dyn Receipts>, trust: TrustStore) -> Report {
        let id = self.enforcer.ledger().ledger_id();
        let head = countersign_enforcer::witness::remembered(self.enforcer.home()).unwrap();
        let mut audit = Audit::new(source, id, trust, self.edge.now());
        audit.walk(&|_| {}).await.unwrap();
        if audit.holds() {
            audit.witness("`head.json`", &head.unwrap()).await.unwrap();
        }
        audit.report()
    }

    pub(crate) fn question(&self, what: &str) -> Question {
        Question {
            action: action(what),
            disclosures: vec![],
            context: Context::default(),
            grounds: Grounds::fixed("test", "a person is asked"),
            principal: "uid:1".into(),
            session: "default".into(),
            workspace: "/w".into(),
            ttl_millis: DAY,
            to: self.enforcer.ways().unwrap(),
        }
    }

    pub(crate) async fn suspended(&self, what: &str) -> RequestRecord {
        self.put(&self.question(what)).await
    }

    pub(crate) fn answer(&self, request: &RequestRecord, word: Word) -> Answer {
        let artifact = &request.asked[0].artifact;
        let choice = Choice {
            word,
            scope: Scope::Once,
            expires_at: artifact.head.expires_at.clone(),
            nonce: Fixed(self.edge.random().unwrap()),
            hints: None,
        };
        Answer { decision: Decision::sign(artifact, choice, &self.person).unwrap(), reason: None }
    }
}

fn action(what: &str) -> Action {
    let parameters = json!({"path": what});
    Action::Request(Request { action: "delete".into(), parameters, verb: None })
}

impl Scene {
    /// Pins another device, without asking anybody.
    pub(crate) fn pin(&self, name: &str, person: &str, keys: &SecretKeys) {
        let Candidate { pairing, mut approver } =
            Candidate::local(*keys.public(), name, vec![], &self.edge);
        approver.person = person.into();
        let enforcer = &self.enforcer;
        enforcer.home().pin(enforcer.identity(), approver, &pairing, false).unwrap();
    }

    pub(crate) async fn put(&self, question: &Question) -> RequestRecord {
        match self.enforcer.suspend(question).await.unwrap() {
            Suspended::Opened(r) | Suspended::Joined(r) | Suspended::Ready(r) => r,
        }
    }

    /// The answer of a device, with what it says besides.
    pub(crate) async fn says(
        &self,
        request: &RequestRecord,
        keys: &SecretKeys,
        word: Word,
        hints: Option<Map<String, Value>>,
    ) -> Result<RequestRecord, GateError> {
        let mine = |asked: &&Asked| asked.key_id == keys.key_id();
        let asked = request.asked.iter().rfind(mine).unwrap();
        let choice = Choice {
            word,
            scope: Scope::Once,
            expires_at: asked.artifact.head.expires_at.clone(),
            nonce: Fixed(self.edge.random().unwrap()),
            hints,
        };
        let decision = Decision::sign(&asked.artifact, choice, keys).unwrap();
        self.enforcer.accept(request, asked, Answer { decision, reason: None }).await
    }
}
