//! A verdict as others read it.

use super::{AlwaysAllow, Decision, Escalation, OnTimeout, Roster, Verdict};
use crate::verb::{Lane, Verb};
use countersign_core::artifact::{Assurance, Risk};
use countersign_core::encoding::Hash;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;

/// The members of a verdict, in the order in which they are written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    decision: Decision,
    rule_id: &'a str,
    risk: Risk,
    verb: &'a Verb,
    lane: Option<Lane>,
    approvers: BTreeSet<&'a str>,
    quorum: Quorum<'a>,
    veto: bool,
    timeout_seconds: u32,
    escalation: &'a [Escalation],
    on_timeout: OnTimeout,
    min_assurance: Assurance,
    require_reason: bool,
    always_allow: Option<AlwaysAllow>,
    max_uses: u32,
    redact: &'a [String],
    matched: &'a [String],
    display: &'a str,
    policy_hash: Hash,
}

/// How many must allow: a number where one list of people is asked, else each list with its own.
#[derive(Serialize)]
#[serde(untagged)]
enum Quorum<'a> {
    One(u32),
    Each(&'a [Roster]),
}

/// Everyone who may be asked stands in `approvers`, empty for every pinned approver. `quorum` is a
/// number, or one object for each of several rosters. Where nobody is asked it is 0, and nobody
/// stands in `approvers`.
impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let asks = self.decision == Decision::RequireApproval;
        let rosters = if asks { self.rosters.as_slice() } else { &[] };
        let labels = rosters.iter().flat_map(|roster| &roster.approvers);
        let document = Document {
            decision: self.decision,
            rule_id: &self.rule_id,
            risk: self.risk,
            verb: &self.verb,
            lane: self.lane,
            approvers: labels.map(String::as_str).collect(),
            quorum: match rosters {
                [] => Quorum::One(0),
                [one] => Quorum::One(one.quorum),
                several => Quorum::Each(several),
            },
            veto: self.veto,
            timeout_seconds: self.timeout_seconds,
            escalation: &self.escalation,
            on_timeout: self.on_timeout,
            min_assurance: self.min_assurance,
            require_reason: self.require_reason,
            always_allow: self.always_allow,
            max_uses: self.max_uses,
            redact: &self.redact,
            matched: &self.matched,
            display: &self.display,
            policy_hash: self.policy_hash,
        };
        document.serialize(serializer)
    }
}
