//! Several answers, the next round and its clock, over a ledger in memory and a time that a test
//! moves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that fails has failed the test")]
#![allow(clippy::indexing_slicing, reason = "a missing artifact fails the test")]

mod common;
#[path = "routing/counted.rs"]
mod counted;
#[path = "routing/hours.rs"]
mod hours;
#[path = "routing/rounds.rs"]
mod rounds;
#[path = "routing/told.rs"]
mod told;

use common::{START, accept, edge};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::{Context, Scope};
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::decision::{Answer, Choice, Decision, Word};
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::{Event, Hashed, Level, Receipt, Written};
use countersign_core::request::State;
use countersign_core::time::Instant;
use countersign_enforcer::notary::OperatorNotary;
use countersign_enforcer::pairing::Candidate;
use countersign_enforcer::{Edge, Enforcer, GateError, Home, Question, Relays, Ruling};
use countersign_policy::Asker;
use countersign_store::error::StoreError;
use countersign_store::ledger::{LedgerStore, MemoryLedger, Notary, RequestRecord, Suspended};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

const MINUTE: i64 = 60_000;
const WORKSPACE: &str = "/nonexistent/w";

const TWO: &str = "quorum = 2\napprovers = [\"anyone\"]\n";
const THEN_CAT: &str = "approvers = [\"ann\", \"bob\"]\ntimeout = \"10m\"\n\
    escalation = [{ to = \"cat\", after = \"5m\" }]\n";

struct World {
    dir: tempfile::TempDir,
    enforcer: Enforcer,
    ledger: Arc<dyn LedgerStore>,
    clock: Arc<AtomicI64>,
    edge: Edge,
    people: Vec<(SecretKeys, &'static str)>,
    notary: Arc<Notaries>,
}

/// The operator of the home, or another one while a test says so.
struct Notaries {
    own: OperatorNotary,
    stale: OperatorNotary,
    is_stale: AtomicBool,
}

impl Notaries {
    fn now(&self) -> &OperatorNotary {
        if self.is_stale.load(Ordering::SeqCst) { &self.stale } else { &self.own }
    }
}

impl Notary for Notaries {
    fn receipt(&self, content: Hashed) -> Result<Written, StoreError> {
        self.now().receipt(content)
    }

    fn checkpoint(&self, head: Head) -> Result<Checkpoint, StoreError> {
        self.now().checkpoint(head)
    }

    fn is_own(&self, head: &Checkpoint) -> bool {
        self.now().is_own(head)
    }
}

/// A home whose policy asks so for `spin`, and that pinned ann (twice), bob and cat.
async fn world(asks: &str) -> World {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path()).unwrap();
    let clock = Arc::new(AtomicI64::new(START));
    let edge = edge(&clock);
    let identity = home.identity_or_new(&edge).unwrap();
    let before = Arc::new(SecretKeys::from_bytes(&[99; 64]).unwrap());
    let (own, stale) = (OperatorNotary(Arc::clone(&identity.keys)), OperatorNotary(before));
    let notary = Arc::new(Notaries { own, stale, is_stale: AtomicBool::new(false) });
    let writes: Arc<dyn Notary> = Arc::clone(&notary) as _;
    let ledger: Arc<dyn LedgerStore> = Arc::new(MemoryLedger::new("ledger-1", [7; 32], writes));
    let store = Arc::clone(&ledger);
    let enforcer = Enforcer::open(home.clone(), identity, store, edge.clone()).await;
    let enforcer = enforcer.unwrap();
    let identity = home.identity().unwrap().unwrap();
    let text = format!(
        "version = 1\n[[rule]]\nid = \"spin\"\ntools = [\"spin\"]\n\
         decision = \"require_approval\"\n{asks}"
    );
    accept(&enforcer, &text).await;
    let people: Vec<_> = [(11, "ann"), (12, "bob"), (13, "cat"), (14, "ann")]
        .map(|(n, person)| (SecretKeys::from_bytes(&[n; 64]).unwrap(), person))
        .into();
    for (keys, person) in &people {
        let name = if home.free_name(person).is_ok() { *person } else { "ann-tablet" };
        let Candidate { pairing, mut approver } =
            Candidate::local(*keys.public(), name, vec![], &edge);
        approver.person = (*person).into();
        home.pin(&identity, approver, &pairing, false).unwrap();
    }
    World { dir, enforcer, ledger, clock, edge, people, notary }
}

