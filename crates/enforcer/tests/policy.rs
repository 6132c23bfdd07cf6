//! Policies over a ledger in memory and a clock that a test moves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that fails has failed the test")]
#![allow(clippy::indexing_slicing, reason = "a missing artifact fails the test")]

mod common;

use common::{Gate, accept};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::{Context, Scope};
use countersign_core::decision::{Answer, Choice, Decision, Word};
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::Event;
use countersign_enforcer::pairing::Candidate;
use countersign_enforcer::policy::Place;
use countersign_enforcer::{Edge, Enforcer, GateError, Home, Judged, Question, Relays, Ruling};
use countersign_policy::Asker;
use countersign_store::ledger::{LedgerError, Suspended};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
const WORKSPACE: &str = "/nonexistent/w";

struct World {
    _dir: tempfile::TempDir,
    home: Home,
    enforcer: Enforcer,
    clock: Arc<AtomicI64>,
    edge: Edge,
}

/// A home that accepted a text before it pinned anybody.
async fn world(text: &str) -> World {
    let Gate { dir, home, enforcer, clock, edge, .. } = common::gate().await;
    accept(&enforcer, text).await;
    World { _dir: dir, home, enforcer, clock, edge }
}

impl World {
    fn later(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    async fn judged(&self, name: &str) -> Judged {
        self.enforcer.judge(&action(name), Asker::default(), WORKSPACE).await.unwrap()
    }

    async fn ruling(&self, name: &str) -> &'static str {
        match self.judged(name).await.ruling(false) {
            Ruling::Runs(_) => "runs",
            Ruling::Asks(_) => "asks",
            Ruling::Blocked(_) => "blocked",
        }
    }
}

fn action(name: &str) -> Action {
    Action::Request(Request { action: name.into(), parameters: json!({}), verb: None })
}

#[tokio::test]
async fn observing_ends_after_seven_days_and_holds_the_floors() {
    let world = world(
        "version = 1\nmode = \"observe\"\n[[rule]]\nid = \"b\"\ntools = [\"spin\"]\n\
         decision = \"block\"\n",
    )
    .await;
    for (wait, ordinary, blocked) in
        [(0, "runs", "runs"), (7 * DAY - 1, "runs", "runs"), (1, "asks", "blocked")]
    {
        world.later(wait);
        assert_eq!(world.ruling("update_title").await, ordinary);
        assert_eq!(world.ruling("spin").await, blocked);
        assert_eq!(world.ruling("delete_user").await, "asks");
        assert_eq!(world.ruling("refund").await, "asks");
    }
}

/// Whoever says who must allow a call wants an answer: it is put to people, watched or not, and what
/// is blocked stays so.
#[tokio::test]
async fn a_call_whose_asker_names_people_is_never_let_through_without_them() {
    let rules = "[[rule]]\nid = \"a\"\ntools = [\"update_title\"]\ndecision = \"allow\"\n\
                 [[rule]]\nid = \"b\"\ntools = [\"spin\"]\ndecision = \"block\"\n";
    for mode in ["", "mode = \"observe\"\n"] {
        let world = world(&format!("version = 1\n{mode}{rules}")).await;
        let judged = world.judged("update_title").await;
        assert!(matches!(judged.ruling(false), Ruling::Runs(_)));
        let Ruling::Asks(grounds) = judged.ruling_of_people(false) else { panic!("it ran") };
        assert!(grounds.because().starts_with("whoever asks wants an answer"), "{grounds:?}");
        assert_eq!(grounds.note().rule_id, "a", "the policy's own word stays");
        let judged = world.judged("spin").await;
        assert!(matches!(judged.ruling_of_people(false), Ruling::Blocked(_)));
    }
}

