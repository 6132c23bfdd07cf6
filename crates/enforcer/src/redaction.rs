//! What a policy hides of an action, taken out before anything is hashed.
//!
//! Whoever runs the action has the values; everything that is written down, sent or told holds the
//! commitments. The values are kept apart from the ledger, where their owner finds them, and from
//! where they can be erased while every receipt stays what it was.
//!
//! # Rooms
//! * `store`: the values, one file for each call. `erase`: taken away again, with a receipt.
//! * `scrub`: what the asker says beside the action.

mod erase;
mod scrub;
mod store;

pub use erase::{Erased, Erasure};
pub use store::Kept;

use crate::gate::{Enforcer, GateError};
use crate::home::{Home, HomeError};
use countersign_core::action::{Action, ActionHash};
use countersign_core::json::JsonError;
use countersign_core::redact::{self, Disclosure, smuggles_commitment};
use countersign_policy::hidden::{Hidden, everything, hidden};
use countersign_store::files::FileError;
use serde_json::Value;

pub(crate) use scrub::scrubbed;

/// An action as it may be written down, with what opens its commitments.
#[derive(Clone, PartialEq)]
pub struct Shown {
    action: Action,
    disclosures: Vec<Disclosure>,
    left: Vec<String>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").field("action", &self.action).finish_non_exhaustive()
    }
}

impl Shown {
    /// The action without what the fields of a verdict hide.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub(crate) fn of(
        secret: &[u8; 32],
        action: &Action,
        fields: &[String],
    ) -> Result<Self, JsonError> {
        if fields.is_empty() {
            let (action, disclosures, left) = (action.clone(), Vec::new(), Vec::new());
            return Ok(Self { action, disclosures, left });
        }
        let payload = action.to_payload()?;
        let what = hidden(fields, &payload);
        Self::without(secret, &payload, what)
    }

    /// The action without anything that can be hidden.
    fn bare(secret: &[u8; 32], action: &Action) -> Result<Self, JsonError> {
        let payload = action.to_payload()?;
        let what = everything(&payload);
        Self::without(secret, &payload, what)
    }

    fn without(secret: &[u8; 32], payload: &Value, what: Hidden) -> Result<Self, JsonError> {
        let Hidden { places, left } = what;
        let (shown, disclosures) = redact::hide(secret, payload, &places)?;
        let none = || JsonError::Shape("what is left when it is redacted is no action".into());
        let action = Action::from_payload(&shown).ok_or_else(none)?;
        Ok(Self { action, disclosures, left })
    }

    /// The action: what is asked about, hashed and recorded.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// What opens the commitments that policies made. It holds the values: seal it or drop it.
    #[must_use]
    pub fn disclosures(&self) -> &[Disclosure] {
        &self.disclosures
    }

    /// What a policy hides and nothing can hide in this action, in words.
    #[must_use]
    pub fn left(&self) -> &[String] {
        &self.left
    }
}

impl Enforcer {
    /// The action as it may be written down where nobody knows what the policies would hide: without
    /// anything that can be hidden. What was hidden is kept.
    ///
    /// # Errors
    /// Where it has no canonical form, or the values cannot be kept.
    pub fn unjudged(&self, action: &Action) -> Result<Shown, GateError> {
        let shown = Shown::bare(self.ledger().secret(), action)?;
        self.keep(&shown)?;
        Ok(shown)
    }

    /// Keeps the values that were hidden, durably, apart from the ledger.
    ///
    /// # Errors
    /// Where they cannot be written down.
    pub fn keep(&self, shown: &Shown) -> Result<(), GateError> {
        if shown.disclosures.is_empty() {
            return Ok(());
        }
        let hash = shown.action.hash()?;
        let kept = Kept::new(hash, self.now().timestamp(), shown.disclosures.clone());
        Ok(kept.write(self.home()).map_err(HomeError::from)?)
    }

    /// A recorded action with the hidden values that are still kept. What cannot be read stays a
    /// commitment.
    #[must_use]
    pub fn opened(&self, recorded: &Value, hash: ActionHash) -> Value {
        match self.kept(hash).ok().flatten() {
            Some(kept) => redact::reveal(recorded, kept.values()),
            None => recorded.clone(),
        }
    }

    /// The values that were hidden of a call; `None` where there were none, or they were erased.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn kept(&self, hash: ActionHash) -> Result<Option<Kept>, HomeError> {
        Ok(Kept::read(self.home(), hash)?)
    }
}

/// The action as the policies judge it: with the values that are still kept. What was erased stays
/// a commitment, which is never less strict.
///
/// # Errors
/// Where they are there and cannot be read.
pub(crate) fn revealed(home: &Home, action: Action) -> Result<Action, FileError> {
    let Some(payload) = action.to_payload().ok().filter(smuggles_commitment) else {
        return Ok(action);
    };
    let Ok(hash) = action.hash() else { return Ok(action) };
    let Some(kept) = Kept::read(home, hash)? else { return Ok(action) };
    let clear = redact::reveal(&payload, kept.values());
    Ok(Action::from_payload(&clear).unwrap_or(action))
}
