//! Hooks of git that ask, installed and fired by the system's git.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;
mod repository;

use common::{Process, World, json};
use repository::{Repository, clean, script};
use std::path::PathBuf;
use std::process::{Command, Output};

struct Scene {
    world: World,
    repository: Repository,
    remote: Repository,
}

impl Scene {
    fn new() -> Self {
        let world = World::paired();
        let repository = Repository::new(&world.work());
        let remote = Repository::bare(&world.path("remote"));
        let place = remote.path("").display().to_string();
        repository.git(&["remote", "add", "origin", &place]);
        repository.commit("x", "1\n");
        Self { world, repository, remote }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command("enforcer", args);
        clean(&mut command).env("HOME", self.world.path("nobody"));
        command
    }

    fn install(&self, more: &[&str]) -> Output {
        let args = [&["install", "git", "--yes", "--json"], more].concat();
        Process::start(self.command(&args)).output()
    }

    fn installed(&self, more: &[&str]) {
        let output = self.install(more);
        assert!(output.status.success(), "{output:?}");
    }

    fn hook(&self, name: &str) -> PathBuf {
        self.repository.path(".git/hooks").join(name)
    }

    fn pushing(&self, more: &[&str]) -> Process {
        let args = [&["push", "-q", "origin", "main"], more].concat();
        Process::start(self.repository.command(&args))
    }

    /// What the remote's branch is, if it is there.
    fn pushed(&self) -> Option<String> {
        let output =
            self.remote.command(&["rev-parse", "--verify", "-q", "main"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then(|| text.trim().to_owned())
    }
}

#[test]
fn a_push_waits_for_a_person_and_goes_once() {
    let scene = Scene::new();
    scene.installed(&[]);
    let pushing = scene.pushing(&[]);
    let id = scene.world.waiting("approver");
    assert!(scene.pushed().is_none());
    let review = scene.world.json("approver", &["show", &id]).to_string();
    assert!(review.contains("refs/heads/main") && review.contains(&scene.repository.head()));
    scene.world.json("approver", &["approve", &id]);
    let output = pushing.output();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(scene.pushed(), Some(scene.repository.head()));
    let (verdict, _) = scene.world.verify("last", &["--require", "L1", "--event", "released"]);
    assert_eq!(verdict["verdict"], "Valid");
}

#[test]
fn a_denied_push_does_not_go() {
    let scene = Scene::new();
    scene.installed(&[]);
    let pushing = scene.pushing(&[]);
    let id = scene.world.waiting("approver");
    scene.world.json("approver", &["deny", &id, "-m", "not on a friday"]);
    let output = pushing.output();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("not on a friday"));
    assert!(scene.pushed().is_none());
}

#[test]
fn attack_20_a_hook_that_cannot_ask_refuses_the_push_and_says_what_mends_it() {
    let scene = Scene::new();
    scene.installed(&[]);
    let text = std::fs::read_to_string(scene.hook("pre-push")).unwrap();
    let binary = format!("countersign='{}'", common::BINARY);
    assert!(text.contains(&binary), "{text}");
    for other in ["countersign='/nowhere/countersign'", "countersign='/bin/false'"] {
        script(&scene.hook("pre-push"), &text.replace(&binary, other));
        let output = scene.pushing(&[]).output();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("countersign install git"), "{said}");
    }
    assert!(scene.pushed().is_none());
}

#[test]
fn a_hook_that_is_there_runs_first_sees_the_refs_and_comes_back() {
    let scene = Scene::new();
    let seen = scene.world.path("seen");
    let theirs = format!("#!/bin/sh\nread line; echo \"$1 $line\" > {}\n", seen.display());
    std::fs::create_dir_all(scene.hook("")).unwrap();
    script(&scene.hook("pre-push"), &theirs);
    scene.installed(&[]);
    // Once more changes nothing.
    let again = scene.install(&[]);
    assert_eq!(json(&again.stdout)["changed"], false, "{again:?}");
    let pushing = scene.pushing(&[]);
    scene.world.answer("approve");
    assert!(pushing.output().status.success());
    let line = std::fs::read_to_string(&seen).unwrap();
    let head = scene.repository.head();
    assert!(line.starts_with(&format!("origin refs/heads/main {head} refs/heads/main")), "{line}");
    let taken = Process::start(scene.command(&["uninstall", "git", "--yes", "--json"])).output();
    assert_eq!(json(&taken.stdout)["changed"], true);
    assert_eq!(std::fs::read_to_string(scene.hook("pre-push")).unwrap(), theirs);
    assert!(!scene.hook("pre-push.before-countersign").exists());
}

