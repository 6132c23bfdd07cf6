//! Who must answer, and what may be answered.

use super::{Assurance, Risk, Scope};
use crate::encoding::Hash;
use crate::keys::KeyId;
use serde::{Deserialize, Serialize};

/// Who must answer, and what may be answered. Signed by the person along with the action.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Route {
    /// Votes count only within one round.
    pub round: u32,
    /// The rule whose wording applies.
    pub rule_id: String,
    /// The risk it was judged to have.
    pub risk: Risk,
    /// The policy it was judged under.
    pub policy_hash: Hash,
    /// Every key that may answer.
    pub roster: Vec<Seat>,
    /// How many distinct persons must allow.
    pub threshold: u32,
    /// The least assurance that counts.
    pub min_assurance: Assurance,
    /// Whether a denial or approval must say why.
    pub reason_required: bool,
    /// The scopes on offer.
    pub scopes: Vec<Scope>,
    /// How often an accepted `timebox` or `session` decision may be claimed.
    pub max_uses: u32,
    /// People of whom some must allow, besides the threshold: every one of these is met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Whether one denial ends it, however many allow.
    #[serde(default, skip_serializing_if = "is_default")]
    pub veto: bool,
    /// Labels of those who are asked next, first to last; a signed escalation may name one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalate_to: Vec<String>,
    /// The widest standing permission that may be given out of an answer; `None` is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantOffer>,
}

/// One key that may answer, and whose it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Seat {
    /// The person.
    pub person: String,
    /// One of the person's keys.
    pub key_id: KeyId,
}

/// People of whom some must allow, such as those of one role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Group {
    /// What the policy calls them; only for people who read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Persons of the roster, sorted, each once.
    pub persons: Vec<String>,
    /// How many distinct persons of them must allow.
    pub threshold: u32,
}

/// The widest standing permission that an approver may give out of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GrantOffer {
    /// The longest it may last, in seconds.
    pub max_seconds: u32,
    /// Whether it ends with the session at the latest.
    pub session: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
