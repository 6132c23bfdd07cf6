//! Who may be pinned: never by less than the home has ever had.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that fails has failed the test")]
#![allow(clippy::indexing_slicing, reason = "a missing artifact fails the test")]

mod common;

use common::START;
use countersign_core::artifact::{Assurance, Scope};
use countersign_core::decision::{Answer, Choice, Decision, Word};
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;
use countersign_core::trust::{Status, TrustStore};
use countersign_enforcer::home::HomeError;
use countersign_enforcer::notary::OperatorNotary;
use countersign_enforcer::pairing::{Candidate, PairingError};
use countersign_enforcer::{Answered, Edge, Enforcer, Home, Question, Relays};
use countersign_store::files::{self, Target};
use countersign_store::ledger::{LedgerStore, MemoryLedger, RequestRecord, Suspended};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

#[path = "pairing/amendment.rs"]
mod amendment;
#[path = "pairing/cut_off.rs"]
mod cut_off;
#[path = "pairing/floor.rs"]
mod floor;
#[path = "pairing/history.rs"]
mod history;
#[path = "pairing/passkey.rs"]
mod passkey;
#[path = "pairing/restored.rs"]
mod restored;

/// When every test begins.
const NOW: Instant = Instant(START);

struct World {
    _dir: tempfile::TempDir,
    home: Home,
    enforcer: Enforcer,
    edge: Edge,
    clock: Arc<AtomicI64>,
}

/// A time that stands still until somebody lets it pass.
fn edge() -> (Arc<AtomicI64>, Edge) {
    let clock = Arc::new(AtomicI64::new(START));
    let edge = common::edge(&clock);
    (clock, edge)
}

async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let (home, (clock, edge)) = (Home::open(dir.path()).unwrap(), edge());
    let identity = home.identity_or_new(&edge).unwrap();
    let notary = Arc::new(OperatorNotary(Arc::clone(&identity.keys)));
    let ledger = Arc::new(MemoryLedger::new("ledger-1", [7; 32], notary)) as Arc<dyn LedgerStore>;
    let enforcer = Enforcer::open(home.clone(), identity, ledger, edge.clone()).await.unwrap();
    World { _dir: dir, home, enforcer, edge, clock }
}

fn key(n: u8) -> SecretKeys {
    SecretKeys::from_bytes(&[n; 64]).unwrap()
}

impl World {
    fn candidate(&self, name: &str, n: u8, assurance: Assurance) -> Candidate {
        let mut candidate = Candidate::local(*key(n).public(), name, vec![], &self.edge);
        candidate.approver.assurance = assurance;
        candidate
    }

    /// Pins the first approver of the home.
    async fn begin(&self, name: &str, n: u8, assurance: Assurance) {
        let candidate = self.candidate(name, n, assurance);
        self.enforcer.admit(candidate, &Relays::new(), 1_000, &|_| {}).await.unwrap();
    }

    /// The request to pin a candidate, allowed by the key `by`.
    async fn allowed(&self, candidate: &Candidate, by: u8) -> RequestRecord {
        let question = self.enforcer.admission(candidate, 60_000).await.unwrap().unwrap();
        self.allow(&question, by).await
    }

    /// A question that the key `by` allowed.
    async fn allow(&self, question: &Question, by: u8) -> RequestRecord {
        let Suspended::Opened(request) = self.enforcer.suspend(question).await.unwrap() else {
            panic!("it was asked before");
        };
        let mine = |a: &&countersign_store::ledger::Asked| a.key_id == key(by).key_id();
        let asked = request.asked.iter().find(mine).unwrap();
        let choice = Choice {
            word: Word::Allow,
            scope: Scope::Once,
            expires_at: asked.artifact.head.expires_at.clone(),
            nonce: Fixed(self.edge.random().unwrap()),
            hints: None,
        };
        let decision = Decision::sign(&asked.artifact, choice, &key(by)).unwrap();
        let answer = Answer { decision, reason: None };
        self.enforcer.accept(&request, asked, answer).await.unwrap()
    }

