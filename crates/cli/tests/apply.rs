//! A patch held until it is approved, with the system's git.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;
#[path = "apply/filters.rs"]
mod filters;
#[path = "apply/input.rs"]
mod input;
mod repository;

use common::{Process, World, error_code};
use repository::Repository;
use std::process::Output;

const DIFF: &str = "diff --git a/limit b/limit\n--- a/limit\n+++ b/limit\n@@ -1 +1 @@\n-10\n+20\n";

fn scene() -> (World, Repository) {
    let world = World::paired();
    let repository = Repository::new(&world.work());
    repository.commit("limit", "10\n");
    (world, repository)
}

fn apply(world: &World, diff: &str, more: &[&str]) -> Process {
    let patch = world.path("patch.diff");
    std::fs::write(&patch, diff).unwrap();
    let args = ["apply", "--json", patch.to_str().unwrap()];
    let all: Vec<&str> = args.into_iter().chain(more.iter().copied()).collect();
    world.spawn("enforcer", &all)
}

fn ended(output: &Output) -> (i32, String) {
    let document = common::json(&output.stdout);
    (output.status.code().unwrap(), document["verdict"].as_str().unwrap().to_owned())
}

#[test]
fn a_patch_waits_and_is_applied_once_with_a_receipt_for_its_base() {
    let (world, repository) = scene();
    let applying = apply(&world, DIFF, &["--to", "ann", "--ttl", "1m"]);
    let id = world.waiting("approver");
    let review = world.json("approver", &["show", &id]).to_string();
    // The whole diff, and what it is against.
    for part in ["--- a/limit", "-10", "+20", &repository.head()] {
        assert!(review.contains(part), "{part}: {review}");
    }
    assert_eq!(repository.read("limit"), "10\n");
    world.json("approver", &["approve", &id]);
    let output = applying.output();
    assert_eq!(ended(&output), (0, "approved".into()), "{output:?}");
    assert_eq!(repository.read("limit"), "20\n");
    let (verdict, code) = world.verify("last", &["--require", "L1", "--event", "executed"]);
    assert_eq!((&verdict["verdict"], code), (&"Valid".into(), 0));
    let receipt = world.json("enforcer", &["receipt", "show", "last"]);
    let artifact = &receipt["content"]["artifacts"][0];
    assert_eq!(artifact["baseRevision"], repository.head().as_str());
    assert_eq!(artifact["artifactType"], "patch.review");
    // The same once more is another question, and git finds that it does not apply.
    let again = apply(&world, DIFF, &[]).output();
    assert_eq!((again.status.code(), error_code(&again).as_str()), (Some(1), "patch"));
}

#[test]
fn a_denied_patch_changes_nothing() {
    let (world, repository) = scene();
    let applying = apply(&world, DIFF, &[]);
    let id = world.waiting("approver");
    world.json("approver", &["deny", &id, "-m", "too high"]);
    let output = applying.output();
    assert_eq!(ended(&output), (10, "denied".into()));
    assert_eq!(repository.read("limit"), "10\n");
}

#[test]
fn attack_01_a_base_that_moved_leaves_the_approval_unused_and_is_asked_about_anew() {
    let (world, repository) = scene();
    let applying = apply(&world, DIFF, &[]);
    let id = world.waiting("approver");
    repository.commit("other", "x\n");
    world.json("approver", &["approve", &id]);
    let output = applying.output();
    assert_eq!(ended(&output), (13, "refused".into()));
    assert_eq!(error_code(&output), "HARP_ERR_HASH_MISMATCH");
    assert_eq!(repository.read("limit"), "10\n");
    let (verdict, _) = world.verify("last", &[]);
    assert_eq!(verdict["event"], "observed", "the refusal is written down");
    // The same diff against what is there now is another action.
    let again = apply(&world, DIFF, &[]);
    let second = world.answer("approve");
    assert_ne!(id, second);
    assert_eq!(ended(&again.output()), (0, "approved".into()));
    assert_eq!(repository.read("limit"), "20\n");
}

#[test]
fn attack_01_a_file_that_is_rewritten_after_the_review_is_not_patched() {
    let (world, repository) = scene();
    let applying = apply(&world, DIFF, &[]);
    let id = world.waiting("approver");
    // The line that the diff looks for is still there, in another place.
    repository.git(&["update-index", "--assume-unchanged", "limit"]);
    repository.write("limit", "evil\n10\n");
    world.json("approver", &["approve", &id]);
    assert_eq!(ended(&applying.output()), (13, "refused".into()));
    assert_eq!(repository.read("limit"), "evil\n10\n");
}

