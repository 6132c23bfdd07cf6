//! Where git looks for hooks, what stands there, and what can be chained.

use super::script::MARK;
use crate::asking::workspace;
use crate::commands::install::place::shown;
use crate::failure::{Exit, Failure};
use countersign_enforcer::git::WorkTree;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// A hook of git's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    /// Before refs move at a remote.
    Push,
    /// Before a commit is made, when its message is known.
    Commit,
}

impl Hook {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Push => "pre-push",
            Self::Commit => "commit-msg",
        }
    }

    /// What a hook that was there before is called from then on.
    pub(super) fn before(self) -> &'static str {
        match self {
            Self::Push => "pre-push.before-countersign",
            Self::Commit => "commit-msg.before-countersign",
        }
    }
}

/// What stands where a hook is to be.
pub(super) enum Stands {
    Nothing,
    /// Ours, with its text.
    Ours(String),
    /// Somebody else's, which can be chained.
    Another,
}

impl Stands {
    pub(super) fn of(dir: &Path, hook: Hook) -> Result<Self, Failure> {
        let path = dir.join(hook.name());
        let Ok(meta) = path.symlink_metadata() else { return Ok(Self::Nothing) };
        let cannot = |why: &str| Err(unchained(&path, hook, why));
        if !meta.is_file() {
            return cannot("it is no regular file");
        }
        let Ok(text) = std::fs::read_to_string(&path) else { return cannot("it is no text") };
        if text.lines().nth(1) == Some(MARK) {
            return Ok(Self::Ours(text));
        }
        if meta.permissions().mode() & 0o111 == 0 {
            return cannot("git does not run it: it is not executable");
        }
        // Under another name it would look for other files, or for another hook.
        if ["$0", "${0", "BASH_SOURCE", "__file__", "argv[0]"].iter().any(|own| text.contains(own))
        {
            return cannot("it goes by its own name");
        }
        if dir.join(hook.before()).symlink_metadata().is_ok() {
            return cannot(&format!("`{}` is there already", hook.before()));
        }
        Ok(Self::Another)
    }

    /// Whether a hook of ours runs another one first.
    pub(super) fn chained(&self, dir: &Path, hook: Hook) -> bool {
        match self {
            Self::Nothing => false,
            Self::Another => true,
            Self::Ours(_) => dir.join(hook.before()).symlink_metadata().is_ok(),
        }
    }

    /// Whether it is exactly this.
    pub(super) fn is(&self, script: &super::Script) -> bool {
        matches!(self, Self::Ours(text) if text == script.as_str())
    }
}

/// Git's directory of hooks for the repository around us, and what a person should know of it.
pub(super) fn hooks() -> Result<(PathBuf, Vec<String>), Failure> {
    let cwd = std::env::current_dir().map_err(|e| failed(&e.to_string()))?;
    let tree = WorkTree::of(&cwd)?;
    let (dir, named) = tree.hooks(std::env::var_os("HOME").as_deref())?;
    let mut warnings = Vec::new();
    if named {
        let inside = dir.starts_with(workspace(tree.top())) && !dir.starts_with(tree.common_dir()?);
        if inside {
            let message = format!(
                "`core.hooksPath` puts the hooks into `{}`, which belongs to the repository",
                shown(&dir)
            );
            return Err(Failure::new(Exit::Failed, "install", message).hint(by_hand(Hook::Push)));
        }
        let shown = shown(&dir);
        warnings.push(format!("`{shown}` is for every repository whose `core.hooksPath` names it"));
    }
    Ok((dir, warnings))
}

/// Writes a hook whole, after what is there was put aside.
pub(super) fn put(dir: &Path, hook: Hook, stands: &Stands, text: &str) -> Result<(), Failure> {
    let io = |e: std::io::Error| failed(&format!("`{}`: {e}", shown(&dir.join(hook.name()))));
    std::fs::create_dir_all(dir).map_err(io)?;
    let (path, temp) = (dir.join(hook.name()), dir.join(format!(".{}.countersign", hook.name())));
    let _ = std::fs::remove_file(&temp);
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o755).open(&temp);
    let written = file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(io)?;
    if matches!(stands, Stands::Another) {
        // A link that refuses to overwrite, so that no moment is without a hook.
        std::fs::hard_link(&path, dir.join(hook.before())).map_err(io)?;
    }
    std::fs::rename(&temp, &path).map_err(io)
}

/// Takes a hook of ours out, and puts back what it chained.
pub(super) fn take(dir: &Path, hook: Hook) -> Result<(), Failure> {
    let io = |e: std::io::Error| failed(&format!("`{}`: {e}", shown(&dir.join(hook.name()))));
    let (path, before) = (dir.join(hook.name()), dir.join(hook.before()));
    match before.symlink_metadata() {
        Ok(_) => std::fs::rename(&before, &path).map_err(io),
        Err(_) => std::fs::remove_file(&path).map_err(io),
    }
}

fn unchained(path: &Path, hook: Hook, why: &str) -> Failure {
    let message = format!("the hook `{}` cannot be chained: {why}", shown(path));
    Failure::new(Exit::Failed, "install", message).hint(by_hand(hook))
}

fn by_hand(hook: Hook) -> String {
    let line = match hook {
        Hook::Push => "countersign checkpoint push --remote \"$2\" || exit 1",
        Hook::Commit => "countersign checkpoint commit --message-file \"$1\" || exit 1",
    };
    format!("nothing was changed; put this into its `{}` by hand: {line}", hook.name())
}

fn failed(why: &str) -> Failure {
    Failure::new(Exit::Failed, "install", why).hint("nothing was changed")
}
