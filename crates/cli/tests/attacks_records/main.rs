//! What is written down: it names every refusal, proves no more than it says, and tells nobody
//! what it should not.
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

mod canary;
mod files;
mod guess;
mod outcomes;
mod restored;
mod trust;
