//! The real enforcer: a home with two people and an accepted policy, a clock that is moved, and
//! processes that die at any look at clock or chance.

use super::steps::{Person, Says};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::{Context, Scope};
use countersign_core::decision::{Answer, Choice, Decision, Word};
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;
use countersign_enforcer::notary::OperatorNotary;
use countersign_enforcer::pairing::Candidate;
use countersign_enforcer::policy::Place;
use countersign_enforcer::{Answered, Edge, Enforcer, GateError, Home, Question, Relays, Ruling};
use countersign_policy::Asker;
use countersign_store::ledger::{LedgerError, LedgerStore, MemoryLedger, RequestRecord, Suspended};
use countersign_store_sqlite::{Birth, SqliteLedger};
use serde_json::json;
use std::future::Future;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use tokio::runtime::Runtime;

pub(crate) const START: i64 = 1_770_000_000_000;

/// How long a request waits.
pub(crate) const LIVES: i64 = 60_000;

pub(crate) const WORKSPACE: &str = "/nonexistent/w";
const SESSIONS: [&str; 2] = ["one", "two"];
pub(crate) const POLICY: &str = r#"
version = 1
[[rule]]
id = "calls"
tools = ["call"]
decision = "require_approval"
approvers = ["anyone"]
always_allow = { max = "8h", session = false }
[[rule]]
id = "both"
tools = ["both"]
decision = "require_approval"
approvers = ["anyone"]
quorum = 2
[[rule]]
id = "steps"
tools = ["steps"]
decision = "require_approval"
approvers = ["ann"]
timeout = "1m"
escalation = [{ to = "bob", after = "30s" }]
"#;

/// Where the ledger stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Backing {
    Memory,
    Sqlite,
}

/// No crash is ahead.
const NEVER: i64 = i64::MAX;

/// A process died.
#[derive(Debug)]
pub(crate) struct Died;

/// Time, chance, and the moment of death, which all processes share.
#[derive(Clone)]
struct Outside {
    clock: Arc<AtomicI64>,
    drawn: Arc<AtomicU64>,
    looks_left: Arc<AtomicI64>,
}

impl Outside {
    fn look(&self) {
        if self.looks_left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.looks_left.store(NEVER, Ordering::SeqCst);
            // Nothing runs after it, as after a kill; nobody is told.
            resume_unwind(Box::new(Died));
        }
    }

    fn edge(&self) -> Edge {
        let (time, chance) = (self.clone(), self.clone());
        Edge::new(
            move || {
                time.look();
                Instant(time.clock.load(Ordering::SeqCst))
            },
            move |bytes| {
                chance.look();
                let n = chance.drawn.fetch_add(1, Ordering::SeqCst).to_be_bytes();
                bytes.iter_mut().zip(n.iter().cycle()).for_each(|(to, b)| *to = *b);
                Ok(())
            },
        )
    }
}

/// What became of a call at the gate.
#[derive(Debug)]
pub(crate) enum Gated {
    /// It ran: under a grant, or by the approval of this request.
    Ran(Option<String>),
    Opened,
    Joined(String),
    /// Its request is approved, and may not be used.
    Void,
    Refused(GateError),
}

pub(crate) struct Real {
    _dir: tempfile::TempDir,
    runtime: Runtime,
    outside: Outside,
    root: PathBuf,
    pub(crate) memory: Option<Arc<MemoryLedger>>,
    enforcer: Option<Arc<Enforcer>>,
    people: Vec<(Person, SecretKeys)>,
}

/// On a disk in memory where there is one: these tests count commits and not their price.
fn directory() -> tempfile::TempDir {
    let quick = Path::new("/dev/shm");
    if quick.is_dir() { tempfile::tempdir_in(quick) } else { tempfile::tempdir() }.unwrap()
}

impl Real {
    pub(crate) fn new(backing: Backing) -> Self {
        let dir = directory();
        let outside = Outside {
            clock: Arc::new(AtomicI64::new(START)),
            drawn: Arc::new(AtomicU64::new(1)),
            looks_left: Arc::new(AtomicI64::new(NEVER)),
        };
        let root = dir.path().join("home");
        let home = Home::open(&root).unwrap();
        let identity = home.identity_or_new(&outside.edge()).unwrap();
        let notary = Arc::new(OperatorNotary(Arc::clone(&identity.keys)));
        let memory = MemoryLedger::new("ledger-1", [7; 32], notary);
        let people = Person::ALL.map(|person| {
            let seed = [person.name().as_bytes()[0]; 64];
            (person, SecretKeys::from_bytes(&seed).unwrap())
        });
        let mut real = Self {
            _dir: dir,
            runtime: tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap(),
            outside,
            root,
            memory: (backing == Backing::Memory).then(|| Arc::new(memory)),
            enforcer: None,
            people: people.into(),
        };
        real.restart();
        real.bootstrap();
        real
    }

