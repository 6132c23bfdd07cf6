//! Talks to a gateway as one device: calls, live channels, pairing.
//!
//! It believes nothing that a gateway says. Replies are read strictly and up to a limit, every
//! wait is bounded, redirects are not followed, and no proxy is taken from the environment. It
//! verifies no decision and decides nothing: that is for the caller, with what comes back.
//!
//! It does not try again by itself, but for one thing: where the gateway no longer knows the
//! session, it proves itself anew and repeats the call once. [`backoff()`] says how long to wait
//! between tries.
//!
//! # Rooms
//! * [`Client`]: the calls of an enforcer or an approver, and those of pairing.
//! * [`Channel`]: what the gateway pushes.
//! * [`Passage`]: calls of somebody who proves themselves, passed through as they are; [`Tunnel`]: their
//!   live channels.
//! * [`Collector`]: takes lines of an audit log.
//! * [`ClientError`]: "the gateway is down" apart from "the gateway says no".

mod backoff;
mod calls;
mod channel;
mod client;
mod collector;
mod dial;
mod error;
mod http;
mod pairing;
mod passage;
mod session;
mod stops;
mod tls;
mod tunnel;

pub use backoff::backoff;
pub use channel::Channel;
pub use client::{Client, Clock};
pub use collector::{Collector, CollectorError};
pub use countersign_wire::pairing::Role;
pub use error::ClientError;
pub use passage::{Passage, Passed, Passing, Verb};
pub use tunnel::Tunnel;
