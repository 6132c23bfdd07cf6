//! Failing writes and syncs: full disks, disks that allow no writes, syncs that fail, damaged
//! files. Nothing runs without a durable claim, and afterwards the state is right.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise, also in its helpers"
)]

mod common;

#[path = "kill/book.rs"]
#[allow(dead_code, reason = "these tests count no endings")]
mod book;
#[path = "faults/cut_off.rs"]
mod cut_off;
#[path = "faults/damage.rs"]
mod damage;
#[path = "faults/disk.rs"]
mod disk;
#[path = "faults/full.rs"]
mod full;
#[path = "faults/group.rs"]
mod group;
#[path = "common/heard.rs"]
mod heard;
#[path = "faults/read_only.rs"]
mod read_only;
#[path = "faults/scene.rs"]
mod scene;
#[path = "faults/sync.rs"]
mod sync;
#[path = "common/tracer.rs"]
#[allow(dead_code, reason = "these tests survive their syncs")]
mod tracer;
#[path = "faults/versions.rs"]
mod versions;
