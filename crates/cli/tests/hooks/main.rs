//! Hooks of agent hosts, played by the real binary in the hands of a test that does what a host
//! does: it starts the installed line, writes its message, and believes only what it understands.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::indexing_slicing, reason = "a member that is missing has failed the test")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../faults/disk.rs"]
#[allow(dead_code, reason = "a test here needs a disk that is full, and none that is gone")]
mod disk;

mod attacks;
mod host;
mod life;
mod matrix;
