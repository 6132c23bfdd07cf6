//! A standing permission, as a person signs it.
//!
//! Either it is an action of its own, put to the approver like any other: what is signed is the
//! whole call, who may make it, where, until when and how often. Or an approver takes it out of
//! what the route of a call offers, beside a yes to it ([`Taken`]). Nothing is a grant that does
//! not read back as one exactly.

mod taken;
mod terms;
mod words;

pub use taken::{Taken, latest, offer};
pub use terms::Terms;

use crate::action::{Action, ActionHash, Request};
use crate::artifact::ArtifactHead;
use crate::decision::Decision;
use crate::encoding::Hash;
use crate::json::{self, JsonError};
use crate::time::{Instant, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The name of the request that asks for a grant.
pub const ACTION: &str = "countersign.grant.add";

/// One call that may run again without asking.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Grant {
    /// The call, whole. Only an identical one is covered.
    pub action: Map<String, Value>,
    /// Who may make it, from the connection.
    pub principal: String,
    /// The one session in which it may be made; `None` is every session of the principal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The workspace's absolute directory.
    pub workspace: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How often it may be made, at least 1; `None` is until it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// What a receipt says of the grant that something ran under: enough to check it offline.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GrantNote {
    /// The grant.
    pub id: String,
    /// When it was given.
    pub granted_at: Timestamp,
    /// What was signed: the action of [`Grant::to_action`], or the call itself where the grant was
    /// taken beside a yes to it.
    pub action: Map<String, Value>,
    /// The artifacts it was signed in, but for their payload, which is `action`.
    pub artifacts: Vec<ArtifactHead>,
    /// The decisions that gave it, whole.
    pub decisions: Vec<Decision>,
}

impl Grant {
    /// What an approver is asked to sign.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn to_action(&self) -> Result<Action, JsonError> {
        let parameters = json::value_of(self)?;
        Ok(Action::Request(Request { action: ACTION.to_owned(), parameters, verb: None }))
    }

    /// Reads a grant back from what was signed; `None` where it is something else.
    #[must_use]
    pub fn of_payload(payload: &Map<String, Value>) -> Option<Self> {
        let Action::Request(request) = Action::from_payload(&Value::Object(payload.clone()))?
        else {
            return None;
        };
        if request.action != ACTION || request.verb.is_some() {
            return None;
        }
        let grant: Self = crate::message::exact(&request.parameters).ok()?;
        (grant.count != Some(0)).then_some(grant)
    }

    /// Whether an action asks for a grant and for nothing else: giving it uses its approval up.
    #[must_use]
    pub fn is_all_of(action: Option<&Map<String, Value>>) -> bool {
        action.is_some_and(|action| Self::of_payload(action).is_some())
    }

    /// The hash of the call.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn action_hash(&self) -> Result<ActionHash, JsonError> {
        json::sha256(&self.action).map(|bytes| ActionHash(Hash(bytes)))
    }

    /// Whether it has not ended at `now`.
    #[must_use]
    pub fn lasts(&self, now: Instant) -> bool {
        now < self.expires_at.instant()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn grant() -> Grant {
        let action =
            json!({"kind": "request", "action": "deploy", "parameters": {"to": "staging"}});
        Grant {
            action: action.as_object().cloned().unwrap(),
            principal: "uid:1".into(),
            session: None,
            workspace: "/w".into(),
            expires_at: Instant(1_770_000_000_000).timestamp(),
            count: Some(3),
        }
    }

    fn payload(grant: &Grant) -> Map<String, Value> {
        grant.to_action().unwrap().to_payload().unwrap().as_object().cloned().unwrap()
    }

    #[test]
    fn a_grant_reads_back_exactly() {
        let grant = grant();
        assert_eq!(Grant::of_payload(&payload(&grant)), Some(grant.clone()));
        assert!(grant.lasts(Instant(1_769_999_999_999)));
        assert!(!grant.lasts(Instant(1_770_000_000_000)));
    }

    #[test]
    fn what_is_not_exactly_a_grant_is_none() {
        let good = payload(&grant());
        let mut other = good.clone();
        other.insert("action".into(), json!("countersign.policy.accept"));
        assert_eq!(Grant::of_payload(&other), None);
        for (name, value) in [
            ("count", json!(0)),
            ("count", Value::Null),
            ("any", json!(1)),
            ("workspace", json!(1)),
        ] {
            let mut bad = good.clone();
            bad.get_mut("parameters").unwrap()[name] = value;
            assert_eq!(Grant::of_payload(&bad), None, "{name}");
        }
    }
}
