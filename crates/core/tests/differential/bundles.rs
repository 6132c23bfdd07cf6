//! Bundles of ledgers in which chance says what happens, then what is lost, moved or damaged.

use super::mutate::{Chance, damaged};
use super::objects::{NOW, at, checkpoint, secret};
use countersign_core::artifact::Artifact;
use countersign_core::bundle::{Binder, BundleType, Cover, Key, Line, Range, Remembered, Text};
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::decision::{Choice, Decision, Word};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::json;
use countersign_core::receipt::{Content, Receipt};
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use serde_json::{Value, json};

const POLICY: &str = "version = 1\n";

/// What can happen, receipt by receipt: the event, and whether people had a say in it.
const STORIES: [&[&str]; 12] = [
    &["allowed", "ran"],
    &["allowed"],
    &["suspended", "approved", "released", "executed"],
    &["suspended", "approved", "released", "failed"],
    &["suspended", "suspended", "denied"],
    &["suspended", "expired"],
    &["suspended", "approved", "withdrawn"],
    &["key"],
    &["policy"],
    &["held", "unheld", "dropped"],
    &["frozen"],
    &["revoked"],
];

/// The text of one, which may be no text.
pub(crate) fn bundle(chance: &mut Chance, trust: &TrustStore) -> Vec<u8> {
    let receipts = ledger(chance);
    let mut lines = beside(chance, trust, &receipts);
    let from = if chance.one_in(3) { chance.below(receipts.len()) } else { 0 };
    let last = u64::try_from(receipts.len()).unwrap();
    lines.extend(receipts.into_iter().skip(from).map(|one| Line::Receipt(Box::new(one))));
    let range = Range { first: u64::try_from(from).unwrap() + 1, last };
    let until = chance.one_in(4).then(|| Instant(NOW + 900_000).timestamp());
    let cover =
        Cover { kind: BundleType::V1, ledger: "l1".into(), range: Some(range), since: None, until };
    let (mut binder, mut text) = Binder::begin(cover).unwrap();
    lines.iter().for_each(|line| text.extend(binder.add(line).unwrap()));
    text.extend(binder.close(secret(if chance.one_in(12) { 5 } else { 1 })).unwrap());
    match chance.below(5) {
        0 => damaged(&text, chance),
        1 => moved(&text, chance),
        _ => text,
    }
}

/// A line that is gone, there twice, or stands elsewhere.
fn moved(text: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let (one, other) = (chance.below(lines.len()), chance.below(lines.len()));
    match chance.below(3) {
        0 => drop(lines.remove(one)),
        1 => lines.insert(other, lines[one]),
        _ => lines.swap(one, other),
    }
    lines.concat()
}

fn ledger(chance: &mut Chance) -> Vec<Receipt> {
    let mut steps: Vec<(&str, String)> = Vec::new();
    for n in 0..=chance.below(3) {
        let story = *chance.pick(&STORIES);
        let request = if chance.one_in(4) { "r0".to_owned() } else { format!("r{n}") };
        steps.extend(story.iter().map(|event| (*event, request.clone())));
    }
    if chance.one_in(2) {
        let (one, other) = (chance.below(steps.len()), chance.below(steps.len()));
        match chance.below(3) {
            0 if steps.len() > 1 => drop(steps.remove(one)),
            1 => steps.insert(other, steps[one].clone()),
            _ => steps.swap(one, other),
        }
    }
    let mut receipts: Vec<Receipt> = Vec::new();
    for (event, request) in &steps {
        let receipt = receipt(chance, event, request, receipts.last());
        receipts.push(receipt);
    }
    receipts
}

fn receipt(chance: &mut Chance, event: &str, request: &str, prev: Option<&Receipt>) -> Receipt {
    let seq = prev.map_or(1, |prev| prev.content.seq + 1);
    let action = action(event);
    let people = !["allowed", "ran"].contains(&event) && action["kind"] == "request";
    let name = match event {
        "ran" => "executed",
        "held" | "unheld" | "dropped" => "observed",
        event => event,
    };
    let mut content = json!({
        "ledger": "l1", "seq": seq, "recordedAt": at(i64::try_from(seq).unwrap() * 1_000),
        "boundary": "unprotected", "event": name, "action": action,
        "actionHash": Hash(json::sha256(&action).unwrap()), "basis": "policy", "trustLevel": "L0",
    });
    if let Some(prev) = prev {
        let lies = chance.one_in(20);
        content["prev"] = json!(if lies { Hash(chance.bytes()) } else { prev.content_hash });
    }
    if action["kind"] == "request" {
        content["requestId"] = json!(request);
    }
    if people {
        asked(chance, &mut content, event, prev);
    }
    if matches!(name, "executed" | "failed") {
        content["outcome"] = json!({"claimedAt": at(1_000)});
    }
    let content: Content = serde_json::from_value(content).unwrap();
    Receipt::sign(content, secret(if chance.one_in(30) { 5 } else { 1 })).unwrap()
}

