//! `policy init`: a policy with comments, to begin with.

use super::situation::{Situation, Who};
use super::unusable;
use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome};
use countersign_core::display::visible;
use countersign_policy::STARTER;
use countersign_store::files;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Write a policy with comments, to begin with: reads run, edits ask once a session, destruction
/// asks.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign policy init\n  \
    countersign policy init --at workspace")]
pub(crate) struct Init {
    /// Where it is to hold
    #[arg(long, value_enum, value_name = "PLACE", default_value = "home")]
    at: At,

    /// Replace a policy that is there
    #[arg(long)]
    force: bool,
}

/// Where a policy holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(super) enum At {
    /// For everything that this home gates
    Home,
    /// For this workspace
    Workspace,
}

impl At {
    /// The directory in which its policy lies.
    pub(super) fn dir(self, here: &Here<'_>) -> Result<PathBuf, Failure> {
        Ok(match self {
            Self::Home => here.root.clone(),
            Self::Workspace => {
                Situation::of(&Who::default(), &here.root)?.workspace.join(".countersign")
            }
        })
    }
}

/// The names that a policy may have at its place.
pub(super) const NAMES: [&str; 3] = ["policy.toml", "policy.yaml", "policy.yml"];

impl Init {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let dir = self.at.dir(here)?;
        let path = dir.join("policy.toml");
        self.free(&dir)?;
        match self.at {
            At::Home => files::private_dir(&dir)?,
            At::Workspace => std::fs::create_dir_all(&dir).map_err(|e| failed(&dir, &e))?,
        }
        write(&path, self.at, self.force).map_err(|e| failed(&path, &e))?;
        let shown = visible(&path.display().to_string(), false);
        let text = format!(
            "wrote {shown}\nRead it, change it, and then:\n  \
             countersign policy check      finds mistakes\n  \
             countersign policy explain    says what it makes of a command\n  \
             countersign policy accept     makes it count; until then only what it blocks or asks"
        );
        here.output
            .result(&text, &json!({"file": path.display().to_string(), "accepted": false}))?;
        Ok(Exit::Ok)
    }

    /// Refuses to write over a policy, and to put a second one beside it.
    fn free(&self, dir: &Path) -> Result<(), Failure> {
        let there = |name: &&&str| dir.join(name).symlink_metadata().is_ok();
        let Some(name) = NAMES.iter().find(there) else { return Ok(()) };
        if self.force && *name == "policy.toml" {
            return Ok(());
        }
        let shown = visible(&dir.join(name).display().to_string(), false);
        let hint = match *name {
            "policy.toml" => "`--force` replaces it",
            _ => "only one policy may be in a place; move it away",
        };
        Err(unusable("exists", format!("`{shown}` is there already")).hint(hint))
    }
}

fn failed(path: &Path, why: &std::io::Error) -> Failure {
    let shown = visible(&path.display().to_string(), false);
    unusable("file", format!("cannot write `{shown}`: {why}")).hint("check the permissions")
}

/// Written beside its place and put there, so that it is whole or not there.
fn write(path: &Path, at: At, replace: bool) -> std::io::Result<()> {
    let temp = path.with_file_name(format!(".policy.{}.tmp", std::process::id()));
    let mode = if at == At::Home { 0o600 } else { 0o644 };
    let put = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temp)?;
        file.write_all(STARTER.as_bytes())?;
        file.sync_all()?;
        if replace { std::fs::rename(&temp, path) } else { std::fs::hard_link(&temp, path) }
    };
    let done = put();
    let _ = std::fs::remove_file(&temp);
    done
}
