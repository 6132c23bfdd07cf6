//! Attacks on hooks, named after their rows in `docs/past-vulnerabilities.md`.

use crate::common::World;
use crate::host::{Does, HOSTS, Host, TIMEOUT, does, newest, sh};
use serde_json::{Value, json};

fn world() -> World {
    let world = World::paired();
    world.hold_nothing_more();
    world
}

/// What the hook says within five seconds, while nobody answers.
fn pending(host: &Host<'_>, message: &Value) -> String {
    host.asks_with(&host.line("5"), message.to_string().as_bytes()).refused()
}

#[test]
fn attack_09_the_agent_cannot_approve_through_its_own_shell() {
    let world = world();
    let host = Host::new(&world, "claude-code");
    for line in [
        "countersign approve 01J",
        "/opt/bin/countersign --home ~/.countersign approve 01J -m ok",
        "COUNTERSIGN_HOME=/tmp/x countersign pair --local --name me",
        "sh -c 'yes | countersign policy accept'",
    ] {
        let why = pending(&host, &host.shell(line));
        assert!(why.contains("still pending"), "{line}: {why}");
    }
    let receipt = newest(&world);
    assert_eq!(receipt["policy"]["risk"], "critical");
}

#[test]
fn attack_11_hook_settings_policies_and_git_hooks_are_not_edited_quietly() {
    let world = world();
    let host = Host::new(&world, "claude-code");
    let work = world.work().display().to_string();
    let home = world.path("enforcer").display().to_string();
    let writes = [
        format!("{work}/.claude/settings.json"),
        format!("{work}/.codex/hooks.json"),
        format!("{work}/.git/hooks/pre-push"),
        format!("{work}/.countersign/policy.toml"),
        format!("{home}/policy.toml"),
        format!("{home}/trust.json"),
    ];
    for path in &writes {
        let input = json!({"file_path": path, "content": "{}"});
        let why = pending(&host, &host.tool("Write", &input));
        assert!(why.contains("still pending"), "{path}: {why}");
        assert_eq!(newest(&world)["policy"]["risk"], "critical", "{path}");
    }
}

#[test]
fn attack_11_an_edit_through_a_link_of_the_repository_is_not_quiet() {
    use std::os::unix::fs::symlink;
    let world = world();
    let host = Host::new(&world, "claude-code");
    let work = world.work();
    std::fs::create_dir_all(work.join(".git/hooks")).unwrap();
    symlink(".git/hooks", work.join("src")).unwrap();
    symlink(world.path("enforcer").join("policy.toml"), work.join("notes.md")).unwrap();
    for path in ["src/pre-commit.md", "notes.md"] {
        let input = json!({"file_path": work.join(path), "content": "x"});
        assert!(pending(&host, &host.tool("Write", &input)).contains("still pending"), "{path}");
        assert_eq!(newest(&world)["policy"]["risk"], "critical", "{path}");
    }
}

#[test]
fn attack_16_a_compound_line_is_as_dangerous_as_its_worst_part() {
    let world = world();
    let host = Host::new(&world, "codex");
    for line in ["git status && rm -rf ~", "git status; bash -c 'rm -rf ~'", "echo $(rm -rf ~)"] {
        assert!(pending(&host, &host.shell(line)).contains("still pending"), "{line}");
    }
}

#[test]
fn attack_17_sub_agents_background_tasks_bypass_modes_and_other_servers_are_asked_about() {
    let world = world();
    let host = Host::new(&world, "claude-code");
    let mut messages = vec![host.shell("rm -rf ~")];
    messages.push(
        Host { agent: Some("agent-1"), ..Host::new(&world, "claude-code") }.shell("rm -rf ~"),
    );
    let mut bypass = host.shell("rm -rf ~/x");
    bypass["permission_mode"] = "bypassPermissions".into();
    messages.push(bypass);
    messages.push(host.tool("Bash", &json!({"command": "rm -rf ~/y", "run_in_background": true})));
    messages.push(host.tool("mcp__files__delete_all", &json!({"path": "/srv"})));
    messages.push(host.tool("mcp__other__delete_all", &json!({"path": "/srv"})));
    messages.push(host.tool("NobodyKnowsThisTool", &json!({})));
    for (nth, message) in messages.iter().enumerate() {
        let why = pending(&host, message);
        assert!(why.contains("still pending"), "{message}: {why}");
        // Each is a question of its own: nobody joins another's.
        world.waiting_for("approver", nth + 1);
    }
}

