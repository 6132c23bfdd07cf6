//! Which texts count, and that none of them is passed over.

use super::*;
use std::fs::{Permissions, create_dir_all, set_permissions, write};
use std::os::unix::fs::{PermissionsExt as _, symlink};

fn text(place: Place, text: &[u8], of_root: bool) -> Found {
    let path = PathBuf::from("/h/policy.toml");
    Found { place, path, text: text.to_vec(), sha256: hash_of(text), of_root }
}

fn acceptance(place: Place, text: &[u8], seq: u64) -> Acceptance {
    let at = Instant(1_770_000_000_000);
    Acceptance { place, sha256: hash_of(text), previous: None, at, seq }
}

#[test]
fn attack_42_only_the_newest_accepted_text_of_a_place_counts() {
    let of = |dir: &str| Place::Workspace(dir.into());
    let accepted = [
        acceptance(Place::Home, b"old", 1),
        acceptance(Place::Home, b"new", 2),
        acceptance(of("/w"), b"other", 3),
    ];
    let counts = |place, bytes| text(place, bytes, false).is_accepted(&accepted);
    assert!(counts(Place::Home, b"new") && counts(of("/w"), b"other"));
    assert!(!counts(Place::Home, b"old"), "put back");
    assert!(!counts(Place::Home, b"other") && !counts(of("/w"), b"new"), "accepted elsewhere");
    // The administrator vouches for the machine's alone.
    for place in [Place::Home, of("/v")] {
        assert!(!text(place, b"root's", true).is_accepted(&accepted));
    }
    assert!(text(Place::Organisation, b"root's", true).is_accepted(&accepted));
    assert!(!text(Place::Organisation, b"root's", false).is_accepted(&accepted));
}

#[test]
fn attack_42_an_accepted_text_that_is_gone_is_missed_where_it_holds() {
    let of = |dir: &str| Place::Workspace(dir.into());
    let accepted = [
        acceptance(Place::Home, b"home", 1),
        acceptance(of("/w"), b"ours", 2),
        acceptance(of("/other"), b"theirs", 3),
    ];
    let there = [text(Place::Home, b"home", false)];
    assert_eq!(missing(&there, &accepted, "/w/deep"), [of("/w")]);
    let changed = [text(Place::Home, b"changed", false), text(of("/w"), b"ours", false)];
    assert_eq!(missing(&changed, &accepted, "/w/deep"), [Place::Home]);
}

#[test]
fn attack_42_a_text_that_cannot_be_read_is_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let look = || at(Place::Home, dir.path());
    let toml = dir.path().join("policy.toml");
    assert_eq!(look().unwrap(), None);
    symlink("nowhere", &toml).unwrap();
    assert!(matches!(look(), Err(PolicyError::Unreadable { .. })), "a link that leads nowhere");
    std::fs::remove_file(&toml).unwrap();
    create_dir_all(&toml).unwrap();
    let Err(PolicyError::Unreadable { why, .. }) = look() else { panic!("a directory is no text") };
    assert!(why.contains("no regular file"), "{why}");
    std::fs::remove_dir(&toml).unwrap();
    write(&toml, "version = 1\n").unwrap();
    assert!(look().unwrap().is_some());
    write(dir.path().join("policy.yml"), "version: 1\n").unwrap();
    assert!(matches!(look(), Err(PolicyError::Two(..))), "two in one place");
}

#[test]
fn attack_42_nobody_vouches_for_a_file_that_others_can_write() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("policy.toml");
    write(&path, "version = 1\n").unwrap();
    for mode in [0o620, 0o602, 0o666] {
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert!(!read(Place::Organisation, path.clone()).unwrap().of_root, "{mode:o}");
    }
    set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let root = path.metadata().unwrap().uid() == 0;
    assert_eq!(read(Place::Organisation, path).unwrap().of_root, root);
}

#[test]
fn a_home_in_the_workspace_is_one_place_and_another_home_none() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = dir.path().canonicalize().unwrap();
    let own = workspace.join(".countersign");
    create_dir_all(own.join("keys")).unwrap();
    write(own.join("policy.toml"), "version = 1\n").unwrap();
    let places = |root: &Path| {
        let found = found(root, &Sources::default(), &workspace.to_string_lossy()).unwrap();
        found.into_iter().map(|one| one.place).collect::<Vec<_>>()
    };
    assert_eq!(places(&own), [Place::Home]);
    let elsewhere = tempfile::tempdir().unwrap();
    let here = Place::Workspace(workspace.to_string_lossy().into_owned());
    assert_eq!(places(elsewhere.path()), [here]);
    write(own.join("keys/operator.json"), "{}").unwrap();
    assert_eq!(places(elsewhere.path()), []);
}

#[test]
fn attack_42_every_place_that_holds_the_gate_is_its_own_state() {
    let sources = Sources {
        organisation: Some("/etc/countersign".into()),
        user_home: None,
        holding: vec!["/usr/bin/countersign".into()],
    };
    let around = surroundings(Path::new("/h"), &sources, "/w");
    let own = ["/h", "/etc/countersign", "/w/.countersign", "/usr/bin/countersign"];
    assert_eq!(around.own_state, own);
    assert_eq!(around.workspace.as_deref(), Some("/w"));
}