#[test]
fn attack_11_what_leaves_the_work_tree_enters_git_or_goes_through_a_link_is_refused_unasked() {
    let (world, repository) = scene();
    let outside = world.path("outside");
    std::fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, repository.path("link")).unwrap();
    let new = |name: &str| {
        format!(
            "diff --git a/{name} b/{name}\nnew file mode 100644\n--- /dev/null\n+++ b/{name}\n\
             @@ -0,0 +1 @@\n+x\n"
        )
    };
    for name in ["../outside/x", "link/x", ".git/hooks/pre-push", ".GIT/config", "/etc/x"] {
        let output = apply(&world, &new(name), &[]).output();
        let code = error_code(&output);
        assert_eq!((output.status.code(), code.as_str()), (Some(1), "patch"), "{name}");
    }
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn attack_11_a_name_that_git_reads_and_nobody_else_is_refused_unasked() {
    let (world, _repository) = scene();
    for diff in [
        // Git leaves out any first directory.
        "--- /dev/null\n+++ x/.countersign/policy.toml\n@@ -0,0 +1 @@\n+version = 1\n",
        "diff --git a/limit b/other\nsimilarity index 100%\nrename old limit\nrename new .envrc\n",
    ] {
        let output = apply(&world, diff, &[]).output();
        assert_eq!(output.status.code(), Some(1), "{diff}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("under another name"), "{said}");
    }
}

#[test]
fn attack_38_the_callers_variables_and_the_repositorys_settings_lead_git_nowhere_else() {
    let (world, repository) = scene();
    let other = Repository::new(&world.path("other"));
    other.commit("limit", "10\n");
    let marker = world.path("ran");
    let touch = format!("touch {}", marker.display());
    repository.git(&["config", "core.fsmonitor", &touch]);
    repository.git(&["config", "filter.evil.smudge", &format!("{touch}; echo 666")]);
    repository.git(&["config", "filter.evil.clean", &touch]);
    std::fs::write(repository.path(".git/info/attributes"), "* filter=evil\n").unwrap();
    let fake = world.path("bin");
    std::fs::create_dir(&fake).unwrap();
    repository::script(&fake.join("git"), &format!("#!/bin/sh\n{touch}\n"));
    let patch = world.path("patch.diff");
    std::fs::write(&patch, DIFF).unwrap();
    let mut command = world.command("enforcer", &["apply", "--json", patch.to_str().unwrap()]);
    command
        .env("GIT_DIR", other.path(".git"))
        .env("GIT_WORK_TREE", other.path(""))
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "core.fsmonitor")
        .env("GIT_CONFIG_VALUE_0", &touch)
        .env("PATH", format!("{}:/usr/bin:/bin", fake.display()));
    let applying = Process::start(command);
    world.answer("approve");
    let output = applying.output();
    assert_eq!(ended(&output), (0, "approved".into()), "{output:?}");
    assert_eq!((repository.read("limit"), other.read("limit")), ("20\n".into(), "10\n".into()));
    assert!(!marker.exists());
}

#[test]
fn a_patch_can_be_staged_renames_deletes_and_modes_included() {
    let (world, repository) = scene();
    repository.commit("gone", "bye\n");
    repository.git(&["mv", "limit", "moved"]);
    repository.git(&["rm", "-q", "gone"]);
    let diff = repository.git(&["diff", "--cached", "-M"]);
    repository.git(&["reset", "-q", "--hard"]);
    let applying = apply(&world, &diff, &["--index"]);
    world.answer("approve");
    assert_eq!(ended(&applying.output()), (0, "approved".into()));
    let staged = repository.git(&["diff", "--cached", "--name-status", "-M"]);
    assert_eq!(staged, "D\tgone\nR100\tlimit\tmoved\n");
}

#[test]
fn what_cannot_be_applied_is_asked_of_nobody() {
    let (world, repository) = scene();
    for diff in ["", "no diff at all\n", &DIFF.replace("-10", "-11")] {
        assert_eq!(apply(&world, diff, &[]).output().status.code(), Some(1), "{diff}");
    }
    repository.write("limit", "10\nmore\n");
    let output = apply(&world, DIFF, &[]).output();
    assert!(String::from_utf8(output.stderr).unwrap().contains("not as the base revision holds"));
    assert!(world.json("approver", &["inbox"])["items"].as_array().unwrap().is_empty());
}
