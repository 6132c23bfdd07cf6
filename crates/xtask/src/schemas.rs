//! The JSON Schemas under `schemas/`, generated from the types and committed.
//!
//! The generator is an example of the crate that knows every message, so that these commands import
//! nothing of the house and build when nothing else does.

use crate::{Outcome, child};

/// What makes the types tell their schema.
pub(crate) const FEATURE: &str = "countersign-wire/schema";

const GENERATOR: [&str; 10] = [
    "run",
    "--quiet",
    "--package",
    "countersign-wire",
    "--features",
    FEATURE,
    "--example",
    "schemas",
    "--",
    "schemas",
];

/// Writes every schema.
pub(crate) fn write() -> Outcome {
    child::run(&mut child::cargo(&GENERATOR))
}

/// Fails where a file is not as its type says it.
pub(crate) fn check() -> Outcome {
    child::run(&mut child::cargo(&[GENERATOR.as_slice(), &["--check"]].concat()))
}
