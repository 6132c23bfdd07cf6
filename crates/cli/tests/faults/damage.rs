//! Files that a crash or a hand has damaged: a clear refusal, and never a panic.

use crate::common::World;
use crate::scene::{gate, not_run, refused, runs, works_again};
use std::path::Path;
use std::process::Command;

/// A way to damage a file.
type Damage = fn(&Path);

fn halve(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

fn scribble_over_the_head(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[..64].fill(0x5a);
    std::fs::write(path, bytes).unwrap();
}

fn wipe_all_but_the_first_page(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[4_096..].fill(0);
    std::fs::write(path, bytes).unwrap();
}

fn empty(path: &Path) {
    std::fs::write(path, "").unwrap();
}

fn write_prose(path: &Path) {
    std::fs::write(path, "this is no database\n".repeat(1_000)).unwrap();
}

fn put_a_directory_there(path: &Path) {
    std::fs::remove_file(path).unwrap();
    std::fs::create_dir(path).unwrap();
}

/// A world whose enforcer has run something, and a copy of its home.
fn used() -> World {
    let world = World::paired();
    works_again(&world);
    copy(&world.path("enforcer"), &world.path("whole"));
    world
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

#[test]
fn attack_20_a_damaged_ledger_is_refused_with_its_reason() {
    let world = used();
    let cases: [(Damage, &str); 6] = [
        (halve, "store_corrupt"),
        (scribble_over_the_head, "store_corrupt"),
        (wipe_all_but_the_first_page, "store_corrupt"),
        (write_prose, "store_corrupt"),
        // Another ledger is born, and it is not the one that the home remembers.
        (empty, "ledger_contradicted"),
        (put_a_directory_there, "store_unavailable"),
    ];
    for (case, (damage, wanted)) in cases.into_iter().enumerate() {
        copy(&world.path("whole"), &world.path("enforcer"));
        damage(&world.path("enforcer").join("ledger.db"));
        let codes = [
            not_run(&gate(&world).output()),
            refused(&world.run("enforcer", &["status", "--json"])),
            refused(&world.run("enforcer", &["receipt", "show", "last", "--json"])),
        ];
        assert_eq!(codes, [wanted; 3], "case {case}");
        assert_eq!(runs(&world), 1, "case {case}");
    }
    copy(&world.path("whole"), &world.path("enforcer"));
    works_again(&world);
}

#[test]
fn a_flipped_bit_anywhere_in_the_ledger_is_an_error_or_no_matter_and_never_a_panic() {
    let world = used();
    let path = world.path("enforcer").join("ledger.db");
    let whole = std::fs::read(&path).unwrap();
    for place in (0..whole.len()).step_by(whole.len() / 24) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        std::fs::write(&path, bytes).unwrap();
        for args in [["status", "--json"].as_slice(), &["receipt", "show", "last", "--json"]] {
            let output = world.run("enforcer", args);
            if !output.status.success() {
                assert!(!refused(&output).is_empty(), "byte {place}: {output:?}");
            }
        }
    }
}

#[test]
fn attack_20_a_damaged_file_of_the_home_is_refused_with_its_name() {
    let world = used();
    let files = ["keys/operator.json", "trust.json", "pairings/ann.json", "head.json"];
    for file in files {
        copy(&world.path("whole"), &world.path("enforcer"));
        halve(&world.path("enforcer").join(file));
        let output = gate(&world).output();
        not_run(&output);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(file), "{file}: {said}");
        assert_eq!(runs(&world), 1, "{file}");
    }
}
