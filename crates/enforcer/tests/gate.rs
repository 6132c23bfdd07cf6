//! The gate over a ledger in memory: what counts as an answer, and what voids one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that fails has failed the test")]
#![allow(clippy::indexing_slicing, reason = "a missing artifact fails the test")]

mod common;

use common::{Gate, pin_ann};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::{Assurance, Context, Scope};
use countersign_core::decision::{Answer, Choice, Decision, Reason, Word, hint};
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{Event, Level};
use countersign_core::request::State;
use countersign_core::verify::Refusal;
use countersign_enforcer::gate::COOL_MILLIS;
use countersign_enforcer::notary::OperatorNotary;
use countersign_enforcer::pairing::Candidate;
use countersign_enforcer::question::QuestionError;
use countersign_enforcer::witness::Contradicted;
use countersign_enforcer::{Edge, Enforcer, GateError, Grounds, Home, Question, Relays};
use countersign_store::files::{self, Target};
use countersign_store::ledger::{
    Ending, LedgerError, LedgerStore, MemoryLedger, RequestRecord, Suspended,
};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

struct World {
    _dir: tempfile::TempDir,
    home: Home,
    ledger: Arc<MemoryLedger>,
    enforcer: Enforcer,
    person: SecretKeys,
    clock: Arc<AtomicI64>,
    edge: Edge,
}

async fn world() -> World {
    let Gate { dir, home, ledger, enforcer, clock, edge } = common::gate().await;
    let person = pin_ann(&enforcer).await;
    World { _dir: dir, home, ledger, enforcer, person, clock, edge }
}

impl World {
    fn question(&self, what: &str) -> Question {
        let (action, parameters) = ("delete".to_owned(), json!({"path": what}));
        Question {
            action: Action::Request(Request { action, parameters, verb: None }),
            disclosures: vec![],
            context: Context::default(),
            grounds: Grounds::fixed("test", "a person is asked"),
            principal: "uid:1".into(),
            session: "default".into(),
            workspace: "/w".into(),
            ttl_millis: 60_000,
            to: self.enforcer.ways().unwrap(),
        }
    }

    async fn suspended(&self, what: &str) -> RequestRecord {
        match self.enforcer.suspend(&self.question(what)).await.unwrap() {
            Suspended::Opened(r) | Suspended::Joined(r) | Suspended::Ready(r) => r,
        }
    }

    fn answer(&self, request: &RequestRecord, word: Word, key: &SecretKeys) -> Answer {
        let artifact = &request.asked[0].artifact;
        let choice = Choice {
            word,
            scope: Scope::Once,
            expires_at: artifact.head.expires_at.clone(),
            nonce: Fixed(self.edge.random().unwrap()),
            hints: None,
        };
        Answer { decision: Decision::sign(artifact, choice, key).unwrap(), reason: None }
    }

    async fn accept(
        &self,
        request: &RequestRecord,
        word: Word,
    ) -> Result<RequestRecord, GateError> {
        let answer = self.answer(request, word, &self.person);
        self.enforcer.accept(request, &request.asked[0], answer).await
    }

    async fn claim(&self, request: &RequestRecord) -> Result<(), GateError> {
        self.enforcer.claim(request, &Relays::new()).await.map(|_| ())
    }

    async fn events(&self, request: &RequestRecord) -> Vec<(Event, Level)> {
        let receipts = self.ledger.receipts_of(&request.id).await.unwrap();
        receipts.iter().map(|r| (r.content.entry.event, r.content.entry.trust_level)).collect()
    }

