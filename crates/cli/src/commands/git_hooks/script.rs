//! The text of a hook: a few lines of `sh` that refuse whatever goes wrong.

use super::place::Hook;
use crate::failure::{Exit, Failure};
use std::path::Path;

/// The second line of every hook of ours.
pub(super) const MARK: &str = "# countersign hook v1: `countersign uninstall git` takes it out";

/// A hook's whole text.
pub(super) struct Script(String);

impl Script {
    /// The hook of one repository: this very program, for this home, after what was there before.
    pub(super) fn of(hook: Hook, dir: &Path, home: &Path, chained: bool) -> Result<Self, Failure> {
        let program = std::env::current_exe().and_then(|path| path.canonicalize());
        let program = program.map_err(|e| failed(&format!("this program: {e}")))?;
        let (program, home) = (word(&program)?, word(home)?);
        let before = word(&dir.join(hook.before()))?;
        let what = hook.what();
        let chain = if chained { hook.chain() } else { "" };
        let ask = hook.ask();
        Ok(Self(format!(
            "#!/bin/sh\n{MARK}\n\
             countersign={program}\nhome={home}\nbefore={before}\n\
             refuse() {{\n\
             \x20 printf 'countersign: %s: the {what} is refused\\n' \"$1\" >&2\n\
             \x20 printf '  mend it with: countersign install git --yes; or take it out with: \
             countersign uninstall git\\n' >&2\n\
             \x20 exit 1\n}}\n\
             test -x \"$countersign\" || refuse \"no program $countersign\"\n\
             {chain}{ask}"
        )))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Hook {
    fn what(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Commit => "commit",
        }
    }

    /// What was there before runs first, and must agree.
    fn chain(self) -> &'static str {
        match self {
            Self::Push => {
                "test -x \"$before\" || refuse \"no hook $before\"\n\
                 refs=$(cat && printf .) || refuse 'the refs cannot be read'\n\
                 refs=${refs%.}\n\
                 printf '%s' \"$refs\" | \"$before\" \"$@\" || exit 1\n"
            }
            Self::Commit => {
                "test -x \"$before\" || refuse \"no hook $before\"\n\
                 \"$before\" \"$@\" || exit 1\n"
            }
        }
    }

    fn ask(self) -> &'static str {
        match self {
            Self::Push => {
                "test \"${refs+x}\" || refs=$(cat) || refuse 'the refs cannot be read'\n\
                 printf '%s\\n' \"$refs\" | \"$countersign\" --home \"$home\" checkpoint push \
                 --remote \"$2\" >&2 || refuse 'it was not allowed'\n"
            }
            Self::Commit => {
                "set -- --message-file \"$1\" ${GIT_INDEX_FILE:+--index-file \"$GIT_INDEX_FILE\"}\n\
                 \"$countersign\" --home \"$home\" checkpoint commit \"$@\" >&2 \
                 || refuse 'it was not allowed'\n"
            }
        }
    }
}

/// A path as one word of the shell's.
fn word(path: &Path) -> Result<String, Failure> {
    let shown = || path.display().to_string();
    let text = path.to_str().ok_or_else(|| failed(&format!("`{}` is no UTF-8", shown())))?;
    if text.contains(['\n', '\r']) {
        return Err(failed("a path with an end of line in it"));
    }
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

fn failed(why: &str) -> Failure {
    Failure::new(Exit::Failed, "install", why).hint("nothing was changed")
}
