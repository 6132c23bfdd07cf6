//! Developer commands, each under the name that continuous integration uses too.
//!
//! # Rooms
//! * [`mod@test`]: every check a change must pass, in order.
//! * [`tools`]: what those checks drive, installed where it is missing.
//! * [`floors`]: which crate may import which.
//! * [`fuzz`]: whether its targets still compile.
//! * [`deps`]: what may enter the dependency graph.
//! * [`vectors`]: the signed vectors, made from good objects that are broken one way each.
//! * [`sdk`]: the second implementation, in TypeScript.
//! * [`console`]: the page on which a person answers, in TypeScript.
//! * [`reviews`]: what terminal and console show alike.
//! * [`screens`]: that page in a browser.
//! * [`schemas`]: JSON Schemas from the types.
//! * [`hosts`]: the real agent hosts, with our hook before their tools.
//! * [`kill`]: many rounds of the test that kills the process.
//! * [`child`]: starts a program the same way every time.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is for a developer")]

mod child;
mod console;
mod deps;
mod floors;
mod fuzz;
mod hosts;
mod kill;
mod reviews;
mod schemas;
mod screens;
mod sdk;
mod test;
mod tools;
mod vectors;

use std::process::ExitCode;

/// What a command comes to: nothing to add, or the lines that say what is wrong.
type Outcome = Result<(), String>;

const USAGE: &str = "\
usage: cargo xtask <command>

  test               every check: tools, format, floors, vectors, clippy, fuzz targets, build, schemas, sdk, console, screens, tests, docs
  floors             no crate imports from its own floor, a higher one, or through a wall
  deps               licences, bans, sources and advisories of the dependencies
  vectors [--check]  writes the signed vectors; --check only says whether they are up to date
  schemas [--check]  writes schemas/ from the types; --check only says whether they are up to date
  sdk                installs, builds and tests sdk/typescript with npm
  console [--check]  installs, tests and builds web/console with npm; --check compares with what is committed,
                     --pictures makes docs/pictures anew from the running product
  reviews            writes what terminal and console show alike, web/console/test/reviews.json
  screens            tests the built page in Chromium, on a pretended desk and against the binary
  hosts [BINARY]     drives Claude Code and Codex, from npm, against a stand-in for their models
  kill [--rounds N]  strikes processes and disks N times in the middle of their work [2000]";

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    match obey(&given) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn obey(given: &[&str]) -> Outcome {
    match given {
        ["test"] => test::run(),
        ["floors"] => floors::run(),
        ["deps"] => deps::run(),
        ["vectors"] => vectors::write(),
        ["vectors", "--check"] => vectors::check(),
        ["sdk"] => sdk::run(),
        ["console"] => console::run(),
        ["console", "--check"] => console::check(),
        ["console", "--pictures"] => screens::pictures(),
        ["reviews"] => reviews::write(),
        ["screens"] => screens::run(),
        ["schemas"] => schemas::write(),
        ["schemas", "--check"] => schemas::check(),
        ["hosts"] => hosts::run(None),
        ["hosts", binary] if !binary.starts_with('-') => hosts::run(Some(binary)),
        ["kill"] => kill::run(kill::MANY),
        ["kill", "--rounds", rounds] => kill::run(rounds),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(USAGE.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_command_is_answered_with_the_usage() {
        for given in [
            &[][..],
            &["tset"],
            &["test", "--fast"],
            &["kill", "100"],
            &["kill", "--rounds"],
            &["schemas", "x"],
            &["hosts", "--all"],
        ] {
            assert_eq!(obey(given), Err(USAGE.to_owned()), "{given:?}");
        }
    }
}