    /// Accepts the policy, pins Ann, and lets Ann admit the others.
    pub(crate) fn bootstrap(&mut self) {
        let enforcer = self.enforcer();
        let path = self.policy_path();
        let edge = self.outside.edge();
        let candidate =
            |person| Candidate::local(*self.keys(person).public(), person.name(), vec![], &edge);
        self.runtime.block_on(async {
            let text = POLICY.as_bytes().to_vec();
            let proposal = enforcer.propose_policy(Place::Home, &path, text).await.unwrap();
            enforcer.accept_first_policy(&proposal).await.unwrap();
            std::fs::write(&path, POLICY).unwrap();
            let relays = Relays::new();
            enforcer.admit(candidate(Person::Ann), &relays, LIVES, &|_| {}).await.unwrap();
            for person in [Person::Bob, Person::Cat] {
                let next = candidate(person);
                let question = enforcer.admission(&next, LIVES).await.unwrap().unwrap();
                let request = record(enforcer.suspend(&question).await.unwrap());
                let request = self.allowed(request, Person::Ann).await.unwrap();
                let answered = Answered::Approved(request);
                enforcer.admit_answered(next, answered, &relays).await.unwrap();
            }
        });
    }

    pub(crate) fn policy_path(&self) -> PathBuf {
        self.root.join("policy.toml")
    }

