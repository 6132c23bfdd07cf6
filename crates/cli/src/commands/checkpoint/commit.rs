//! The commit that the index would make.

use super::{AskedArgs, Crossing, unusable};
use crate::failure::Failure;
use countersign_core::action::{Commit as Made, Operation, Revision};
use countersign_enforcer::git::WorkTree;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// No message is longer.
const MAX_MESSAGE: u64 = 1024 * 1024;

/// A hook is told neither of the two.
const NOTE: &str = "an amended commit takes the place of the parent that is named here";

/// Ask about the commit that the index would make.
#[derive(clap::Args)]
pub(crate) struct Commit {
    #[command(flatten)]
    pub(super) given: Given,

    #[command(flatten)]
    pub(super) asked: AskedArgs,
}

/// Where the commit lies.
#[derive(clap::Args)]
pub(crate) struct Given {
    /// The file that holds the message; lines that begin with `#` are left out, as git does
    #[arg(long, value_name = "FILE")]
    message_file: PathBuf,

    /// The index to commit from, where it is not the usual one; it lies in the git directory
    #[arg(long, value_name = "FILE")]
    index_file: Option<PathBuf>,
}

/// What would be committed.
pub(super) fn crossing(given: &Given) -> Result<Option<Crossing>, Failure> {
    let cwd = std::env::current_dir().map_err(|e| unusable(&e.to_string()))?;
    let tree = WorkTree::of(&cwd)?;
    let message = message(&given.message_file)?;
    let commit =
        Made { tree: written(&tree, given)?, parents: parents(&tree)?, message, verb: None };
    let operation = Operation::Commit(commit);
    Ok(Some(Crossing { operation, notes: vec![NOTE.to_owned()] }))
}

/// The files of the index as one object.
fn written(tree: &WorkTree, given: &Given) -> Result<Revision, Failure> {
    let bytes = match &given.index_file {
        Some(file) => {
            let file = file.canonicalize().map_err(|e| unusable(&format!("the index: {e}")))?;
            tree.ask_index(&["write-tree"], &file)?
        }
        None => tree.ask(&["write-tree"], None)?,
    };
    let text = String::from_utf8_lossy(&bytes);
    Revision::new(text.trim_end()).ok_or_else(|| unusable("git write-tree named no tree"))
}

/// What comes before it: the commit that is checked out, and those that are merged into it.
fn parents(tree: &WorkTree) -> Result<Vec<Revision>, Failure> {
    let unborn = tree.text(&["rev-parse", "--verify", "--quiet", "HEAD"]).is_err();
    if unborn {
        return Ok(Vec::new());
    }
    let mut parents = vec![tree.head()?];
    let merged = tree.text(&["rev-parse", "--absolute-git-dir"])?;
    let merged = std::fs::read_to_string(Path::new(&merged).join("MERGE_HEAD"));
    parents.extend(merged.unwrap_or_default().lines().filter_map(Revision::new));
    Ok(parents)
}

fn message(path: &Path) -> Result<String, Failure> {
    let failed = |e: std::io::Error| unusable(&format!("cannot read the message: {e}"));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_MESSAGE).read_to_string(&mut text).map_err(failed)?;
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    Ok(lines.join("\n").trim_end().to_owned())
}
