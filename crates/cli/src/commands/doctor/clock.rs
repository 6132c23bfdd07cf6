//! Whether this machine knows what time it is: times to live and the age of answers hang on it.

use super::check::Check;
use countersign_core::time::{Instant, Timestamp};

/// 2025-01-01T00:00:00Z: no earlier clock is right.
const BEGAN: Instant = Instant(1_735_689_600_000);

/// A gateway's clock says whole seconds, and its answer takes a while.
const CAREFUL: i64 = 60_000;

/// Gateways refuse a proof that is older or newer than that.
const FAR: i64 = 300_000;

const FIX: &str = "sudo timedatectl set-ntp true";

/// The judgement. `gateways` are addresses with how many milliseconds this clock is ahead.
pub(super) fn judge(now: Instant, newest: Option<Instant>, gateways: &[(String, i64)]) -> Check {
    let said = now.timestamp();
    if now < BEGAN {
        return Check::fail("clock", format!("it says {}", said.as_str()), FIX);
    }
    if let Some(newest) = newest.filter(|newest| *newest > now) {
        let newest: Timestamp = newest.timestamp();
        let found = format!(
            "it says {}, and the newest receipt was written at {}",
            said.as_str(),
            newest.as_str()
        );
        return Check::fail("clock", found, FIX);
    }
    match gateways.iter().max_by_key(|(_, ahead)| ahead.saturating_abs()) {
        Some((gateway, ahead)) if ahead.saturating_abs() > CAREFUL => {
            skewed(gateway, *ahead, &said)
        }
        Some(_) => Check::ok("clock", format!("{}, and the gateways agree", said.as_str())),
        None => Check::ok("clock", format!("{}; no gateway to compare it with", said.as_str())),
    }
}

fn skewed(gateway: &str, ahead: i64, said: &Timestamp) -> Check {
    let seconds = ahead.saturating_abs() / 1000;
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    let found = format!("{}, {seconds} s {way} `{gateway}`", said.as_str());
    if ahead.saturating_abs() > FAR {
        return Check::fail("clock", found, FIX);
    }
    Check::warn("clock", found, FIX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::State;

    const NOW: Instant = Instant(1_800_000_000_000);

    fn with(ahead: i64) -> State {
        judge(NOW, Some(NOW), &[("a".into(), 0), ("b".into(), ahead)]).state
    }

    #[test]
    fn a_minute_warns_and_five_fail_in_either_direction() {
        for sign in [1, -1] {
            assert_eq!(with(sign * 60_000), State::Ok);
            assert_eq!(with(sign * 60_001), State::Warn);
            assert_eq!(with(sign * 300_000), State::Warn);
            assert_eq!(with(sign * 300_001), State::Fail);
        }
        assert_eq!(with(i64::MIN), State::Fail);
    }

    #[test]
    fn a_clock_before_its_receipts_or_before_this_program_fails() {
        assert_eq!(judge(NOW, Some(Instant(NOW.0 + 1)), &[]).state, State::Fail);
        assert_eq!(judge(Instant(0), None, &[]).state, State::Fail);
        assert_eq!(judge(NOW, None, &[]).state, State::Ok);
    }
}
