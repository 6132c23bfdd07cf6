//! Somebody who may write to the workspace or the home puts another text there.

use crate::scene::{ASKS, accept, gate, home, outcome, put, refused, said};
use countersign_policy::STARTER;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

/// Asks about everything, and blocks one program.
const STRICT: &str = "version = 1\n[[rule]]\nid = \"no-pipes\"\ntools = [\"mkfifo\"]\n\
                      decision = \"block\"\n[risk.low]\ndecision = \"require_approval\"\n";

/// What would let everything through, if somebody had accepted it.
const LOOSE: [&str; 4] = [
    "version = 1\n[[rule]]\nid = \"all\"\ndecision = \"allow\"\n",
    "version = 1\nmode = \"observe\"\n",
    "version = 1\n[risk.low]\ndecision = \"allow\"\n[risk.medium]\ndecision = \"allow\"\n",
    "version = 1\n",
];

#[test]
fn attack_11_a_text_that_nobody_accepted_loosens_nothing() {
    for place in ["home", "workspace"] {
        let world = home(STARTER);
        accept(&world, STRICT, place);
        let dir = match place {
            "home" => world.path("enforcer"),
            _ => world.work().join(".countersign"),
        };
        assert_eq!(outcome(&world, &["true"]), ASKS);
        for text in LOOSE {
            put(&dir, "policy.toml", text);
            assert_eq!(outcome(&world, &["true"]), ASKS, "{place}: {text}");
            assert_ne!(outcome(&world, &["mkfifo", "pipe"]), "allowed", "{place}: {text}");
        }
        fs::remove_file(dir.join("policy.toml")).unwrap();
        assert_eq!(outcome(&world, &["true"]), ASKS, "{place}: the file is gone");
        put(&dir, "policy.yaml", "security:\n  hitl:\n    enabled: false\n");
        assert_eq!(outcome(&world, &["true"]), ASKS, "{place}: another dialect");
        fs::remove_file(dir.join("policy.yaml")).unwrap();
        put(&dir, "policy.toml", STRICT);
        assert_eq!(outcome(&world, &["true"]), ASKS);
        assert_eq!(outcome(&world, &["mkfifo", "pipe"]), "HARP_ERR_POLICY_DENY");
        assert!(!world.work().join("pipe").exists());
    }
}

#[test]
fn attack_11_texts_of_a_workspace_loosen_nothing_in_a_home_without_a_policy_of_its_own() {
    let world = home(STARTER);
    let dir = world.work().join(".countersign");
    for text in LOOSE {
        put(&dir, "policy.toml", text);
        assert_eq!(outcome(&world, &["touch", "new"]), ASKS, "{text}");
        assert_eq!(outcome(&world, &["true"]), "allowed", "{text}");
    }
    assert!(!world.work().join("new").exists());
}

#[test]
fn attack_11_a_policy_that_cannot_be_read_denies_everything_and_says_so() {
    let world = home(STARTER);
    let dir = world.work().join(".countersign");
    let file = dir.join("policy.toml");
    let broken = || refused(&world, &gate(&world, &[], &["true"]).output().unwrap(), "policy");
    fs::create_dir(&dir).unwrap();
    let large = format!("version = 1\n#{}\n", "x".repeat(2 << 20));
    for text in ["version = 1\n[[rule]\n", "version = 9\n", "\0", &large] {
        fs::write(&file, text).unwrap();
        broken();
    }
    fs::remove_file(&file).unwrap();
    for target in ["/dev/zero", "/nonexistent"] {
        symlink(target, &file).unwrap();
        broken();
        fs::remove_file(&file).unwrap();
    }
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    broken();
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    broken();
    fs::remove_dir(&file).unwrap();
    fs::write(&file, "version = 1\n").unwrap();
    fs::write(dir.join("policy.yaml"), "version: 1\n").unwrap();
    broken();
    fs::remove_file(dir.join("policy.yaml")).unwrap();
    assert_eq!(outcome(&world, &["true"]), "allowed");
}

#[test]
fn attack_11_a_marker_further_down_leads_away_from_no_policy() {
    let world = home(STARTER);
    accept(&world, STRICT, "workspace");
    let below = world.work().join("below");
    fs::create_dir_all(below.join(".git")).unwrap();
    let there = || {
        let output = gate(&world, &[], &["true"]).current_dir(&below).output().unwrap();
        said(&world, &output)
    };
    assert_eq!(there(), ASKS);
    put(&below.join(".countersign"), "policy.toml", LOOSE[0]);
    assert_eq!(there(), ASKS);
    fs::remove_file(world.work().join(".countersign/policy.toml")).unwrap();
    assert_eq!(there(), ASKS, "the accepted text above is gone");
}
