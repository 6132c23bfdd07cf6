//! Bundles: what holds, and each verdict and kind of damage.
//!
//! # Rooms
//! * [`story`]: receipts that follow one another. * [`good`]: what holds, and what it says it left out.
//! * [`form`]: lines. * [`chain`]: what is missing, moved or another's. * [`beside`]: keys, policies, heads.
//! * [`course`]: what receipts say together; [`grants`] and [`stops`] among it.

mod beside;
mod chain;
mod course;
mod form;
mod good;
mod grants;
mod stops;
mod story;

use countersign_core::bundle::{
    self, Binder, BundleType, Cover, Key, Known, Line, Range, Remembered, Text,
};
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::encoding::Hash;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::Receipt;
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use serde_json::{Map, Value, json};

use super::object::{self, NOW};
use super::{File, Made, Vector};
use story::{LEDGER, plain};

/// The text of the policy that is accepted in every bundle of [`Case`].
const POLICY: &str = "version = 1\n";

/// What stands in place of a policy hash where a rule of the enforcer's own applied.
const OWN: Hash = Hash([7; 32]);

pub(super) fn bundles() -> Made<File> {
    let rooms = [good::vectors, form::vectors, chain::vectors, beside::vectors];
    Ok(File {
        path: "bundle/bundles.json",
        kind: "bundle",
        note: "Bundles against the pinned keys of a trust store, each with its whole report. What a reader says of a line that it cannot read is left out of it.",
        vectors: told(&rooms)?,
    })
}

pub(super) fn courses() -> Made<File> {
    let rooms = [course::vectors, grants::vectors, stops::vectors];
    Ok(File {
        path: "bundle/courses.json",
        kind: "bundle",
        note: "Whole ledgers of which each receipt holds by itself and follows the one before it. What they say together cannot have happened, but in those that are valid.",
        vectors: told(&rooms)?,
    })
}

fn told(rooms: &[fn() -> Made<Vec<Vector>>]) -> Made<Vec<Vector>> {
    let vectors: Vec<_> = rooms.iter().map(|room| room()).collect::<Made<_>>()?;
    Ok(vectors.into_iter().flatten().collect())
}

/// Everything that one bundle is made of and checked with; good until something is changed.
struct Case {
    cover: Cover,
    /// Everything but cover and manifest.
    lines: Vec<Line>,
    operator: SecretKeys,
    trust: TrustStore,
    known: Known,
    now: Instant,
}

impl Case {
    /// A key and a policy before the range, three calls in it, and the head that the home remembers.
    fn new() -> Made<Self> {
        let all = plain()?;
        let head =
            remembered("home", head_of(all.last().ok_or("no receipt")?, &object::operator_key()?)?);
        let text = Text { sha256: Hash::of(POLICY.as_bytes()), text: POLICY.into() };
        let mut lines = keys()?;
        lines.extend([Line::Policy(text), head]);
        let line = |receipt: Receipt| match receipt.content.seq {
            ..=2 => Line::Earlier(Box::new(receipt)),
            _ => Line::Receipt(Box::new(receipt)),
        };
        lines.extend(all.into_iter().map(line));
        Self::of(cover(3, 5), lines)
    }

    /// These receipts, from the first of the ledger.
    fn whole(receipts: Vec<Receipt>) -> Made<Self> {
        let last = u64::try_from(receipts.len())?;
        Self::of(
            cover(1, last),
            receipts.into_iter().map(|one| Line::Receipt(Box::new(one))).collect(),
        )
    }

    fn of(cover: Cover, lines: Vec<Line>) -> Made<Self> {
        Ok(Self {
            cover,
            lines,
            operator: object::operator_key()?,
            trust: object::trust()?,
            known: Known { builtin: Some(Hash([6; 32])), own: vec![OWN] },
            now: NOW.plus_millis(60_000),
        })
    }

    fn but(change: impl FnOnce(&mut Self)) -> Made<Self> {
        let mut case = Self::new()?;
        change(&mut case);
        Ok(case)
    }

    /// The text, with a manifest that fits.
    fn text(&self) -> Made<String> {
        let (mut binder, mut bytes) = Binder::begin(self.cover.clone())?;
        for line in &self.lines {
            bytes.extend(binder.add(line)?);
        }
        bytes.extend(binder.close(&self.operator)?);
        Ok(String::from_utf8(bytes)?)
    }

    fn verdict(self, name: &'static str, expect: &'static str) -> Made<Vector> {
        let text = self.text()?;
        self.reads(name, expect, &text)
    }

    fn reads(&self, name: &'static str, expect: &'static str, text: &str) -> Made<Vector> {
        let given = object::object(json!({"text": text}));
        self.judged(name, expect, text.as_bytes(), given)
    }

    /// The vector with the report that this implementation makes of it.
    fn judged(
        &self,
        name: &'static str,
        expect: &'static str,
        bytes: &[u8],
        given: Map<String, Value>,
    ) -> Made<Vector> {
        let report = bundle::check(bytes, &self.trust, self.now, self.known.clone()).alike();
        let mut vector = Vector::new(name, expect);
        vector.members.extend(given);
        Ok(vector
            .with("trust", object::text(&self.trust)?)
            .with("now", self.now.0)
            .with("known", json!({"builtin": self.known.builtin, "own": self.known.own}))
            .with("report", serde_json::to_value(report)?))
    }

    /// Puts another line in the place of the first of the same section.
    fn put(&mut self, line: Line) {
        let place = self.lines.iter().position(|other| other.section() == line.section());
        if let Some(old) = place.and_then(|at| self.lines.get_mut(at)) {
            *old = line;
        }
    }

    /// Puts another receipt in the place of the one with its number, or at the end.
    fn put_receipt(&mut self, receipt: Receipt) {
        let seq = receipt.content.seq;
        let line = Line::Receipt(Box::new(receipt));
        match self.lines.iter_mut().find(|line| is_receipt(line, seq)) {
            Some(old) => *old = line,
            None => self.lines.push(line),
        }
    }

    fn without(&mut self, section: &str) {
        self.lines.retain(|line| line.section() != section);
    }
}

fn is_receipt(line: &Line, seq: u64) -> bool {
    matches!(line, Line::Receipt(receipt) if receipt.content.seq == seq)
}

fn cover(first: u64, last: u64) -> Cover {
    Cover {
        kind: BundleType::V1,
        ledger: LEDGER.into(),
        range: Some(Range { first, last }),
        since: None,
        until: None,
    }
}

/// The keys that the home pinned: those of the auditor.
fn keys() -> Made<Vec<Line>> {
    let trust = object::trust()?;
    let operators = trust.operators.into_iter().map(|one| Key::Operator(Box::new(one)));
    let approvers = trust.approvers.into_iter().map(|one| Key::Approver(Box::new(one)));
    let mut keys: Vec<Key> = operators.chain(approvers).collect();
    keys.sort_by(|a, b| a.id().0.cmp(&b.id().0));
    Ok(keys.into_iter().map(|key| Line::Key(Box::new(key))).collect())
}

fn head_of(receipt: &Receipt, operator: &SecretKeys) -> Made<Checkpoint> {
    let head = Head {
        ledger: receipt.content.ledger.clone(),
        seq: receipt.content.seq,
        content_hash: receipt.content_hash,
        time: NOW.timestamp(),
        changes: None,
        usable: None,
    };
    Ok(Checkpoint::sign(head, operator)?)
}

fn remembered(by: &str, checkpoint: Checkpoint) -> Line {
    Line::Head(Remembered { by: by.into(), checkpoint: Some(checkpoint), missing: None })
}
