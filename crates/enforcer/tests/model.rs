//! Random sequences of everything that can happen to a gate, against a page that says what may run,
//! over the ledger in memory and over the one on the disk.
//!
//! `COUNTERSIGN_MODEL_CASES` says how many sequences each test plays, and `COUNTERSIGN_MODEL_SEED`
//! plays others. The same seed plays the same sequences. One that fails is made shorter, and told
//! step by step.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that fails has failed the test")]
#![allow(clippy::indexing_slicing, reason = "what is missing fails the test")]

#[path = "model/end.rs"]
mod end;
#[path = "model/play.rs"]
mod play;
#[path = "model/real.rs"]
mod real;
#[path = "model/rules.rs"]
mod rules;
#[path = "model/steps.rs"]
mod steps;

use play::Play;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestCaseError, TestError, TestRunner};
use real::Backing;
use steps::Step;

/// Sequences that every change can afford.
const CASES: u32 = 48;

/// The most steps of one sequence.
const LONGEST: usize = 40;

fn number<T: std::str::FromStr>(name: &str, usual: T) -> T {
    let given = std::env::var(name).ok();
    given.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn config(cases: u32) -> Config {
    Config {
        cases: number("COUNTERSIGN_MODEL_CASES", cases),
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(number("COUNTERSIGN_MODEL_SEED", 7)),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    }
}

/// Plays a sequence to its end; what the model does not allow, and what it demands and does not
/// happen, is an error.
fn played(backing: Backing, steps: &[Step]) -> Result<(), String> {
    let mut play = Play::new(backing);
    for (at, step) in steps.iter().enumerate() {
        play.step(step).map_err(|wrong| format!("at step {}, {step:?}: {wrong}", at + 1))?;
    }
    end::check(play)
}

fn hold(backing: Backing, cases: u32) {
    let mut runner = TestRunner::new(config(cases));
    let found = runner.run(&steps::sequences(LONGEST), |steps| {
        played(backing, &steps).map_err(TestCaseError::fail)
    });
    match found {
        Ok(()) => {}
        Err(TestError::Fail(why, steps)) => {
            let told =
                steps.iter().enumerate().map(|(at, step)| format!("{:>3} {step:?}\n", at + 1));
            panic!("{why}\n{}", told.collect::<String>())
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn attack_18_nothing_runs_that_the_model_does_not_allow_over_a_ledger_in_memory() {
    hold(Backing::Memory, CASES);
}

#[test]
fn attack_18_nothing_runs_that_the_model_does_not_allow_over_a_ledger_on_the_disk() {
    hold(Backing::Sqlite, CASES / 2);
}
