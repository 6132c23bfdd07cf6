//! Random sequences of everything that can happen to a gate, against a page that says what may run,
//! over the ledger in memory and over the one on the disk.
//!
//! `COUNTERSIGN_MODEL_CASES` says how many sequences each test plays, and `COUNTERSIGN_MODEL_SEED`
//! plays others. The same seed plays the same sequences. One that fails is made shorter, and told
//! step by step.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a step that fails has failed the test")]
#![allow(clippy::indexing_slicing, reason = "what is missing fails the test")]
#![allow(clippy::print_stdout, reason = "what happened is told where somebody asks for it")]

#[path = "model/acts.rs"]
mod acts;
#[path = "model/answers.rs"]
mod answers;
#[path = "model/attacks.rs"]
mod attacks;
#[path = "model/crash.rs"]
mod crash;
#[path = "model/end.rs"]
mod end;
#[path = "model/look.rs"]
mod look;
#[path = "model/play.rs"]
mod play;
#[path = "model/real.rs"]
mod real;
#[path = "model/rules.rs"]
mod rules;
#[path = "model/standing.rs"]
mod standing;
#[path = "model/steps.rs"]
mod steps;

use play::Play;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestCaseError, TestError, TestRunner};
use real::Backing;
use std::cell::RefCell;
use std::collections::BTreeMap;
use steps::Step;

/// Sequences that every change can afford.
const CASES: u32 = 32;

/// The most parts of one sequence.
const LONGEST: usize = 12;

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

/// What happened in sequences, and how often.
type Happened = BTreeMap<&'static str, usize>;

/// What must happen in them somewhere.
const SEEN: [&str; 9] = [
    "cut off",
    "died",
    "joined",
    "raced",
    "ran",
    "ran by a grant",
    "ran by the next",
    "ran by two",
    "refused",
];

/// Plays a sequence to its end; what the model does not allow, and what it demands and does not
/// happen, is an error.
fn played(backing: Backing, steps: &[Step]) -> Result<Happened, String> {
    let mut play = Play::new(backing);
    for (at, step) in steps.iter().enumerate() {
        play.step(step).map_err(|wrong| format!("at step {}, {step:?}: {wrong}", at + 1))?;
    }
    end::check(&mut play)?;
    Ok(play.happened)
}

fn hold(backing: Backing, cases: u32) {
    let mut runner = TestRunner::new(config(cases));
    let seen = RefCell::new(Happened::new());
    let found = runner.run(&steps::sequences(LONGEST), |steps| {
        let happened = played(backing, &steps).map_err(TestCaseError::fail)?;
        happened.into_iter().for_each(|(what, n)| *seen.borrow_mut().entry(what).or_default() += n);
        Ok(())
    });
    match found {
        Ok(()) => {
            let seen = seen.into_inner();
            println!("{seen:?}");
            let missing: Vec<_> = SEEN.iter().filter(|what| !seen.contains_key(*what)).collect();
            assert!(missing.is_empty(), "none of {missing:?} happened: {seen:?}");
        }
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
