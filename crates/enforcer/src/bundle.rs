//! A part of the ledger in one signed file, for an auditor (`countersign_core::bundle`).
//!
//! It reads the ledger twice, a receipt at a time: once to find where the range begins and ends and
//! which texts of policies belong to it, once to write. What is written down meanwhile is not in it:
//! the head that was newest when it began is its end.

use crate::gate::{Enforcer, GateError};
use crate::home::HomeError;
use crate::policy::NAMES;
use crate::walk::Walk;
use crate::witness;
use countersign_core::bundle::{
    Binder, BundleError, BundleType, Cover, Key, Line, Range, Remembered, Text,
};
use countersign_core::encoding::Hash;
use countersign_core::receipt::{Event, Receipt};
use countersign_core::time::Timestamp;
use countersign_core::trust::TrustStore;
use countersign_policy::load::MAX_BYTES;
use countersign_store::error::StoreError;
use countersign_store::files::{self, Links};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write};

/// Why a bundle could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The ledger could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The home could not be read.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// Something else about the home.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// A line cannot be made.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The file could not be written.
    #[error("cannot write: {0}")]
    Io(#[from] std::io::Error),
    /// The ledger ends before the head it had a moment ago.
    #[error("the ledger has no receipt {0}")]
    Gap(u64),
}

/// Which part of the ledger.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Part {
    /// From the first receipt of this time or later; `None`: from the beginning.
    pub since: Option<Timestamp>,
    /// To the last receipt before this time; `None`: to the end.
    pub until: Option<Timestamp>,
}

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// The receipts; `None` where that time has none.
    pub range: Option<Range>,
    /// How many texts of policies are inside.
    pub policies: usize,
    /// Accepted texts that are nowhere to be found any more.
    pub lost: usize,
}

/// What the first reading found.
#[derive(Default)]
struct Survey {
    first: Option<u64>,
    last: Option<u64>,
    /// Changes before the range, by number.
    earlier: Vec<u64>,
    /// What the ledger accepts up to the end of the range.
    accepted: BTreeSet<Hash>,
    /// Those not yet known to be within the range.
    pending: BTreeSet<Hash>,
    texts: BTreeMap<Hash, String>,
}

impl Enforcer {
    /// Writes a part of the ledger. `heads` is what others remember, asked before; `seen` is shown
    /// every receipt of the range as it is written.
    ///
    /// # Errors
    /// Where something cannot be read, signed or written.
    pub async fn bundle(
        &self,
        part: Part,
        heads: Vec<Remembered>,
        to: &mut (dyn Write + Send),
        seen: &mut (dyn FnMut(&Receipt) -> std::io::Result<()> + Send),
    ) -> Result<Written, WriteError> {
        let (heads, end) = self.heads(heads).await?;
        let survey = self.survey(&part, end).await?;
        let (range, texts) = (survey.range(), survey.accepted_texts());
        let lost = survey.accepted.len() - texts.len();
        let written = Written { range, policies: texts.len(), lost };
        let Part { since, until } = part;
        let ledger = self.ledger().ledger_id().to_owned();
        let cover = Cover { kind: BundleType::V1, ledger, range, since, until };
        let (mut binder, text) = Binder::begin(cover)?;
        to.write_all(&text)?;
        let beside = keys(&self.trust()?).into_iter().chain(texts.into_iter().map(Line::Policy));
        for line in beside.chain(heads.into_iter().map(Line::Head)) {
            to.write_all(&binder.add(&line)?)?;
        }
        for seq in survey.earlier {
            let receipt = self.ledger().receipt(Some(seq)).await?.ok_or(WriteError::Gap(seq))?;
            to.write_all(&binder.add(&Line::Earlier(Box::new(receipt)))?)?;
        }
        if let Some(range) = range {
            let mut walk = Walk::from(self.ledger(), range.first);
            for seq in range.first..=range.last {
                let receipt = walk.next().await?.ok_or(WriteError::Gap(seq))?;
                seen(&receipt)?;
                to.write_all(&binder.add(&Line::Receipt(Box::new(receipt)))?)?;
            }
        }
        to.write_all(&binder.close(&self.identity().keys)?)?;
        Ok(written)
    }

    /// The heads that others remember and our own, sorted, and the number at which all ends.
    async fn heads(
        &self,
        mut heads: Vec<Remembered>,
    ) -> Result<(Vec<Remembered>, u64), WriteError> {
        let home = witness::remembered(self.home())?;
        heads.extend(home.map(|head| remembered("home", head)));
        let newest = self.ledger().checkpoint().await?;
        let end = newest.as_ref().map_or(0, |newest| newest.head.seq);
        heads.extend(newest.map(|head| remembered("ledger", head)));
        heads.sort_by(|a, b| a.by.cmp(&b.by));
        heads.dedup_by(|a, b| a.by == b.by);
        Ok((heads, end))
    }

