//! A gateway on a real socket, and clients that talk to it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise, also in its helpers"
)]

mod auth;
mod channel;
mod console;
mod exchange;
mod first_frame;
mod house;
mod limits;
mod notes;
mod pairing;
mod published;
mod raw;
mod stream;
