//! What may enter the dependency graph, as `deny.toml` says it.

use crate::{Outcome, child};

pub(crate) fn run() -> Outcome {
    if !child::succeeds(&mut child::cargo(&["deny", "--version"])) {
        return Err("cargo-deny is missing: cargo install --locked cargo-deny".to_owned());
    }
    child::run(&mut child::cargo(&["deny", "check", "licenses", "bans", "sources"]))?;
    advisories()
}

/// Checks for known vulnerabilities where their database is in reach.
///
/// Without a network that check cannot be made, and the others still count; so it says so and passes.
fn advisories() -> Outcome {
    if !child::succeeds(&mut child::cargo(&["deny", "fetch", "db"])) {
        println!("advisories NOT CHECKED: their database could not be fetched");
        return Ok(());
    }
    child::run(&mut child::cargo(&["deny", "check", "--disable-fetch", "advisories"]))
}