    fn later(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn an_allowed_request_is_claimed_once_and_every_step_has_a_receipt() {
    let world = world().await;
    let request = world.suspended("a").await;
    let request = world.accept(&request, Word::Allow).await.unwrap();
    assert_eq!(request.state, State::Approved);
    world.claim(&request).await.unwrap();
    let again = world.claim(&request).await.unwrap_err();
    assert_eq!(again.code(), "HARP_ERR_REPLAY");
    use Event::{Approved, Released, Suspended};
    let expected = [(Suspended, Level::L0), (Approved, Level::L1), (Released, Level::L1)];
    assert_eq!(world.events(&request).await, expected);
}

#[tokio::test]
async fn a_denied_request_is_never_claimed() {
    let world = world().await;
    let request = world.suspended("a").await;
    let request = world.accept(&request, Word::Deny).await.unwrap();
    assert_eq!(request.state, State::Denied);
    assert!(matches!(
        world.claim(&request).await,
        Err(GateError::Ledger(LedgerError::State(State::Denied)))
    ));
}

#[tokio::test]
async fn attack_03_an_answer_to_another_request_is_refused_and_recorded() {
    let world = world().await;
    let (one, other) = (world.suspended("a").await, world.suspended("b").await);
    let answer = world.answer(&one, Word::Allow, &world.person);
    let refused = world.enforcer.accept(&other, &other.asked[0], answer).await.unwrap_err();
    assert_eq!(refused.code(), "HARP_ERR_HASH_MISMATCH");
    assert_eq!(world.events(&other).await.last().unwrap().0, Event::Observed);
    let request = world.ledger.request(&other.id).await.unwrap().unwrap();
    assert_eq!(request.state, State::Created, "it changes nothing");
}

#[tokio::test]
async fn attack_10_the_operator_cannot_answer_for_itself() {
    let world = world().await;
    let request = world.suspended("a").await;
    let keys = Arc::clone(&world.enforcer.identity().keys);
    let answer = world.answer(&request, Word::Allow, &keys);
    let refused = world.enforcer.accept(&request, &request.asked[0], answer).await;
    assert!(matches!(refused, Err(GateError::Refused(Refusal::UnknownSigner(_)))));
}

#[tokio::test]
async fn attack_19_a_key_that_is_revoked_voids_its_unclaimed_approvals() {
    let world = world().await;
    let request = world.suspended("a").await;
    let request = world.accept(&request, Word::Allow).await.unwrap();
    world.enforcer.revoke("ann", None).await.unwrap();
    let refused = world.claim(&request).await.unwrap_err();
    assert_eq!(refused.code(), "HARP_ERR_SIGNATURE_INVALID");
    assert!(matches!(
        world.enforcer.suspend(&world.question("b")).await,
        Err(GateError::Question(QuestionError::Nobody))
    ));
}

#[tokio::test]
async fn attack_19_an_approval_ends_with_its_request() {
    let world = world().await;
    let request = world.suspended("a").await;
    let request = world.accept(&request, Word::Allow).await.unwrap();
    world.later(60_000);
    assert_eq!(world.claim(&request).await.unwrap_err().code(), "HARP_ERR_EXPIRED");
    let withdrawn = world.suspended("b").await;
    let withdrawn = world.accept(&withdrawn, Word::Allow).await.unwrap();
    world.enforcer.close(&withdrawn, Ending::Withdrawn).await.unwrap();
    assert!(world.claim(&withdrawn).await.is_err());
}

#[tokio::test]
async fn attack_09_a_second_approver_needs_the_first_ones_decision() {
    let world = world().await;
    let intruder = SecretKeys::from_bytes(&[8; 64]).unwrap();
    let candidate = Candidate::local(*intruder.public(), "eve", vec![], &world.edge);
    let asked = |_| {};
    let admitted = world.enforcer.admit(candidate, &Relays::new(), 1_000, &asked).await;
    assert!(admitted.is_err());
    assert_eq!(world.enforcer.trust().unwrap().approvers.len(), 1);
    world.enforcer.revoke("ann", None).await.unwrap();
    let candidate = Candidate::local(*intruder.public(), "eve", vec![], &world.edge);
    assert!(
        world.enforcer.admit(candidate, &Relays::new(), 1_000, &asked).await.is_err(),
        "a home whose keys were all taken back is not new again"
    );
}

#[tokio::test]
async fn attack_39_a_ledger_that_became_shorter_opens_no_gate() {
    let world = world().await;
    let request = world.suspended("a").await;
    let request = world.accept(&request, Word::Allow).await.unwrap();
    world.claim(&request).await.unwrap();
    let identity = world.home.identity().unwrap().unwrap();
    let notary = Arc::new(OperatorNotary(Arc::clone(&identity.keys)));
    let restored = Arc::new(MemoryLedger::new("ledger-1", [7; 32], notary));
    let opened = Enforcer::open(world.home.clone(), identity, restored, world.edge.clone()).await;
    assert!(matches!(
        opened.map(|_| ()),
        Err(GateError::Contradicted(Contradicted::Truncated { .. }))
    ));
}

#[tokio::test]
async fn attack_39_a_head_that_somebody_else_signed_opens_no_gate() {
    let world = world().await;
    let mut head = world.ledger.checkpoint().await.unwrap().unwrap();
    head.signature.0[0] ^= 1;
    files::write(&world.home.head_path(), &head, Target::Replace).unwrap();
    let request = world.suspended("a").await;
    let request = world.accept(&request, Word::Allow).await.unwrap();
    let ready = world.enforcer.suspend(&world.question("a")).await;
    assert!(matches!(ready, Err(GateError::Contradicted(Contradicted::Forged { .. }))));
    assert_eq!(request.state, State::Approved);
}

#[tokio::test]
async fn attack_47_a_commitment_in_the_callers_arguments_is_refused() {
    let world = world().await;
    let mut question = world.question("a");
    let parameters = json!({"path": {"_sd": "00"}});
    question.action = Action::Request(Request { action: "delete".into(), parameters, verb: None });
    assert!(matches!(
        world.enforcer.suspend(&question).await,
        Err(GateError::Question(QuestionError::Smuggled))
    ));
}

#[tokio::test]
async fn a_critical_call_needs_more_than_a_local_key() {
    let world = world().await;
    let grounds = Grounds::fixed("test", "a person is asked").critical();
    let question = Question { grounds, ..world.question("a") };
    assert!(matches!(
        world.enforcer.suspend(&question).await,
        Err(GateError::Question(QuestionError::Assurance(Assurance::Web)))
    ));
}

#[tokio::test]
async fn a_reason_travels_only_with_the_decision_that_names_it() {
    let world = world().await;
    let request = world.suspended("a").await;
    let artifact = &request.asked[0].artifact;
    let reason = Reason { text: "too broad".into(), salt: Fixed([1; 32]) };
    let hints = json!({ hint::REASON_HASH: reason.hash() }).as_object().unwrap().clone();
    let choice = Choice {
        word: Word::Deny,
        scope: Scope::Once,
        expires_at: artifact.head.expires_at.clone(),
        nonce: Fixed([4; 24]),
        hints: Some(hints),
    };
    let decision = Decision::sign(artifact, choice, &world.person).unwrap();
    let forged = Answer {
        decision: decision.clone(),
        reason: Some(Reason { text: "fine".into(), ..reason.clone() }),
    };
    assert!(Answer::parse(&serde_json::to_vec(&forged).unwrap()).is_err());
    let answer = Answer { decision, reason: Some(reason) };
    let answer = Answer::parse(&serde_json::to_vec(&answer).unwrap()).unwrap();
    let request = world.enforcer.accept(&request, &request.asked[0], answer).await.unwrap();
    assert_eq!(request.accepted[0].reason.as_ref().unwrap().text, "too broad");
}

#[tokio::test]
async fn attack_46_what_was_denied_is_refused_without_asking_for_ten_minutes() {
    let world = world().await;
    let request = world.suspended("a").await;
    world.accept(&request, Word::Deny).await.unwrap();
    // Another session of the same account, a sub-agent's for one, is no way around it.
    let elsewhere = Question { session: "another".into(), ..world.question("a") };
    for question in [world.question("a"), elsewhere] {
        let refused = world.enforcer.suspend(&question).await.unwrap_err();
        assert!(matches!(refused, GateError::DeniedBefore(_)), "{refused}");
        assert!(refused.to_string().starts_with("ann denied exactly this 0 s ago"), "{refused}");
        let newest = world.ledger.receipt(None).await.unwrap().unwrap().content.entry;
        assert_eq!(newest.event, Event::Blocked);
        assert_eq!(newest.policy.unwrap().rule_id, "denied_before");
    }
    assert!(world.enforcer.suspend(&world.question("b")).await.is_ok(), "it is another action");
    world.later(COOL_MILLIS + 1);
    world.suspended("a").await;
}

#[tokio::test]
async fn attack_46_new_words_ask_twice_more_and_no_oftener() {
    let world = world().await;
    let with = |text: &str| {
        let mut question = world.question("a");
        question.context.description = Some(text.to_owned());
        question
    };
    for (nth, words) in ["first", "second", "third"].into_iter().enumerate() {
        if nth > 0 {
            let refused = world.enforcer.suspend(&world.question("a")).await.unwrap_err();
            assert!(matches!(refused, GateError::DeniedBefore(_)), "silence says nothing new");
            let refused = world.enforcer.suspend(&with("first")).await.unwrap_err();
            assert!(matches!(refused, GateError::DeniedBefore(_)), "it was said before");
        }
        let Suspended::Opened(request) = world.enforcer.suspend(&with(words)).await.unwrap() else {
            panic!("it is asked anew")
        };
        // The call that waits is joined, whatever was denied before it.
        let again = world.enforcer.suspend(&with(words)).await.unwrap();
        assert!(matches!(again, Suspended::Joined(_)));
        world.accept(&request, Word::Deny).await.unwrap();
    }
    let refused = world.enforcer.suspend(&with("fourth")).await.unwrap_err();
    assert!(refused.to_string().contains("too often"), "{refused}");
}

#[tokio::test]
async fn what_is_withdrawn_or_expired_was_not_denied() {
    let world = world().await;
    let request = world.suspended("a").await;
    world.enforcer.close(&request, Ending::Withdrawn).await.unwrap();
    let request = world.suspended("a").await;
    world.later(60_000);
    world.enforcer.close(&request, Ending::Expired).await.unwrap();
    world.suspended("a").await;
}

#[tokio::test]
async fn what_a_host_runs_ends_with_its_claim() {
    let world = world().await;
    let request = world.suspended("a").await;
    let request = world.accept(&request, Word::Allow).await.unwrap();
    let permit = world.enforcer.claim(&request, &Relays::new()).await.unwrap();
    let over = world.enforcer.hand_over(permit).await.unwrap();
    assert_eq!(over.id, request.id);
    assert!(world.ledger.open_claims().await.unwrap().is_empty());
    let events: Vec<Event> =
        world.events(&request).await.into_iter().map(|(event, _)| event).collect();
    assert_eq!(events, [Event::Suspended, Event::Approved, Event::Released]);
    // The next one is asked about anew.
    let Suspended::Opened(_) = world.enforcer.suspend(&world.question("a")).await.unwrap() else {
        panic!("an approval was used twice")
    };
}
