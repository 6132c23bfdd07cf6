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
        render(&Args::command(), &mut text)
            .map_err(|e| Failure::new(Exit::Failed, "output", e.to_string()))?;
        print(&text)
    }
}

/// One page with a section for each command.
fn render(command: &clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(text)?;
    for sub in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        let man = clap_mangen::Man::new(sub.clone());
        writeln!(text, ".SH \"COMMAND {}\"", sub.get_name().to_uppercase())?;
        man.render_synopsis_section(text)?;
        man.render_description_section(text)?;
        man.render_options_section(text)?;
    }
    Ok(())
}

fn print(text: &[u8]) -> Outcome {
    match std::io::stdout().write_all(text) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Failed, "output", e.to_string()))
        }
        _ => Ok(Exit::Ok),
    }
}
