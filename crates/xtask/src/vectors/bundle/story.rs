//! Receipts that follow one another in one ledger, each of which holds by itself.

use countersign_core::action::ActionHash;
use countersign_core::artifact::{Artifact, ArtifactHead, Route};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::decision::Word;
use countersign_core::encoding::Hash;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{Basis, Boundary, Content, Entry, Event, Level, Outcome, Receipt};
use serde_json::{Map, Value, json};

use super::super::object::{self, NOW};
use super::{Made, POLICY};

pub(super) const LEDGER: &str = "ledger-1";

/// The next receipt of a ledger.
pub(super) fn next(prev: Option<&Receipt>, entry: Entry, operator: &SecretKeys) -> Made<Receipt> {
    let seq = prev.map_or(1, |prev| prev.content.seq + 1);
    let content = Content {
        ledger: LEDGER.into(),
        seq,
        prev: prev.map(|prev| prev.content_hash),
        recorded_at: NOW.plus_millis(i64::try_from(seq)? * 1_000).timestamp(),
        entry,
    };
    Ok(Receipt::sign(content, operator)?)
}

/// A ledger of these receipts.
pub(super) fn ledger(entries: Vec<Entry>) -> Made<Vec<Receipt>> {
    let operator = object::operator_key()?;
    let mut all: Vec<Receipt> = Vec::new();
    for entry in entries {
        let receipt = next(all.last(), entry, &operator)?;
        all.push(receipt);
    }
    Ok(all)
}

/// A key, a policy, and three calls that it lets go.
pub(super) fn plain() -> Made<Vec<Receipt>> {
    let calls = ["a", "b", "c"].map(allowed);
    ledger([key(), policy(POLICY)].into_iter().chain(calls).collect::<Made<_>>()?)
}

/// A receipt that says what was changed, and nothing of a request.
pub(super) fn change(event: Event, action: Value) -> Made<Entry> {
    acting(event, object::object(action))
}

pub(super) fn key() -> Made<Entry> {
    change(Event::Key, json!({"kind": "key", "change": "pinned"}))
}

pub(super) fn policy(text: &str) -> Made<Entry> {
    let sha256 = Hash::of(text.as_bytes());
    change(Event::Policy, json!({"kind": "policy", "place": "home", "sha256": sha256}))
}

/// A call that a policy lets go.
pub(super) fn allowed(request: &str) -> Made<Entry> {
    Ok(Entry { request_id: Some(request.into()), ..acting(Event::Allowed, object::payload())? })
}

/// What came of one.
pub(super) fn ran(request: &str) -> Made<Entry> {
    Ok(Entry { event: Event::Executed, outcome: Some(outcome()), ..allowed(request)? })
}

fn acting(event: Event, action: Map<String, Value>) -> Made<Entry> {
    Ok(Entry {
        action_hash: Some(ActionHash(Hash(countersign_core::json::sha256(&action)?))),
        action: Some(action),
        ..Entry::bare(event, Boundary::Unprotected)
    })
}

fn outcome() -> Outcome {
    Outcome {
        claimed_at: NOW.plus_millis(1_000).timestamp(),
        ended_at: None,
        exit_code: Some(0),
        signal: None,
        error: None,
        stdout: None,
        stderr: None,
    }
}

/// A request that Ann is asked about.
pub(super) struct Question {
    pub(super) artifact: Artifact,
    items: Option<Vec<usize>>,
}

impl Question {
    pub(super) fn new(request: &str) -> Made<Self> {
        Self::about(request, object::payload())
    }

    pub(super) fn about(request: &str, payload: Map<String, Value>) -> Made<Self> {
        Self::routed(request, payload, &object::route()?)
    }

    pub(super) fn routed(request: &str, payload: Map<String, Value>, route: &Route) -> Made<Self> {
        let head = ArtifactHead { request_id: request.into(), ..object::head(route)? };
        Ok(Self { artifact: Artifact::build(head, payload)?, items: None })
    }

    /// A batch of three calls.
    pub(super) fn batch(request: &str) -> Made<Self> {
        let item = Value::Object(object::payload());
        Self::about(request, object::object(json!({"kind": "batch", "items": [item, item, item]})))
    }

    /// The same request, with another artifact.
    pub(super) fn again(&self, round: u32) -> Made<Self> {
        let route = Route { round, ..object::route()? };
        let mut head = ArtifactHead {
            request_id: self.artifact.head.request_id.clone(),
            ..object::head(&route)?
        };
        head.expires_at = NOW.plus_millis(object::ARTIFACT_ENDS - 1_000).timestamp();
        Ok(Self { artifact: Artifact::build(head, self.artifact.payload.clone())?, items: None })
    }

    /// The same with the head of the ledger inside.
    pub(super) fn knowing(self, checkpoint: &Checkpoint) -> Made<Self> {
        let mut head = self.artifact.head;
        let value = countersign_core::json::value_of(checkpoint)?;
        head.extensions.get_or_insert_default().insert("org.countersign.head".into(), value);
        Ok(Self { artifact: Artifact::build(head, self.artifact.payload)?, items: None })
    }

    /// What is said of these items of it.
    pub(super) fn of(&self, items: &[usize]) -> Self {
        Self { artifact: self.artifact.clone(), items: Some(items.to_vec()) }
    }

    /// A receipt in which nobody's answer stands.
    pub(super) fn waits(&self, event: Event) -> Made<Entry> {
        self.says(event, Level::L0, None)
    }

    /// A receipt that rests on Ann's yes.
    pub(super) fn allowed(&self, event: Event) -> Made<Entry> {
        let entry = self.says(event, Level::L1, Some(Word::Allow))?;
        let ran = matches!(event, Event::Executed | Event::Failed | Event::Uncertain);
        Ok(Entry { outcome: ran.then(outcome), ..entry })
    }

    /// A receipt of Ann's no.
    pub(super) fn denied(&self) -> Made<Entry> {
        self.says(Event::Denied, Level::L0, Some(Word::Deny))
    }

    /// A receipt of a grant that Ann gave with her yes.
    pub(super) fn granted(&self) -> Made<Entry> {
        self.says(Event::Granted, Level::L0, Some(Word::Allow))
    }

    fn says(&self, event: Event, level: Level, word: Option<Word>) -> Made<Entry> {
        let decide = |word| object::decide(&self.artifact, word, &object::anns()?);
        Ok(Entry {
            request_id: Some(self.artifact.head.request_id.clone()),
            artifacts: vec![self.artifact.head.clone()],
            decisions: word.map(decide).transpose()?.into_iter().collect(),
            basis: Basis::Decision,
            trust_level: level,
            items: self.items.clone(),
            ..acting(event, self.artifact.payload.clone())?
        })
    }
}
