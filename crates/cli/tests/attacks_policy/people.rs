//! Whose answer a policy wants.

use crate::common::{Process, World};
use crate::scene::{gate, newest, refused};

/// Accepts a text before anybody is pinned, and pins `ann` then.
fn pinned(text: &str) -> World {
    let mut world = World::bare();
    let file = world.path("accepted.toml");
    std::fs::write(&file, text).unwrap();
    world.json("enforcer", &["policy", "accept", file.to_str().unwrap()]);
    world.start_gateway();
    world.pair("enforcer", "approver", "ann", "device");
    world
}

fn asking(approvers: &str, more: &str) -> String {
    format!(
        "version = 1\n[[rule]]\nid = \"money\"\ntools = [\"touch\"]\n\
         decision = \"require_approval\"\napprovers = [{approvers}]\n{more}"
    )
}

#[test]
fn attack_08_a_label_authorises_nobody() {
    let print = "0".repeat(64);
    let long_ago = "[[approver]]\nname = \"lead\"\nmay_delegate_to = [{ to = \"ann\", until = \
                    \"2020-01-01T00:00:00Z\" }]\n";
    for (approvers, more) in [
        ("\"finance-lead\"", String::new()),
        ("\"role:finance-lead\"", String::new()),
        ("\"ann\"", format!("[[approver]]\nname = \"ann\"\nfingerprints = [\"{print}\"]\n")),
        ("\"ann\"", "[[approver]]\nname = \"ann\"\nmax_risk = \"low\"\n".into()),
        ("\"lead\"", long_ago.into()),
    ] {
        let world = pinned(&asking(approvers, &more));
        for to in [&[][..], &["--to", "ann"], &["--to", "finance-lead"]] {
            let output = gate(&world, to, &["touch", "new"]).output().unwrap();
            refused(&world, &output, "policy_nobody");
        }
        assert_eq!(newest(&world)["event"], "blocked");
        assert!(!world.work().join("new").exists());
    }
}

#[test]
fn attack_08_more_people_than_one_answer_brings_is_refused() {
    let world = pinned(&asking("\"ann\", \"bob\"", "quorum = 2\n"));
    let output = gate(&world, &[], &["touch", "new"]).output().unwrap();
    refused(&world, &output, "policy_quorum");
    assert!(!world.work().join("new").exists());
}

#[test]
fn a_label_that_is_somebody_asks_them() {
    let world = pinned(&asking("\"ann\"", ""));
    let run = Process::start(gate(&world, &[], &["touch", "new"]));
    world.answer("approve");
    assert!(run.output().status.success());
    assert!(world.work().join("new").exists());
}
