//! Many rounds of the test that kills the process in the middle of its work.

use crate::{Outcome, child};

/// How many rounds the test runs; without it, it runs few, so that every change can afford them.
const ROUNDS: &str = "COUNTERSIGN_KILL_ROUNDS";

/// So many where nobody says.
pub(crate) const MANY: &str = "2000";

pub(crate) fn run(rounds: &str) -> Outcome {
    let rounds = parse(rounds)?;
    let mut test =
        child::cargo(&["test", "--package", "countersign", "--test", "kill", "--", "--nocapture"]);
    child::run(test.env(ROUNDS, rounds.to_string()))
}

/// No rounds at all would pass and prove nothing.
fn parse(rounds: &str) -> Result<u32, String> {
    match rounds.parse() {
        Ok(0) | Err(_) => Err(format!("`{rounds}` is not a number of rounds: give 1 or more")),
        Ok(rounds) => Ok(rounds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_a_number_above_zero() {
        assert_eq!(parse(MANY), Ok(2_000));
        for bad in ["0", "-1", "", "many"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
