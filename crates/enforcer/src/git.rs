//! The system's `git`, asked about one work tree.
//!
//! It is found where programs of the system lie, never through the caller's `PATH`, and it is
//! started with an environment of our own: no `GIT_*` of the caller's, no configuration outside the
//! repository, no hooks, no monitor, no filters, no replaced objects. What a repository's own
//! configuration could start is switched off.

use countersign_core::action::Revision;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where programs of the system lie.
const PLACES: [&str; 6] = [
    "/usr/bin",
    "/usr/local/bin",
    "/bin",
    "/run/current-system/sw/bin",
    "/opt/homebrew/bin",
    "/opt/local/bin",
];

/// The most that is read of one answer.
const MAX_ANSWER: u64 = 16 * 1024 * 1024;

/// Settings under which every call is made, whatever the repository says.
const SETTINGS: [&str; 8] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.pager=cat",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "protocol.allow=never",
    "apply.whitespace=nowarn",
];

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
    /// Filters of the repository, by name: each is switched off.
    filters: Vec<String>,
}

impl WorkTree {
    /// The work tree that a directory lies in.
    ///
    /// # Errors
    /// Where there is none, or git is not there.
    pub fn of(cwd: &Path) -> Result<Self, GitError> {
        let none = |why: String| GitError::NoWorkTree { at: cwd.display().to_string(), why };
        let cwd = cwd.canonicalize().map_err(|e| none(e.to_string()))?;
        let mut tree = Self {
            program: program()?,
            top: cwd.clone(),
            dir: PathBuf::new(),
            filters: Vec::new(),
        };
        let place = |what: &str| tree.text(&["rev-parse", what]).map(PathBuf::from);
        let top = place("--show-toplevel").map_err(|e| none(e.to_string()))?;
        let dir = place("--absolute-git-dir").map_err(|e| none(e.to_string()))?;
        // A repository may name any directory as its work tree: the one that is meant is around us.
        if !cwd.starts_with(&top) || !top.join(".git").exists() {
            return Err(none(format!("the repository names `{}` as its own", top.display())));
        }
        (tree.top, tree.dir) = (top, dir);
        tree.filters = tree.filters_named();
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
        command.envs(home.map(|home| ("HOME", home))).stdin(Stdio::null());
        let output = command.output().map_err(|e| refused(&args, &e.to_string()))?;
        match output.status.code() {
            Some(0) => {
                let text = String::from_utf8(output.stdout).map_err(|_| unreadable(&args))?;
                Ok((self.top.join(text.trim_end_matches('\n')), true))
            }
            Some(1) => Ok((self.common_dir()?.join("hooks"), false)),
            _ => Err(refused(&args, &String::from_utf8_lossy(&output.stderr))),
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
    /// Where git refuses or says too much.
    pub fn ask(&self, args: &[&str], stdin: Option<&[u8]>) -> Result<Vec<u8>, GitError> {
        self.ask_with(args, stdin, &[])
    }

    /// The same with an index of its own.
    ///
    /// # Errors
    /// As [`WorkTree::ask`].
    pub fn ask_index(&self, args: &[&str], index: &Path) -> Result<Vec<u8>, GitError> {
        self.ask_with(args, None, &[("GIT_INDEX_FILE", index)])
    }

    fn ask_with(
        &self,
        args: &[&str],
        stdin: Option<&[u8]>,
        more: &[(&str, &Path)],
    ) -> Result<Vec<u8>, GitError> {
        let failed = |e: std::io::Error| refused(args, &e.to_string());
        let mut command = Command::new(&self.program);
        command.args(self.settings()).args(args).current_dir(&self.top).env_clear();
        command.envs(environment()).envs(more.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (input, answer) = (child.stdin.take(), child.stdout.take());
        let wanted = stdin.unwrap_or_default().to_vec();
        // Its own thread: whoever is written to may be writing.
        let feeder = std::thread::spawn(move || input.map(|mut pipe| pipe.write_all(&wanted)));
        let mut bytes = Vec::new();
        if let Some(pipe) = answer {
            pipe.take(MAX_ANSWER + 1).read_to_end(&mut bytes).map_err(failed)?;
        }
        let ended = child.wait_with_output().map_err(failed)?;
        // A git that refuses reads no further: what it said is the answer.
        let _ = feeder.join();
        if !ended.status.success() {
            return Err(refused(args, &String::from_utf8_lossy(&ended.stderr)));
        }
        if bytes.len() as u64 > MAX_ANSWER { Err(unreadable(args)) } else { Ok(bytes) }
    }

    /// Everything that stands before the subcommand.
    pub(crate) fn settings(&self) -> Vec<String> {
        let off = |name: &String| {
            ["clean=", "smudge=", "process=", "required=false"]
                .map(|s| format!("filter.{name}.{s}"))
        };
        let settings = SETTINGS.iter().map(|s| (*s).to_owned());
        let all = settings.chain(self.filters.iter().flat_map(off));
        let mut words: Vec<String> = all.flat_map(|s| ["-c".to_owned(), s]).collect();
        words.extend(["--no-pager".to_owned(), "--literal-pathspecs".to_owned()]);
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

    fn filters_named(&self) -> Vec<String> {
        let args = ["config", "--includes", "--name-only", "-z", "--get-regexp", r"^filter\."];
        // Git says no where there is none.
        let bytes = self.ask(&args, None).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let name = |key: &str| {
            let (name, _) = key.strip_prefix("filter.")?.rsplit_once('.')?;
            Some(name.to_owned())
        };
        let mut names: Vec<String> = text.split('\0').filter_map(name).collect();
        names.sort();
        names.dedup();
        names
    }
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
        ("GIT_NO_LAZY_FETCH", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn program() -> Result<PathBuf, GitError> {
    let all = PLACES.iter().map(|place| Path::new(place).join("git"));
    all.into_iter().find(|path| path.is_file()).ok_or(GitError::NoGit)
}

fn refused(args: &[&str], said: &str) -> GitError {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let what = args.first().copied().unwrap_or_default().to_owned();
    GitError::Failed { what, said: lines.join("; ") }
}

fn unreadable(args: &[&str]) -> GitError {
    GitError::Unreadable(args.first().copied().unwrap_or_default().to_owned())
}
