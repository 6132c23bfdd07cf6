//! The home of one job on a machine that is thrown away: made from `COUNTERSIGN_CI`, gone at the end.
//!
//! Nothing else is trusted then: a home that lies in the repository was made by whoever wrote the
//! repository, and is refused where a pipeline runs.

use crate::args::Command;
use crate::asking::workspace;
use crate::failure::{Exit, Failure};
use crate::parties;
use countersign_enforcer::Edge;
use countersign_enforcer::portable::{BadLine, Portable};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// The variable that holds the line of `ci export`.
pub(crate) const VARIABLE: &str = "COUNTERSIGN_CI";

/// Makes the home of this job, where there is a line for one and the command gates something.
pub(crate) fn home(command: &Command, named: Option<&Path>) -> Result<Option<TempDir>, Failure> {
    if !gates(command) {
        return Ok(None);
    }
    let Some(line) = std::env::var_os(VARIABLE).filter(|line| !line.is_empty()) else {
        let root = parties::root(named.map(Path::to_owned))?;
        return not_of_the_repository(&root).map(|()| None);
    };
    if named.is_some() {
        let message = format!("a home is named, and {VARIABLE} holds another");
        return Err(Failure::new(Exit::Usage, "ci", message)
            .hint("leave out --home and COUNTERSIGN_HOME, or the variable"));
    }
    let line = Zeroizing::new(line.into_string().map_err(|_| unusable(&BadLine::Damaged))?);
    let portable = Portable::read(&line, Edge::system().now()).map_err(|e| unusable(&e))?;
    let failed = |e: std::io::Error| Failure::new(Exit::Failed, "home", e.to_string());
    // Only its owner can enter it, and nobody can guess its name.
    let dir = TempDir::with_prefix("countersign-").map_err(failed)?;
    portable.unpack(dir.path())?;
    Ok(Some(dir))
}

fn gates(command: &Command) -> bool {
    matches!(
        command,
        Command::Run(_) | Command::Request(_) | Command::Apply(_) | Command::Checkpoint(_)
    )
}

/// In a pipeline, whoever writes the repository writes every file in it.
fn not_of_the_repository(root: &Path) -> Result<(), Failure> {
    if std::env::var_os("CI").is_none_or(|ci| ci.is_empty() || ci == "false") {
        return Ok(());
    }
    let real = |path: PathBuf| path.canonicalize().unwrap_or(path);
    let root = real(root.to_owned());
    let cwd = real(std::env::current_dir().unwrap_or_default());
    if !root.starts_with(workspace(&cwd)) {
        return Ok(());
    }
    let message = "the home lies in the repository, whose authors would choose who approves";
    Err(Failure::new(Exit::Failed, "ci", message)
        .hint(format!("make a line with `countersign ci export`, and give it as {VARIABLE}")))
}

fn unusable(why: &BadLine) -> Failure {
    Failure::new(Exit::Failed, "ci", format!("{VARIABLE} cannot be used: {why}"))
        .hint("make a new line with `countersign ci export`; nothing was asked or run")
}
