//! Whether somebody in this home answers to a label of a policy.

use super::layers::Loaded;
use crate::commands::Here;
use crate::failure::Failure;
use crate::parties;
use countersign_core::display::counted;
use countersign_core::trust::{Approver, TrustStore};
use countersign_enforcer::{Edge, Home};
use countersign_policy::model::Policy;
use serde::Serialize;

/// A label that is nobody's, or why that cannot be told.
#[derive(Serialize, Debug)]
pub(super) struct Unknown {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    pub(super) message: String,
}

/// Every label of a policy that is nobody's here.
pub(super) fn unknown(here: &Here<'_>, loaded: &Loaded) -> Result<Vec<Unknown>, Failure> {
    if loaded.labels.is_empty() {
        return Ok(Vec::new());
    }
    let Some(identity) = parties::existing_identity(&here.root)? else {
        let labels = counted(loaded.labels.len(), "label");
        let message =
            format!("nobody can tell whose the {labels} of approvers are: this home has no keys");
        return Ok(vec![Unknown { line: None, column: None, label: None, message }]);
    };
    let trust = Home::open(&here.root)?.trust(&identity)?;
    let nobody =
        loaded.labels.iter().filter(|place| !resolves(&place.label, &loaded.policy, &trust));
    let warning = |place: &countersign_policy::load::LabelPlace| Unknown {
        line: Some(place.line),
        column: Some(place.column),
        label: Some(place.label.clone()),
        message: format!("no pinned approver is `{}`", place.label),
    };
    Ok(nobody.map(warning).collect())
}

fn resolves(label: &str, policy: &Policy, trust: &TrustStore) -> bool {
    // Each member of a group is a label with a place of its own.
    let group = policy.approvers.iter().any(|a| a.name == label && !a.members.is_empty());
    let role = label.strip_prefix("role:");
    let named =
        |key: &Approver| role.is_none() && [&key.person, &key.label].contains(&&label.to_owned());
    let of_role = |key: &Approver| {
        let role = role.unwrap_or(label);
        let given = policy.approvers.iter().filter(|a| a.name == key.person);
        key.roles.iter().chain(given.flat_map(|a| &a.roles)).any(|r| r == role)
    };
    group || pinned(trust).any(|key| fits(key, policy) && (named(key) || of_role(key)))
}

fn pinned(trust: &TrustStore) -> impl Iterator<Item = &Approver> {
    let now = Edge::system().now();
    trust.approvers.iter().filter(move |key| key.status.counts(now))
}

/// Where the policy names the only keys that count for a person, it is one of them.
fn fits(key: &Approver, policy: &Policy) -> bool {
    let named = policy.approvers.iter().filter(|a| a.name == key.person);
    let own = key.keys.fingerprint().to_string();
    named.into_iter().all(|a| a.fingerprints.is_empty() || a.fingerprints.contains(&own))
}
