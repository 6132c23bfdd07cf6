//! What holds the gate and lies outside the home: this very program, and the settings of agent hosts
//! where their variables put them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Variables by which a host is told where its settings lie.
const SETTINGS: [&str; 2] = ["CLAUDE_CONFIG_DIR", "CODEX_HOME"];

/// All of it, absolute.
///
/// A hook's environment is the host's, and whoever starts the host chooses it. That is no harm: a
/// place that is named here is one that nobody changes without a person, and no place is taken away.
pub(super) fn places() -> Vec<PathBuf> {
    let program = std::env::current_exe().ok();
    let called = std::env::args_os().next();
    of(program.map(PathBuf::into_os_string).into_iter().chain(called), |name| {
        std::env::var_os(name)
    })
}

/// The same of these names of the program and these variables. A name without a directory is one
/// that was looked up, and no path.
fn of(
    programs: impl Iterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Vec<PathBuf> {
    let programs = programs.filter(|path| Path::new(path).components().count() > 1);
    let settings = SETTINGS.iter().filter_map(|name| variable(name));
    let mut found: Vec<PathBuf> = programs.chain(settings).flat_map(spellings).collect();
    found.sort();
    found.dedup();
    found
}

/// A path as it is written, and as it is without links: an action may name either.
fn spellings(path: OsString) -> impl Iterator<Item = PathBuf> {
    // An empty path is none, and what has no absolute form leads nowhere.
    let written = std::path::absolute(path).ok();
    let real = written.as_deref().and_then(|path| path.canonicalize().ok());
    written.into_iter().chain(real)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

    use super::*;

    fn found(programs: &[&str], variables: &[(&str, &str)]) -> Vec<PathBuf> {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name);
        of(programs.iter().map(OsString::from), |name| value(name).map(|(_, v)| v.into()))
    }

    #[test]
    fn attack_11_the_program_and_the_hosts_settings_hold_the_gate() {
        let variables =
            [("CLAUDE_CONFIG_DIR", "/nowhere/claude"), ("CODEX_HOME", "/nowhere/codex")];
        let places = found(&["/nowhere/gate/countersign"], &variables);
        let all = ["/nowhere/claude", "/nowhere/codex", "/nowhere/gate/countersign"];
        assert_eq!(places, all.map(PathBuf::from));
    }

    #[test]
    fn a_name_that_is_no_path_and_an_empty_variable_hold_nothing() {
        assert_eq!(
            found(&["countersign"], &[("CODEX_HOME", ""), ("HOME", "/h")]),
            [""; 0].map(PathBuf::from)
        );
    }

    #[test]
    fn a_relative_directory_begins_where_the_host_stands() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(
            found(&[], &[("CODEX_HOME", "settings-of-nobody")]),
            [here.join("settings-of-nobody")]
        );
    }

    #[test]
    fn attack_11_a_link_holds_it_by_both_its_names() {
        let place = tempfile::tempdir().unwrap();
        let real = place.path().canonicalize().unwrap().join("real");
        std::fs::create_dir(&real).unwrap();
        let link = real.with_file_name("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(found(&[], &[("CODEX_HOME", link.to_str().unwrap())]), [link, real]);
    }

    #[test]
    fn this_program_is_among_them() {
        assert!(places().contains(&std::env::current_exe().unwrap()));
    }
}
