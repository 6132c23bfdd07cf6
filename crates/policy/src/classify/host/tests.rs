use crate::classify::classify;
use crate::facts::{Class, Floor, Place};
use crate::verb::Lane;
use countersign_core::action::Action;
use countersign_core::artifact::Risk;
use serde_json::{Value, json};

fn of(server: &str, name: &str, arguments: &Value) -> Class {
    let place = Place {
        user_home: Some("/home/ann".into()),
        own_state: vec!["/home/ann/.countersign".into()],
        workspace: Some("/home/ann/work".into()),
        ..Place::default()
    };
    let payload = json!({"kind": "tool", "server": server, "tool": name, "arguments": arguments});
    let action = Action::from_payload(&payload).unwrap_or_else(|| panic!("{payload}"));
    classify(&action, &place)
}

fn claude(name: &str, arguments: &Value) -> Class {
    of("claude-code", name, arguments)
}

fn patch(body: &str) -> Class {
    let text = format!("*** Begin Patch\n{body}\n*** End Patch");
    of("codex", "apply_patch", &json!({"command": text}))
}

#[test]
fn what_a_host_reads_or_keeps_for_itself_is_low_and_known() {
    for (server, name, arguments) in [
        ("claude-code", "Read", json!({"file_path": "/home/ann/work/src/a.rs", "limit": 5})),
        ("claude-code", "Grep", json!({"pattern": "rm -rf ~", "path": "src", "-n": true})),
        ("claude-code", "Grep", json!({"pattern": "/etc/shadow", "glob": "**/*.{rs,md}"})),
        ("claude-code", "Glob", json!({"pattern": "**/*.ts"})),
        ("claude-code", "LS", json!({"path": "/home/ann/work"})),
        ("claude-code", "TodoWrite", json!({"todos": [{"content": "rm -rf ~; ~/.claude/x"}]})),
        ("claude-code", "ExitPlanMode", json!({"plan": "delete everything in /etc"})),
        ("claude-code", "AskUserQuestion", json!({"questions": [{"question": "drop it?"}]})),
        ("claude-code", "ToolSearch", json!({"query": "select:X", "max_results": 5})),
        ("claude-code", "Task", json!({"prompt": "rm -rf ~", "description": "x"})),
        ("claude-code", "WebSearch", json!({"query": "how to delete a file"})),
        ("codex", "update_plan", json!({"plan": [{"step": "git push --force"}]})),
        ("codex", "view_image", json!({"path": "/home/ann/work/a.png"})),
        (
            "claude-code",
            "Agent",
            json!({"prompt": "x", "description": "x", "subagent_type": "general-purpose",
                "model": "x", "run_in_background": false, "isolation": "worktree"}),
        ),
        ("codex", "spawn_agent", json!({"message": "rm -rf ~"})),
        ("codex", "spawn_agent", json!({"message": "x", "agent_type": "x", "fork_turns": "all"})),
        ("codex", "wait_agent", json!({"targets": ["x"], "timeout_ms": 1000})),
        ("codex", "write_stdin", json!({"session_id": 1, "chars": ""})),
    ] {
        let class = of(server, name, &arguments);
        assert!(class.risk == Risk::Low && class.known, "{name} {arguments}: {class:?}");
        assert!(class.floors.is_empty(), "{name}: {class:?}");
    }
}

