//! What a signed decision says: yes, no, ask somebody else, or yes to some (PROTOCOL §5).
//!
//! Everything that a plain HARP enforcer does not know is written as a `deny`, so that ignoring the
//! hints permits nothing that honouring them would not.

use crate::artifact::Route;
use crate::decision::{Decision, Word, hint};
use crate::encoding::Hash;
use crate::json;
use crate::message::{Filled, exact};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a person answered. It is read from a decision; whether that decision counts is for
/// [`crate::verify`] to say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// Yes, to all of it.
    Allow,
    /// No, to all of it.
    Deny,
    /// No from this one: ask another.
    Escalate {
        /// Whom, by a name on the rule's own chain; `None` is the next one on it.
        to: Option<String>,
    },
    /// Yes to these items of a batch, and no to the others.
    Partial(Items),
}

/// Some items of a batch, but not all: indices in rising order, each once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Items(Vec<usize>);

/// Why hints are no answer. All of them are `HARP_ERR_SCOPE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// A yes with a hint that only a no may carry.
    #[error("an `allow` names items or somebody else to ask")]
    AllowWithHints,
    /// Two hints that exclude each other.
    #[error("the decision escalates and allows items at once")]
    Both,
    /// Not `{"to"?}` with a name.
    #[error("`escalate` is not an object with nothing but the name of whom to ask")]
    Escalate,
    /// The action is no batch.
    #[error("the decision names items of an action that is no batch")]
    NoBatch,
    /// Not a list of indices in rising order, or none of the batch, or all of it.
    #[error("`items` are not some indices of the batch in rising order, each once")]
    Items,
    /// A partial yes reaches further than the route offers.
    #[error("the scope of a partial answer was not on offer")]
    Reach,
    /// A standing permission that is no part of the offer, or stands beside no plain yes.
    #[error("the standing permission that it takes was not on offer")]
    Grant,
    /// A partial yes without the reason that the route asks for.
    #[error("the route asks for a reason and none was signed")]
    NoReason,
}

impl Unclear {
    /// The HARP error code.
    #[must_use]
    pub fn code(self) -> &'static str {
        "HARP_ERR_SCOPE"
    }
}

/// Reads what `decision` says about an action of `items` items; `None` is no batch.
///
/// # Errors
/// [`Unclear`]: such a decision permits nothing, and the question stays open.
pub fn meaning(
    decision: &Decision,
    items: Option<usize>,
    route: &Route,
) -> Result<Meaning, Unclear> {
    if decision.decision.allows() {
        return plain_yes(decision).map(|()| Meaning::Allow);
    }
    match (decision.hint(hint::ESCALATE), decision.hint(hint::ITEMS)) {
        (None, None) => Ok(Meaning::Deny),
        (Some(_), Some(_)) => Err(Unclear::Both),
        (Some(escalate), None) => whom(escalate).map(|to| Meaning::Escalate { to }),
        (None, Some(some)) => {
            let some = Items::read(some, items.ok_or(Unclear::NoBatch)?)?;
            // The word is a no, so nothing has checked yet how far this yes reaches.
            within_offer(decision, route)?;
            Ok(Meaning::Partial(some))
        }
    }
}

/// Whether a yes says yes to everything. One that also names items or somebody else to ask says two
/// things, and whoever ignores hints would run what was not meant.
///
/// # Errors
/// [`Unclear::AllowWithHints`].
pub fn plain_yes(decision: &Decision) -> Result<(), Unclear> {
    let says_more = [hint::ESCALATE, hint::ITEMS].iter().any(|name| decision.hint(name).is_some());
    let unclear = decision.decision.allows() && says_more;
    if unclear { Err(Unclear::AllowWithHints) } else { Ok(()) }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Escalate {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Filled>,
}

fn whom(hint: &Value) -> Result<Option<String>, Unclear> {
    let hint: Escalate = exact(hint).map_err(|_| Unclear::Escalate)?;
    Ok(hint.to.map(|name| name.as_str().to_owned()))
}

fn within_offer(decision: &Decision, route: &Route) -> Result<(), Unclear> {
    if !route.scopes.contains(&decision.scope) {
        return Err(Unclear::Reach);
    }
    let reason = decision.hint(hint::REASON_HASH).map(json::typed_ref::<Hash>);
    if route.reason_required && !matches!(reason, Some(Ok(_))) {
        return Err(Unclear::NoReason);
    }
    Ok(())
}

impl Items {
    /// Some items of a batch of `size`: at least one and not all, each once, in rising order.
    ///
    /// # Errors
    /// [`Unclear::Items`].
    pub fn new(indices: Vec<usize>, size: usize) -> Result<Self, Unclear> {
        let rising = indices.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        let inside = indices.last().is_some_and(|last| *last < size);
        let some = rising && inside && indices.len() < size;
        if some { Ok(Self(indices)) } else { Err(Unclear::Items) }
    }

    fn read(hint: &Value, size: usize) -> Result<Self, Unclear> {
        let indices = json::typed_ref(hint).map_err(|_| Unclear::Items)?;
        Self::new(indices, size)
    }

    /// The indices that are allowed.
    #[must_use]
    pub fn indices(&self) -> &[usize] {
        &self.0
    }
}

impl Meaning {
    /// Whether the item at `index` may run; of an action that is no batch, the item 0.
    #[must_use]
    pub fn permits(&self, index: usize) -> bool {
        match self {
            Self::Allow => true,
            Self::Deny | Self::Escalate { .. } => false,
            Self::Partial(items) => items.0.contains(&index),
        }
    }

    /// How the answer is signed: its word, with the hints it needs put beside the others. The
    /// inverse of [`meaning`], and the only way to write these hints.
    pub fn write(&self, hints: &mut Map<String, Value>) -> Word {
        hints.remove(hint::ESCALATE);
        hints.remove(hint::ITEMS);
        match self {
            Self::Allow => return Word::Allow,
            Self::Deny => {}
            Self::Escalate { to } => {
                let to = to.iter().map(|name| ("to".to_owned(), Value::from(name.as_str())));
                hints.insert(hint::ESCALATE.into(), Value::Object(to.collect()));
            }
            Self::Partial(items) => {
                hints.insert(hint::ITEMS.into(), Value::from(items.0.clone()));
            }
        }
        Word::Deny
    }
}

#[cfg(test)]
mod tests;
