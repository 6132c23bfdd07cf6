//! A receipt about some items of a batch.

use super::Entry;
use crate::action::Action;
use crate::answer::Meaning;
use crate::decision::Decision;
use crate::receipt::Event;
use crate::tally;
use crate::verify::{Terms, within_terms};
use serde_json::Value;

/// Whether the items that a receipt is about are items of its action: at least one, in rising
/// order, each once; of a claim exactly one, and of what permits nothing none.
pub(super) fn are_there(entry: &Entry) -> bool {
    let Some(items) = &entry.items else { return true };
    let action = entry.action.clone().map(Value::Object);
    let action = action.as_ref().and_then(Action::from_payload);
    let size = action.as_ref().and_then(Action::items).map_or(0, <[Action]>::len);
    let rising = items.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    let claims =
        entry.event.needs_approval() && (entry.event == Event::Approved || items.len() == 1);
    rising && claims && items.last().is_some_and(|last| *last < size)
}

/// Whether an answer says yes to what a receipt is about: these items, or the whole action. `None`
/// where a yes is none that the gate would have counted; a no is a no however it is put.
///
/// A yes to a part counts where one person decides. Where several must agree, a batch is answered
/// whole.
pub(super) fn yes(decision: &Decision, terms: &Terms, items: Option<&[usize]>) -> Option<bool> {
    let Ok(said) = within_terms(decision, terms) else {
        return (!decision.decision.allows()).then_some(false);
    };
    let part = tally::one_decides(&terms.route);
    Some(match (&said, items) {
        (Meaning::Allow, _) => true,
        (Meaning::Partial(_), Some(items)) if part => items.iter().all(|at| said.permits(*at)),
        _ => false,
    })
}