#[test]
fn what_a_host_reads_of_secrets_is_high() {
    for (name, arguments) in [
        ("Read", json!({"file_path": "/home/ann/.ssh/id_rsa"})),
        ("Read", json!({"file_path": "~/.aws/credentials"})),
        ("Read", json!({"file_path": "/home/ann/work/.env"})),
        ("Read", json!({"file_path": "/home/ann/.countersign/ledger.db"})),
        ("Grep", json!({"pattern": "x", "path": "/home/ann/.ssh"})),
        ("Grep", json!({"pattern": "x", "path": "/home/ann"})),
        ("Grep", json!({"pattern": "x", "glob": ".env"})),
        ("Grep", json!({"pattern": "x", "glob": "**/.env"})),
        ("Grep", json!({"pattern": "x", "glob": "*.env"})),
        ("Grep", json!({"pattern": "x", "glob": "../.ssh/*"})),
        ("Grep", json!({"pattern": "x", "glob": "*.{rs,pem}"})),
        ("Grep", json!({"pattern": "x", "glob": "{a,{b,.env}}"})),
        ("Glob", json!({"pattern": "/home/ann/.ssh/*"})),
        ("Glob", json!({"pattern": "id_rsa", "path": "/home/ann/.ssh"})),
    ] {
        let class = claude(name, &arguments);
        assert!(class.risk >= Risk::High, "{name} {arguments}: {class:?}");
    }
}

#[test]
fn source_that_a_host_edits_stands_apart() {
    for path in ["src/main.rs", "docs/a.md", "/home/ann/work/web/src/hooks.tsx", "tests/it/a.py"] {
        for (name, arguments) in [
            ("Edit", json!({"file_path": path, "old_string": "a", "new_string": "rm -rf ~"})),
            ("Write", json!({"file_path": path, "content": "#!/bin/sh\nrm -rf /\n/etc/passwd"})),
            ("MultiEdit", json!({"file_path": path, "edits": [{"new_string": "~/.claude"}]})),
        ] {
            let class = claude(name, &arguments);
            assert_eq!(class.verbs.own.len(), 1, "{name} {path}: {class:?}");
            assert_eq!(class.verbs.own[0].as_str(), "file_write.source", "{name} {path}");
            assert!(class.risk == Risk::Medium && class.floors.is_empty(), "{name} {path}");
        }
    }
}

#[test]
fn attack_11_what_runs_or_is_obeyed_is_no_source() {
    for path in [
        ".github/workflows/ci.yml",
        ".gitlab-ci.yml",
        ".vscode/tasks.json",
        ".eslintrc.js",
        ".gitattributes",
        "package.json",
        "Cargo.toml",
        "build.rs",
        "setup.py",
        "tests/conftest.py",
        "vite.config.ts",
        "jest.config.js",
        "build.gradle.kts",
        "CMakeLists.txt",
        "requirements.txt",
        "requirements-dev.txt",
        "Makefile",
        "Dockerfile",
        "Jenkinsfile",
        "scripts/deploy.py",
        "bin/tool.js",
        "hooks/check.py",
        "githooks/check.py",
        "src/hooks/pre-commit",
        "tools/merge-driver",
        "a.sh",
        "node_modules/x/index.js",
        "venv/lib/x.py",
        "CLAUDE.md",
        "sub/AGENTS.md",
        "agents.MD",
        "x.unknown",
        "a/.hidden/b.rs",
        "src/\u{202e}a.rs",
        "/home/ann/other/src/a.rs",
        "/home/ann/a.rs",
        "/tmp/a.rs",
        "../a.rs",
        "",
    ] {
        let class = claude("Write", &json!({"file_path": path, "content": "x"}));
        let apart = class.verbs.own.iter().all(|verb| verb.as_str() == "file_write.source");
        assert!(!apart && class.risk >= Risk::Medium, "{path}: {class:?}");
        let class = patch(&format!("*** Add File: {path}\n+x"));
        assert!(
            class.risk >= Risk::Medium
                && class.verbs.own.iter().any(|verb| verb.as_str() != "file_write.source"),
            "{path}: {class:?}"
        );
    }
}

