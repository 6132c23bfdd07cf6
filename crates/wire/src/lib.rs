//! The messages that enforcer, gateway and approver exchange over HTTP (PROTOCOL §7).
//!
//! They are data and nothing else: this crate opens no connection and judges no answer. Every
//! type reads strictly, so that a message which parses has no member that anyone could read
//! another way.
//!
//! # Rooms
//! * [`envelope`]: what every message is wrapped in.
//! * [`artifact`], [`decision`], [`exchange`]: a question, its answer, and how far it got.
//! * [`head`]: how long a ledger was, for the gateway to remember.
//! * [`stop`]: what ends everything, from an approver's device.
//! * [`note`]: how far the others are, for those who have not answered.
//! * [`presence`]: what live channels say besides.
//! * [`pairing`], [`auth`]: how devices meet, and how one proves itself.
//! * [`error`]: what went wrong, and the one table from its code to an HTTP status.

pub mod artifact;
pub mod auth;
pub mod decision;
pub mod envelope;
pub mod error;
pub mod exchange;
pub mod head;
pub mod note;
pub mod pairing;
pub mod presence;
#[cfg(feature = "schema")]
pub mod schema;
pub mod stop;

pub use envelope::{Body, Envelope};
pub use error::{ErrorBody, ErrorCode};

/// The media type of every body.
pub const MEDIA_TYPE: &str = "application/harp+json";

/// The header that names the gateway which a call is for, by its origin, where the call goes to
/// another address. Whoever it reaches refuses it where it is for somebody else.
pub const MEANT_FOR: &str = "countersign-gateway";

/// Byte limits of bodies.
pub mod limit {
    /// `artifact.submit`: 2 MiB of plaintext, sealed and in base64url, with room for the rest.
    pub const ARTIFACT_SUBMIT: usize = 3 * 1024 * 1024;
    /// Every other message: 64 KiB.
    pub const MESSAGE: usize = countersign_core::json::limit::MESSAGE;
    /// A sealed note beside an exchange, with its envelope: small, because it comes along with every
    /// item of an inbox.
    pub const NOTE: usize = 16 * 1024;
    /// A page of an inbox. A gateway ends a page before it grows past this.
    pub const PAGE: usize = 8 * 1024 * 1024;
    /// Characters of an id of a request, a device, a message or a pairing.
    pub const ID: usize = 128;
    /// Characters of a label that a person reads.
    pub const LABEL: usize = 256;
}
