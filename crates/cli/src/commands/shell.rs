//! `completions` and `man`.

use super::Here;
use crate::args::Args;
use crate::failure::{Exit, Failure, Outcome};
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::Write as _;

/// Print shell completions.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  countersign completions bash > ~/.local/share/bash-completion/completions/countersign"
)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

/// Print the manual page.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  countersign man | man -l -")]
pub(crate) struct Man {}

impl Completions {
    pub(crate) fn run(self, _: &Here<'_>) -> Outcome {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Args::command(), "countersign", &mut text);
        print(&text)
    }
}

impl Man {
    pub(crate) fn run(self, _: &Here<'_>) -> Outcome {
        let mut text = Vec::new();
        render(&mut Args::command(), &mut text)
            .map_err(|e| Failure::new(Exit::Failed, "output", e.to_string()))?;
        print(&text)
    }
}

/// One page with a section for each command.
fn render(command: &mut clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    // Gives every command its whole name, and the flags that all of them share.
    command.build();
    let man = clap_mangen::Man::new(command.clone());
    man.render_title(text)?;
    man.render_name_section(text)?;
    man.render_synopsis_section(text)?;
    man.render_description_section(text)?;
    man.render_options_section(text)?;
    for sub in command.get_subcommands() {
        section(sub, text)?;
    }
    writeln!(text, ".SH \"EXIT STATUS\"")?;
    for (code, meaning) in crate::args::EXIT_CODES {
        writeln!(text, ".TP\n.B {code}\n{meaning}")?;
    }
    man.render_version_section(text)
}

fn section(command: &clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    if command.is_hide_set() || command.get_name() == "help" {
        return Ok(());
    }
    let own = command.clone().mut_args(|arg| {
        let shared = ["home", "json", "help", "version"].contains(&arg.get_id().as_str());
        arg.hide(shared)
    });
    let man = clap_mangen::Man::new(own);
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    writeln!(text, ".SH \"{}\"", name.to_uppercase())?;
    man.render_description_section(text)?;
    man.render_synopsis_section(text)?;
    if command.has_subcommands() {
        return command.get_subcommands().try_for_each(|sub| section(sub, text));
    }
    man.render_options_section(text)
}

fn print(text: &[u8]) -> Outcome {
    match std::io::stdout().write_all(text) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Failed, "output", e.to_string()))
        }
        _ => Ok(Exit::Ok),
    }
}
