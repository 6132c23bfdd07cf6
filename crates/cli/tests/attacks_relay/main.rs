//! A gateway that loses, delays, doubles, swaps, invents and forges can cause nothing but a no.
//!
//! Every test plays the real binary against the hostile gateway of the testkit. The numbers are
//! those of `docs/past-vulnerabilities.md`.

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

mod agent;
mod downgrade;
mod forged;
mod lies;
mod notes;
mod pairing;
mod passkey;
mod replay;
mod stops;
