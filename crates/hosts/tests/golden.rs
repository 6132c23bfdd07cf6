//! What the hosts send, as they were seen to or as their own schema has it, by version, and to the
//! byte what they are answered.
//!
//! Each file is `{input, action, agent, description, notes, allow, deny}`; its name begins with the
//! version. Run with `UPDATE_GOLDEN=1` to write the expected part anew, then read the difference.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a golden file must be readable")]

use countersign_core::action::PinnedFile;
use countersign_core::encoding::Hash;
use countersign_hosts::{Answer, Call, Host, read};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn files(host: Host) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(host.name());
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn golden(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn expected(input: &Value, call: &Call) -> Value {
    let shell = PinnedFile { path: "/bin/bash".into(), sha256: Hash([7; 32]) };
    let agent = call.agent.as_ref().map(|agent| json!([agent.id, agent.kind]));
    json!({
        "input": input,
        "action": call.action(&shell, &call.cwd).to_payload().unwrap(),
        "agent": agent,
        "description": call.description,
        "notes": call.notes,
        "allow": Answer::Allow("rule `reads`".into()).said(call).stdout,
        "deny": Answer::Deny("rule `deletes`: ask first".into()).said(call).stdout,
    })
}

fn check(host: Host) -> usize {
    let files = files(host);
    for path in &files {
        let golden = golden(path);
        let call = read(host, golden["input"].to_string().as_bytes()).unwrap();
        let found = expected(&golden["input"], &call);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, format!("{found:#}\n")).unwrap();
        } else {
            assert_eq!(found, golden, "{}", path.display());
        }
    }
    files.len()
}

#[test]
fn every_message_of_claude_code_becomes_its_action_and_its_answers() {
    assert_eq!(check(Host::ClaudeCode), 12);
}

#[test]
fn every_message_of_codex_becomes_its_action_and_its_answers() {
    assert_eq!(check(Host::Codex), 8);
}

#[test]
fn an_answer_is_the_only_thing_that_is_said() {
    for host in Host::ALL {
        for path in files(host) {
            let call = read(host, golden(&path)["input"].to_string().as_bytes()).unwrap();
            let answers =
                [(Answer::Allow("a".into()), 0, ""), (Answer::Deny("d".into()), 2, "d\n")];
            for (answer, exit, words) in answers {
                let said = answer.said(&call);
                assert_eq!((said.exit, said.stderr.as_str()), (exit, words), "{}", path.display());
                assert_eq!(said.stdout.lines().count(), 1, "{}", path.display());
            }
        }
    }
}
