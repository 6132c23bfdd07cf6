//! One thing under the name of another.

use crate::scene::{ASKS, PATH, gate, home, newest, outcome, said};
use countersign_policy::STARTER;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

fn victim(world: &crate::common::World) -> std::path::PathBuf {
    let victim = world.work().join("victim");
    fs::write(&victim, "").unwrap();
    victim
}

#[test]
fn attack_12_no_rule_and_no_mode_lets_a_dangerous_lane_through() {
    for text in [
        "version = 1\n[[rule]]\nid = \"a\"\ntools = [\"rm\"]\ndecision = \"allow\"\n",
        "version = 1\n[[rule]]\nid = \"a\"\ndecision = \"allow\"\n",
        "version = 1\nmode = \"observe\"\n[risk.high]\ndecision = \"allow\"\n",
        "version = 1\n[risk.high]\ndecision = \"allow\"\n[risk.critical]\ndecision = \"allow\"\n",
    ] {
        let world = home(text);
        let victim = victim(&world);
        for command in [
            &["rm", "victim"][..],
            &["rm", "-rf", "victim"],
            &["/bin/rm", "victim"],
            &["env", "rm", "victim"],
            &["sh", "-c", "true; rm victim"],
            &["find", "victim", "-delete"],
        ] {
            assert_eq!(outcome(&world, command), ASKS, "{text}: {command:?}");
        }
        assert!(victim.exists());
    }
}

#[test]
fn attack_12_a_renamed_program_is_not_the_one_of_the_system() {
    let world = home(STARTER);
    let victim = victim(&world);
    let bin = world.work().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["ls", "git"] {
        fs::copy("/bin/rm", bin.join(name)).unwrap();
    }
    assert_eq!(outcome(&world, &["ls", "victim"]), "allowed");
    let whole = bin.join("ls").display().to_string();
    for command in [&["bin/ls", "victim"][..], &["./bin/../bin/ls", "victim"], &[&whole, "victim"]]
    {
        assert_eq!(outcome(&world, command), ASKS, "{command:?}");
    }
    let here = bin.display().to_string();
    for path in [format!("{here}:{PATH}"), format!("bin:{PATH}"), format!(".:{PATH}")] {
        for command in [&["ls", "victim"][..], &["git", "status"], &["sh", "-c", "ls victim"]] {
            let mut run = gate(&world, &[], command);
            run.env("PATH", &path);
            let output = run.output().unwrap();
            assert_eq!(said(&world, &output), ASKS, "{path}: {command:?}");
        }
    }
    assert!(victim.exists());
}

/// A repository's own settings make `git status` run a program, and the gate does not look into
/// them: what holds is that none is written or named unasked, also where edits are allowed.
#[test]
fn attack_12_settings_that_make_git_run_a_program_are_not_set_unasked() {
    let world = home(
        "version = 1\n[risk.low]\ndecision = \"allow\"\n[risk.medium]\ndecision = \"allow\"\n",
    );
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.args(args).current_dir(world.work()).env("HOME", world.path("person"));
        assert!(git.output().unwrap().status.success(), "{args:?}");
    };
    let planted = world.work().join("planted");
    fs::write(&planted, "#!/bin/sh\necho ran >> ran\n").unwrap();
    fs::set_permissions(&planted, fs::Permissions::from_mode(0o755)).unwrap();
    git(&["init", "-q"]);
    assert_eq!(outcome(&world, &["git", "status"]), "allowed");
    for command in [
        &["git", "config", "core.fsmonitor", "./planted"][..],
        &["git", "config", "core.pager", "./planted"],
        &["git", "config", "diff.external", "./planted"],
        &["git", "-c", "core.fsmonitor=./planted", "status"],
        &["git", "-c", "core.pager=./planted", "-p", "log"],
        &["git", "--git-dir=other", "status"],
        &["git", "diff", "--ext-diff"],
        &["cp", "planted", ".git/config"],
        &["cp", "planted", ".git/hooks/pre-commit"],
        &["tee", ".git/config"],
        &["sh", "-c", "echo x >> .git/config"],
    ] {
        assert_eq!(outcome(&world, command), ASKS, "{command:?}");
    }
    for name in ["GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_CONFIG_GLOBAL", "GIT_SSH_COMMAND"] {
        let mut run = gate(&world, &["--env", name], &["git", "status"]);
        let output = run.env(name, "./planted").output().unwrap();
        assert_eq!(said(&world, &output), ASKS, "{name}");
    }
    assert!(!world.work().join("ran").exists());
}

#[test]
fn attack_16_a_line_is_as_dangerous_as_its_worst_part() {
    let allows = "version = 1\n[[rule]]\nid = \"a\"\ntools = [\"git\", \"bash\", \"sh\"]\n\
                  decision = \"allow\"\n[risk.low]\ndecision = \"allow\"\n";
    for text in [STARTER, allows] {
        let world = home(text);
        let victim = victim(&world);
        for line in [
            "git status && rm -rf victim",
            "git status; rm -rf victim",
            "git status | xargs rm -rf victim",
            "git status $(rm -rf victim)",
            "git status\nrm -rf victim",
            "git status & rm -rf victim",
            "eval 'git status; rm -rf victim'",
        ] {
            assert_eq!(outcome(&world, &["bash", "-c", line]), ASKS, "{text}: {line}");
        }
        assert!(victim.exists());
    }
}

#[test]
fn observing_runs_what_would_ask_and_records_what_would_have_happened() {
    let world = home(
        "version = 1\nmode = \"observe\"\n[[rule]]\nid = \"no-pipes\"\ntools = [\"mkfifo\"]\n\
         decision = \"block\"\n",
    );
    for (command, would) in [
        (["touch", "new"], "observed only; would have asked a person"),
        (["mkfifo", "pipe"], "observed only; would have been blocked"),
    ] {
        assert_eq!(outcome(&world, &command), "allowed");
        assert!(world.work().join(command[1]).exists());
        let seq = newest(&world)["seq"].as_u64().unwrap();
        let before = world.json("enforcer", &["receipt", "show", &(seq - 1).to_string()]);
        assert_eq!(before["content"]["event"], json!("observed"));
        let display = before["content"]["policy"]["display"].as_str().unwrap().to_owned();
        assert!(display.starts_with(would), "{display}");
    }
}
