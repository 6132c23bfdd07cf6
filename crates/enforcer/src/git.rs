//! The system's `git`, asked about one work tree.
//!
//! It is found where programs of the system lie, never through the caller's `PATH`, and it is
//! started with an environment of our own: no `GIT_*` of the caller's, no configuration outside the
//! repository, no hooks, no monitor, no replaced objects, no grafts.
//!
//! A repository may name programs that read and write its files (filters), under any name and at any
//! time, so they are not switched off by name. Questions to the repository are such that nothing is
//! converted: `hash-object --no-filters`, and what looks at objects and the index alone. What reads or
//! writes files by a diff runs outside every repository ([`WorkTree::ask_outside`]), where no
//! configuration and no attributes are.

mod talk;

use countersign_core::action::Revision;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Where programs of the system lie.
const PLACES: [&str; 6] = [
    "/usr/bin",
    "/usr/local/bin",
    "/bin",
    "/run/current-system/sw/bin",
    "/opt/homebrew/bin",
    "/opt/local/bin",
];

/// No question takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Settings under which every call is made, whatever the repository says.
const SETTINGS: [&str; 7] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.pager=cat",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "protocol.allow=never",
];

/// A place that is no repository: git looks for none around it then.
const OUTSIDE: [&str; 2] = ["--bare", "--git-dir=/dev/null"];

/// Why a work tree could not be asked about.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program is not there.
    #[error("no `git` in {}", PLACES.join(", "))]
    NoGit,
    /// There is no work tree here, or none that git would use.
    #[error("no git work tree at `{at}`: {why}")]
    NoWorkTree {
        /// Where one was looked for.
        at: String,
        /// What git said.
        why: String,
    },
    /// Git refused.
    #[error("git {what}: {said}")]
    Failed {
        /// The subcommand.
        what: String,
        /// Its own words, one line.
        said: String,
    },
    /// An answer that cannot be read.
    #[error("git {0} answered what cannot be read")]
    Unreadable(String),
}

/// One work tree, held by name.
#[derive(Clone, Debug)]
pub struct WorkTree {
    program: PathBuf,
    top: PathBuf,
    dir: PathBuf,
}

impl WorkTree {
    /// The work tree that a directory lies in.
    ///
    /// # Errors
    /// Where there is none, or git is not there.
    pub fn of(cwd: &Path) -> Result<Self, GitError> {
        let none = |why: String| GitError::NoWorkTree { at: cwd.display().to_string(), why };
        let cwd = cwd.canonicalize().map_err(|e| none(e.to_string()))?;
        let mut tree = Self { program: program()?, top: cwd.clone(), dir: PathBuf::new() };
        let place = |what: &str| tree.text(&["rev-parse", what]).map(PathBuf::from);
        let top = place("--show-toplevel").map_err(|e| none(e.to_string()))?;
        let dir = place("--absolute-git-dir").map_err(|e| none(e.to_string()))?;
        // A repository may name any directory as its work tree: the one that is meant is around us.
        if !cwd.starts_with(&top) || !top.join(".git").exists() {
            return Err(none(format!("the repository names `{}` as its own", top.display())));
        }
        (tree.top, tree.dir) = (top, dir);
        Ok(tree)
    }

    /// Its absolute directory.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// The revision that is checked out.
    ///
    /// # Errors
    /// Where there is no commit yet.
    pub fn head(&self) -> Result<Revision, GitError> {
        self.revision("HEAD^{commit}")
    }

    /// The revision that a name leads to now.
    ///
    /// # Errors
    /// Where it leads to none.
    pub fn revision(&self, name: &str) -> Result<Revision, GitError> {
        let text = self.text(&["rev-parse", "--verify", "--end-of-options", name])?;
        Revision::new(&text).ok_or_else(|| GitError::Unreadable("rev-parse".into()))
    }

    /// What every work tree of the repository shares, absolute.
    ///
    /// # Errors
    /// Where git refuses.
    pub fn common_dir(&self) -> Result<PathBuf, GitError> {
        let dir = PathBuf::from(self.text(&["rev-parse", "--git-common-dir"])?);
        Ok(self.top.join(dir))
    }

