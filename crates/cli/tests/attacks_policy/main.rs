//! Nobody gets around a policy: not with another text, another name, another place or another
//! moment.
//!
//! Every test plays the real binary. The numbers are those of `docs/past-vulnerabilities.md`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/hostile.rs"]
mod hostile;

mod moments;
mod names;
mod people;
mod places;
mod scene;
mod texts;