fn action(event: &str) -> Value {
    let sha256 = Hash::of(POLICY.as_bytes());
    match event {
        "key" => json!({"kind": "key"}),
        "policy" => json!({"kind": "policy", "place": "home", "sha256": sha256}),
        "held" => json!({"kind": "ledger", "change": "held", "hold": "h"}),
        "unheld" => json!({"kind": "ledger", "change": "released", "hold": "h"}),
        "dropped" => json!({"kind": "ledger", "change": "dropped"}),
        "frozen" => json!({"kind": "freeze", "change": "frozen", "by": "ann"}),
        "revoked" => json!({"kind": "grant", "change": "revoked", "grant": "g"}),
        _ => json!({"kind": "request", "action": "deploy", "parameters": {}}),
    }
}

/// What was put to Ann, and what she said.
fn asked(chance: &mut Chance, content: &mut Value, event: &str, prev: Option<&Receipt>) {
    let mut extensions = json!({
        "org.countersign.route": {
            "round": if chance.one_in(20) { 2 } else { 1 }, "ruleId": "default", "risk": "low",
            "policyHash": Hash([0; 32]), "roster": [{"person": "ann", "keyId": secret(2).key_id()}],
            "threshold": 1, "minAssurance": "local", "reasonRequired": false, "scopes": ["once"],
            "maxUses": 1,
        },
    });
    if chance.one_in(6) {
        let head = prev.map_or_else(|| checkpoint(chance), head);
        extensions["org.countersign.head"] = json!(head);
    }
    let unhashed = Artifact::from_value(json!({
        "requestId": content["requestId"], "artifactType": "command.review", "repoRef": "repo",
        "createdAt": at(0), "expiresAt": at(300_000), "artifactHashAlg": "SHA-256",
        "artifactHash": Hash([0; 32]), "payload": content["action"], "extensions": extensions,
    }))
    .unwrap();
    let artifact = Artifact::build(unhashed.head, unhashed.payload).unwrap();
    let word = match event {
        "approved" | "released" | "executed" | "failed" => Some(Word::Allow),
        "denied" => Some(Word::Deny),
        _ => None,
    };
    content["artifacts"] = json!([artifact.head]);
    content["basis"] = json!("decision");
    if let Some(word) = word {
        let choice = Choice {
            word,
            expires_at: Instant(NOW + 200_000).timestamp(),
            scope: countersign_core::artifact::Scope::Once,
            nonce: Fixed([5; 24]),
            hints: None,
        };
        content["decisions"] = json!([Decision::sign(&artifact, choice, secret(2)).unwrap()]);
        content["trustLevel"] = json!(if event == "denied" { "L0" } else { "L1" });
    }
}

fn head(of: &Receipt) -> Checkpoint {
    let head = Head {
        ledger: "l1".into(),
        seq: of.content.seq,
        content_hash: of.content_hash,
        time: Instant(NOW).timestamp(),
        changes: None,
        usable: None,
    };
    Checkpoint::sign(head, secret(1)).unwrap()
}

/// Keys, policies and heads.
fn beside(chance: &mut Chance, trust: &TrustStore, receipts: &[Receipt]) -> Vec<Line> {
    let mut lines = Vec::new();
    if chance.one_in(3) {
        let operators = trust.operators.iter().map(|one| Key::Operator(Box::new(one.clone())));
        lines.extend(operators.map(|key| Line::Key(Box::new(key))));
    }
    let accepts = |one: &Receipt| one.content.entry.event.name() == "policy";
    if receipts.iter().any(accepts) != chance.one_in(12) {
        let text = if chance.one_in(12) { "version = 2\n" } else { POLICY };
        let sha256 = Hash::of(POLICY.as_bytes());
        lines.push(Line::Policy(Text { sha256, text: text.into() }));
    }
    if let Some(one) = receipts.get(chance.below(receipts.len() + 1)) {
        let found = if chance.one_in(6) { checkpoint(chance) } else { head(one) };
        let missing = chance.one_in(12).then(|| "it is away".to_owned());
        lines.push(Line::Head(Remembered { by: "home".into(), checkpoint: Some(found), missing }));
    }
    lines
}
