//! What an agent could do to the gate itself.

use super::check::{Check, quoted};
use super::files::{Fact, above, look, writable_above};
use std::path::{Path, PathBuf};

/// The program that runs.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    user: u32,
    file: Fact,
    above: Vec<Fact>,
    /// Whether this user may write to the file, or to its directory.
    replaceable: bool,
}

/// Looks at this program's own file.
///
/// # Errors
/// Where it cannot be found.
pub(super) fn program() -> Result<Program, String> {
    let path = std::env::current_exe().map_err(|e| format!("its file is not known: {e}"))?;
    let may = |path: &Path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    let replaceable = may(&path) || path.parent().is_some_and(may);
    let file = look(&path).map_err(|why| format!("`{}` {why}", path.display()))?;
    let user = rustix::process::geteuid().as_raw();
    Ok(Program { file, above: above(&path), user, replaceable, path })
}

/// The judgement. `gates` says whether this home is an enforcer's at all.
pub(super) fn judge(program: &Result<Program, String>, gates: bool) -> Vec<Check> {
    vec![replaced(program), boundary(program, gates)]
}

fn replaced(program: &Result<Program, String>) -> Check {
    let program = match program {
        Ok(program) => program,
        Err(why) => return Check::fail("program", why.clone(), "install the program again"),
    };
    if program.file.mode & 0o022 != 0 {
        let found = format!("others may write to `{}`", program.path.display());
        return Check::fail("program", found, format!("chmod go-w {}", quoted(&program.path)));
    }
    if let Some(door) = writable_above(&program.above, program.user) {
        let found = format!("others may replace it: `{}` is open to them", door.path.display());
        return Check::fail("program", found, format!("chmod go-w {}", quoted(&door.path)));
    }
    Check::ok("program", format!("`{}`; no other user may replace it", program.path.display()))
}

/// Today the enforcer always runs as the agent's user.
fn boundary(program: &Result<Program, String>, gates: bool) -> Check {
    if !gates {
        return Check::skipped("protection", "this home gates nothing yet");
    }
    let replace = program.as_ref().is_ok_and(|program| program.replaceable);
    let also = if replace { " and replace this program" } else { "" };
    let found = format!(
        "unprotected: an agent that runs as this user can read the keys and the ledger, write \
         policy and hooks{also}; every receipt says so"
    );
    let fix = "run the agent as another user, one that may not enter this home";
    Check::warn("protection", found, fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::State;

    fn fact(path: &str, uid: u32, mode: u32) -> Fact {
        Fact { path: path.into(), uid, mode, directory: false }
    }

    fn program(file: u32, dir: u32) -> Result<Program, String> {
        Ok(Program {
            path: "/b/countersign".into(),
            user: 7,
            file: fact("/b/countersign", 7, file),
            above: vec![fact("/b", 7, dir), fact("/", 0, 0o755)],
            replaceable: true,
        })
    }

    #[test]
    fn attack_46_a_program_that_others_may_replace_fails() {
        assert_eq!(replaced(&program(0o755, 0o755)).state, State::Ok);
        for (file, dir) in [(0o775, 0o755), (0o757, 0o755), (0o755, 0o775), (0o755, 0o757)] {
            assert_eq!(replaced(&program(file, dir)).state, State::Fail, "{file:o} {dir:o}");
        }
        assert_eq!(replaced(&Err("gone".into())).state, State::Fail);
    }

    #[test]
    fn one_user_for_agent_and_gate_is_said_and_does_not_fail() {
        let check = boundary(&program(0o755, 0o755), true);
        assert_eq!(check.state, State::Warn);
        assert!(check.found.contains("unprotected") && check.found.contains("replace"));
        assert_eq!(boundary(&program(0o755, 0o755), false).state, State::Skipped);
    }
}
