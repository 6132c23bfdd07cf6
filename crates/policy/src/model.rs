//! A policy as both dialects load into it. Every value here was checked by [`mod@crate::load`].

use crate::condition::{Condition, FieldPath};
use crate::pattern::{Glob, HostPattern};
use crate::verb::Verb;
use crate::verdict::{AlwaysAllow, Decision, Escalation, OnTimeout, Roster};
use countersign_core::artifact::{ArtifactType, Assurance, Risk};
use countersign_core::time::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Policy {
    /// How it is applied.
    pub mode: Mode,
    /// Its rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// People and groups.
    pub approvers: Vec<Approver>,
    /// Names whose verb and risk a person knows better than we do.
    pub classify: Vec<Reclass>,
    /// What happens where no rule decides.
    pub risk: BTreeMap<Risk, Level>,
    /// What fills in where a rule or a level says nothing.
    pub defaults: Obligations,
    /// Bounds.
    pub limits: Limits,
    /// What its writer expects of it. Says nothing of any action.
    pub tests: Vec<Case>,
}

/// How a policy is applied. The floors hold in every mode, and everything is recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// As written.
    #[default]
    Enforce,
    /// What would be held runs and is recorded; ends 7 days after the file was accepted.
    Observe,
    /// `enabled: false`: nothing but the floors holds, and everything is recorded as `observed`.
    Off,
}

/// One rule. An empty list asks nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rule {
    /// Its name, unique in the file.
    pub id: String,
    /// Among the matching rules of the winning decision the lowest gives the wording.
    pub order: i64,
    /// Whether it counts.
    pub disabled: bool,
    /// Who asks.
    pub subject: Subject,
    /// What the action does.
    pub verbs: Vec<Verb>,
    /// What it calls.
    pub tools: Vec<Glob>,
    /// The server of a tool.
    pub servers: Vec<Glob>,
    /// The hosts it reaches.
    pub hosts: Vec<HostPattern>,
    /// How it would be put to a person.
    pub artifact_types: Vec<ArtifactType>,
    /// What else must hold; all of them.
    pub conditions: Vec<Condition>,
    /// The least risk that an action has which this rule matches.
    pub risk: Option<Risk>,
    /// What happens; without it the risk table decides.
    pub decision: Option<Decision>,
    /// What an approval must satisfy.
    pub obligations: Obligations,
    /// Fields that are committed to.
    pub redact: Vec<FieldPath>,
    /// Its wording.
    pub display: Option<String>,
}

/// Who asks, as a rule names them: `any`, or `KIND:GLOB`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Subject {
    /// Anybody.
    #[default]
    Any,
    /// The principal of the connection.
    Account(Glob),
    /// The agent's name for itself.
    Agent(Glob),
    /// The agent's name for its session.
    Session(Glob),
    /// The agent's name for its workflow.
    Workflow(Glob),
}

/// What an approval must satisfy, as far as it was written down.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Obligations {
    /// Every one of these must be met.
    pub rosters: Vec<Roster>,
    /// Whether one denial ends it.
    pub veto: Option<bool>,
    /// How long an answer is waited for, in seconds.
    pub timeout: Option<u32>,
    /// Who is asked next; at most 4.
    pub escalation: Vec<Escalation>,
    /// What happens when the time is over.
    pub on_timeout: Option<OnTimeout>,
    /// Whether an answer must say why.
    pub require_reason: Option<bool>,
    /// Whether a standing permission is on offer: `Some(None)` says that none is.
    pub always_allow: Option<Option<AlwaysAllow>>,
    /// The least assurance of a key that counts.
    pub min_assurance: Option<Assurance>,
    /// How often one approval may be used.
    pub max_uses: Option<u32>,
}

/// What happens at one level of risk where no rule decides.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Level {
    /// What happens; without it people are asked.
    pub decision: Option<Decision>,
    /// What an approval must satisfy.
    pub obligations: Obligations,
}

/// A person or a group that this policy names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Approver {
    /// The label.
    pub name: String,
    /// Who is in the group; a person has none.
    pub members: Vec<String>,
    /// Roles besides those of the trust store.
    pub roles: Vec<String>,
    /// The only keys that count for this label, as lowercase hex fingerprints; empty is any pinned.
    pub fingerprints: Vec<String>,
    /// The highest risk that this label may answer for.
    pub max_risk: Option<Risk>,
    /// Who may answer instead, and when.
    pub may_delegate_to: Vec<Delegation>,
}

/// Somebody who may answer instead of another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delegation {
    /// The label.
    pub to: String,
    /// From when; at once where it is not said.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
}

/// What a person knows of names that we do not.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reclass {
    /// Tools or programs.
    pub tools: Vec<Glob>,
    /// Servers of tools.
    pub servers: Vec<Glob>,
    /// Hosts.
    pub hosts: Vec<HostPattern>,
    /// What else must hold.
    pub conditions: Vec<Condition>,
    /// What it does.
    pub verb: Option<Verb>,
    /// How dangerous that is. Raises what is known; sets what is not.
    pub risk: Option<Risk>,
}

/// Bounds on what waits.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// Requests that may wait at once, for each agent.
    pub max_pending_per_agent: Option<u32>,
    /// Requests that may wait at once.
    pub max_pending: Option<u32>,
}

/// An action and what the policy is expected to say of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// What to call it.
    pub name: Option<String>,
    /// The action.
    pub what: CaseWhat,
    /// Who asks and where: `agent`, `session`, `workflow`, `account`, `cwd`, `host`, all of them
    /// texts.
    pub context: Map<String, Value>,
    /// What is expected.
    pub expect: Expect,
}

/// The action of a [`Case`].
#[derive(Clone, PartialEq, Debug)]
pub enum CaseWhat {
    /// A whole action, as `explain --action` reads it.
    Action(Value),
    /// A line for a shell.
    Shell(String),
    /// A program and its arguments, never empty.
    Argv(Vec<String>),
}

/// What is expected of a verdict, at least one thing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expect {
    /// What happens.
    pub decision: Option<Decision>,
    /// How dangerous it is.
    pub risk: Option<Risk>,
    /// What it does.
    pub verb: Option<Verb>,
    /// The rule whose wording applies.
    pub rule: Option<String>,
}
