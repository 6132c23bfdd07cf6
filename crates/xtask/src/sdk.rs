//! The protocol's second implementation, `sdk/typescript`: installed, built and tested by npm.

use std::process::Command;

use crate::{Outcome, child};

/// Before the tests in Rust, because one of them puts its inputs to both implementations.
pub(crate) fn run() -> Outcome {
    // `ci` takes exactly what the lock file names, and runs no script of a dependency.
    child::run(&mut npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    child::run(&mut npm(&["run", "build"]))?;
    child::run(&mut npm(&["test"]))
}

fn npm(arguments: &[&str]) -> Command {
    let mut npm = child::program("npm");
    npm.args(["--prefix", "sdk/typescript"]).args(arguments);
    npm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npm_works_in_the_package() {
        let npm = npm(&["test"]);
        let words: Vec<_> = npm.get_args().map(|word| word.to_string_lossy()).collect();
        assert_eq!(words, ["--prefix", "sdk/typescript", "test"]);
    }
}