    async fn survey(&self, part: &Part, end: u64) -> Result<Survey, WriteError> {
        let (mut survey, mut walk) = (Survey::default(), Walk::from(self.ledger(), 1));
        let mut seen = 0;
        while seen < end {
            let receipt = walk.next().await?.ok_or(WriteError::Gap(seen + 1))?;
            seen = receipt.content.seq;
            survey.look_at(&receipt, part);
        }
        self.texts_of_files(&mut survey).await?;
        Ok(survey)
    }

    /// A text that never went through an approver is in no receipt: its file may still be there.
    async fn texts_of_files(&self, survey: &mut Survey) -> Result<(), WriteError> {
        for acceptance in self.acceptances().await? {
            let wanted = acceptance.sha256;
            if !survey.accepted.contains(&wanted) || survey.texts.contains_key(&wanted) {
                continue;
            }
            let dir = acceptance.place.dir(self.home().root(), self.sources());
            let paths = dir.iter().flat_map(|dir| NAMES.map(|name| dir.join(name)));
            let mut texts = paths.filter_map(|path| read(&path));
            if let Some(text) = texts.find(|text| Hash::of(text.as_bytes()) == wanted) {
                survey.texts.insert(wanted, text);
            }
        }
        Ok(())
    }
}

impl Survey {
    fn look_at(&mut self, receipt: &Receipt, part: &Part) {
        let (seq, at) = (receipt.content.seq, receipt.content.recorded_at.instant());
        let begun = part.since.as_ref().is_none_or(|since| at >= since.instant());
        if self.first.is_none() && begun {
            self.first = Some(seq);
        }
        let entry = &receipt.content.entry;
        let changes = entry.request_id.is_none()
            && matches!(entry.event, Event::Key | Event::Revoked | Event::Policy);
        if changes && self.first.is_none() {
            self.earlier.push(seq);
        }
        if changes && entry.event == Event::Policy {
            let named = entry.action.as_ref().and_then(|action| action.get("sha256"));
            let hash = named.and_then(Value::as_str).and_then(Hash::from_hex);
            self.pending.extend(hash);
        }
        self.texts.extend(text(receipt));
        if part.until.as_ref().is_none_or(|until| at < until.instant()) {
            self.last = Some(seq);
        }
        // Everything up to here is before the range or in it.
        if self.first.is_none() || self.last == Some(seq) {
            self.accepted.append(&mut self.pending);
        }
    }

    fn range(&self) -> Option<Range> {
        let (first, last) = self.first.zip(self.last).filter(|(first, last)| first <= last)?;
        Some(Range { first, last })
    }

    fn accepted_texts(&self) -> Vec<Text> {
        let texts = self.texts.iter().filter(|(hash, _)| self.accepted.contains(hash));
        texts.map(|(sha256, text)| Text { sha256: *sha256, text: text.clone() }).collect()
    }
}

/// The text of a policy that an approver was asked about.
fn text(receipt: &Receipt) -> Option<(Hash, String)> {
    let action = receipt.content.entry.action.as_ref()?;
    if action.get("action")?.as_str()? != "countersign.policy.accept" {
        return None;
    }
    let text = action.get("parameters")?.get("text")?.as_str()?;
    Some((Hash::of(text.as_bytes()), text.to_owned()))
}

fn read(path: &std::path::Path) -> Option<String> {
    let mut text = String::new();
    let file = files::open(path, Links::Followed).ok()?;
    file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text).ok()?;
    Some(text)
}

fn remembered(by: &str, checkpoint: countersign_core::checkpoint::Checkpoint) -> Remembered {
    Remembered { by: by.to_owned(), checkpoint: Some(checkpoint), missing: None }
}

/// The pinned keys as lines, in order.
fn keys(trust: &TrustStore) -> Vec<Line> {
    let operators = trust.operators.iter().cloned().map(|one| Key::Operator(Box::new(one)));
    let approvers = trust.approvers.iter().cloned().map(|one| Key::Approver(Box::new(one)));
    let mut keys: Vec<Key> = operators.chain(approvers).collect();
    keys.sort_by(|a, b| a.id().cmp(b.id()));
    keys.into_iter().map(|key| Line::Key(Box::new(key))).collect()
}
