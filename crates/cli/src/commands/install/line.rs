//! The line that is installed: this very program, for this home.

use super::place::shown;
use super::record::digits;
use crate::failure::{Exit, Failure};
use countersign_hosts::{Host, settings};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// A line, and the program that it starts.
pub(crate) struct Installed {
    pub(crate) command: String,
    pub(crate) sha256: String,
    /// Who else could put another program there.
    pub(crate) warnings: Vec<String>,
}

impl Installed {
    /// The line for a host; `home` is resolved.
    pub(crate) fn of(host: Host, home: &Path, timeout: u32) -> Result<Self, Failure> {
        let binary = std::env::current_exe()
            .and_then(|path| path.canonicalize())
            .map_err(|e| failed(&format!("this program is not found where it was started: {e}")))?;
        let bytes = std::fs::read(&binary)
            .map_err(|e| failed(&format!("`{}` cannot be read: {e}", shown(&binary))))?;
        let command = settings::command_line(host, text(&binary)?, text(home)?, timeout)
            .map_err(|e| failed(&e.to_string()))?;
        Ok(Self { command, sha256: digits(&bytes), warnings: warnings(&binary) })
    }
}

fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| failed(&format!("the path `{}` is no UTF-8", shown(path))))
}

/// The home with every link on its way resolved, also where it is not there yet.
pub(crate) fn resolved(root: &Path) -> Result<PathBuf, Failure> {
    let there = root.ancestors().find(|dir| dir.symlink_metadata().is_ok());
    let there = there.unwrap_or(Path::new("/"));
    let real = there
        .canonicalize()
        .map_err(|e| failed(&format!("the home `{}` cannot be used: {e}", shown(root))))?;
    Ok(match root.strip_prefix(there) {
        Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
        _ => real,
    })
}

/// Whoever may write here decides what the host runs.
fn warnings(binary: &Path) -> Vec<String> {
    let us = rustix::process::getuid().as_raw();
    let mut found = Vec::new();
    for path in binary.ancestors() {
        let Ok(meta) = std::fs::metadata(path) else { continue };
        let mode = meta.permissions().mode();
        let sticky = meta.is_dir() && mode & 0o1000 != 0;
        let others = mode & 0o022 != 0 && !sticky;
        if others || ![0, us].contains(&meta.uid()) {
            let what = if meta.is_dir() { "the directory" } else { "the program" };
            let shown = shown(path);
            found.push(format!("{what} `{shown}` can be changed by others, and so can the hook"));
        }
    }
    found
}

fn failed(message: &str) -> Failure {
    Failure::new(Exit::Failed, "install", message).hint("nothing was changed")
}