impl World {
    fn later(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    async fn question(&self) -> Question {
        self.about(spin(json!({}))).await
    }

    async fn about(&self, action: Action) -> Question {
        let judged = self.enforcer.judge(&action, Asker::default(), WORKSPACE).await.unwrap();
        let ways = self.enforcer.ways().unwrap();
        let seated = self.enforcer.seated(&judged.verdict, WORKSPACE, &ways).await.unwrap();
        let Ruling::Asks(grounds) = judged.ruling(false) else { panic!("it asks") };
        Question {
            action,
            disclosures: vec![],
            context: Context::default(),
            ttl_millis: i64::from(grounds.timeout_seconds()) * 1_000,
            grounds: grounds.with_quorum(seated.quorum),
            principal: "uid:1".into(),
            session: "default".into(),
            workspace: WORKSPACE.into(),
            to: seated.ways,
        }
    }

    async fn suspended(&self) -> RequestRecord {
        self.put(&self.question().await).await
    }

    async fn put(&self, question: &Question) -> RequestRecord {
        match self.enforcer.suspend(question).await.unwrap() {
            Suspended::Opened(r) | Suspended::Joined(r) | Suspended::Ready(r) => r,
        }
    }

    fn signed(
        &self,
        request: &RequestRecord,
        who: usize,
        word: Word,
        hints: Option<serde_json::Value>,
    ) -> (usize, Answer) {
        let (key, _) = &self.people[who];
        let at = request.asked.iter().rposition(|asked| asked.key_id == key.key_id()).unwrap();
        let artifact = &request.asked[at].artifact;
        let choice = Choice {
            word,
            scope: Scope::Once,
            expires_at: artifact.head.expires_at.clone(),
            nonce: Fixed(self.edge.random().unwrap()),
            hints: hints.and_then(|hints| hints.as_object().cloned()),
        };
        (at, Answer { decision: Decision::sign(artifact, choice, key).unwrap(), reason: None })
    }

    async fn says(
        &self,
        request: &RequestRecord,
        who: usize,
        word: Word,
    ) -> Result<RequestRecord, GateError> {
        let (at, answer) = self.signed(request, who, word, None);
        self.enforcer.accept(request, &request.asked[at], answer).await
    }

    async fn hands_to(&self, request: &RequestRecord, who: usize, to: &str) -> RequestRecord {
        let hints = json!({"escalate": {"to": to}});
        let (at, answer) = self.signed(request, who, Word::Deny, Some(hints));
        let (asked, question) = (&request.asked[at], self.question().await);
        self.enforcer.take_answer(request, asked, answer, &question).await.unwrap()
    }

    async fn next_round(&self, request: &RequestRecord) -> Option<RequestRecord> {
        self.enforcer.next_round(request, &self.question().await).await.unwrap()
    }

    async fn claim(&self, request: &RequestRecord) -> Result<(), GateError> {
        // The local pairings of this test have no gateway to witness anything.
        self.enforcer.claim(request, &Relays::new()).await.map(|_| ())
    }

    /// What the last receipt of a request proves.
    async fn proof(&self, request: &RequestRecord) -> (Event, Verdict) {
        let last = self.ledger.receipts_of(&request.id).await.unwrap().pop().unwrap();
        let trust = self.enforcer.trust().unwrap();
        let now = Instant(self.clock.load(Ordering::SeqCst));
        (last.content.entry.event, last.check(&trust, now))
    }
}

fn spin(parameters: serde_json::Value) -> Action {
    Action::Request(Request { action: "spin".to_owned(), parameters, verb: None })
}

fn is_l1(verdict: &Verdict, people: &[&str]) -> bool {
    matches!(verdict, Verdict::Valid { level: Level::L1, approvers, .. } if approvers == people)
}

#[tokio::test]
async fn two_of_three_approve_and_every_receipt_proves_what_it_says() {
    let world = world(TWO).await;
    let request = world.suspended().await;
    let waits = world.says(&request, 0, Word::Allow).await.unwrap();
    assert_eq!((waits.state, waits.accepted.len()), (State::Created, 1));
    let (event, verdict) = world.proof(&request).await;
    assert_eq!(event, Event::Suspended);
    assert!(matches!(verdict, Verdict::Valid { level: Level::L0, .. }), "{verdict:?}");
    let approved = world.says(&request, 1, Word::Allow).await.unwrap();
    assert_eq!(approved.state, State::Approved);
    let (event, verdict) = world.proof(&request).await;
    assert_eq!(event, Event::Approved);
    assert!(is_l1(&verdict, &["ann", "bob"]), "{verdict:?}");
}

#[tokio::test]
async fn attack_10_ann_on_two_devices_is_no_quorum() {
    let world = world(TWO).await;
    let request = world.suspended().await;
    world.says(&request, 0, Word::Allow).await.unwrap();
    let twice = world.says(&request, 3, Word::Allow).await.unwrap();
    assert_ne!(twice.state, State::Approved);
    assert!(world.claim(&twice).await.is_err());
}

#[tokio::test]
async fn attack_21_a_first_signature_outlives_the_enforcer() {
    let world = world(TWO).await;
    let request = world.suspended().await;
    world.says(&request, 0, Word::Allow).await.unwrap();
    let home = Home::open(world.dir.path()).unwrap();
    let identity = home.identity().unwrap().unwrap();
    let (ledger, edge) = (Arc::clone(&world.ledger), world.edge.clone());
    let enforcer = Enforcer::open(home, identity, ledger, edge).await.unwrap();
    let Suspended::Joined(joined) = enforcer.suspend(&world.question().await).await.unwrap() else {
        panic!("the same call joins")
    };
    assert_eq!((joined.id.as_str(), joined.accepted.len()), (request.id.as_str(), 1));
    assert_eq!(world.says(&joined, 2, Word::Allow).await.unwrap().state, State::Approved);
}

#[tokio::test]
async fn attack_10_who_is_revoked_after_the_first_vote_counts_no_more() {
    let world = world(TWO).await;
    let request = world.suspended().await;
    world.says(&request, 1, Word::Allow).await.unwrap();
    let home = Home::open(world.dir.path()).unwrap();
    let identity = home.identity().unwrap().unwrap();
    home.revoke(&identity, "bob", &Instant(START + 1).timestamp(), None).unwrap();
    world.later(MINUTE);
    let second = world.says(&request, 2, Word::Allow).await.unwrap();
    assert_ne!(second.state, State::Approved);
    let Suspended::Opened(again) = world.enforcer.suspend(&world.question().await).await.unwrap()
    else {
        panic!("other people are asked")
    };
    assert!(again.accepted.is_empty());
}

#[tokio::test]
async fn one_of_each_list_means_two_persons() {
    let world = world("quorum = { ann = 1, bob = 1 }\n").await;
    let request = world.suspended().await;
    assert_eq!(request.asked.len(), 3, "cat is on no list");
    assert_ne!(world.says(&request, 0, Word::Allow).await.unwrap().state, State::Approved);
    assert_eq!(world.says(&request, 1, Word::Allow).await.unwrap().state, State::Approved);
    let route = request.route().unwrap();
    assert_eq!((route.threshold, route.groups.len()), (2, 2));
}

#[tokio::test]
async fn more_people_than_there_are_is_refused_before_anybody_is_asked() {
    let world = world("quorum = 4\napprovers = [\"anyone\"]\n").await;
    assert_eq!(world.people.len(), 4, "four keys, and three persons");
    let judged = world.enforcer.judge(&spin(json!({})), Asker::default(), WORKSPACE).await.unwrap();
    let ways = world.enforcer.ways().unwrap();
    let error = world.enforcer.seated(&judged.verdict, WORKSPACE, &ways).await.unwrap_err();
    assert!(error.to_string().contains("4 persons"), "{error}");
}

#[tokio::test]
async fn attack_43_an_allow_after_a_veto_is_no_answer() {
    let world = world(&format!("{TWO}veto = true\n")).await;
    let request = world.suspended().await;
    assert_eq!(world.says(&request, 1, Word::Deny).await.unwrap().state, State::Denied);
    assert!(world.says(&request, 0, Word::Allow).await.is_err());
    assert!(world.says(&request, 2, Word::Allow).await.is_err());
}

#[tokio::test]
async fn a_delegation_counts_between_its_dates() {
    let from = Instant(START + MINUTE).timestamp();
    let until = Instant(START + 10 * MINUTE).timestamp();
    let world = world(&format!(
        "approvers = [\"bob\"]\n[[approver]]\nname = \"bob\"\n\
         may_delegate_to = [{{ to = \"cat\", from = \"{from}\", until = \"{until}\" }}]\n"
    ))
    .await;
    for (wait, persons) in [(0, 1), (MINUTE, 2), (9 * MINUTE, 1)] {
        world.later(wait);
        assert_eq!(world.question().await.to.len(), persons, "after {wait} more");
    }
}

#[tokio::test]
async fn attack_19_another_policy_or_quorum_asks_anew() {
    let world = world(TWO).await;
    let request = world.suspended().await;
    world.says(&request, 0, Word::Allow).await.unwrap();
    let mut question = world.question().await;
    let mut quorum = question.grounds.quorum().clone();
    quorum.threshold = 3;
    question.grounds = question.grounds.clone().with_quorum(quorum);
    let Suspended::Opened(again) = world.enforcer.suspend(&question).await.unwrap() else {
        panic!("more are asked for")
    };
    assert!(again.accepted.is_empty() && again.id != request.id);
    let old = world.ledger.request(&request.id).await.unwrap().unwrap();
    assert_eq!(old.state, State::Denied);
}
