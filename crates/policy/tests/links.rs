//! Paths behind links: judged by their names and by where they lead.

#![allow(clippy::panic, reason = "an action that is none fails the test")]

mod shell_common;

use countersign_core::action::Action;
use countersign_core::artifact::Risk;
use countersign_policy::facts::{Class, Floor, Links, Place};
use serde_json::json;
use shell_common::action;

/// `notes.md` and `src` are links that came with the repository.
fn leads(path: &str) -> Option<String> {
    let below = |link: &str, real: &str| {
        let rest = path.strip_prefix(link)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{real}{rest}"))
    };
    below("/home/ann/work/notes.md", "/home/ann/.bashrc")
        .or_else(|| below("/home/ann/work/src", "/home/ann/work/.git/hooks"))
        .or_else(|| below("/home/ann/work/key.txt", "/home/ann/.ssh/id_rsa"))
}

fn class(action: &Action) -> Class {
    shell_common::class(action, &Place { links: Links(leads), ..shell_common::place() })
}

fn tool(server: &str, name: &str, arguments: &serde_json::Value) -> Class {
    let payload = json!({"kind": "tool", "server": server, "tool": name, "arguments": arguments});
    class(&action(payload))
}

fn write(path: &str) -> Class {
    tool("claude-code", "Write", &json!({"file_path": path, "content": "x"}))
}

fn patch(path: &str) -> Class {
    let text = format!("*** Begin Patch\n*** Add File: {path}\n+x\n*** End Patch");
    tool("codex", "apply_patch", &json!({"command": text, "session_cwd": "/home/ann/work"}))
}

fn line(text: &str) -> Class {
    class(&shell_common::line(text))
}

#[test]
fn attack_11_an_edit_behind_a_link_is_an_edit_of_what_it_leads_to() {
    for found in [
        write("/home/ann/work/notes.md"),
        patch("notes.md"),
        line("echo x > notes.md"),
        line("tee -a notes.md <<< x"),
    ] {
        assert_eq!(found.risk, Risk::Critical, "{found:?}");
    }
    for found in [
        write("/home/ann/work/src/pre-commit.md"),
        patch("src/pre-commit.py"),
        line("cp a src/pre-commit"),
    ] {
        assert!(found.floors.contains(&Floor::Protected), "{found:?}");
    }
}

#[test]
fn attack_11_a_secret_behind_a_link_is_read_by_nobody_unasked() {
    assert!(line("cat key.txt").risk >= Risk::High);
    let read = tool("claude-code", "Read", &json!({"file_path": "/home/ann/work/key.txt"}));
    assert!(read.risk >= Risk::High, "{read:?}");
}

#[test]
fn what_no_link_leads_elsewhere_is_judged_by_its_name() {
    assert_eq!(write("/home/ann/work/main.rs").risk, Risk::Medium);
    assert_eq!(line("cat main.rs").risk, Risk::Low);
    // Who deletes a link deletes no more than that.
    assert_eq!(line("rm notes.md").risk, line("rm main.rs").risk);
}
