//! Pinned keys in a question of the home, as a person reads them: who, what for, and the fingerprint.
//!
//! The fingerprint is worked out here, over all bytes of the keys, and every other member of a record
//! is told. A record that is anything else than its own words is shown leaf by leaf.

use super::Fact;
use super::text::word;
use countersign_core::action::Request;
use countersign_core::json;
use countersign_core::passkey::{Passkey, PasskeyAlg};
use countersign_core::trust::{Approver, Operator, Past, Status, TrustStore};
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

/// The records of a question about pinned keys; `None` where it is another question, holds none, or
/// holds anything that the words would leave out.
pub(super) fn facts(request: &Request) -> Option<Vec<Fact>> {
    ASKED.contains(&request.action.as_str()).then_some(())?;
    let asked: Parameters = serde_json::from_value(request.parameters.clone()).ok()?;
    let whole = json::value_of(&asked).is_ok_and(|again| again == request.parameters);
    let edits = asked.approvers.iter();
    let mut records = edits.flat_map(|edit| edit.before.iter().chain([&edit.after]));
    let operators = asked.operators.iter().all(|one| one.keys.key_id() == one.key_id);
    if !whole || !operators || !records.all(pinned) {
        return None;
    }
    let edits = (1..).zip(&asked.approvers).flat_map(|(number, edit)| of_edit(number, edit));
    let facts: Vec<Fact> = edits.chain(asked.operators.iter().map(of_operator)).collect();
    Some(facts).filter(|facts| !facts.is_empty())
}

/// As in a trust store: its name is its key's, and what it was before is in the order of time.
fn pinned(one: &Approver) -> bool {
    TrustStore { approvers: vec![one.clone()], ..TrustStore::default() }.checked().is_ok()
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
    // By name, here and below: a member that comes to be does not compile until it is told.
    let Approver {
        key_id: _,
        keys,
        device_id,
        person,
        label: name,
        roles,
        assurance,
        passkey,
        created_at,
        status,
        pair_id,
        past,
    } = one;
    let lines = vec![
        format!(
            "{} of {}: {}, assurance {}, {}",
            word(name),
            word(person),
            state(status),
            assurance.name(),
            of_roles(roles)
        ),
        format!("fingerprint {}", keys.fingerprint()),
        format!("since {created_at}, device {}", word(device_id)),
        format!("pairing {}", word(pair_id)),
    ];
    let lines = lines.into_iter().chain(passkey.as_ref().map(of_passkey));
    let lines = lines.chain(past.iter().map(of_past)).collect();
    Fact { raw: raw(one), ..Fact::of_lines(label, lines) }
}

fn of_roles(roles: &[String]) -> String {
    let roles: Vec<String> = roles.iter().map(|role| word(role)).collect();
    if roles.is_empty() { "no roles".into() } else { format!("roles {}", roles.join(", ")) }
}

/// What a key was pinned as before: receipts of that time are judged by it.
fn of_past(past: &Past) -> String {
    let Past { until, person, roles, assurance, passkey } = past;
    let passkey = passkey.as_ref().map(|one| format!(", {}", of_passkey(one))).unwrap_or_default();
    let (person, level, roles) = (word(person), assurance.name(), of_roles(roles));
    format!("until {until}: of {person}, assurance {level}, {roles}{passkey}")
}

/// A passkey by the page that may use it; its key is told whole.
fn of_passkey(one: &Passkey) -> String {
    let Passkey { alg: PasskeyAlg::Es256, public_key: key, rp_id, origin } = one;
    let (page, name) = (word(origin), word(rp_id));
    format!("passkey of {page} (rpId {name}, ES256): {key}; answers with it count as verified")
}

fn of_operator(one: &Operator) -> Fact {
    let Operator { key_id: _, keys, label, created_at, status } = one;
    let lines = vec![
        format!("{}: {}, since {created_at}", word(label), state(status)),
        format!("fingerprint {}", keys.fingerprint()),
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

#[cfg(test)]
mod tests;