    /// Where git looks for hooks, and whether `core.hooksPath` says so: also the configuration of
    /// the user whose home this is counts, as it does when that user calls git.
    ///
    /// # Errors
    /// Where git refuses.
    pub fn hooks(&self, home: Option<&OsStr>) -> Result<(PathBuf, bool), GitError> {
        let mut command = Command::new(&self.program);
        let args = ["config", "--type=path", "--get", "core.hooksPath"];
        command.arg("--git-dir").arg(&self.dir).args(args).current_dir(&self.top).env_clear();
        command.envs(home.map(|home| ("HOME", home)));
        let answer = talk::ask(&mut command, Vec::new(), PATIENCE);
        let answer = answer.map_err(|e| refused(&args, e.to_string()))?;
        match answer.status.code() {
            Some(0) => {
                let bytes = answer.whole().ok_or_else(|| unreadable(&args))?;
                let text = String::from_utf8(bytes).map_err(|_| unreadable(&args))?;
                Ok((self.top.join(text.trim_end_matches('\n')), true))
            }
            Some(1) => Ok((self.common_dir()?.join("hooks"), false)),
            _ => Err(refused(&args, answer.said)),
        }
    }

    /// One line of an answer, without its end.
    ///
    /// # Errors
    /// Where git refuses, or the answer is no text.
    pub fn text(&self, args: &[&str]) -> Result<String, GitError> {
        let bytes = self.ask(args, None)?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable(args))?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }

    /// The whole answer to a question, with these bytes on standard input.
    ///
    /// # Errors
    /// Where git refuses, says too much or does not answer.
    pub fn ask(&self, args: &[&str], stdin: Option<&[u8]>) -> Result<Vec<u8>, GitError> {
        self.ask_with(&self.settings(), args, stdin, &[])
    }

    /// The same with an index of its own.
    ///
    /// # Errors
    /// As [`WorkTree::ask`].
    pub fn ask_index(&self, args: &[&str], index: &Path) -> Result<Vec<u8>, GitError> {
        self.ask_with(&self.settings(), args, None, &[("GIT_INDEX_FILE", index)])
    }

    /// The same at the work tree's top, and outside every repository.
    ///
    /// # Errors
    /// As [`WorkTree::ask`].
    pub fn ask_outside(&self, args: &[&str], stdin: &[u8]) -> Result<Vec<u8>, GitError> {
        self.ask_with(&outside(), args, Some(stdin), &[])
    }

    fn ask_with(
        &self,
        settings: &[String],
        args: &[&str],
        stdin: Option<&[u8]>,
        more: &[(&str, &Path)],
    ) -> Result<Vec<u8>, GitError> {
        let mut command = Command::new(&self.program);
        command.args(settings).args(args).current_dir(&self.top).env_clear();
        command.envs(environment()).envs(more.iter().copied());
        let answer = talk::ask(&mut command, stdin.unwrap_or_default().to_vec(), PATIENCE);
        let answer = answer.map_err(|e| refused(args, e.to_string()))?;
        if !answer.status.success() {
            return Err(refused(args, answer.said));
        }
        answer.whole().ok_or_else(|| unreadable(args))
    }

    /// Everything that stands before the subcommand of a question to the repository.
    fn settings(&self) -> Vec<String> {
        let mut words = fixed();
        if !self.dir.as_os_str().is_empty() {
            words.push(format!("--git-dir={}", self.dir.display()));
            words.push(format!("--work-tree={}", self.top.display()));
        }
        words
    }

    /// The program, absolute.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }
}

/// Everything that stands before the subcommand outside every repository.
pub(crate) fn outside() -> Vec<String> {
    fixed().into_iter().chain(OUTSIDE.map(str::to_owned)).collect()
}

fn fixed() -> Vec<String> {
    let settings = SETTINGS.iter().flat_map(|setting| ["-c", setting]);
    settings.chain(["--no-pager", "--literal-pathspecs"]).map(str::to_owned).collect()
}

/// The environment of every git that is started here.
pub(crate) fn environment() -> BTreeMap<String, String> {
    [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("HOME", "/"),
        ("LC_ALL", "C"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_ATTR_NOSYSTEM", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_GRAFT_FILE", "/dev/null"),
        ("GIT_NO_LAZY_FETCH", "1"),
        // A repository's `protocol.NAME.allow` counts more than `protocol.allow`.
        ("GIT_ALLOW_PROTOCOL", "none"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn program() -> Result<PathBuf, GitError> {
    let all = PLACES.iter().map(|place| Path::new(place).join("git"));
    all.into_iter().find(|path| path.is_file()).ok_or(GitError::NoGit)
}

fn refused(args: &[&str], said: String) -> GitError {
    GitError::Failed { what: args.first().copied().unwrap_or_default().to_owned(), said }
}

fn unreadable(args: &[&str]) -> GitError {
    GitError::Unreadable(args.first().copied().unwrap_or_default().to_owned())
}
