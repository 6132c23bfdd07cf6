//! A change to files, tied to the revision that it was made for, and later applied exactly so.
//!
//! [`ReadyPatch::prepare`] asks the system's git which files the diff would change, and refuses one
//! whose names a policy would read otherwise. Before the approval is used, and once more right
//! before the files are written, the base is looked at: the commit that is checked out is still the
//! one of the review, and the files are still as that commit holds them, byte for byte.
//!
//! The files are written by a git that knows of no repository: it reads no configuration and no
//! attributes, starts no filter, and writes the bytes of the patch. The index is written afterwards.

mod base;
mod names;

use crate::child::{Call, PrepareError, Prepared, prepare};
use crate::git::{GitError, WorkTree, environment, outside};
use countersign_core::action::{Action, Patch};
use countersign_core::message::Filled;
use std::path::Path;

/// Git refuses by itself what leaves the work tree, enters `.git` or goes through a link.
const APPLY: [&str; 4] = ["apply", "-p1", "--whitespace=nowarn", "--no-ignore-whitespace"];

/// Why a patch cannot be asked about, or no longer be applied.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// It is empty.
    #[error("the patch is empty")]
    Empty,
    /// Git cannot be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Git can not be pinned.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// Git changes a file that a reader of the diff takes for another.
    #[error(
        "it changes `{0}` under another name: make it with `git diff --src-prefix=a/ --dst-prefix=b/`"
    )]
    OtherName(String),
    /// Another commit is checked out.
    #[error("it was made for revision {base}, and `HEAD` is {head} now")]
    HeadMoved {
        /// What was reviewed.
        base: String,
        /// What is there.
        head: String,
    },
    /// A file is not as the base revision holds it.
    #[error("`{0}` is not as the base revision holds it: commit it, or put it back")]
    NotAsCommitted(String),
    /// The index holds something else.
    #[error("`{0}` is staged otherwise than the base revision holds it: commit it, or put it back")]
    NotAsStaged(String),
}

/// A patch that is ready to be asked about and to be applied.
#[derive(Debug)]
pub struct ReadyPatch {
    action: Action,
    base: base::Base,
    diff: String,
    pub(crate) git: Prepared,
}

impl ReadyPatch {
    /// Reads what a diff would change in the work tree around `cwd`, and pins the git that will
    /// apply it; `index` stages it as well. `secret` is the ledger's.
    ///
    /// # Errors
    /// Where it does not apply, or its base is not there.
    pub fn prepare(
        cwd: &Path,
        diff: &str,
        index: bool,
        secret: &[u8; 32],
    ) -> Result<Self, PatchError> {
        let text = Filled::new(diff).ok_or(PatchError::Empty)?;
        let tree = WorkTree::of(cwd)?;
        let head = tree.head()?;
        let names = names::changed(&tree, diff)?;
        let base_revision = Filled::new(head.as_str()).ok_or(PatchError::Empty)?;
        let action = Action::Patch(Patch { diff: text, base_revision, verb: None });
        let git = pinned(&tree, diff, secret)?;
        let base = base::Base { tree, head, names, index };
        base.stands()?;
        base.tree.ask_outside(&[&APPLY[..], &["--check", "-"]].concat(), diff.as_bytes())?;
        Ok(Self { action, base, diff: diff.to_owned(), git })
    }

    /// Stages what was applied, where that was asked for. The index alone is read and written.
    ///
    /// # Errors
    /// Where git refuses; the files are written then.
    pub fn stage(&self) -> Result<(), PatchError> {
        if self.base.index {
            let args = [&APPLY[..], &["--cached", "-"]].concat();
            self.base.tree.ask(&args, Some(self.diff.as_bytes()))?;
        }
        Ok(())
    }

    /// The action, whole.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The work tree's directory.
    #[must_use]
    pub fn top(&self) -> &Path {
        self.base.tree.top()
    }

    /// The files that change, as git names them, sorted.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.base.names
    }

    /// Whether it would still be applied to what was reviewed.
    ///
    /// # Errors
    /// [`PatchError::HeadMoved`] or [`PatchError::NotAsCommitted`].
    pub fn still_based(&self) -> Result<(), PatchError> {
        self.base.stands()
    }

    /// The same as a check of its own, which lives longer than this.
    pub fn recheck(&self) -> impl Fn() -> Result<(), PatchError> + Send + Sync + 'static {
        let base = self.base.clone();
        move || base.stands()
    }
}

fn pinned(tree: &WorkTree, diff: &str, secret: &[u8; 32]) -> Result<Prepared, PatchError> {
    let program = tree.program().display().to_string();
    let apply = APPLY.into_iter().chain(["-"]).map(str::to_owned);
    let argv = [program].into_iter().chain(outside()).chain(apply);
    let environment = environment();
    let call = Call {
        argv: argv.collect(),
        cwd: tree.top().to_owned(),
        add_env: environment.keys().filter(|name| name.starts_with("GIT_")).cloned().collect(),
        stdin: Some(diff.as_bytes().to_vec()),
        verb: None,
    };
    Ok(prepare(&call, &environment, secret)?)
}
