//! What a policy says of one action.

mod compare;
mod json;

use crate::verb::{Lane, Verb};
use countersign_core::artifact::{Assurance, Risk};
use countersign_core::encoding::Hash;
use serde::{Deserialize, Serialize};

/// What happens to an action, from loosest to strictest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It runs.
    Allow,
    /// It runs; the named fields are committed to and never written in the clear.
    Redact,
    /// People are asked.
    RequireApproval,
    /// It does not run.
    Block,
}

/// People of whom some must allow. An empty list means every pinned approver.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Roster {
    /// Labels: a person's name, or `role:NAME`.
    pub approvers: Vec<String>,
    /// How many distinct persons of them must allow, at least 1.
    pub quorum: u32,
}

/// Who is asked next when nobody answers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Escalation {
    /// A label.
    pub to: String,
    /// Seconds after the question, or after the step before.
    #[serde(rename = "afterSeconds")]
    pub after: u32,
}

/// What happens when the time is over. Never that it runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// The next of the escalation is asked.
    Escalate,
    /// It is refused.
    Deny,
}

/// A standing permission that an approver may give out of an answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlwaysAllow {
    /// The longest it may last, in seconds.
    pub max_seconds: u32,
    /// Whether it ends with the session at the latest.
    pub session: bool,
}

/// What a policy says of one action. The obligations mean something only where people are asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// What happens.
    pub decision: Decision,
    /// The rule whose wording applies: `RULE`, `risk.LEVEL`, `floor.NAME` or `default`.
    pub rule_id: String,
    /// The risk.
    pub risk: Risk,
    /// The most dangerous verb.
    pub verb: Verb,
    /// The most dangerous lane.
    pub lane: Option<Lane>,
    /// Every one of these must be met. Never empty.
    pub rosters: Vec<Roster>,
    /// How many distinct persons must allow in all: as many as the rosters of one rule add up to,
    /// the highest of all rules. At least 1.
    pub persons: u32,
    /// Whether one denial ends it.
    pub veto: bool,
    /// How long an answer is waited for.
    pub timeout_seconds: u32,
    /// Who is asked next.
    pub escalation: Vec<Escalation>,
    /// What happens when the time is over.
    pub on_timeout: OnTimeout,
    /// Whether a text says that nobody is asked next then: no caller may have it otherwise.
    pub silence_ends: bool,
    /// The least assurance of a key that counts.
    pub min_assurance: Assurance,
    /// Whether an answer must say why.
    pub require_reason: bool,
    /// Whether a standing permission is on offer.
    pub always_allow: Option<AlwaysAllow>,
    /// How often one approval may be used, at least 1.
    pub max_uses: u32,
    /// Fields that are committed to before anything is hashed, sorted.
    pub redact: Vec<String>,
    /// Every rule that matched, `LAYER:RULE`, in the order of their wording.
    pub matched: Vec<String>,
    /// The wording, in plain words.
    pub display: String,
    /// What was judged under: all layers.
    pub policy_hash: Hash,
}