    async fn admit(
        &self,
        candidate: Candidate,
        request: RequestRecord,
    ) -> Result<(), PairingError> {
        let answered = Answered::Approved(request);
        self.enforcer.admit_answered(candidate, answered, &Relays::new()).await
    }

    async fn pin(&self, name: &str, n: u8, assurance: Assurance, by: u8) {
        let candidate = self.candidate(name, n, assurance);
        let request = self.allowed(&candidate, by).await;
        self.admit(candidate, request).await.unwrap();
    }

    /// Whom the pairing of an agent's own key would be put to.
    async fn asked_about_eve(&self) -> Result<Option<Vec<String>>, PairingError> {
        let eve = self.candidate("eve", 66, Assurance::Verified);
        let question = self.enforcer.admission(&eve, 60_000).await?;
        Ok(question.map(|q| q.to.into_iter().map(|way| way.approver.person).collect()))
    }

    fn rewrite_trust(&self, change: impl FnOnce(&mut TrustStore)) {
        let path = self.home.root().join("trust.json");
        let mut store: TrustStore = files::read(&path).unwrap().unwrap();
        change(&mut store);
        files::write(&path, &store, Target::Replace).unwrap();
    }
}

fn nobody_of(asked: Result<Option<Vec<String>>, PairingError>, floor: Assurance) {
    match asked {
        Err(PairingError::NobodyLeft(found)) => assert_eq!(found, floor),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn attack_09_revoking_the_strongest_approver_leaves_no_weaker_one_in_its_place() {
    let world = world().await;
    world.begin("phone", 1, Assurance::Device).await;
    world.pin("me", 2, Assurance::Local, 1).await;
    assert_eq!(world.asked_about_eve().await.unwrap().unwrap(), ["phone"]);
    world.enforcer.revoke("phone", None).await.unwrap();
    nobody_of(world.asked_about_eve().await, Assurance::Device);
    // The weaker one still answers for commands.
    assert_eq!(world.enforcer.ways().unwrap().len(), 1);
}

#[tokio::test]
async fn another_approver_of_the_same_assurance_may_go_on() {
    let world = world().await;
    world.begin("phone", 1, Assurance::Device).await;
    world.pin("me", 2, Assurance::Local, 1).await;
    world.pin("tablet", 3, Assurance::Device, 1).await;
    world.enforcer.revoke("phone", None).await.unwrap();
    assert_eq!(world.asked_about_eve().await.unwrap().unwrap(), ["tablet"]);
    world.pin("phone", 4, Assurance::Device, 3).await;
}

#[tokio::test]
async fn attack_09_the_ledger_remembers_an_assurance_that_the_trust_store_forgot() {
    let world = world().await;
    world.begin("phone", 1, Assurance::Device).await;
    world.pin("me", 2, Assurance::Local, 1).await;
    // Also yesterday's file put back, from before the phone was pinned.
    world.rewrite_trust(|store| store.approvers.retain(|a| a.person == "me"));
    nobody_of(world.asked_about_eve().await, Assurance::Device);
}

#[tokio::test]
async fn attack_09_an_allow_from_before_a_stronger_approver_admits_nobody_after_it() {
    let world = world().await;
    world.begin("me", 2, Assurance::Local).await;
    let eve = world.candidate("eve", 66, Assurance::Verified);
    let request = world.allowed(&eve, 2).await;
    world.pin("phone", 1, Assurance::Device, 2).await;
    let refused = world.admit(eve, request).await.unwrap_err();
    assert!(matches!(refused, PairingError::NotAllowed(_)), "{refused}");
    assert_eq!(world.enforcer.trust().unwrap().approvers.len(), 2);
}

#[tokio::test]
async fn a_key_that_was_not_pinned_after_all_raises_nothing() {
    let world = world().await;
    world.begin("me", 2, Assurance::Local).await;
    // The same key once more, under another name and more assurance: no store holds both.
    let twice = world.candidate("me-too", 2, Assurance::Verified);
    let request = world.allowed(&twice, 2).await;
    assert!(world.admit(twice, request).await.is_err());
    assert_eq!(world.asked_about_eve().await.unwrap().unwrap(), ["me"]);
}

#[tokio::test]
async fn attack_09_a_trust_store_that_is_gone_makes_no_new_home() {
    let world = world().await;
    world.begin("phone", 1, Assurance::Device).await;
    let is_refused = |asked: Result<Option<Vec<String>>, PairingError>| {
        let refused = asked.unwrap_err();
        assert!(matches!(refused, PairingError::Home(HomeError::NotNew { .. })), "{refused}");
        assert!(refused.to_string().contains("trust.json"), "{refused}");
    };
    let path = world.home.root().join("trust.json");
    let whole = std::fs::read(&path).unwrap();
    world.rewrite_trust(|store| store.approvers.clear());
    is_refused(world.asked_about_eve().await);
    std::fs::remove_file(&path).unwrap();
    is_refused(world.asked_about_eve().await);
    let eve = world.candidate("eve", 66, Assurance::Verified);
    assert!(world.enforcer.admit(eve, &Relays::new(), 1_000, &|_| {}).await.is_err());
    assert!(world.enforcer.trust().unwrap().approvers.is_empty());
    // Put back, it is the home that it was.
    std::fs::write(&path, whole).unwrap();
    assert_eq!(world.asked_about_eve().await.unwrap().unwrap(), ["phone"]);
}

#[tokio::test]
async fn attack_09_a_pairing_without_a_ledger_or_keys_makes_no_new_home() {
    let world = world().await;
    let phone = world.candidate("phone", 1, Assurance::Device);
    let path = world.home.root().join("pairings").join("phone.json");
    files::write(&path, &phone.pairing, Target::New).unwrap();
    let refused = world.asked_about_eve().await.unwrap_err();
    assert!(matches!(refused, PairingError::Home(HomeError::NotNew { .. })), "{refused}");
}

#[tokio::test]
async fn a_key_runs_out_once_another_takes_over_and_never_later_than_was_said() {
    let world = world().await;
    world.begin("phone", 1, Assurance::Device).await;
    world.pin("me", 2, Assurance::Local, 1).await;
    let early = world.enforcer.retire("phone", 60_000).await.unwrap_err();
    assert!(early.to_string().contains("no other approver"), "{early}");
    assert_eq!(world.enforcer.ways().unwrap().len(), 2);
    world.pin("tablet", 3, Assurance::Device, 1).await;
    world.enforcer.retire("phone", 60_000).await.unwrap();
    world.enforcer.retire("phone", 3_600_000).await.unwrap();
    assert_eq!(world.enforcer.ways().unwrap().len(), 3, "it counts until then");
    let status = |name: &str| {
        let trust = world.enforcer.trust().unwrap();
        trust.approvers.into_iter().find(|a| a.person == name).unwrap().status
    };
    let Status::Rotated { until } = status("phone") else { panic!("{:?}", status("phone")) };
    assert_eq!(until.instant(), world.enforcer.edge().now().plus_millis(60_000));
    let alone = world.enforcer.retire("tablet", 60_000).await.unwrap_err();
    assert!(alone.to_string().contains("no other approver"), "one that runs out is no successor");
    world.enforcer.retire("phone", 0).await.unwrap();
    let left: Vec<_> = world.enforcer.ways().unwrap();
    assert!(left.iter().all(|way| way.approver.person != "phone"), "it counts no more");
    world.enforcer.revoke("phone", None).await.unwrap();
    assert!(matches!(status("phone"), Status::Revoked { .. }));
    assert!(world.enforcer.retire("phone", 60_000).await.is_err(), "what is gone does not return");
}
