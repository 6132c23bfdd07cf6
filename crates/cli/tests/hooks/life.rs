//! What a call lives through: allowed, blocked, asked about, answered, repeated.

use crate::common::{World, json};
use crate::host::{Does, HOSTS, Host, TIMEOUT, does, newest};
use serde_json::json;

fn world() -> World {
    let world = World::paired();
    world.hold_nothing_more();
    world
}

/// Lets the approver answer the one request that waits, with a reason.
fn answers(world: &World, word: &str, reason: &str) -> String {
    world.answer_of("approver", word, &["-m", reason])
}

#[test]
fn what_only_reads_runs_at_once_and_leaves_one_signed_receipt() {
    let world = world();
    for name in HOSTS {
        let host = Host::new(&world, name);
        assert_eq!(host.asks(&host.shell("git status")), Does::Runs);
        let receipt = newest(&world);
        assert_eq!((&receipt["event"], &receipt["basis"]), (&"allowed".into(), &"policy".into()));
        let argv = receipt["action"]["argv"].as_array().unwrap();
        assert_eq!(argv[1..], ["-c", "git status"]);
        let (verdict, code) = world.verify("last", &["--require", "L0", "--event", "allowed"]);
        assert_eq!((&verdict["verdict"], code), (&"Valid".into(), 0));
    }
}

#[test]
fn what_is_dangerous_waits_for_a_person_and_runs_when_it_is_approved() {
    for name in HOSTS {
        let world = world();
        let host = Host::new(&world, name);
        let message = host.shell("rm -rf ~");
        let hook = host.starts(&host.line(TIMEOUT), message.to_string().as_bytes());
        let id = answers(&world, "approve", "it is a throw-away home");
        assert_eq!(does(&hook.output()), Does::Runs);
        let receipt = newest(&world);
        assert_eq!((&receipt["event"], &receipt["requestId"]), (&"released".into(), &id.into()));
        let asked = [&["--require", "L1", "--event", "released"][..], &[]].concat();
        assert_eq!(world.verify("last", &asked).1, 0);
        // It was used up: the same call is another question.
        let hook = host.starts(&host.line(TIMEOUT), message.to_string().as_bytes());
        answers(&world, "deny", "not twice");
        assert!(does(&hook.output()).refused().contains("not twice"));
    }
}

#[test]
fn a_denial_tells_the_model_why_and_is_not_asked_again() {
    for name in HOSTS {
        let world = world();
        let host = Host::new(&world, name);
        let message = host.shell("rm -rf ~");
        let hook = host.starts(&host.line(TIMEOUT), message.to_string().as_bytes());
        answers(&world, "deny", "remove only build/");
        let why = does(&hook.output()).refused();
        assert!(why.contains("remove only build/") && why.contains("ann"), "{why}");
        let why = host.asks(&message).refused();
        assert!(why.contains("denied exactly this"), "{why}");
        assert!(world.json("approver", &["inbox"])["items"].as_array().unwrap().is_empty());
    }
}

#[test]
fn attack_22_a_call_repeated_after_its_time_goes_on_where_it_was() {
    for name in HOSTS {
        let world = world();
        let host = Host::new(&world, name);
        let mut message = host.shell("rm -rf ~");
        // The host has five seconds, the request three minutes.
        let hook = host.starts(&host.line("5"), message.to_string().as_bytes());
        let id = world.waiting("approver");
        let why = does(&hook.output()).refused();
        assert!(why.contains("still pending") && why.contains(&id) && why.contains("ann"), "{why}");
        answers(&world, "approve", "go on");
        // A retry has another id, other words, another time.
        message["tool_use_id"] = "use-2".into();
        message["tool_input"]["description"] = "the same line once more".into();
        message["turn_id"] = "turn-2".into();
        assert_eq!(host.asks(&message), Does::Runs);
        assert_eq!(newest(&world)["requestId"], id.as_str());
    }
}

#[test]
fn what_a_policy_blocks_is_refused_with_its_words_and_nobody_is_asked() {
    let world = world();
    let policy = "version = 1\n[[rule]]\nid = \"no-force\"\ndisplay = \"nobody pushes by force\"\n\
                  tools = [\"git\"]\ndecision = \"block\"\n";
    std::fs::create_dir(world.work().join(".countersign")).unwrap();
    std::fs::write(world.work().join(".countersign/policy.toml"), policy).unwrap();
    for name in HOSTS {
        let host = Host::new(&world, name);
        let why = host.asks(&host.shell("git push --force")).refused();
        assert!(why.contains("blocked by rule `no-force`"), "{why}");
        assert_eq!(newest(&world)["event"], "blocked");
    }
}

#[test]
fn labels_reach_the_person_and_the_hosts_words_are_context() {
    let world = world();
    let host = Host { agent: Some("agent-7"), ..Host::new(&world, "claude-code") };
    let mut message = host.shell("rm -rf ~");
    message["permission_mode"] = "bypassPermissions".into();
    let hook = host.starts(&host.line("5"), message.to_string().as_bytes());
    let id = world.waiting("approver");
    let shown = world.run("approver", &["show", &id]);
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    for part in ["rm -rf ~", "session-1", "agent-7", "explorer", "bypassPermissions", "a line"] {
        assert!(text.contains(part), "`{part}` is not shown: {text}");
    }
    assert!(does(&hook.output()).refused().contains("still pending"));
}

#[test]
fn an_allowing_answer_names_what_was_judged() {
    let world = world();
    let host = Host::new(&world, "claude-code");
    let message = host.tool("Bash", &json!({"command": "git status", "timeout": 5_000}));
    let output = host.starts(&host.line(TIMEOUT), message.to_string().as_bytes()).output();
    let said = json(&output.stdout);
    assert_eq!(said["hookSpecificOutput"]["permissionDecision"], "allow");
    assert_eq!(said["hookSpecificOutput"]["updatedInput"], message["tool_input"]);
}
