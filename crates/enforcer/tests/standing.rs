//! Grants, the stop, bounds on what waits and denials in a row, over a ledger in memory and a
//! clock that a test moves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that fails has failed the test")]
#![allow(clippy::indexing_slicing, reason = "a missing artifact fails the test")]

#[path = "standing/beside.rs"]
mod beside;
mod common;
#[path = "standing/ends.rs"]
mod ends;
#[path = "standing/freeze.rs"]
mod freeze;
#[path = "standing/grants.rs"]
mod grants;
#[path = "standing/heads.rs"]
mod heads;
#[path = "standing/hours.rs"]
mod hours;
#[path = "standing/limits.rs"]
mod limits;
#[path = "standing/taken.rs"]
mod taken;

use common::{Gate, accept, pin_ann};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::{Context, Scope};
use countersign_core::decision::{Answer, Choice, Decision, Reason, Word, hint};
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::{Event, Level, Receipt};
use countersign_enforcer::{
    Answered, Edge, Enforcer, GateError, Grounds, Home, Question, Relays, Ruling,
};
use countersign_policy::Asker;
use countersign_store::ledger::{LedgerError, LedgerStore, MemoryLedger, RequestRecord, Suspended};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
const WORKSPACE: &str = "/nonexistent/w";
/// Whose call it is.
const WHOSE: (&str, &str, &str) = ("uid:1", "default", WORKSPACE);

/// What most tests hold under.
const POLICY: &str = "version = 1\n[[rule]]\nid = \"spins\"\ntools = [\"spin\", \"pay\"]\n\
    decision = \"require_approval\"\napprovers = [\"anyone\"]\n\
    always_allow = { max = \"8h\", session = false }\n";

struct World {
    _dir: tempfile::TempDir,
    home: Home,
    ledger: Arc<MemoryLedger>,
    enforcer: Enforcer,
    person: SecretKeys,
    clock: Arc<AtomicI64>,
    edge: Edge,
}

/// A home with one approver, under a policy that was accepted.
async fn world(policy: &str) -> World {
    let Gate { dir, home, ledger, enforcer, clock, edge } = common::gate().await;
    accept(&enforcer, policy).await;
    let person = pin_ann(&enforcer).await;
    World { _dir: dir, home, ledger, enforcer, person, clock, edge }
}

fn action(name: &str) -> Action {
    let verb = (name == "pay").then(|| "payment".to_owned());
    Action::Request(Request { action: name.into(), parameters: json!({"n": 1}), verb })
}

/// Takes the key of the one approver back.
fn revoke_ann(world: &World) {
    let at = world.edge.now().timestamp();
    let name = world.home.pairings().unwrap()[0].name.clone();
    world.home.revoke(world.enforcer.identity(), &name, &at, None).unwrap();
}

/// The same tool with other arguments.
fn other(name: &str, n: u32) -> Action {
    Action::Request(Request { action: name.into(), parameters: json!({"n": n}), verb: None })
}

impl World {
    fn later(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    async fn grounds(&self, action: &Action) -> Grounds {
        let judged = self.enforcer.judge(action, Asker::default(), WORKSPACE).await.unwrap();
        let Ruling::Asks(grounds) = judged.ruling(false) else { panic!("nobody is asked") };
        grounds
    }

    async fn question(&self, action: Action) -> Question {
        let (principal, session, workspace) = WHOSE;
        Question {
            grounds: self.grounds(&action).await,
            action,
            disclosures: vec![],
            context: Context::default(),
            principal: principal.into(),
            session: session.into(),
            workspace: workspace.into(),
            ttl_millis: 60_000,
            to: self.enforcer.ways().unwrap(),
        }
    }

    async fn put(&self, question: &Question) -> Result<RequestRecord, GateError> {
        match self.enforcer.suspend(question).await? {
            Suspended::Opened(r) | Suspended::Joined(r) | Suspended::Ready(r) => Ok(r),
        }
    }

    async fn answered(&self, request: &RequestRecord, word: Word) -> RequestRecord {
        let artifact = &request.asked[0].artifact;
        let text = "use the other one".to_owned();
        let reason = Reason { text, salt: Fixed(self.edge.random().unwrap()) };
        let hash = json!(reason.hash());
        let choice = Choice {
            word,
            scope: Scope::Once,
            expires_at: artifact.head.expires_at.clone(),
            nonce: Fixed(self.edge.random().unwrap()),
            hints: Some([(hint::REASON_HASH.to_owned(), hash)].into_iter().collect()),
        };
        let decision = Decision::sign(artifact, choice, &self.person).unwrap();
        let answer = Answer { decision, reason: Some(reason) };
        self.enforcer.accept(request, &request.asked[0], answer).await.unwrap()
    }

    async fn newest(&self) -> Receipt {
        self.ledger.receipt(None).await.unwrap().unwrap()
    }

    fn verdict(&self, receipt: &Receipt) -> Verdict {
        receipt.check(&self.enforcer.trust().unwrap(), self.edge.now())
    }
}
