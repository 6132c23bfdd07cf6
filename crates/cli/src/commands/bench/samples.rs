//! Many noisy figures made into one.

use std::time::{Duration, Instant};

/// Milliseconds since a moment.
pub(super) fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

/// How many of something there were in a second.
pub(super) fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(1e-9)
}

/// The figure below which `part` (0 to 1) of all figures lie; 0 where there are none.
pub(super) fn quantile(figures: &[f64], part: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    // In range: `part` is at most 1.
    let at = (last as f64 * part).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// The figure in the middle.
pub(super) fn median(figures: &[f64]) -> f64 {
    quantile(figures, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_figures_that_were_there() {
        let figures: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(median(&figures), 50.0);
        assert_eq!(quantile(&figures, 0.99), 99.0);
        assert_eq!(quantile(&figures, 1.0), 100.0);
        assert_eq!(quantile(&[7.0], 0.99), 7.0);
        assert_eq!(median(&[]), 0.0);
    }
}
