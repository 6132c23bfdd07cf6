//! The approver's side of this home: keys that rest locked, and who may read their passphrase.

use super::check::{Check, quoted};
use super::files::{look, others_may};
use crate::parties;
use countersign_approver::home::Home;
use countersign_approver::local::LocalKey;
use countersign_approver::pairings::{Pairing, Pairings, Status};
use std::path::{Path, PathBuf};

/// What there is of an approver.
#[derive(Debug)]
pub(super) struct Facts {
    /// How many active pairings; an error where one or its key is damaged. `None` where there is
    /// no approver's side.
    pairings: Option<Result<usize, String>>,
    /// Whether a key signs at this machine's terminal.
    local: Result<bool, String>,
    /// The passphrase file that the environment names, and what may be wrong with it.
    passphrase: Option<(PathBuf, Option<String>)>,
}

/// Looks at the approver's side, without opening any key.
pub(super) fn facts(root: &Path, passphrase: Option<PathBuf>) -> Facts {
    let root = parties::approver_root(root);
    Facts {
        pairings: root.join("pairings").is_dir().then(|| pairings(&root)),
        local: LocalKey::of(&root).map(|key| key.is_some()).map_err(|e| e.to_string()),
        passphrase: passphrase.map(|path| (path.clone(), exposed(&path))),
    }
}

/// The gateways through which this approver is asked.
pub(super) fn relays(root: &Path) -> Vec<String> {
    let all = records(&parties::approver_root(root)).unwrap_or_default();
    let active = all.into_iter().filter(|pairing| pairing.status == Status::Active);
    active.map(|pairing| pairing.relay.as_str().to_owned()).collect()
}

fn pairings(root: &Path) -> Result<usize, String> {
    let all = records(root)?;
    let pairings = Pairings::of(&Home::open(root).map_err(|e| e.to_string())?);
    for pairing in &all {
        // A key file is locked by its form: one without a passphrase is no key file.
        pairings.key(pairing).map_err(|e| e.to_string())?;
    }
    Ok(all.iter().filter(|pairing| pairing.status == Status::Active).count())
}

fn records(root: &Path) -> Result<Vec<Pairing>, String> {
    // Opening a home makes what is missing of it.
    let rooms = ["pairings", "keys", "history", "asked"];
    if let Some(room) = rooms.iter().find(|room| !root.join(room).is_dir()) {
        return Err(format!("`{}` is missing", root.join(room).display()));
    }
    let pairings = Pairings::of(&Home::open(root).map_err(|e| e.to_string())?);
    pairings.list().map_err(|e| e.to_string())
}

fn exposed(path: &Path) -> Option<String> {
    match look(path) {
        Err(why) => Some(why),
        Ok(one) if others_may(&one) => Some(format!("may be read by others ({:04o})", one.mode)),
        Ok(_) => None,
    }
}

/// The judgement.
pub(super) fn judge(root: &Path, facts: &Facts) -> Vec<Check> {
    let mut checks = vec![keys(root, facts)];
    checks.extend(facts.passphrase.as_ref().map(|(path, wrong)| secret(path, wrong.as_deref())));
    checks
}

fn keys(root: &Path, facts: &Facts) -> Check {
    let restore = "restore the file from a backup, or revoke the pairing and pair again";
    match (&facts.local, &facts.pairings) {
        (Err(why), _) | (_, Some(Err(why))) => Check::fail("approver keys", why.clone(), restore),
        (Ok(true), _) => Check::warn(
            "approver keys",
            "a `local` key signs on the machine that it guards, the weakest assurance there is",
            format!(
                "countersign --home {} pair --name NAME --relay URL, and approve on another device",
                quoted(root)
            ),
        ),
        (Ok(false), Some(Ok(active))) => {
            Check::ok("approver keys", format!("{active} active pairings, every key locked"))
        }
        (Ok(false), None) => Check::skipped("approver keys", "nobody approves from this home"),
    }
}

fn secret(path: &Path, wrong: Option<&str>) -> Check {
    let name = path.display();
    match wrong {
        None => Check::ok("passphrase file", format!("`{name}`, private")),
        Some(why) => Check::fail(
            "passphrase file",
            format!("`{name}` {why}"),
            format!("chmod 600 {}, or unset COUNTERSIGN_PASSPHRASE_FILE", quoted(path)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::State;

    fn state(facts: &Facts) -> State {
        keys(Path::new("/h"), facts).state
    }

    #[test]
    fn a_local_key_warns_and_a_damaged_one_fails() {
        let none = || Facts { pairings: None, local: Ok(false), passphrase: None };
        assert_eq!(state(&none()), State::Skipped);
        assert_eq!(state(&Facts { pairings: Some(Ok(1)), ..none() }), State::Ok);
        assert_eq!(state(&Facts { local: Ok(true), ..none() }), State::Warn);
        assert_eq!(state(&Facts { local: Err("x".into()), ..none() }), State::Fail);
        assert_eq!(state(&Facts { pairings: Some(Err("x".into())), ..none() }), State::Fail);
    }

    #[test]
    fn a_passphrase_that_others_read_fails() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        std::fs::write(&path, "x").unwrap();
        for (mode, wanted) in [(0o600, State::Ok), (0o640, State::Fail), (0o604, State::Fail)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(secret(&path, exposed(&path).as_deref()).state, wanted, "{mode:o}");
        }
        let gone = dir.path().join("gone");
        assert_eq!(secret(&gone, exposed(&gone).as_deref()).state, State::Fail);
    }
}