#[test]
fn attack_11_no_tool_of_a_host_changes_what_holds_the_gate() {
    for path in [
        "~/.claude/settings.json",
        "/home/ann/.claude/settings.local.json",
        ".claude/settings.json",
        ".codex/hooks.json",
        "/home/ann/.codex/config.toml",
        ".mcp.json",
        "/etc/claude-code/managed-settings.json",
        "/etc/codex/requirements.toml",
        "/home/ann/.countersign/policy.toml",
        ".countersign/policy.toml",
        ".git/config",
        ".git/hooks/pre-commit",
        "src/../.git/hooks/pre-commit",
        ".GIT/config",
        ".g\u{200c}it/config",
        ".git/hoo\u{212a}s/pre-commit",
        ".hu\u{17f}ky/pre-commit",
        "/home/ann/.gitconfig",
        ".husky/pre-commit",
    ] {
        for class in [
            claude("Write", &json!({"file_path": path, "content": "x"})),
            claude("Edit", &json!({"file_path": path, "old_string": "a", "new_string": "b"})),
            claude("NotebookEdit", &json!({"notebook_path": path, "new_source": "x"})),
            patch(&format!("*** Add File: {path}\n+x")),
            patch(&format!("*** Update File: {path}\n@@\n-a\n+b")),
            patch(&format!("*** Update File: src/a.rs\n*** Move to: {path}\n@@\n-a\n+b")),
            patch(&format!("  *** Delete File:   {path}  ")),
        ] {
            assert!(class.floors.contains(&Floor::Protected), "{path}: {class:?}");
            assert_eq!(class.risk, Risk::Critical, "{path}");
            assert!(class.findings[0].why.contains("what holds the gate"), "{path}: {class:?}");
        }
    }
    assert_eq!(
        claude("Write", &json!({"file_path": "/etc/hosts", "content": ""})).risk,
        Risk::Critical
    );
    let setting = claude("Config", &json!({"setting": "disableAllHooks", "value": true}));
    assert!(setting.floors.contains(&Floor::Protected));
}

#[test]
fn attack_17_a_name_vouches_only_where_the_host_itself_is_the_server() {
    for server in ["claude-code/x", "codex/claude-code", "Claude-Code", "claude-code ", "x", ""] {
        for name in ["TodoWrite", "Task", "Edit", "update_plan", "ToolSearch"] {
            let class = of(server, name, &json!({"command": "rm -rf ~"}));
            assert!(class.floors.contains(&Floor::Lane(Lane::Delete)), "{server} {name}");
        }
    }
    // Of one host the other's names say nothing.
    assert_eq!(of("codex", "TodoWrite", &json!({})).risk, Risk::High);
    assert_eq!(of("claude-code", "update_plan", &json!({})).risk, Risk::High);
}

#[test]
fn attack_17_what_is_not_known_of_a_host_is_high() {
    for (name, arguments) in [
        ("ListEverything", json!({})),
        ("read", json!({"file_path": "a"})),
        ("mcp__x__read", json!({})),
        ("Read", json!({"file_path": "src/a.rs", "new": 1})),
        ("Read", json!({})),
        ("Read", json!({"file_path": ["a"]})),
        ("Read", json!(["src/a.rs"])),
        ("Edit", json!({"file_path": "src/a.rs", "command": "rm -rf ~"})),
        ("Read", json!({"file_path": {"_sd": "ab"}})),
        ("TodoWrite", json!({"todos": {"_sd": "ab"}})),
        ("Task", json!({"prompt": "x", "isolation": "remote"})),
        ("Agent", json!({"prompt": "x", "permissionMode": "bypassPermissions"})),
        ("Agent", json!({"prompt": "x", "mode": "bypassPermissions"})),
        ("Agent", json!({"prompt": "x", "mode": ["plan"]})),
        ("Agent", json!({"prompt": "x", "hooks": {}})),
        ("Monitor", json!({"command": "ls", "description": "x"})),
        ("Bash", json!({"command": "ls", "dangerouslyDisableSandbox": true})),
        ("Bash", json!({"command": "ls", "shell": "/tmp/x"})),
        ("ExitWorktree", json!({"action": "remove"})),
        ("SendFeedback", json!({"title": "x"})),
        ("Workflow", json!({"script": "x"})),
    ] {
        let class = claude(name, &arguments);
        assert!(class.risk >= Risk::High, "{name} {arguments}: {class:?}");
    }
}

