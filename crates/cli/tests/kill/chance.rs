//! Random numbers that can be had again: everything in a round follows from the seed.

use std::time::Duration;

/// The rounds that every change can afford.
const ROUNDS: u64 = 100;

/// SplitMix64.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 1 to `most`.
    pub(crate) fn number(&mut self, most: u64) -> u64 {
        1 + self.next() % most
    }

    /// One of them.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.next() % of.len() as u64).unwrap()]
    }

    /// Between nothing and a little more than `whole`; every other time near its end, where what
    /// was prepared becomes durable.
    pub(crate) fn part(&mut self, whole: Duration) -> Duration {
        let thousandth = match self.next() % 2 {
            0 => self.next() % 1_050,
            _ => 750 + self.next() % 300,
        };
        whole * u32::try_from(thousandth).unwrap() / 1_000
    }
}

/// The seed: given, so that a round can be played again, or new.
pub(crate) fn seed() -> u64 {
    match std::env::var("COUNTERSIGN_KILL_SEED") {
        Ok(text) => text.parse().expect("COUNTERSIGN_KILL_SEED is a number"),
        Err(_) => u64::from(jitter()),
    }
}

/// The nanoseconds of this second: enough to differ from run to run.
fn jitter() -> u32 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().subsec_nanos()
}

/// How many of all rounds belong to the test at `place` of `tests`.
pub(crate) fn share(place: u64, tests: u64) -> u64 {
    let rounds = match std::env::var("COUNTERSIGN_KILL_ROUNDS") {
        Ok(text) => text.parse().expect("COUNTERSIGN_KILL_ROUNDS is a number"),
        Err(_) => ROUNDS,
    };
    (rounds + tests - 1 - place) / tests
}
