//! Where a host's file of hooks stands.

use crate::asking::workspace;
use crate::failure::{Exit, Failure};
use countersign_core::display::visible;
use countersign_hosts::Host;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// For whom a host reads a file of hooks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    /// For everything that this user does.
    User,
    /// For one workspace.
    Project,
}

/// A file of hooks, found.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) host: Host,
    pub(crate) scope: Scope,
    /// As the host names it.
    pub(crate) named: PathBuf,
    /// The directory in which the host finds its files and those of its user.
    pub(crate) config: PathBuf,
    /// The directory for which it is: the workspace, or the host's own.
    pub(crate) root: PathBuf,
}

impl Place {
    /// Where the host looks, in the environment and the directory of the person who asks.
    pub(crate) fn of(host: Host, scope: Scope) -> Result<Self, Failure> {
        let config = config(host)?;
        let (dir, root) = match scope {
            Scope::User => (config.clone(), config.clone()),
            Scope::Project => {
                let cwd = std::env::current_dir().map_err(|e| failed(&e.to_string()))?;
                let root = workspace(&cwd).to_owned();
                (root.join(dot(host)), root)
            }
        };
        Ok(Self { host, scope, named: dir.join(file(host)), config, root })
    }
}

fn file(host: Host) -> &'static str {
    match host {
        Host::ClaudeCode => "settings.json",
        Host::Codex => "hooks.json",
    }
}

fn dot(host: Host) -> &'static str {
    match host {
        Host::ClaudeCode => ".claude",
        Host::Codex => ".codex",
    }
}

/// The host's own directory of this user. Codex resolves one that its variable names.
fn config(host: Host) -> Result<PathBuf, Failure> {
    let variable = |name: &str| std::env::var_os(name).filter(|v: &OsString| !v.is_empty());
    let named = match host {
        Host::ClaudeCode => variable("CLAUDE_CONFIG_DIR").map(PathBuf::from),
        Host::Codex => variable("CODEX_HOME")
            .map(|dir| PathBuf::from(&dir).canonicalize().unwrap_or(dir.into())),
    };
    let usual = || variable("HOME").map(|home| Path::new(&home).join(dot(host)));
    let dir = named.or_else(usual).ok_or_else(|| failed("HOME is not set"))?;
    std::path::absolute(&dir).map_err(|e| failed(&e.to_string()))
}

fn failed(why: &str) -> Failure {
    Failure::new(Exit::Failed, "settings", format!("the host's settings are not found: {why}"))
        .hint("set HOME, and start from a directory that exists")
}

/// A path for people.
pub(crate) fn shown(path: &Path) -> String {
    visible(&path.display().to_string(), false)
}
