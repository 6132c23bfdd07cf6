//! The language-neutral vectors under `vectors/`, and what this implementation answers to them.
//!
//! The texts are built in, so that a binary can be asked far from the sources whether it still
//! answers as every implementation must: `harp conformance` does, and so do this crate's tests.
//! The vectors are judged by `core` and `wire` alone; nothing here knows a rule of its own.
//!
//! # Rooms
//! * [`Vector`]: one question and the one outcome it must have; [`suite`] has all of them.
//! * `files`: the texts. `input`: members of a vector, read without a panic.
//! * One room for each kind: `canonical`, `artifact`, `decision`, `receipt`, `bundle`, `sealed`, `signed`,
//!   `message`, `gateway`, `pairing`, `token`, `reference`, `published`.

mod artifact;
mod bundle;
mod canonical;
mod decision;
mod files;
mod gateway;
mod input;
mod message;
mod pairing;
mod published;
mod receipt;
mod reference;
mod sealed;
mod signed;
mod suite;
mod token;

pub use files::FILES;
pub use input::Damaged;
pub use suite::{Answer, Vector, answer, suite};
