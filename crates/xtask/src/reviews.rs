//! The reviews that terminal and console show alike, `web/console/test/reviews.json`.

use crate::{Outcome, child};

/// A test that writes: what it works them out with is there in tests only.
const WRITER: [&str; 8] = [
    "test",
    "--quiet",
    "--package",
    "countersign-approver",
    "--lib",
    "--",
    "--exact",
    "review::console::attack_06_the_console_shows_what_the_terminal_shows",
];

/// Works out the hash and the review of every case anew.
pub(crate) fn write() -> Outcome {
    child::run(child::cargo(&WRITER).env("COUNTERSIGN_SNAPSHOTS", "write"))
}
