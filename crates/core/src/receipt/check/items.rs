//! A receipt about some items of a batch.

use super::Entry;
use crate::action::Action;
use crate::answer::Meaning;
use serde_json::Value;

/// Whether the items that a receipt is about are items of its action: at least one, in rising
/// order, each once.
pub(super) fn are_there(entry: &Entry) -> bool {
    let Some(items) = &entry.items else { return true };
    let action = entry.action.clone().map(Value::Object);
    let action = action.as_ref().and_then(Action::from_payload);
    let size = action.as_ref().and_then(Action::items).map_or(0, <[Action]>::len);
    let rising = items.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    rising && items.last().is_some_and(|last| *last < size)
}

/// Whether an answer allows what a receipt is about: these items, or the whole action.
pub(super) fn allowed(said: &Meaning, items: Option<&[usize]>) -> bool {
    match items {
        None => *said == Meaning::Allow,
        Some(items) => items.iter().all(|index| said.permits(*index)),
    }
}
