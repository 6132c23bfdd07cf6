//! The one binary. `main` parses, runs one command and turns its end into an exit code.

mod args;
mod asking;
mod commands;
mod ephemeral;
mod failure;
mod hosts;
mod outfile;
mod output;
mod parties;
mod prompt;
mod reviewer;
mod secrets;
mod tty;
mod tui;
mod usage;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match usage::parse() {
        Ok(args) => args,
        Err(code) => return code,
    };
    let output = output::Output::new(args.json);
    match commands::dispatch(args, &output) {
        Ok(code) => code.into(),
        Err(failure) => output.failure(&failure),
    }
}
