//! What was approved is what runs, and what was shown is what was approved.
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

mod changed;
mod disclosure;
mod environment;
mod input;
mod receipt;
mod screen;
