//! What is refused, with nothing changed.

use super::{Account, CLAUDE, SETTINGS, UNDO_CLAUDE};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn a_file_that_the_host_would_not_read_is_named_with_the_place() {
    for (text, place) in [
        ("{\n  // mine\n}", "line 2, column 3"),
        ("{\"a\": 1,}", "line 1, column 9"),
        ("", "line 1, column 1"),
        ("{\"hooks\": []}", "`hooks` is a list"),
        ("{\"hooks\": {\"PreToolUse\": null}}", "`hooks.PreToolUse` is null"),
        ("{\"disableAllHooks\": true}", "disableAllHooks"),
        ("{\"model\": 5}", "`model` is a number, not a text"),
        (
            "{\"hooks\": {\"PreToolUse\": [{\"hooks\": [{\"type\": \"command\"}]}]}}",
            "`hooks.PreToolUse[0].hooks[0].command` is not there",
        ),
        ("{\"env\": {\"CLAUDE_CODE_SHELL_PREFIX\": \"/x\"}}", "env.CLAUDE_CODE_SHELL_PREFIX"),
    ] {
        let me = Account::new();
        let path = me.write(SETTINGS, text);
        let (code, message, exit) = me.fails(&CLAUDE);
        assert_eq!((code.as_str(), exit), ("settings", 1));
        assert!(message.contains(place) && message.contains(path.to_str().unwrap()), "{message}");
        assert_eq!(me.read(SETTINGS), text.as_bytes());
        assert!(!me.ours().exists(), "no home is made for nothing");
    }
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let me = Account::new();
    me.write(SETTINGS, b"{\"a\":\"\xff\"}");
    assert!(me.fails(&CLAUDE).1.contains("no UTF-8"));
    std::fs::remove_file(me.path(SETTINGS)).unwrap();
    std::fs::create_dir(me.path(SETTINGS)).unwrap();
    assert!(me.fails(&CLAUDE).1.contains("no regular file"));
}

#[test]
fn what_is_read_only_stays_as_it_is() {
    let me = Account::new();
    let path = me.write(SETTINGS, "{}");
    std::fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    let (code, message, exit) = me.fails(&CLAUDE);
    assert_eq!((code.as_str(), exit), ("settings", 1));
    assert!(message.contains("read-only") && message.contains(path.to_str().unwrap()), "{message}");
    std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let dir = me.path(".claude");
    std::fs::set_permissions(&dir, Permissions::from_mode(0o555)).unwrap();
    let (_, message, _) = me.fails(&CLAUDE);
    assert!(message.contains("read-only") && message.contains(dir.to_str().unwrap()), "{message}");
    std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(me.read(SETTINGS), b"{}");
}

#[test]
fn a_link_to_nothing_is_refused() {
    let me = Account::new();
    std::fs::create_dir(me.path(".claude")).unwrap();
    std::os::unix::fs::symlink("nowhere", me.path(SETTINGS)).unwrap();
    assert!(me.fails(&CLAUDE).1.contains("symbolic link to nothing"));
}

#[test]
fn attack_a_path_with_a_line_break_writes_no_second_line() {
    let me = Account::named("a\nb");
    let (code, message, exit) = me.fails(&CLAUDE);
    assert_eq!((code.as_str(), exit), ("install", 1));
    assert!(message.contains("control character"), "{message}");
    assert!(!me.path(".claude").exists());
}

#[test]
fn without_a_terminal_nothing_is_written_unless_told_so() {
    let me = Account::new();
    let (code, message, exit) = me.fails(&["install", "claude-code"]);
    assert_eq!((code.as_str(), exit), ("usage", 2), "{message}");
    assert!(!me.path(".claude").exists() && !me.ours().exists());
    me.done(&CLAUDE);
    let with = me.read(SETTINGS);
    assert_eq!(me.fails(&["uninstall", "claude-code"]).2, 2);
    assert_eq!(me.read(SETTINGS), with);
    me.done(&UNDO_CLAUDE);
}

