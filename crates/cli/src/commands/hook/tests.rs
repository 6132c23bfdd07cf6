use super::*;
use std::collections::HashSet;

fn soon(millis: u64) -> Times {
    let end = Instant::now() + Duration::from_millis(millis);
    Times { patience: end, end }
}

fn words(line: &str) -> Vec<std::ffi::OsString> {
    line.split(' ').map(Into::into).collect()
}

#[test]
fn attack_32_a_judge_that_panics_hangs_or_is_silent_is_a_refusal() {
    for host in Host::ALL {
        let panics = heard(host, soon(60_000), |_| panic!("on purpose"));
        let hangs = heard(host, soon(1), |_| {
            loop {
                std::thread::park()
            }
        });
        for said in [panics, hangs] {
            assert_eq!((said.exit, said.stdout.as_str()), (2, ""), "{said:?}");
            assert!(said.stderr.contains("countersign"), "{said:?}");
        }
    }
}

#[test]
fn the_answer_comes_before_the_host_gives_up() {
    let began = Instant::now();
    for timeout in [5, 6, 30, 60, 600, 86_400] {
        let Times { patience, end } = Times::of(timeout, began);
        let whole = began + Duration::from_secs(timeout);
        assert!(began < patience && patience < end && end < whole, "{timeout}");
        assert!(whole - end >= Duration::from_secs(1), "{timeout}");
        assert!(whole - patience <= Duration::from_secs(20), "{timeout}");
    }
}

#[test]
fn attack_38_a_home_that_only_the_environment_names_is_none() {
    let dir = tempfile::tempdir().unwrap();
    assert!(home(words("countersign hook codex"), dir.path()).is_err());
    assert_eq!(home(words("countersign --home X hook codex"), dir.path()).unwrap(), dir.path());
    assert_eq!(home(words("countersign hook codex --home=X"), dir.path()).unwrap(), dir.path());
    let missing = dir.path().join("missing");
    assert!(home(words("countersign --home X hook codex"), &missing).is_err());
    assert!(!missing.exists(), "a hook makes no home");
}

#[test]
fn hosts_are_named_as_in_their_settings() {
    let named: HashSet<_> = Host::ALL.map(Host::name).into();
    assert_eq!(named.len(), Host::ALL.len());
    assert_eq!(host("claude-code"), Ok(Host::ClaudeCode));
    assert!(host("Claude").unwrap_err().contains("claude-code, codex"));
}

#[test]
fn attack_03_no_session_has_the_name_of_anothers_sub_agent() {
    let name = |session: &str, agent: Option<&str>| {
        let message = serde_json::json!({
            "session_id": session, "agent_id": agent, "cwd": "/w", "hook_event_name": "PreToolUse",
            "tool_name": "Bash", "tool_input": {"command": "ls"},
        });
        gated::session(&read(Host::ClaudeCode, message.to_string().as_bytes()).unwrap())
    };
    let all = [
        ("s1", None),
        ("s1/a1", None),
        ("s1%2Fa1", None),
        ("s1", Some("a1")),
        ("s1", Some("b/c")),
        ("s1/b", Some("c")),
    ];
    let names: HashSet<_> = all.iter().map(|(session, agent)| name(session, *agent)).collect();
    assert_eq!(names.len(), all.len());
}
