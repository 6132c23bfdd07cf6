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

/// The variable that names a directory for the copies of receipts.
const RECEIPTS: &str = "COUNTERSIGN_CI_RECEIPTS";

/// A home that ends with the call for which it was made.
pub(crate) struct OneJob(TempDir);

impl OneJob {
    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    /// Removes the home; the receipts are put where somebody wants them.
    pub(crate) fn end(&self) {
        if let Some(to) = std::env::var_os(RECEIPTS).filter(|to| !to.is_empty()) {
            // What it says is said by then: a copy that cannot be made changes nothing.
            let _ = self.keep(Path::new(&to));
        }
        let _ = std::fs::remove_dir_all(self.root());
    }

    /// The name of the home is in theirs, since each home counts from one.
    fn keep(&self, to: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(to)?;
        let home = self.root().file_name().unwrap_or_default().to_string_lossy();
        for receipt in std::fs::read_dir(self.root().join("receipts"))? {
            let receipt = receipt?;
            let name = format!("{home}-{}", receipt.file_name().to_string_lossy());
            let mut from = std::fs::File::open(receipt.path())?;
            std::io::copy(&mut from, &mut std::fs::File::create_new(to.join(name))?)?;
        }
        Ok(())
    }
}

impl Drop for OneJob {
    fn drop(&mut self) {
        if self.root().exists() {
            self.end();
        }
    }
}

/// Makes the home of this job, where there is a line for one and the command gates something.
pub(crate) fn home(command: &Command, named: Option<&Path>) -> Result<Option<OneJob>, Failure> {
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
    Ok(Some(OneJob(dir)))
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
