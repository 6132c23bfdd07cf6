//! How often strangers may try.

use countersign_core::time::Instant;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Tries are counted by the minute.
const WINDOW: i64 = 60_000;

/// Addresses that are told apart in one window; beyond that they share a count.
const MAX_ADDRESSES: usize = 16_384;

/// Counts tries of each address, and of all together, in fixed windows.
pub(crate) struct Throttle {
    each: u32,
    all: u32,
    window: Mutex<Window>,
}

#[derive(Default)]
struct Window {
    ends_at: i64,
    all: u32,
    each: HashMap<Option<IpAddr>, u32>,
}

/// Too many tries; come back after this many seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Throttled(pub(crate) u64);

impl Throttle {
    pub(crate) fn new(each: u32, all: u32) -> Self {
        Self { each, all, window: Mutex::default() }
    }

    /// Whether this address may try.
    pub(crate) fn admit(&self, from: Option<IpAddr>, now: Instant) -> Result<(), Throttled> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.roll(now);
        let tries = window.each.get(&block(from)).copied().unwrap_or_default();
        if tries < self.each && window.all < self.all {
            return Ok(());
        }
        let left = window.ends_at.saturating_sub(now.0).max(1);
        Err(Throttled((left.unsigned_abs()).div_ceil(1000)))
    }

    /// Counts one try of this address.
    pub(crate) fn count(&self, from: Option<IpAddr>, now: Instant) {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.roll(now);
        window.all = window.all.saturating_add(1);
        let from = block(from);
        let is_full = window.each.len() >= MAX_ADDRESSES && !window.each.contains_key(&from);
        let tries = window.each.entry(from.filter(|_| !is_full)).or_default();
        *tries = tries.saturating_add(1);
    }
}

impl Window {
    fn roll(&mut self, now: Instant) {
        // A clock set back by more than a window must not lock anybody out.
        if now.0 >= self.ends_at || self.ends_at.saturating_sub(now.0) > WINDOW {
            *self = Self { ends_at: now.0.saturating_add(WINDOW), ..Self::default() };
        }
    }
}

/// One household has a whole /64 of IPv6 addresses.
fn block(address: Option<IpAddr>) -> Option<IpAddr> {
    match address {
        Some(IpAddr::V6(v6)) => {
            let network = u128::from(v6) & !u128::from(u64::MAX);
            Some(v6.to_ipv4_mapped().map_or(IpAddr::V6(network.into()), IpAddr::V4))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn attack_25_guesses_are_counted_for_each_address_and_together() {
        let throttle = Throttle::new(2, 3);
        let (one, two) = (address("192.0.2.1"), address("192.0.2.2"));
        for _ in 0..2 {
            assert_eq!(throttle.admit(one, Instant(0)), Ok(()));
            throttle.count(one, Instant(0));
        }
        assert_eq!(throttle.admit(one, Instant(500)), Err(Throttled(60)));
        assert_eq!(throttle.admit(two, Instant(0)), Ok(()));
        throttle.count(two, Instant(0));
        assert_eq!(throttle.admit(two, Instant(59_999)), Err(Throttled(1)));
        assert_eq!(throttle.admit(one, Instant(60_000)), Ok(()));
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_count() {
        let throttle = Throttle::new(1, 9);
        throttle.count(address("2001:db8::1"), Instant(0));
        assert!(throttle.admit(address("2001:db8::2"), Instant(0)).is_err());
        assert!(throttle.admit(address("2001:db8:0:1::2"), Instant(0)).is_ok());
        throttle.count(address("::ffff:192.0.2.1"), Instant(0));
        assert!(throttle.admit(address("192.0.2.1"), Instant(0)).is_err());
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let throttle = Throttle::new(1, 9);
        throttle.count(None, Instant(10_000_000));
        assert!(throttle.admit(None, Instant(10_000_000)).is_err());
        assert!(throttle.admit(None, Instant(0)).is_ok());
    }
}
