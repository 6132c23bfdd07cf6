//! What an attacker would bring: a gateway that does what a test says, devices whose keys are in
//! the test's hands, and a search for words that must not have leaked.
//!
//! Only tests use it. It stands beside the house and may look into every room; nothing in it
//! weakens a rule for anybody else, because all it does is speak the protocol, badly.
//!
//! # Rooms
//! * [`gateway`]: the real gateway behind a script that loses, delays, doubles, swaps and invents.
//! * [`call`]: what a script is given and what it answers.
//! * [`device`]: an approver's device that signs whatever a test wants.
//! * [`authenticator`]: a passkey that signs whatever a test wants.
//! * [`agent`]: an enforcer that seals whatever a test wants.
//! * [`database`]: the hand of somebody who can write a file of ours.
//! * [`forge`]: messages that nobody sent, sealed and signed as well as an outsider can.
//! * [`recorder`]: a wire that keeps every byte; [`canary`]: what to look for in them.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test whose attacker cannot even attack has failed, and says why"
)]

pub mod agent;
pub mod authenticator;
pub mod call;
pub mod canary;
mod chance;
pub mod database;
pub mod device;
pub mod forge;
pub mod gateway;
pub mod recorder;

pub use agent::HostileEnforcer;
pub use authenticator::Authenticator;
pub use call::{Call, Kind, Reply};
pub use device::HostileDevice;
pub use gateway::{Honest, HostileGateway};
pub use recorder::Recorder;

use std::time::Duration;

/// The longest that anything here waits for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(30);
