//! Receipts: what each proves, and each verdict with nothing else wrong.
//!
//! # Rooms
//! * [`good`]: what is proven. * [`text`]: what is no receipt. * [`operator`]: who signed it.
//! * [`content`]: whether it says one thing. * [`people`]: who allowed it.
//! * [`several`]: whether enough people did. * [`items`]: which part of a batch.
//! * [`output`]: digests of what a run wrote. * [`passkey`]: whether a person was there.
//! * [`grant`]: a standing permission; [`taken`]: one that was taken beside a yes.
//! * [`changed`]: whether a record that was changed since is judged as it was.

mod changed;
mod content;
mod good;
mod grant;
mod items;
mod operator;
mod output;
mod passkey;
mod people;
mod several;
mod taken;
mod text;

use countersign_core::artifact::{Artifact, Route};
use countersign_core::decision::Word;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{Basis, Boundary, Content, Entry, Event, Level, Outcome, Receipt};
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;

use super::object::{self, NOW};
use super::{File, Made, Vector};

pub(super) fn file() -> Made<File> {
    let rooms = [
        good::vectors,
        text::vectors,
        operator::vectors,
        content::vectors,
        people::vectors,
        several::vectors,
        items::vectors,
        output::vectors,
        grant::vectors,
        taken::vectors,
        passkey::vectors,
        changed::vectors,
    ];
    let vectors: Vec<_> = rooms.iter().map(|room| room()).collect::<Made<_>>()?;
    Ok(File {
        path: "receipt/receipts.json",
        kind: "receipt",
        note: "Receipts against the pinned keys of a trust store. Each but the valid ones fails the one check that is named.",
        vectors: vectors.into_iter().flatten().collect(),
    })
}

/// Everything that one receipt is made of and checked with; good until something is changed.
struct Case {
    operator: SecretKeys,
    trust: TrustStore,
    artifact: Artifact,
    content: Content,
    now: Instant,
}

impl Case {
    fn new() -> Made<Self> {
        Self::routed(|_| ())
    }

    fn routed(change: impl FnOnce(&mut Route)) -> Made<Self> {
        let mut route = object::route()?;
        change(&mut route);
        let artifact = object::artifact(&route)?;
        Ok(Self {
            operator: object::operator_key()?,
            trust: object::trust()?,
            content: content_of(&artifact)?,
            artifact,
            now: NOW.plus_millis(10_000),
        })
    }

    /// The good case with its content changed before it is signed.
    fn but(change: impl FnOnce(&mut Content)) -> Made<Self> {
        let mut case = Self::new()?;
        change(&mut case.content);
        Ok(case)
    }

    /// A receipt of an event that nobody's approval led to.
    fn of_event(event: Event) -> Made<Self> {
        Self::but(|content| {
            let entry = &mut content.entry;
            (entry.event, entry.trust_level, entry.outcome) = (event, Level::L0, None);
            entry.decisions.clear();
        })
    }

    fn receipt(&self) -> Made<Receipt> {
        Ok(Receipt::sign(self.content.clone(), &self.operator)?)
    }

    fn verdict(self, name: &'static str, expect: &'static str) -> Made<Vector> {
        let text = object::text(&self.receipt()?)?;
        self.text(name, expect, text)
    }

    /// A valid receipt of an approval by these people, all of them with devices.
    fn allowed_by(self, name: &'static str, approvers: &[&str]) -> Made<Vector> {
        let assurance = (!approvers.is_empty()).then_some("device");
        let (level, event) = (self.content.entry.trust_level, self.content.entry.event);
        Ok(self
            .verdict(name, "Valid")?
            .with("level", serde_json::to_value(level)?)
            .with("event", serde_json::to_value(event)?)
            .with("assurance", assurance)
            .with("approvers", approvers))
    }

    /// The verdict on a receipt that was changed after it was signed.
    fn broken(name: &'static str, expect: &'static str, change: fn(&mut Receipt)) -> Made<Vector> {
        let case = Self::new()?;
        let mut receipt = case.receipt()?;
        change(&mut receipt);
        case.text(name, expect, object::text(&receipt)?)
    }

    fn text(self, name: &'static str, expect: &'static str, receipt: String) -> Made<Vector> {
        Ok(Vector::new(name, expect)
            .with("receipt", receipt)
            .with("trust", object::text(&self.trust)?)
            .with("now", self.now.0))
    }
}

fn content_of(artifact: &Artifact) -> Made<Content> {
    let outcome = Outcome {
        claimed_at: NOW.plus_millis(5_000).timestamp(),
        ended_at: Some(NOW.plus_millis(6_000).timestamp()),
        exit_code: Some(0),
        signal: None,
        error: None,
        stdout: None,
        stderr: None,
    };
    let entry = Entry {
        boundary: Boundary::Unprotected,
        binding: None,
        event: Event::Executed,
        request_id: Some("req-1".into()),
        action_hash: Some(artifact.action_hash()?),
        action: Some(artifact.payload.clone()),
        artifacts: vec![artifact.head.clone()],
        policy: None,
        decisions: vec![object::decide(artifact, Word::Allow, &object::anns()?)?],
        approver_decision: None,
        multi_approval: None,
        basis: Basis::Decision,
        grant: None,
        items: None,
        trust_level: Level::L1,
        outcome: Some(outcome),
    };
    let recorded_at = NOW.plus_millis(6_000).timestamp();
    Ok(Content { ledger: "ledger-1".into(), seq: 1, prev: None, recorded_at, entry })
}
