//! Starts a program the same way every time: at the root, with no input and a clean environment.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;

/// The cargo that started us, so that one toolchain does all the work.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// A program that cannot wait for an answer and sees nothing of the developer's own set-up.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null()).current_dir(root());
    for (name, _) in env::vars_os().filter(|(name, _)| is_withheld(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command
}

/// Runs a program whose output is for the reader.
pub(crate) fn run(command: &mut Command) -> Outcome {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}`: {status}", shown(command))),
        Err(error) => Err(format!("`{}` did not start: {error}", shown(command))),
    }
}

/// Whether a program runs and succeeds; its output is nobody's business.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Where cargo puts what it builds, absolute.
pub(crate) fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The root of the workspace: cargo names this crate's folder, which is two below it.
fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    here.ancestors().nth(2).map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// Whether children must not see a variable.
///
/// Our own settings would change what the tests see. What cargo tells this crate about itself would
/// be taken by build scripts for a change, and half the graph would be built anew each time.
fn is_withheld(name: &str) -> bool {
    ["COUNTERSIGN_", "CARGO_MANIFEST_", "CARGO_PKG_"].iter().any(|start| name.starts_with(start))
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_settings_and_our_manifest_stay_here() {
        assert!(is_withheld("COUNTERSIGN_HOME"));
        assert!(is_withheld("CARGO_PKG_NAME"));
        assert!(is_withheld("CARGO_MANIFEST_DIR"));
        assert!(!is_withheld("CARGO_TARGET_DIR"));
        assert!(!is_withheld("MY_COUNTERSIGN_HOME"));
    }

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("crates/xtask/Cargo.toml").is_file());
    }

    #[test]
    fn a_failure_names_the_command_and_its_end() {
        assert_eq!(run(&mut program("true")), Ok(()));
        let failed = run(program("/usr/bin/env").args(["sh", "-c", "exit 3"]));
        assert_eq!(failed, Err("`env sh -c exit 3`: exit status: 3".to_owned()));
        assert!(run(&mut program("no-such-program")).is_err_and(|why| why.contains("not start")));
    }

    #[test]
    fn a_child_has_no_input() {
        assert!(succeeds(program("sh").args(["-c", "! read line"])));
    }
}
