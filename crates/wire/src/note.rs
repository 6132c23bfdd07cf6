//! How far a round is, on its way from an enforcer to an approver's device.
//!
//! The gateway sees which exchange it belongs to, and nothing of what is inside. It keeps the last
//! one of each exchange that waits, and delivers it beside the request: listed in the envelope's
//! `trace`, pushed as a message of its own.

use crate::envelope::Body;
use countersign_core::json::{self, JsonError};
use countersign_core::message::Message;
use countersign_core::sealing::Sealed;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The member of an `approval.request`'s `trace` that holds the sealed note.
pub const TRACE: &str = "org.countersign.note";

/// The body of `POST /v1/exchanges/{requestId}/note`, the enforcer's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteSubmit {
    /// The signed note, sealed to the device that the exchange is with.
    pub ciphertext: Sealed,
}

impl Message for NoteSubmit {
    const LIMIT: usize = crate::limit::NOTE;
}

impl Body for NoteSubmit {
    const MSG_TYPE: &'static str = "note.submit";
}

/// The reply: it is kept beside the exchange until that ends, or until the next one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteAccepted {}

impl Message for NoteAccepted {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for NoteAccepted {
    const MSG_TYPE: &'static str = "note.accepted";
}

/// The body of `note.deliver`: what a live channel of the approver's device is sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteDeliver {
    /// As submitted.
    pub ciphertext: Sealed,
}

impl Message for NoteDeliver {
    const LIMIT: usize = crate::limit::NOTE;
}

impl Body for NoteDeliver {
    const MSG_TYPE: &'static str = "note.deliver";
}

/// The sealed note in an envelope's trace; `None` where there is none, or another thing.
#[must_use]
pub fn of_trace(trace: Option<&Map<String, Value>>) -> Option<Sealed> {
    trace?.get(TRACE).and_then(|value| json::typed_ref(value).ok())
}

/// A trace that holds a note.
///
/// # Errors
/// Where the seal has no JSON form.
pub fn trace(note: &Sealed) -> Result<Map<String, Value>, JsonError> {
    Ok(Map::from_iter([(TRACE.to_owned(), json::value_of(note)?)]))
}
