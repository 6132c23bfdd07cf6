//! The protocol's second implementation, `sdk/typescript`: installed, built and tested by npm.

use std::process::Command;

use crate::{Outcome, child};

const HOME: &str = "sdk/typescript";

/// What the package's cryptography asks for.
const NODE: (u32, u32) = (20, 19);

/// Before the tests in Rust, because one of them puts its inputs to both implementations.
pub(crate) fn run() -> Outcome {
    build()?;
    child::run(&mut npm(HOME, &["test"]))
}

/// The package as others import it.
pub(crate) fn build() -> Outcome {
    let said = child::program("node").arg("--version").output().map_err(|e| e.to_string())?;
    let version = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    if !is_enough(&version) {
        let (major, minor) = NODE;
        return Err(format!("node `{version}` is too old: {major}.{minor} or later is needed"));
    }
    install(HOME)?;
    child::run(&mut npm(HOME, &["run", "build"]))
}

/// `ci` takes exactly what the lock file names, and runs no script of a dependency.
pub(crate) fn install(home: &str) -> Outcome {
    child::run(&mut npm(home, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
}

/// Whether a version such as `v20.19.2` is [`NODE`] or later.
fn is_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= NODE,
        _ => false,
    }
}

/// npm in the package of a folder.
pub(crate) fn npm(home: &str, arguments: &[&str]) -> Command {
    let mut npm = child::program("npm");
    npm.args(["--prefix", home]).args(arguments);
    npm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_node_is_not_enough() {
        assert!(["v20.19.0", "v20.20.2", "v22.0.0"].into_iter().all(is_enough));
        assert!(!["v20.18.9", "v18.19.1", "", "node"].into_iter().any(is_enough));
    }

    #[test]
    fn npm_works_in_the_package() {
        let npm = npm(HOME, &["test"]);
        let words: Vec<_> = npm.get_args().map(|word| word.to_string_lossy()).collect();
        assert_eq!(words, ["--prefix", "sdk/typescript", "test"]);
    }
}