#[test]
fn attack_32_a_chained_hook_that_fails_or_is_gone_refuses_the_push() {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.hook("")).unwrap();
    script(&scene.hook("pre-push"), "#!/bin/sh\nexit 1\n");
    scene.installed(&[]);
    assert!(!scene.pushing(&[]).output().status.success());
    std::fs::remove_file(scene.hook("pre-push.before-countersign")).unwrap();
    assert!(!scene.pushing(&[]).output().status.success());
    assert!(scene.world.json("approver", &["inbox"])["items"].as_array().unwrap().is_empty());
}

#[test]
fn a_hook_that_cannot_be_chained_stays_and_the_line_for_it_is_said() {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.hook("")).unwrap();
    let named = "#!/bin/sh\n. \"$(dirname \"$0\")/_/husky.sh\"\n";
    script(&scene.hook("pre-push"), named);
    let output = scene.install(&[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("checkpoint push --remote"), "{said}");
    assert_eq!(std::fs::read_to_string(scene.hook("pre-push")).unwrap(), named);
    // A directory of the repository's own is what husky makes.
    std::fs::create_dir(scene.repository.path(".husky")).unwrap();
    scene.repository.git(&["config", "core.hooksPath", ".husky"]);
    let output = scene.install(&[]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("belongs to the repository"));
    assert_eq!(std::fs::read_dir(scene.repository.path(".husky")).unwrap().count(), 0);
}

#[test]
fn hooks_go_where_git_looks_for_them() {
    let scene = Scene::new();
    let elsewhere = scene.world.path("hooks");
    scene.repository.git(&["config", "core.hooksPath", elsewhere.to_str().unwrap()]);
    scene.installed(&[]);
    assert!(elsewhere.join("pre-push").exists() && !scene.hook("pre-push").exists());
    let pushing = scene.pushing(&[]);
    scene.world.answer("approve");
    assert!(pushing.output().status.success());
}

#[test]
fn a_commit_is_held_where_that_is_asked_for_and_not_by_default() {
    let scene = Scene::new();
    scene.installed(&[]);
    assert!(!scene.hook("commit-msg").exists());
    scene.installed(&["--push", "--commit"]);
    scene.repository.write("x", "2\n");
    let before = scene.repository.head();
    // `-a` commits from an index of its own.
    let committing = Process::start(scene.repository.command(&["commit", "-q", "-a", "-m", "two"]));
    scene.world.answer("approve");
    let output = committing.output();
    assert!(output.status.success(), "{output:?}");
    let receipt = scene.world.json("enforcer", &["receipt", "show", "last"]);
    let (action, git) = (&receipt["content"]["action"], &scene.repository);
    assert_eq!(action["tree"], git.git(&["rev-parse", "HEAD^{tree}"]).trim());
    assert_eq!(action["parents"][0], before);
    assert_eq!(action["message"], "two");
}

#[test]
fn nothing_is_written_without_a_yes() {
    let scene = Scene::new();
    let output = Process::start(scene.command(&["install", "git", "--json"])).output();
    assert_eq!(output.status.code(), Some(2));
    let output = Process::start(scene.command(&["install", "git", "--dry-run"])).output();
    assert!(String::from_utf8(output.stdout).unwrap().contains("checkpoint push"));
    assert!(!scene.hook("pre-push").exists());
}

#[test]
fn what_is_taken_out_is_said_once() {
    let scene = Scene::new();
    scene.installed(&[]);
    let output = Process::start(scene.command(&["uninstall", "git", "--yes"])).output();
    let told = [output.stderr, output.stdout].concat();
    let told = String::from_utf8(told).unwrap();
    assert_eq!(
        told,
        format!("taken out: pre-push in `{}`\n", scene.repository.path(".git/hooks").display())
    );
}
