//! The one binary. `main` parses, runs one command and turns its end into an exit code.

mod args;
mod asking;
mod commands;
mod failure;
mod output;
mod parties;
mod reviewer;
mod secrets;
mod tty;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let output = output::Output::new(args.json);
    match commands::dispatch(args, &output) {
        Ok(code) => code.into(),
        Err(failure) => output.failure(&failure),
    }
}
