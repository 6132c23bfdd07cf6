//! Every check a change must pass, in order; the first that fails ends the run.

use std::time::Instant;

use crate::{Outcome, child, console, floors, fuzz, schemas, screens, sdk, tools, vectors};

/// A name to look for in the output, and what stands behind it.
type Step = (&'static str, fn() -> Outcome);

/// Cheap ones first. The binary is built before the tests, because some of them start it.
const STEPS: [Step; 14] = [
    ("tools", tools::install),
    ("format", format),
    ("floors", floors::run),
    ("vectors", vectors::check),
    ("clippy", clippy),
    ("fuzz", fuzz::check),
    ("build", build),
    ("schemas", schemas::check),
    ("sdk", sdk::run),
    ("console", console::check),
    ("screens", screens::run),
    ("tests", suites),
    ("doctests", doctests),
    ("documentation", documentation),
];

pub(crate) fn run() -> Outcome {
    let began = Instant::now();
    in_order(&STEPS)?;
    println!("\nall {} steps passed in {}", STEPS.len(), since(began));
    Ok(())
}

fn in_order(steps: &[Step]) -> Outcome {
    steps.iter().try_for_each(|(name, step)| {
        println!("\n== {name}");
        let began = Instant::now();
        step().map_err(|why| format!("{why}\n== {name} FAILED after {}", since(began)))?;
        println!("== {name} passed in {}", since(began));
        Ok(())
    })
}

fn since(began: Instant) -> String {
    format!("{:.1} s", began.elapsed().as_secs_f32())
}

fn format() -> Outcome {
    child::run(&mut child::cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Outcome {
    let what = ["clippy", "--workspace", "--all-targets", "--features", schemas::FEATURE];
    let how = ["--", "-D", "warnings"];
    child::run(&mut child::cargo(&[what.as_slice(), &how].concat()))
}

fn build() -> Outcome {
    child::run(&mut child::cargo(&["build", "--workspace"]))
}

/// nextest gives each test its own process, but nobody needs it to check a change.
fn suites() -> Outcome {
    if child::succeeds(&mut child::cargo(&["nextest", "--version"])) {
        return child::run(&mut child::cargo(&["nextest", "run", "--workspace"]));
    }
    child::run(&mut child::cargo(&["test", "--workspace", "--lib", "--bins", "--tests"]))
}

fn doctests() -> Outcome {
    child::run(&mut child::cargo(&["test", "--workspace", "--doc"]))
}

fn documentation() -> Outcome {
    let mut doc = child::cargo(&["doc", "--workspace", "--no-deps"]);
    child::run(doc.env("RUSTDOCFLAGS", "-Dwarnings"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_ends_the_run_under_its_name() {
        let steps: [Step; 3] = [
            ("good", || Ok(())),
            ("bad", || Err("broken".to_owned())),
            ("never", || unreachable!("a step ran after a failure")),
        ];
        let why = in_order(&steps).unwrap_err();
        assert!(why.starts_with("broken\n== bad FAILED after "), "{why}");
        assert_eq!(in_order(&[("good", || Ok(()))]), Ok(()));
    }

    #[test]
    fn the_binary_is_there_before_the_tests() {
        let at = |wanted| STEPS.iter().position(|(name, _)| *name == wanted).unwrap();
        assert!(at("tools") < at("sdk") && at("sdk") < at("tests") && at("build") < at("tests"));
        // The screens are those of the page that is built, and its tests start the binary.
        assert!(at("build") < at("screens") && at("console") < at("screens"));
    }
}
