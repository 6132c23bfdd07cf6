//! Who may enter the home and read what lies in it.

use super::check::{Check, quoted};
use countersign_core::display::counted;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// More than so many files are not looked at one by one.
const MANY: usize = 20_000;

/// The directories that an enforcer's home is made of.
pub(super) const ROOMS: [&str; 4] = ["keys", "pairings", "receipts", "owners"];

/// What the system says of one file or directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fact {
    pub(super) path: PathBuf,
    /// Its owner.
    pub(super) uid: u32,
    /// Its permissions, with the sticky bit.
    pub(super) mode: u32,
    pub(super) directory: bool,
}

/// Everything that the system says of a home.
#[derive(Debug)]
pub(super) struct Facts {
    /// The user that runs this.
    pub(super) user: u32,
    pub(super) root: PathBuf,
    /// The home itself; an error says why nothing is known.
    pub(super) home: Result<Fact, String>,
    /// What is in it.
    pub(super) inside: Vec<Fact>,
    /// What could not be looked at.
    pub(super) unseen: Vec<String>,
    /// The directories above it, nearest first.
    pub(super) above: Vec<Fact>,
}

/// Looks at a home and makes nothing.
pub(super) fn facts(root: &Path) -> Facts {
    let mut facts = Facts {
        user: rustix::process::geteuid().as_raw(),
        root: root.to_owned(),
        home: look(root),
        inside: Vec::new(),
        unseen: Vec::new(),
        above: Vec::new(),
    };
    if facts.home.as_ref().is_ok_and(|home| home.directory) {
        walk(root, &mut facts.inside, &mut facts.unseen);
        facts.above = above(root);
    }
    facts
}

/// One file or directory; a link is what it leads to.
pub(super) fn look(path: &Path) -> Result<Fact, String> {
    match std::fs::metadata(path) {
        Ok(meta) => Ok(fact(path, &meta)),
        Err(e) if e.kind() == ErrorKind::NotFound => Err("is not there".to_owned()),
        Err(e) => Err(format!("cannot be looked at: {e}")),
    }
}

fn fact(path: &Path, meta: &Metadata) -> Fact {
    let (uid, mode, directory) = (meta.uid(), meta.mode() & 0o7777, meta.is_dir());
    Fact { path: path.to_owned(), uid, mode, directory }
}

/// The directories above a path, by its real name, nearest first.
pub(super) fn above(path: &Path) -> Vec<Fact> {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real.ancestors().skip(1).filter_map(|dir| look(dir).ok()).collect()
}

fn walk(dir: &Path, inside: &mut Vec<Fact>, unseen: &mut Vec<String>) {
    let mut left = vec![dir.to_owned()];
    while let Some(dir) = left.pop() {
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(e) => {
                unseen.push(format!("`{}` cannot be listed: {e}", dir.display()));
                continue;
            }
        };
        for entry in entries.flatten() {
            if inside.len() >= MANY {
                return;
            }
            let path = entry.path();
            // What went away meanwhile needs no permissions.
            let Ok(found) = look(&path) else { continue };
            // A link that leads out of the home leads to what is not its own.
            if found.directory && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                left.push(path);
            }
            inside.push(found);
        }
    }
}

/// The judgement about a home.
pub(super) fn judge(facts: &Facts) -> Check {
    let home = match &facts.home {
        Ok(home) => home,
        Err(why) => return absent(&facts.root, why),
    };
    let name = quoted(&facts.root);
    if !home.directory {
        let found = format!("`{}` is no directory", facts.root.display());
        return fail(found, "name another home with --home DIR");
    }
    if let Some(foreign) = foreign(facts, home) {
        return foreign;
    }
    if let Some(open) = std::iter::once(home).chain(&facts.inside).find(|one| others_may(one)) {
        let found = format!("others may enter or read {} ({:04o})", said(&open.path), open.mode);
        return fail(found, format!("chmod -R go-rwx {name}"));
    }
    if let Some(why) = facts.unseen.first() {
        return fail(why.clone(), format!("chmod -R u+rwX {name}"));
    }
    if let Some(door) = writable_above(&facts.above, facts.user) {
        let found =
            format!("others may replace the home: {} ({:04o})", said(&door.path), door.mode);
        return fail(found, format!("chmod go-w {}", quoted(&door.path)));
    }
    Check::ok(
        "home",
        format!("{}, private, {}", facts.root.display(), counted(files(facts), "file")),
    )
}