#[tokio::test]
async fn observing_ends_with_the_text_that_was_accepted() {
    let world = world("version = 1\nmode = \"observe\"\n").await;
    assert_eq!(world.ruling("update_title").await, "runs");
    std::fs::write(world.home.root().join("policy.toml"), "version = 1\nmode = \"observe\"\n\n")
        .unwrap();
    assert_eq!(world.ruling("update_title").await, "asks");
    // A clock that was set back does not begin it again.
    std::fs::remove_file(world.home.root().join("policy.toml")).unwrap();
    assert_eq!(world.ruling("update_title").await, "asks");
}

#[tokio::test]
async fn an_observed_run_is_recorded_with_what_would_have_happened() {
    let world = world("version = 1\nmode = \"observe\"\n").await;
    let Ruling::Runs(allowed) = world.judged("update_title").await.ruling(false) else {
        panic!("it is watched")
    };
    let key = ("uid:1", "default", WORKSPACE);
    let permit = world.enforcer.permit(&action("update_title"), allowed, key).await.unwrap();
    let id = &permit.request().id;
    let receipts = world.enforcer.ledger().receipts_of(id).await.unwrap();
    let entry = &receipts[0].content.entry;
    assert_eq!(entry.event, Event::Observed);
    let display = &entry.policy.as_ref().unwrap().display;
    assert!(display.starts_with("observed only; would have asked a person: "), "{display}");
}

#[tokio::test]
async fn attack_11_an_approval_is_void_where_the_hour_has_come_that_blocks() {
    let world = world(
        "version = 1\n[[rule]]\nid = \"mornings\"\ntools = [\"spin\"]\n\
         conditions = [{ field = \"time\", gte = \"03:00\" }]\ndecision = \"block\"\n",
    )
    .await;
    let person = SecretKeys::from_bytes(&[9; 64]).unwrap();
    let ann = Candidate::local(*person.public(), "ann", vec![], &world.edge);
    world.enforcer.admit(ann, &Relays::new(), 60_000, &|_| {}).await.unwrap();
    let Ruling::Asks(grounds) = world.judged("spin").await.ruling(false) else {
        panic!("it asks before three")
    };
    let question = Question {
        action: action("spin"),
        disclosures: vec![],
        context: Context::default(),
        grounds,
        principal: "uid:1".into(),
        session: "default".into(),
        workspace: WORKSPACE.into(),
        ttl_millis: 2 * HOUR,
        to: world.enforcer.ways().unwrap(),
    };
    let Suspended::Opened(request) = world.enforcer.suspend(&question).await.unwrap() else {
        panic!("it is the first")
    };
    let artifact = &request.asked[0].artifact;
    let choice = Choice {
        word: Word::Allow,
        scope: Scope::Once,
        expires_at: artifact.head.expires_at.clone(),
        nonce: Fixed(world.edge.random().unwrap()),
        hints: None,
    };
    let decision = Decision::sign(artifact, choice, &person).unwrap();
    let answer = Answer { decision, reason: None };
    let request = world.enforcer.accept(&request, &request.asked[0], answer).await.unwrap();
    world.later(HOUR);
    assert_eq!(world.ruling("spin").await, "blocked");
    let error = world.enforcer.claim(&request, &Relays::new()).await.unwrap_err();
    assert!(matches!(error, GateError::Ledger(LedgerError::Void { .. })), "{error}");
    assert_eq!(error.code(), "HARP_ERR_POLICY_DENY");
}

#[tokio::test]
async fn attack_42_what_was_allowed_over_one_text_replaces_no_newer_one() {
    let world = world("version = 1\n").await;
    let path = world.home.root().join("policy.toml");
    let propose = |text: &str| {
        let text = text.as_bytes().to_vec();
        world.enforcer.propose_policy(Place::Home, &path, text)
    };
    let older = propose("version = 1\n# older\n").await.unwrap();
    let newer = propose("version = 1\n# newer\n").await.unwrap();
    world.enforcer.accept_first_policy(&newer).await.unwrap();
    assert!(world.enforcer.accept_first_policy(&older).await.is_err());
    let accepted = world.enforcer.acceptances().await.unwrap();
    assert_eq!(accepted.last().map(|one| one.sha256), Some(newer.sha256()));
}
