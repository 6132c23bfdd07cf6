//! What a segment's file itself says, under the operator's signature: the list of segments can be
//! edited by whoever writes the database, and nothing is dropped on its word.

use super::draft::text_of;
use super::{Enforcer, RotateError};
use countersign_core::bundle::Line;
use countersign_core::checkpoint::Checkpoint;
use countersign_core::encoding::Hash;
use countersign_core::json::{self, limit};
use countersign_core::receipt::Receipt;
use countersign_core::time::Instant;
use countersign_store::files::{self, Links};
use countersign_store::ledger::segments::{LONGEST, Segment};
use std::io::Read as _;

impl Enforcer {
    /// When the newest receipt in a segment was written.
    ///
    /// # Errors
    /// [`RotateError::Unsound`] where its file is gone, or not the one of the list.
    pub(super) fn newest_inside(&self, segment: &Segment) -> Result<Instant, RotateError> {
        let name = segment.file_name();
        let unsound = |why: &str| RotateError::Unsound {
            seq: segment.first,
            because: format!("its segment `{name}` {why}"),
        };
        let path = self.segments().join(&name);
        let file = files::open(&path, Links::Refused).ok();
        let mut bytes = Vec::new();
        let read = file.map(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
        if !matches!(read, Some(Ok(_))) {
            return Err(unsound("cannot be read"));
        }
        let held = Inside::read(&bytes);
        let ours = |head: &Checkpoint| {
            head.verify(&self.identity().keys.public().signing()).is_ok()
                && head.head.ledger == self.ledger().ledger_id()
                && (head.head.seq, head.head.content_hash) == (segment.last, segment.head)
        };
        match held.filter(|held| Hash::of(&bytes) == segment.sha256 && held.is(segment, ours)) {
            Some(held) => Ok(held.newest_at),
            None => Err(unsound("is not the one that was sealed")),
        }
    }
}

/// Receipts that follow one another, and the heads beside them.
struct Inside {
    first: u64,
    last: (u64, Hash),
    newest_at: Instant,
    heads: Vec<Checkpoint>,
}

impl Inside {
    /// `None` where a receipt cannot be read, or does not name the one before it.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (mut heads, mut held): (Vec<Checkpoint>, Option<Self>) = (Vec::new(), None);
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Some(text) = text_of(line) {
                let receipt = Receipt::parse(text).ok()?;
                held = Some(Self::with(held, &receipt)?);
            } else if let Ok(Line::Head(one)) = json::read(line, limit::RECEIPT) {
                heads.extend(one.checkpoint);
            }
        }
        held.map(|held| Self { heads, ..held })
    }

    fn with(before: Option<Self>, receipt: &Receipt) -> Option<Self> {
        let content = &receipt.content;
        let (hash, at) = (content.hash().ok()?, content.recorded_at.instant());
        let Some(before) = before else {
            let (first, heads) = (content.seq, Vec::new());
            return Some(Self { first, last: (first, hash), newest_at: at, heads });
        };
        let follows = content.seq == before.last.0 + 1 && content.prev == Some(before.last.1);
        let newest_at = before.newest_at.max(at);
        follows.then_some(Self { last: (content.seq, hash), newest_at, ..before })
    }

    /// Whether these are the receipts of a segment, under a head that `ours` knows.
    fn is(&self, segment: &Segment, ours: impl Fn(&Checkpoint) -> bool) -> bool {
        (self.first, self.last) == (segment.first, (segment.last, segment.head))
            && self.heads.iter().any(ours)
    }
}
