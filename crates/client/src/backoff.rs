//! How long to wait before the next try.

use std::time::Duration;

/// The first wait, in milliseconds.
const FIRST: u64 = 250;

/// The longest wait, in milliseconds.
const LONGEST: u64 = 10_000;

/// The wait before try number `attempt` (the first retry is 0): 250 ms, doubling up to 10 s.
///
/// `jitter` is any random byte; it takes off up to half, so that many who lost the same gateway
/// do not come back in the same moment.
#[must_use]
pub fn backoff(attempt: u32, jitter: u8) -> Duration {
    let doubled = FIRST.saturating_mul(1_u64.checked_shl(attempt).unwrap_or(u64::MAX));
    let full = doubled.min(LONGEST);
    Duration::from_millis(full - full * u64::from(jitter) / 512)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_ten_seconds() {
        let millis = |attempt| backoff(attempt, 0).as_millis();
        assert_eq!(
            [0, 1, 2, 5, 6, 63, 64, u32::MAX].map(millis),
            [250, 500, 1_000, 8_000, 10_000, 10_000, 10_000, 10_000]
        );
    }

    #[test]
    fn jitter_takes_off_less_than_half() {
        for attempt in [0, 3, 99] {
            let (full, least) = (backoff(attempt, 0), backoff(attempt, u8::MAX));
            assert!(least < full && least >= full / 2, "{attempt}: {least:?} of {full:?}");
        }
    }
}