fn files(facts: &Facts) -> usize {
    facts.inside.iter().filter(|one| !one.directory).count()
}

fn fail(found: impl Into<String>, fix: impl Into<String>) -> Check {
    Check::fail("home", found, fix)
}

fn said(path: &Path) -> String {
    format!("`{}`", path.display())
}

fn absent(root: &Path, why: &str) -> Check {
    let fix = format!(
        "countersign --home {} pair --name NAME --relay URL, or name the right home with --home DIR",
        quoted(root)
    );
    fail(format!("`{}` {why}", root.display()), fix)
}

fn foreign(facts: &Facts, home: &Fact) -> Option<Check> {
    let mut all = std::iter::once(home).chain(&facts.inside);
    let one = all.find(|one| one.uid != facts.user)?;
    let found =
        format!("{} belongs to user {}, and this is user {}", said(&one.path), one.uid, facts.user);
    Some(fail(found, format!("sudo chown -R {} {}", facts.user, quoted(&facts.root))))
}

/// Whether anybody but the owner may do anything with it.
pub(super) fn others_may(one: &Fact) -> bool {
    one.mode & 0o077 != 0
}

/// The first directory above in which somebody else could put another thing in this one's place.
/// In a sticky directory nobody moves what belongs to others.
pub(super) fn writable_above(above: &[Fact], user: u32) -> Option<&Fact> {
    above.iter().find(|dir| {
        let open = dir.mode & 0o022 != 0 && dir.mode & 0o1000 == 0;
        open || (dir.uid != user && dir.uid != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::State;

    type Change = fn(&mut Facts);

    fn one(path: &str, mode: u32, directory: bool) -> Fact {
        Fact { path: path.into(), uid: 7, mode, directory }
    }

    fn good() -> Facts {
        Facts {
            user: 7,
            root: "/h".into(),
            home: Ok(one("/h", 0o700, true)),
            inside: vec![one("/h/keys", 0o700, true), one("/h/keys/operator.json", 0o600, false)],
            unseen: Vec::new(),
            above: vec![Fact { uid: 0, ..one("/", 0o755, true) }],
        }
    }

    #[test]
    fn a_private_home_is_well() {
        assert_eq!(judge(&good()).state, State::Ok);
    }

    #[test]
    fn each_thing_that_others_may_do_fails_and_is_named() {
        let bad: [(&str, Change); 7] = [
            ("`/h`", |f| f.home = Ok(one("/h", 0o750, true))),
            ("`/h` is not there", |f| f.home = Err("is not there".into())),
            ("`/h` is no directory", |f| f.home = Ok(one("/h", 0o600, false))),
            ("operator.json", |f| f.inside[1].mode = 0o644),
            ("operator.json", |f| f.inside[1].uid = 8),
            ("`/`", |f| f.above[0].mode = 0o777),
            ("`/`", |f| f.above[0].uid = 8),
        ];
        for (named, change) in bad {
            let mut facts = good();
            change(&mut facts);
            let check = judge(&facts);
            assert_eq!(check.state, State::Fail, "{check:?}");
            assert!(check.found.contains(named) && check.fix.is_some(), "{check:?}");
        }
    }

    #[test]
    fn a_sticky_directory_above_is_no_door() {
        let mut facts = good();
        facts.above[0].mode = 0o1777;
        assert_eq!(judge(&facts).state, State::Ok);
    }

    #[test]
    fn looking_makes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("none");
        assert!(facts(&root).home.is_err());
        assert!(!root.exists());
    }
}
