//! The real agent hosts, driven with our hook before their tools.
//!
//! Golden files show what a host said once; only the host shows whether a refusal stops it. So they
//! are installed from npm, started as their users start them, and told what to do by a stand-in for
//! their model on this machine. Nothing of them reaches further than this machine.
//!
//! # Rooms
//! * [`packages`]: the hosts, as their makers publish them.
//! * [`script`], [`speech`], [`model`]: the stand-in for a model.
//! * [`process`], [`world`]: our own parties, and everything else that runs.
//! * [`session`]: one run of a host.
//! * [`checks`]: what must hold.

mod checks;
mod model;
mod packages;
mod process;
mod script;
mod session;
mod speech;
mod world;

use std::path::{Path, PathBuf};

use crate::{Outcome, child};

/// An agent host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Host {
    ClaudeCode,
    Codex,
}

impl Host {
    const ALL: [Self; 2] = [Self::ClaudeCode, Self::Codex];

    /// Its name on our command line.
    fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
        }
    }
}

/// Runs every check, with this binary or with the one that is built here.
pub(crate) fn run(binary: Option<&str>) -> Outcome {
    packages::install()?;
    let binary = binary.map_or_else(build, |given| {
        Path::new(given).canonicalize().map_err(|e| format!("`{given}`: {e}"))
    })?;
    let (mut passed, mut failed) = (0_u32, 0_u32);
    for host in Host::ALL {
        for (check, came) in checks::all(host, &binary)? {
            match came {
                Ok(()) => {
                    passed += 1;
                    println!("ok      {:<11}  {check}", host.name());
                }
                Err(why) => {
                    failed += 1;
                    println!("FAILED  {:<11}  {check}: {why}", host.name());
                }
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err("a host ran what it should not, or the reverse".into()) }
}

fn build() -> Result<PathBuf, String> {
    child::run(&mut child::cargo(&["build", "--release", "--package", "countersign"]))?;
    Ok(child::target().join("release/countersign"))
}
