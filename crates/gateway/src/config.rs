//! What an operator sets.

use countersign_core::pairing::Origin;
use std::time::Duration;

/// The settings of a gateway.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the gateway calls itself in envelopes.
    pub gateway_id: String,
    /// The origins under which devices reach it. A proof of possession names one of them.
    /// [`crate::serve()`] adds the loopback address that it listens on.
    pub origins: Vec<Origin>,
    /// A proxy in front ends TLS: addresses other than loopback may be listened on, and the
    /// last `X-Forwarded-For` entry is the caller's address.
    pub behind_proxy: bool,
    /// Whether the console's page is served beside the calls.
    pub console: bool,
    /// What it takes from one party.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            gateway_id: "countersign".to_owned(),
            origins: Vec::new(),
            behind_proxy: false,
            console: true,
            limits: Limits::default(),
        }
    }
}

/// What a gateway takes from one party before it says no, so that nobody starves another.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Pairings that wait for an approver, over all enforcers.
    pub open_pairings: usize,
    /// Pairings that one address may open in a minute.
    pub initiations: u32,
    /// Codes that one address may get wrong in a minute.
    pub wrong_codes: u32,
    /// Codes that all together may get wrong in a minute.
    pub wrong_codes_global: u32,
    /// Exchanges that may be pending between two devices.
    pub pending: usize,
    /// How far ahead an exchange may end.
    pub longest_exchange: Duration,
    /// Live channels of one approver's device. An enforcer's newest channel replaces the others.
    pub channels: usize,
    /// Long polls of one device that wait at the same time.
    pub waits: usize,
    /// Sessions of one device; a new one ends the oldest.
    pub sessions: usize,
    /// Bytes that wait for a slow reader before its channel is closed.
    pub queue: usize,
    /// Open connections.
    pub connections: usize,
    /// How long a caller may take to send a header or a body, or to take a frame.
    pub patience: Duration,
    /// How often a live channel is asked whether it is there.
    pub ping: Duration,
    /// After how long without a sign of life a channel is closed.
    pub idle: Duration,
    /// How often the gateway looks what time has ended.
    pub housekeeping: Duration,
    /// How long what is over stays readable.
    pub retention: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open_pairings: 1_000,
            initiations: 60,
            wrong_codes: 10,
            wrong_codes_global: 1_000,
            pending: 1_000,
            longest_exchange: Duration::from_secs(31 * 24 * 60 * 60),
            channels: 32,
            waits: 1_024,
            sessions: 256,
            queue: 8 * 1024 * 1024,
            connections: 32_768,
            patience: Duration::from_secs(30),
            ping: Duration::from_secs(30),
            idle: Duration::from_secs(120),
            housekeeping: Duration::from_secs(10),
            retention: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}