#[test]
fn attack_16_a_shell_that_is_given_an_empty_line_is_unreadable() {
    for (server, name, arguments) in [
        ("claude-code", "Bash", json!({"command": ""})),
        ("claude-code", "Bash", json!({"command": " \n\t"})),
        ("claude-code", "Monitor", json!({"command": ""})),
        ("codex", "shell", json!({"command": []})),
        ("codex", "shell", json!({"command": ["bash", "-lc", ""]})),
        ("codex", "exec_command", json!({"cmd": ""})),
        ("claude-code", "Bash", json!({"command": "ls \u{202e}x"})),
    ] {
        let class = of(server, name, &arguments);
        assert!(class.floors.contains(&Floor::Unreadable), "{name} {arguments}: {class:?}");
    }
}

#[test]
fn attack_16_a_shell_that_comes_as_a_tool_is_judged_by_its_line() {
    for (server, name, arguments) in [
        ("claude-code", "Bash", json!({"command": "rm -rf ~", "dangerouslyDisableSandbox": true})),
        ("claude-code", "Bash", json!({"command": "git status && rm -rf ~", "x": 1})),
        ("claude-code", "Monitor", json!({"command": "rm -rf ~"})),
        ("codex", "shell", json!({"command": ["bash", "-lc", "rm -rf ~"]})),
        ("codex", "exec_command", json!({"cmd": "rm -rf ~", "yield_time_ms": 5})),
        ("codex", "write_stdin", json!({"session_id": 1, "chars": "rm -rf ~\n"})),
    ] {
        let class = of(server, name, &arguments);
        assert!(class.floors.contains(&Floor::Lane(Lane::Delete)), "{name}: {class:?}");
        assert_eq!(class.risk, Risk::Critical, "{name}");
    }
    for arguments in [
        json!({"command": "ls", "sandbox_permissions": "require_escalated"}),
        json!({"command": ["ls"], "with_escalated_permissions": true}),
        json!({"command": 5}),
        json!({}),
    ] {
        assert!(of("codex", "shell", &arguments).risk >= Risk::High, "{arguments}");
    }
}

#[test]
fn attack_16_a_patch_that_cannot_be_read_is_unreadable() {
    let source = patch("*** Update File: src/a.rs\n@@ fn x\n-a\n+b\n*** End of File");
    assert_eq!(source.verbs.own[0].as_str(), "file_write.source", "{source:?}");
    assert!(patch("*** Delete File: src/a.rs").floors.contains(&Floor::Lane(Lane::Delete)));
    for body in [
        "",
        "*** Remove File: a",
        "*** Add File:\n+x",
        "*** Add File: src/a.rs\n+x\n*** Frob: b",
        "*** Add File: src/a.rs\nplain",
        "*** Begin Patch\n*** Add File: src/a.rs\n+x",
        "*** Add File: src/a.rs\n+x\n*** End Patch\n*** Add File: src/b.rs",
    ] {
        assert!(patch(body).floors.contains(&Floor::Unreadable), "{body}: {:?}", patch(body));
    }
    for arguments in [json!({}), json!({"command": "x"}), json!({"command": ["apply_patch"]})] {
        let class = of("codex", "apply_patch", &arguments);
        assert!(class.floors.contains(&Floor::Unreadable), "{arguments}: {class:?}");
    }
}

#[test]
fn attack_11_a_relative_path_begins_where_the_call_says_as_well() {
    let text = "*** Begin Patch\n*** Update File: config\n@@\n-a\n+b\n*** End Patch";
    let class = of("codex", "apply_patch", &json!({"command": text, "workdir": ".git"}));
    assert!(class.floors.contains(&Floor::Protected), "{class:?}");
}

/// Each tool that changes a file, with a path and the directory in which the session stands.
fn changed(place: &str, path: &str) -> Vec<Class> {
    let patched = |body: String| {
        let text = format!("*** Begin Patch\n{body}\n*** End Patch");
        of("codex", "apply_patch", &json!({"command": text, "session_cwd": place}))
    };
    vec![
        patched(format!("*** Add File: {path}\n+x")),
        patched(format!("*** Update File: src/a.rs\n*** Move to: {path}\n@@\n-a\n+b")),
        claude("Write", &json!({"file_path": path, "content": "x", "session_cwd": place})),
        claude("NotebookEdit", &json!({"notebook_path": path, "session_cwd": place})),
    ]
}

