//! Hooks of agent hosts, played by the real binary in the hands of a test that does what a host
//! does: it starts the installed line, writes its message, and believes only what it understands.

#[path = "../common/mod.rs"]
mod common;
#[path = "../faults/disk.rs"]
mod disk;

mod attacks;
mod host;
mod life;
mod matrix;
