//! Pinned keys in a question of the home, as a person reads them: who, what for, and the fingerprint.
//!
//! The fingerprint is worked out here, over all bytes of the keys, and every other member of a record
//! is told. A record that is anything else than its own words is shown leaf by leaf.

use super::Fact;
use super::text::word;
use countersign_core::action::Request;
use countersign_core::json;
use countersign_core::passkey::Passkey;
use countersign_core::trust::{Approver, Operator, Status};
use serde::{Deserialize, Serialize};

/// What may be asked about pinned keys.
const ASKED: [&str; 3] =
    ["countersign.trust.set", "countersign.trust.import", "countersign.key.rotate"];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    approvers: Vec<Edit>,
    operators: Vec<Operator>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    before: Option<Approver>,
    after: Approver,
}

/// The records of a question about pinned keys; `None` where it is another question, or holds
/// anything that the words would leave out.
pub(super) fn facts(request: &Request) -> Option<Vec<Fact>> {
    ASKED.contains(&request.action.as_str()).then_some(())?;
    let asked: Parameters = serde_json::from_value(request.parameters.clone()).ok()?;
    let whole = json::value_of(&asked).is_ok_and(|again| again == request.parameters);
    let named = |one: &Approver| one.keys.key_id() == one.key_id;
    let edits = asked.approvers.iter();
    let records = edits.flat_map(|edit| edit.before.iter().chain([&edit.after]));
    let operators = asked.operators.iter().all(|one| one.keys.key_id() == one.key_id);
    if !whole || !operators || !records.into_iter().all(named) {
        return None;
    }
    let edits = (1..).zip(&asked.approvers).flat_map(|(number, edit)| of_edit(number, edit));
    Some(edits.chain(asked.operators.iter().map(of_operator)).collect())
}

fn of_edit(number: usize, edit: &Edit) -> Vec<Fact> {
    match &edit.before {
        None => vec![of_approver(format!("key {number}, new"), &edit.after)],
        Some(before) => vec![
            of_approver(format!("key {number}, as it is"), before),
            of_approver(format!("key {number}, after"), &edit.after),
        ],
    }
}

fn of_approver(label: String, one: &Approver) -> Fact {
    let roles: Vec<String> = one.roles.iter().map(|role| word(role)).collect();
    let roles =
        if roles.is_empty() { "no roles".into() } else { format!("roles {}", roles.join(", ")) };
    let lines = vec![
        format!(
            "{} of {}: {}, assurance {}, {roles}",
            word(&one.label),
            word(&one.person),
            state(&one.status),
            one.assurance.name()
        ),
        format!("fingerprint {}", one.keys.fingerprint()),
        format!("since {}, device {}", one.created_at, word(&one.device_id)),
        format!("pairing {}", word(&one.pair_id)),
    ];
    let lines = lines.into_iter().chain(one.passkey.as_ref().map(passkey)).collect();
    Fact { raw: raw(one), ..Fact::of_lines(label, lines) }
}

/// A passkey by the page that may use it; its key is told whole.
fn passkey(one: &Passkey) -> String {
    let (page, name, key) = (word(&one.origin), word(&one.rp_id), &one.public_key);
    format!("passkey of {page} (rpId {name}, ES256): {key}; answers with it count as verified")
}

fn of_operator(one: &Operator) -> Fact {
    let lines = vec![
        format!("{}: {}, since {}", word(&one.label), state(&one.status), one.created_at),
        format!("fingerprint {}", one.keys.fingerprint()),
    ];
    Fact { raw: raw(one), ..Fact::of_lines("operator", lines) }
}

fn state(status: &Status) -> String {
    match status {
        Status::Active {} => "counts".to_owned(),
        Status::Rotated { until } => format!("replaced, counts until {until}"),
        Status::Revoked { at, compromised_since: None } => format!("taken back at {at}"),
        Status::Revoked { at, compromised_since: Some(since) } => {
            format!("taken back at {at}, perhaps in other hands since {since}")
        }
    }
}

/// The record itself, for programs.
fn raw(record: &impl Serialize) -> Vec<String> {
    let text = json::canonical(record).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.into_iter().collect()
}
