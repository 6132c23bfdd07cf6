//! The reviews that terminal and console show alike, `web/console/test/reviews.json`.

use crate::{Outcome, child};

/// A test that writes: what it works them out with is there in tests only.
const WRITER: [&str; 9] = [
    "test",
    "--quiet",
    "--package",
    "countersign-approver",
    "--lib",
    "--",
    "--ignored",
    "--exact",
    "review::console::write",
];

/// Works out the hash and the review of every case anew.
pub(crate) fn write() -> Outcome {
    child::run(&mut child::cargo(&WRITER))
}