#[test]
fn attack_44_what_was_allowed_to_one_agent_or_session_is_not_used_by_another() {
    let world = world();
    let one = Host::new(&world, "claude-code");
    let message = one.shell("rm -rf ~");
    assert!(pending(&one, &message).contains("still pending"));
    let id = world.waiting("approver");
    assert_eq!(world.answer_of("approver", "approve", &["-m", "for the first"]), id);
    let others = [
        Host { session: "session-2", ..Host::new(&world, "claude-code") },
        Host { agent: Some("agent-1"), ..Host::new(&world, "claude-code") },
    ];
    for other in others {
        let why = pending(&other, &other.shell("rm -rf ~"));
        assert!(why.contains("still pending"), "{why}");
    }
    assert_eq!(one.asks(&message), Does::Runs);
}

#[test]
fn attack_38_the_environment_leads_to_no_other_home_policy_or_pairing() {
    let world = world();
    let friendly = world.path("friendly");
    std::fs::create_dir(&friendly).unwrap();
    let host = Host::new(&world, "claude-code");
    let bare =
        host.line(TIMEOUT).replace(&format!("--home '{}'", world.path("enforcer").display()), "");
    let redirected = format!(
        "export COUNTERSIGN_HOME='{0}' HARP_PAIRINGS_DIR='{0}'; {bare}",
        friendly.display()
    );
    let why = host.asks_with(&redirected, host.shell("git status").to_string().as_bytes());
    assert!(why.refused().contains("--home"));
    assert!(std::fs::read_dir(&friendly).unwrap().next().is_none(), "no home was made");
    // With the home in the line, they change nothing.
    let line = format!(
        "export COUNTERSIGN_HOME='{0}' HARP_PAIRINGS_DIR='{0}' COUNTERSIGN_PASSPHRASE_FILE=/x; {1}",
        friendly.display(),
        host.line("5")
    );
    let why = host.asks_with(&line, host.shell("rm -rf ~").to_string().as_bytes()).refused();
    assert!(why.contains("ann"), "{why}");
}

#[test]
fn attack_46_neither_another_session_nor_a_sub_agent_asks_again_what_was_denied() {
    let world = world();
    let host = Host::new(&world, "claude-code");
    let message = host.tool("Bash", &json!({"command": "rm -rf ~"}));
    let hook = host.starts(&host.line(TIMEOUT), message.to_string().as_bytes());
    let id = world.waiting("approver");
    world.json("approver", &["deny", &id, "-m", "no"]);
    does(&hook.output()).refused();
    for other in [
        Host { session: "session-2", ..Host::new(&world, "claude-code") },
        Host { agent: Some("agent-1"), ..Host::new(&world, "claude-code") },
    ] {
        let why = other.asks(&other.tool("Bash", &json!({"command": "rm -rf ~"}))).refused();
        assert!(why.contains("denied exactly this"), "{why}");
    }
    assert!(world.json("approver", &["inbox"])["items"].as_array().unwrap().is_empty());
}

#[test]
fn attack_47_arguments_that_hide_behind_a_commitment_are_refused() {
    let world = world();
    for name in HOSTS {
        let host = Host::new(&world, name);
        let hidden =
            json!({"to": {"_sd": "4k0d3m6c2k9qv0q7c7g1ikh0rj2b7h8m1s9d0f2g3h4"}, "amount": 5});
        let why = host.asks(&host.tool("mcp__bank__transfer", &hidden)).refused();
        assert!(why.contains("_sd"), "{why}");
    }
    assert!(world.json("approver", &["inbox"])["items"].as_array().unwrap().is_empty());
}

#[test]
fn attack_20_a_gateway_that_is_away_is_a_refusal() {
    let mut world = world();
    world.kill_gateway();
    for name in HOSTS {
        let host = Host::new(&world, name);
        let why = pending(&host, &host.shell("rm -rf ~"));
        assert!(why.contains("nobody could be asked"), "{why}");
        assert_eq!(host.asks(&host.shell("git status")), Does::Runs, "reads need no gateway");
    }
    sh(&world, "test ! -e out");
}
