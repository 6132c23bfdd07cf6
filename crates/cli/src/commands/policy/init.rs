//! `policy init`: a policy with comments, to begin with.

use super::situation::{Situation, Who};
use super::unusable;
use crate::asking::keep_receipt;
use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::display::visible;
use countersign_enforcer::policy::{NAMES, Place};
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
        let accepted = accepted_at_once(here, self.at, &path).await?;
        let shown = visible(&path.display().to_string(), false);
        let next = match accepted {
            true => "It counts already: this home has pinned no approver yet. After a change:",
            false => "Until it is accepted, only what it blocks or asks counts. The next steps:",
        };
        let text = format!(
            "wrote {shown}\n{next}\n  \
             countersign policy check      finds mistakes\n  \
             countersign policy explain    says what it makes of a command\n  \
             countersign policy accept     makes it count"
        );
        let document = json!({"file": path.display().to_string(), "accepted": accepted});
        here.output.result(&text, &document)?;
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

/// Accepts the first policy of a home that has nobody to ask yet, if it is one.
async fn accepted_at_once(here: &Here<'_>, at: At, path: &Path) -> Result<bool, Failure> {
    if at == At::Workspace && parties::existing_identity(&here.root)?.is_none() {
        return Ok(false);
    }
    let enforcer = parties::enforcer(&here.root).await?;
    if !matches!(enforcer.admitters().await, Ok(None)) {
        return Ok(false);
    }
    let place = match at {
        At::Home => Place::Home,
        At::Workspace => {
            Place::Workspace(Situation::of(&Who::default(), &here.root)?.workspace_text())
        }
    };
    let proposal = enforcer.propose_policy(place, path, STARTER.as_bytes().to_vec()).await?;
    let receipt = enforcer.accept_first_policy(&proposal).await?;
    keep_receipt(&enforcer, &receipt)?;
    Ok(true)
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