#[test]
fn a_dry_run_shows_the_change_and_makes_none() {
    let me = Account::new();
    me.write(SETTINGS, "{\n  \"a\": 1\n}\n");
    let output = me.run(&["install", "claude-code", "--dry-run"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(text.contains("\n-  \"a\": 1\n+  \"a\": 1,\n+  \"hooks\": {\n"), "{text}");
    assert!(text.contains(&format!("--- {}", me.path(SETTINGS).display())), "{text}");
    assert_eq!(me.read(SETTINGS), b"{\n  \"a\": 1\n}\n");
    assert!(!me.ours().exists());
    assert_eq!(me.done(&["install", "claude-code", "--dry-run"])["dryRun"], true);
    me.done(&CLAUDE);
    let with = me.read(SETTINGS);
    assert_eq!(me.done(&["uninstall", "claude-code", "--dry-run"])["changed"], true);
    assert_eq!(me.read(SETTINGS), with);
}

#[test]
fn a_host_that_nobody_knows_is_a_usage_error() {
    let me = Account::new();
    for verb in ["install", "uninstall"] {
        let (code, message, exit) = me.fails(&[verb, "emacs"]);
        assert_eq!((code.as_str(), exit), ("usage", 2));
        assert!(message.contains("emacs"), "{message}");
    }
}

#[test]
fn a_version_that_does_not_know_the_word_goes_without_and_is_told_of() {
    let me = Account::new();
    me.program("claude", "#!/bin/sh\necho '2.1.200 (Claude Code)'\n");
    let done = me.done(&CLAUDE);
    assert_eq!(done["version"], "2.1.200 (Claude Code)");
    assert!(done["warnings"].to_string().contains("onFailure"));
    assert!(!String::from_utf8(me.read(SETTINGS)).unwrap().contains("onFailure"));
    me.program("claude", "#!/bin/sh\necho '2.1.332 (Claude Code)'\n");
    assert_eq!(me.done(&CLAUDE)["changed"], true);
    assert!(String::from_utf8(me.read(SETTINGS)).unwrap().contains("\"onFailure\": \"block\""));
}

#[test]
fn a_policy_that_does_not_load_is_seen_at_once() {
    let me = Account::new();
    me.done(&CLAUDE);
    std::fs::write(me.ours().join("policy.toml"), "nonsense").unwrap();
    let probe = me.done(&CLAUDE)["probe"].clone();
    assert_eq!(probe["harmless"], "deny", "{probe}");
}

#[test]
fn nobody_is_asked_for_a_trial() {
    let me = Account::new();
    std::fs::create_dir(me.ours()).unwrap();
    let policy = "version = 1\n\n[[rule]]\nid = \"all\"\ndecision = \"require_approval\"\n\
        approvers = [\"anyone\"]\n";
    std::fs::write(me.ours().join("policy.toml"), policy).unwrap();
    assert_eq!(me.done(&CLAUDE)["probe"]["harmless"], "ask");
}

#[test]
fn what_cannot_be_tried_out_is_taken_back() {
    let me = Account::new();
    me.write(SETTINGS, "{\"a\": 1}");
    let nowhere = me.path("nowhere");
    let output = me.command(&CLAUDE).env("TMPDIR", &nowhere).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("[probe] (everything is as it was before)"), "{error}");
    assert_eq!(me.read(SETTINGS), b"{\"a\": 1}");
    assert!(!me.ours().join("hosts").exists());
    me.done(&CLAUDE);
    let (with, record) = (me.read(SETTINGS), crate::common::files(&me.ours().join("hosts")));
    let again = ["install", "claude-code", "--yes", "--timeout", "60"];
    let output = me.command(&again).env("TMPDIR", &nowhere).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(me.read(SETTINGS), with, "the earlier one stays");
    assert_eq!(crate::common::files(&me.ours().join("hosts")), record);
}

#[test]
fn attack_46_what_switches_hooks_off_elsewhere_is_told_of() {
    let me = Account::new();
    me.write("p/.git/HEAD", "");
    me.write("p/.claude/settings.local.json", "{\"env\": {\"CLAUDE_CODE_SAFE_MODE\": \"1\"}}");
    let mut command = me.command(&["install", "claude-code", "--yes", "--json"]);
    command.current_dir(me.path("p")).env("CLAUDE_CODE_SIMPLE", "1");
    let output = command.output().unwrap();
    let warnings = crate::common::json(&output.stdout)["warnings"].to_string();
    for said in ["env.CLAUDE_CODE_SAFE_MODE", "`CLAUDE_CODE_SIMPLE` is set here"] {
        assert!(warnings.contains(said), "{warnings}");
    }
}

#[test]
fn attack_46_a_projects_hook_is_said_to_hold_in_its_own_directory_only() {
    let me = Account::new();
    me.write("p/.git/HEAD", "");
    me.write("p/sub/x", "");
    let mut command = me.command(&["install", "claude-code", "--project", "--yes", "--json"]);
    let output = command.current_dir(me.path("p/sub")).output().unwrap();
    let done = crate::common::json(&output.stdout);
    let root = me.path("p");
    assert!(done["file"].as_str().unwrap().starts_with(root.to_str().unwrap()), "{done}");
    let said = format!("started in `{}` itself", root.display());
    assert!(done["warnings"].to_string().contains(&said), "{done}");
    for (dir, state) in [("p", "ok"), ("p/sub", "fail")] {
        let mut command = me.command(&["doctor", "--json"]);
        let output = command.current_dir(me.path(dir)).output().unwrap();
        let document = crate::common::json(&output.stdout);
        let checks = document["checks"].as_array().unwrap().iter();
        let mut hooks = checks.filter(|check| check["check"] == "hook claude-code");
        assert!(hooks.all(|check| check["state"] == state), "{dir}: {document:#}");
    }
}
