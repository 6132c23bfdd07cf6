//! What agent hosts say before a tool runs, what they are answered, and where their hooks stand.
//!
//! Pure translation: it judges nothing, asks nobody, reads no file and starts nothing. The enforcer
//! judges the [`Call`] that [`read`] makes; the binary carries the words of [`Answer::said`] back.
//!
//! A host that does not understand an answer runs the tool, so whatever is not understood here ends
//! in a refusal in that host's own words, or where even the event is unknown in the exit code that
//! every host takes for a refusal.
//!
//! # Rooms
//! * [`host`]: which hosts there are, and what a found version of one knows.
//! * [`call`]: what a host says, made into an action.
//! * [`answer`]: what a host is told.
//! * [`settings`]: a host's file of hooks, with our entry in it and without.

pub mod answer;
pub mod call;
pub mod host;
pub mod settings;

pub use answer::{Answer, Said};
pub use call::{Call, Event, Unread, read};
pub use host::{Host, Version};
