//! What a receipt says of a segment. It is the stub that stays when the file is dropped: signed,
//! in the chain, and with the hash that the chain goes on from.

use crate::entry;
use countersign_core::encoding::Hash;
use countersign_core::receipt::course::LEDGER;
use countersign_core::receipt::{Entry, Event};
use countersign_store::ledger::segments::Segment;
use serde_json::{Map, Value};

/// That a segment was sealed, or that its file was dropped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Note {
    pub(crate) dropped: bool,
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// The content hash of the last receipt.
    pub(crate) head: Hash,
    /// The digest of the file.
    pub(crate) sha256: Hash,
}

impl Note {
    pub(crate) fn of(segment: &Segment, dropped: bool) -> Self {
        let Segment { first, last, head, sha256, .. } = *segment;
        Self { dropped, first, last, head, sha256 }
    }

    /// The action of its receipt.
    pub(crate) fn action(&self) -> Map<String, Value> {
        let (first, last) = (self.first.to_string(), self.last.to_string());
        let (head, sha256) = (self.head.to_string(), self.sha256.to_string());
        let members = [
            ("change", if self.dropped { "dropped" } else { "sealed" }),
            ("first", first.as_str()),
            ("last", &last),
            ("contentHash", &head),
            ("sha256", &sha256),
        ];
        entry::note(LEDGER, &members)
    }

    /// What a receipt says, where it says such a thing.
    pub(crate) fn read(entry: &Entry) -> Option<Self> {
        let action = entry.action.as_ref()?;
        let text = |name: &str| action.get(name).and_then(Value::as_str);
        let ours = entry.event == Event::Observed && entry.request_id.is_none();
        let dropped = match text("change")? {
            "sealed" => false,
            "dropped" => true,
            _ => return None,
        };
        (ours && text("kind")? == LEDGER).then_some(())?;
        Some(Self {
            dropped,
            first: text("first")?.parse().ok()?,
            last: text("last")?.parse().ok()?,
            head: Hash::from_hex(text("contentHash")?)?,
            sha256: Hash::from_hex(text("sha256")?)?,
        })
    }
}
