//! That the fuzz targets still compile: they are a workspace of their own, which nothing else builds.

use crate::{Outcome, child};

/// Checks every target, and neither builds nor runs one. Without its one feature the fuzzer itself,
/// which takes a C++ compiler, is left out.
pub(crate) fn check() -> Outcome {
    let what = ["check", "--locked", "--all-targets", "--no-default-features"];
    let whose = ["--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target"];
    child::run(&mut child::cargo(&[what, whose].concat()))
}
