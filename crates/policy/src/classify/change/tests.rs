use crate::classify::classify;
use crate::facts::{Class, Floor, Place};
use crate::verb::Lane;
use countersign_core::action::Action;
use countersign_core::artifact::Risk;
use serde_json::{Value, json};

const REVISION: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b";

fn of(payload: &Value) -> Class {
    let place = Place {
        user_home: Some("/home/ann".into()),
        own_state: vec!["/home/ann/.countersign".into()],
        workspace: Some("/home/ann/work".into()),
        ..Place::default()
    };
    let action = Action::from_payload(payload).unwrap_or_else(|| panic!("{payload}"));
    classify(&action, &place)
}

fn patch(diff: &str) -> Class {
    of(&json!({"kind": "patch", "diff": diff, "baseRevision": REVISION}))
}

#[test]
fn a_patch_of_the_workspace_is_medium_and_nothing_but_a_patch() {
    for diff in [
        "--- a/src/x.rs\n+++ b/src/x.rs\n@@ -1 +1 @@\n-a\n+b\n",
        "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
        "diff --git a/x b/y\nrename from x\nrename to y\n",
    ] {
        let class = patch(diff);
        let verbs: Vec<&str> = class.verbs.own.iter().map(|verb| verb.as_str()).collect();
        assert_eq!((class.risk, verbs), (Risk::Medium, vec!["patch"]), "{diff}: {class:?}");
    }
}

#[test]
fn attack_11_a_patch_of_what_holds_the_gate_is_protected() {
    for path in [
        ".claude/settings.json",
        ".countersign/policy.toml",
        ".git/hooks/pre-commit",
        "src/../.codex/hooks",
        ".husky/pre-push",
        "../.countersign/x",
    ] {
        for diff in [
            format!("--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n"),
            format!("--- a/{path}\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"),
            format!("diff --git a/x b/{path}\nrename from x\nrename to {path}\n"),
            format!("diff --git a/{path} b/{path}\nnew file mode 100755\n"),
            format!(
                "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n--- /dev/null\n+++ b/{path}\t2020-01-01\n"
            ),
        ] {
            assert!(patch(&diff).floors.contains(&Floor::Protected), "{diff}");
        }
    }
}

#[test]
fn attack_16_a_patch_outside_the_workspace_or_of_an_odd_name_is_no_patch_of_it() {
    assert_eq!(patch("--- a/x\n+++ /etc/passwd\n").risk, Risk::Critical);
    assert_eq!(patch("--- a/x\n+++ b/../../../etc/passwd\n").risk, Risk::Critical);
    assert!(patch("--- a/../other/x\n+++ /dev/null\n").floors.contains(&Floor::Lane(Lane::Delete)));
    assert!(
        patch("--- a/x\n+++ \"b/\\056claude/settings.json\"\n").floors.contains(&Floor::Unreadable)
    );
    assert!(patch("hello").floors.contains(&Floor::Unreadable));
    assert_eq!(
        patch("diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n").risk,
        Risk::High
    );
}

#[test]
fn checkpoints_are_what_they_cross() {
    let moved = |operation: &str| {
        of(
            &json!({"kind": "checkpoint", "operation": operation, "target": "production", "revision": REVISION}),
        )
    };
    for operation in ["tag", "deploy", "release", "migration"] {
        let class = moved(operation);
        assert_eq!(
            (class.verbs.own[0].as_str(), class.risk),
            (format!("checkpoint.{operation}").as_str(), Risk::High)
        );
    }
    let commit = of(
        &json!({"kind": "checkpoint", "operation": "commit", "tree": REVISION, "parents": [], "message": "x"}),
    );
    assert_eq!((commit.verbs.own[0].as_str(), commit.risk), ("checkpoint.commit", Risk::Medium));
}

#[test]
fn attack_12_a_push_that_throws_away_is_a_deletion() {
    let push = |refs: Value, force: bool| {
        of(
            &json!({"kind": "checkpoint", "operation": "push", "remote": "https://git.example/r.git", "refs": refs, "force": force}),
        )
    };
    let plain = json!([{"name": "refs/heads/main", "new": REVISION}]);
    let class = push(plain.clone(), false);
    assert_eq!((class.verbs.own[0].as_str(), class.risk), ("checkpoint.push", Risk::High));
    assert_eq!(class.hosts.own, ["git.example"]);
    let gone = json!([{"name": "refs/heads/main", "old": REVISION}]);
    for class in [push(plain, true), push(gone, false)] {
        assert_eq!((class.verbs.own[0].as_str(), class.risk), ("delete.ref", Risk::Critical));
    }
}

#[test]
fn attack_11_the_older_words_of_a_rename_name_files_as_well() {
    for line in ["rename old .countersign/policy.toml", "rename new .countersign/policy.toml"] {
        let class = patch(&format!("diff --git a/x b/y\nsimilarity index 100%\n{line}\n"));
        assert!(class.floors.contains(&Floor::Protected), "{line}: {class:?}");
    }
}