    pub(crate) fn enforcer(&self) -> Arc<Enforcer> {
        Arc::clone(self.enforcer.as_ref().unwrap())
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Another process at the same home.
    pub(crate) fn another(&self) -> Arc<Enforcer> {
        let home = Home::open(&self.root).unwrap();
        let identity = home.identity().unwrap().unwrap();
        let ledger: Arc<dyn LedgerStore> = match &self.memory {
            Some(memory) => Arc::clone(memory) as _,
            None => Arc::new(self.on_disk()),
        };
        let opened = Enforcer::open(home, identity, ledger, self.outside.edge());
        Arc::new(self.runtime.block_on(opened).unwrap())
    }

    pub(crate) fn on_disk(&self) -> SqliteLedger {
        let home = Home::open(&self.root).unwrap();
        let identity = home.identity().unwrap().unwrap();
        let notary = Arc::new(OperatorNotary(identity.keys));
        let birth = Birth { ledger_id: "ledger-1".into(), secret: [7; 32] };
        SqliteLedger::open(&home.ledger_path(), notary, &birth).unwrap()
    }

    /// The process ends, and another one begins.
    pub(crate) fn restart(&mut self) {
        self.enforcer = None;
        self.enforcer = Some(self.another());
    }

    /// From now on the process dies after so many looks at clock or chance.
    pub(crate) fn dies_after(&self, looks: u8) {
        self.outside.looks_left.store(i64::from(looks), Ordering::SeqCst);
    }

    pub(crate) fn dies_no_more(&self) {
        self.outside.looks_left.store(NEVER, Ordering::SeqCst);
    }

    pub(crate) fn later(&self, millis: i64) {
        self.outside.clock.fetch_add(millis, Ordering::SeqCst);
    }

    pub(crate) fn keys(&self, person: Person) -> &SecretKeys {
        self.people.iter().find(|(who, _)| *who == person).map(|(_, keys)| keys).unwrap()
    }

    /// Whose key it is.
    pub(crate) fn person(&self, id: &countersign_core::keys::KeyId) -> Person {
        self.people.iter().find(|(_, keys)| keys.public().key_id() == *id).unwrap().0
    }

    /// What a person signs; one who was not asked signs what another was asked.
    pub(crate) fn signed(&self, request: &RequestRecord, by: Person, says: Says) -> Answer {
        self.signed_with(request, by, says, None)
    }

    pub(crate) fn signed_with(
        &self,
        request: &RequestRecord,
        by: Person,
        says: Says,
        hints: Option<serde_json::Map<String, serde_json::Value>>,
    ) -> Answer {
        let keys = self.keys(by);
        let artifact = &self.asked(request, by).artifact;
        let choice = Choice {
            word: if says == Says::Yes { Word::Allow } else { Word::Deny },
            scope: Scope::Once,
            expires_at: artifact.head.expires_at.clone(),
            // A device has chance of its own.
            nonce: Fixed(
                [self.outside.drawn.fetch_add(1, Ordering::SeqCst).to_be_bytes(); 3]
                    .concat()
                    .try_into()
                    .unwrap(),
            ),
            hints,
        };
        Answer { decision: Decision::sign(artifact, choice, keys).unwrap(), reason: None }
    }

    pub(crate) fn asked<'r>(
        &self,
        request: &'r RequestRecord,
        by: Person,
    ) -> &'r countersign_store::ledger::Asked {
        let own = self.keys(by).public().key_id();
        // Of several rounds the last one counts.
        let of = request.asked.iter().rfind(|asked| asked.key_id == own);
        of.or(request.asked.last()).unwrap()
    }

    /// The question of a call, as the policies of now have it put.
    pub(crate) async fn question(&self, call: u8, session: u8) -> Result<Question, GateError> {
        Self::put_by(&self.enforcer(), call, session).await
    }

    pub(crate) async fn put_by(
        enforcer: &Enforcer,
        call: u8,
        session: u8,
    ) -> Result<Question, GateError> {
        let action = action(call);
        let judged = enforcer.judge(&action, Asker::default(), WORKSPACE).await?;
        let ways = enforcer.ways()?;
        let seated = enforcer.seated(&judged.verdict, WORKSPACE, &ways).await?;
        let Ruling::Asks(grounds) = judged.ruling(false) else { panic!("nobody is asked") };
        let (principal, session, workspace) = whose(session);
        Ok(Question {
            grounds: grounds.with_quorum(seated.quorum),
            action,
            disclosures: vec![],
            context: Context::default(),
            principal: principal.into(),
            session: session.into(),
            workspace: workspace.into(),
            ttl_millis: LIVES,
            to: seated.ways,
        })
    }

    /// A call at the gate, as every host makes it.
    pub(crate) fn gate(&self, call: u8, session: u8) -> Gated {
        let enforcer = self.enforcer();
        self.block_on(Self::gated(&enforcer, call, session)).unwrap_or_else(Gated::Refused)
    }

    /// The same call by several processes at the same moment.
    pub(crate) fn gate_at_once(&self, processes: usize, call: u8) -> Vec<Gated> {
        let enforcers: Vec<_> = (0..processes).map(|_| self.another()).collect();
        let start = Barrier::new(processes);
        let gate = |enforcer: &Enforcer| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            start.wait();
            runtime.unwrap().block_on(Self::gated(enforcer, call, 0)).unwrap_or_else(Gated::Refused)
        };
        std::thread::scope(|threads| {
            let all = enforcers.iter().map(|enforcer| threads.spawn(|| gate(enforcer)));
            let all: Vec<_> = all.collect();
            all.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    pub(crate) async fn gated(
        enforcer: &Enforcer,
        call: u8,
        session: u8,
    ) -> Result<Gated, GateError> {
        let question = Self::put_by(enforcer, call, session).await?;
        let (action, grounds) = (&question.action, &question.grounds);
        let granted = enforcer.by_grant(action, grounds, whose(session), Asker::default()).await?;
        if let Some(permit) = granted {
            enforcer.hand_over(permit).await?;
            return Ok(Gated::Ran(None));
        }
        match enforcer.suspend(&question).await? {
            Suspended::Opened(_) => Ok(Gated::Opened),
            Suspended::Joined(request) => Ok(Gated::Joined(request.id)),
            Suspended::Ready(request) => match enforcer.claim(&request, &Relays::new()).await {
                Ok(permit) => {
                    enforcer.hand_over(permit).await?;
                    Ok(Gated::Ran(Some(request.id)))
                }
                Err(_) => Ok(Gated::Void),
            },
        }
    }
}

pub(crate) fn record(suspended: Suspended) -> RequestRecord {
    match suspended {
        Suspended::Opened(r) | Suspended::Joined(r) | Suspended::Ready(r) => r,
    }
}

pub(crate) fn action(call: u8) -> Action {
    let (action, parameters) = (["call", "call", "both", "steps"], json!({"n": call}));
    let action = action[usize::from(call) % action.len()].into();
    Action::Request(Request { action, parameters, verb: None })
}

pub(crate) fn whose(session: u8) -> (&'static str, &'static str, &'static str) {
    ("uid:1", SESSIONS[usize::from(session) % SESSIONS.len()], WORKSPACE)
}

/// Whether it is about denials of the last minutes: how exactly they are counted is told elsewhere.
pub(crate) fn is_about_denials(error: &GateError) -> bool {
    matches!(error, GateError::DeniedBefore(_) | GateError::DeniedInARow(_))
}

/// Whether everything stands still.
pub(crate) fn is_frozen(error: &GateError) -> bool {
    matches!(error, GateError::Ledger(LedgerError::Frozen(_)))
}
