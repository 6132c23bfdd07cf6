//! Standing permissions and the stop, with the real binary between real homes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that fails has failed the test")]
#![allow(clippy::indexing_slicing, reason = "a missing member fails the test")]

mod common;

#[path = "grants/always.rs"]
mod always;
#[path = "grants/frozen.rs"]
mod frozen;
#[path = "grants/standing.rs"]
mod standing;
