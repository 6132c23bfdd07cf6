//! The commit that the index would make.

use super::{AskedArgs, Crossing, unusable};
use crate::failure::Failure;
use countersign_core::action::{Commit as Made, Operation, Revision};
use countersign_core::display::visible;
use countersign_enforcer::git::WorkTree;
use countersign_store::files::{self, Links};
use std::io::{ErrorKind, Read as _};
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
    /// The file that holds the message, shown whole: git may leave out comments of it afterwards
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
    let merged = match read(&Path::new(&merged).join("MERGE_HEAD")) {
        Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
        merged => merged.map_err(|e| unusable(&format!("cannot read `MERGE_HEAD`: {e}")))?,
    };
    parents.extend(merged.lines().filter_map(Revision::new));
    Ok(parents)
}

/// The message as it lies there, comments and all: what git leaves out of it hangs on how the message
/// came about and on the configuration, and a line that is shown too much hides nothing.
fn message(path: &Path) -> Result<String, Failure> {
    let failed = |e: std::io::Error| {
        unusable(&format!("the message `{}`: {e}", visible(&path.to_string_lossy(), false)))
    };
    Ok(read(path).map_err(failed)?.trim_end_matches('\n').to_owned())
}

/// A text, whole.
fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    files::open(path, Links::Followed)?.take(MAX_MESSAGE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_MESSAGE {
        return Err(std::io::Error::other("it is longer than 1 MiB"));
    }
    Ok(text)
}
