//! One row, checked by itself.

use super::Broken;
use crate::segments::note::Note;
use countersign_core::checkpoint::Head;
use countersign_core::encoding::Hash;
use countersign_core::receipt::check::{Verdict, check};
use countersign_core::receipt::course::Step;
use countersign_core::receipt::validity::Moment;
use countersign_core::receipt::{Content, Level, Read, Receipt};
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_store::ledger::Change;
use countersign_store::ledger::read::{Filed, Person, Row, persons};

/// A receipt that holds by itself, and what ties it to the others.
pub(super) struct Link {
    pub(super) ledger: String,
    pub(super) seq: u64,
    pub(super) prev: Option<Hash>,
    pub(super) hash: Hash,
    pub(super) level: Level,
    /// The heads that its approvers were shown.
    pub(super) heads: Vec<Head>,
    /// What it changes of what may happen after it.
    pub(super) step: Step,
    /// What it says of a segment.
    pub(super) note: Option<Note>,
    /// By whom it must be found, where it is filed.
    pub(super) persons: Vec<Person>,
    /// When it was written.
    pub(super) written: Instant,
    /// Whether the gate looks back for it.
    pub(super) is_change: bool,
    /// Whether it holds only as of the date that it bears, and nothing tells that date.
    pub(super) by_its_date: bool,
    /// Why it does not hold by what its approvers were pinned as, though nothing of it was edited.
    pub(super) doubt: Option<Broken>,
}

impl Link {
    /// The number, as it is stored.
    pub(super) fn at(&self) -> Option<i64> {
        i64::try_from(self.seq).ok()
    }

    /// The same where nothing is in doubt.
    pub(super) fn sure(self) -> Result<Self, Broken> {
        match self.doubt {
            Some(doubt) => Err(doubt),
            None => Ok(self),
        }
    }
}

/// Whether a receipt fails for what somebody was pinned as, which other receipts tell.
fn rests_on_others(verdict: &Verdict) -> bool {
    use Verdict::{LevelMismatch, OffRoster, SelfApproval, ThresholdNotMet};
    matches!(verdict, LevelMismatch | OffRoster | SelfApproval | ThresholdNotMet { .. })
}

/// Works out again what a row says of itself.
pub(super) fn link(row: &Row, trust: &TrustStore, now: &Moment<'_>) -> Result<Link, Broken> {
    let at = Some(row.seq);
    let Ok(read) = Read::parse(&row.text) else {
        let verdict = check(&row.text, trust, now.now);
        return Err(Broken::new(at, verdict, format!("row {} is no receipt", row.seq)));
    };
    let broken =
        |verdict| Broken::new(at, verdict, format!("the receipt in row {} does not hold", row.seq));
    let (level, doubt) = match read.check_at(trust, now) {
        Verdict::Valid { level, .. } => (level, None),
        verdict if rests_on_others(&verdict) => (Level::L0, Some(broken(verdict))),
        verdict => return Err(broken(verdict)),
    };
    let receipt = read.into_receipt();
    in_place(row, &receipt)?;
    // A head inside an artifact is covered by the signatures that were just checked: the
    // approver's over the artifact, and the operator's over the receipt.
    let mut heads = Vec::new();
    for artifact in &receipt.content.entry.artifacts {
        heads.extend(artifact.checkpoint().ok().flatten().map(|checkpoint| checkpoint.head));
    }
    let (note, persons) = (Note::read(&receipt.content.entry), filed(row, &receipt));
    let step = Step::of(&receipt.content);
    let is_change = Change::of(&receipt.content.entry).is_some();
    let (hash, content) = (receipt.content_hash, receipt.content);
    let Content { ledger, seq, prev, recorded_at, .. } = content;
    let written = recorded_at.instant();
    let by_its_date = false;
    Ok(Link {
        ledger,
        seq,
        prev,
        hash,
        level,
        heads,
        step,
        note,
        persons,
        written,
        is_change,
        by_its_date,
        doubt,
    })
}

/// By whom a receipt must be found.
fn filed(row: &Row, receipt: &Receipt) -> Vec<Person> {
    let Some(filed) = &row.filed else { return Vec::new() };
    let (seq, at) = (receipt.content.seq, receipt.content.recorded_at.instant());
    let person = |name: &str| Person { person: name.to_owned(), filed: filed.clone(), at, seq };
    persons(&receipt.content.entry).into_iter().map(person).collect()
}

/// Whether the row says of the receipt what the receipt says of itself.
fn in_place(row: &Row, receipt: &Receipt) -> Result<(), Broken> {
    let content = &receipt.content;
    if u64::try_from(row.seq) != Ok(content.seq) {
        let verdict = Verdict::ChainBroken { seq: row.seq.unsigned_abs() };
        let because = format!("receipt {} stands in row {}", content.seq, row.seq);
        return Err(Broken::new(Some(row.seq), verdict, because));
    }
    let change = Change::of(&content.entry).map(Change::name);
    let copies = [
        ("content_hash", row.content_hash == receipt.content_hash.0),
        ("recorded_at", row.recorded_at == content.recorded_at.instant().0),
        ("request_id", row.request_id == content.entry.request_id),
        ("change", row.filed.is_none() || row.change.as_deref() == change),
        ("event or risk", row.filed.as_ref().is_none_or(|f| *f == Filed::of(&content.entry))),
    ];
    match copies.iter().find(|(_, same)| !same) {
        None => Ok(()),
        Some((column, _)) => {
            let because = format!("`{column}` beside receipt {} is not the receipt's", row.seq);
            Err(Broken::new(Some(row.seq), Verdict::HashMismatch, because))
        }
    }
}