#[test]
fn attack_11_a_relative_path_is_as_dangerous_as_where_it_leads() {
    for (place, path) in [
        ("/home/ann/work/.git", "config"),
        ("/home/ann/work/.git", "hooks/pre-commit"),
        ("/home/ann/work/.git/hooks", "./pre-commit"),
        ("/home/ann/work/src", "../.git/hooks/pre-commit"),
        ("/home/ann/work/src", "../.codex/hooks.json"),
        ("/home/ann/work/.claude", "settings.json"),
        ("/home/ann/work/a/b", "../../../.claude/settings.json"),
        ("/home/ann/.codex", "config.toml"),
        ("/home/ann", ".countersign/policy.toml"),
        ("/home/ann/.countersign", "policy.toml"),
        ("/home/ann/work/.countersign", "policy.toml"),
        ("/etc/claude-code", "x.json"),
    ] {
        for class in changed(place, path) {
            assert_eq!(class.risk, Risk::Critical, "{place} {path}: {class:?}");
            assert!(class.floors.contains(&Floor::Protected), "{place} {path}: {class:?}");
        }
    }
    for (place, path, least) in [
        ("/home/ann/work/a", "../../.bashrc", Risk::Critical),
        ("/home/ann", ".ssh/authorized_keys", Risk::Critical),
        ("/etc", "hosts", Risk::Critical),
        ("/home/ann/work/a", "../../other/a.rs", Risk::High),
        ("/home/ann/other", "a.rs", Risk::High),
    ] {
        for class in changed(place, path) {
            assert!(class.risk >= least, "{place} {path}: {class:?}");
            let source = class.verbs.own.iter().all(|verb| verb.as_str() == "file_write.source");
            assert!(!source, "{place} {path}: {class:?}");
        }
    }
    for class in changed("/home/ann/work/sub", "src/a.rs") {
        let source = class.verbs.own.iter().any(|verb| verb.as_str() == "file_write.source");
        assert!(source && class.risk == Risk::Medium, "{class:?}");
    }
    // What searches and reads begins there as well.
    let grep = claude("Grep", &json!({"pattern": "x", "session_cwd": "/home/ann/.ssh"}));
    assert_eq!(grep.risk, Risk::High);
    let line = json!({"command": "cat id_rsa", "session_cwd": "/home/ann/.ssh", "workdir": "."});
    assert!(of("codex", "Bash", &line).findings.iter().any(|f| f.why == "it reads secrets"));
}

#[test]
fn attack_11_a_directory_that_is_none_is_unreadable() {
    for place in [json!("src"), json!(""), json!(null), json!({"sent": "/a", "session": "/b"})] {
        let edit = json!({"file_path": "src/a.rs", "content": "x", "session_cwd": place});
        let class = claude("Write", &edit);
        assert!(class.floors.contains(&Floor::Unreadable), "{place}: {class:?}");
    }
}

#[test]
fn an_address_that_a_host_asks_is_judged_as_a_request() {
    let fetch = |url: &str| claude("WebFetch", &json!({"url": url, "prompt": "rm -rf ~"}));
    let plain = fetch("https://docs.example.com/a");
    assert_eq!((plain.risk, plain.verbs.own[0].as_str()), (Risk::Medium, "http_request"));
    assert_eq!(plain.hosts.own, ["docs.example.com"]);
    assert!(fetch(&format!("https://x.example/{}", "a".repeat(2000))).risk >= Risk::High);
    assert_eq!(fetch("file:///etc/passwd").risk, Risk::Critical);
    let long = claude("WebSearch", &json!({"query": "a".repeat(900)}));
    assert_eq!(long.risk, Risk::Medium);
}
