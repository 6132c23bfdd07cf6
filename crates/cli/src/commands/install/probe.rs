//! The installed line, read back from the host's file and run as the host runs it.

use crate::asking::workspace;
use crate::failure::Failure;
use crate::hosts::program::{Running, command};
use crate::hosts::title;
use crate::parties;
use countersign_core::action::PinnedFile;
use countersign_core::display::visible;
use countersign_core::encoding::Hash;
use countersign_enforcer::Ruling;
use countersign_hosts::{Event, Host, settings};
use countersign_policy::Asker;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use std::time::Duration;

/// How long the hook may take over what nobody is asked about.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of a harmless call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Harmless {
    /// It would run.
    Allowed,
    /// It would not, and the host is told why.
    Denied(String),
    /// The policy asks about it, so it was not tried: nobody is bothered for a trial.
    Asks,
}

/// Fires the line that stands in the file before each event: something harmless, which is answered
/// in the host's own words, and something that is no call, which is refused.
///
/// # Errors
/// Why the hook does not do its work.
pub(crate) async fn fire(
    host: Host,
    events: &[Event],
    file: &str,
    root: &Path,
) -> Result<Harmless, String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let cwd = dir.path().canonicalize().map_err(|e| e.to_string())?;
    let mut worst = Harmless::Allowed;
    for event in events {
        let name = event.name();
        let entries = settings::entries(host, file, *event).map_err(|e| e.to_string())?;
        let [entry] = entries.as_slice() else {
            return Err(format!("{} entries of ours stand before `{name}`", entries.len()));
        };
        let said = fire_one(host, *event, &entry.command, &cwd, root).await;
        match said.map_err(|why| format!("before `{name}`: {why}"))? {
            Harmless::Allowed => {}
            other => worst = other,
        }
    }
    Ok(worst)
}

async fn fire_one(
    host: Host,
    event: Event,
    line: &str,
    cwd: &Path,
    root: &Path,
) -> Result<Harmless, String> {
    let garbage = run(line, b"{\"hook_event_name\":", cwd).await?;
    if !refuses(&garbage, event) {
        return Err(format!("it lets pass what it cannot read: {}", words(&garbage)));
    }
    let call = call(host, event, &cwd.to_string_lossy());
    if would_ask(host, &call, root).await {
        return Ok(Harmless::Asks);
    }
    let answer = run(line, &call, cwd).await?;
    match decision(&answer, event) {
        Some((word, _)) if word == "allow" => Ok(Harmless::Allowed),
        Some((word, why)) if word == "deny" => Ok(Harmless::Denied(why)),
        _ => Err(format!("no answer that {} understands: {}", title(host), words(&answer))),
    }
}

/// `git status`, in the host's own words.
fn call(host: Host, event: Event, cwd: &str) -> Vec<u8> {
    let mut call = json!({
        "session_id": "countersign-install",
        "transcript_path": "/dev/null",
        "cwd": cwd,
        "hook_event_name": event.name(),
        "permission_mode": "default",
        "tool_name": "Bash",
        "tool_input": {"command": "git status"},
        "tool_use_id": "countersign-install",
    });
    let more: &[&str] = match (host, event) {
        (Host::Codex, _) => &["turn_id", "model"],
        (_, Event::PreSkillShellCommand) => &["command_name", "invoked_by"],
        _ => &[],
    };
    if let Some(members) = call.as_object_mut() {
        members.extend(more.iter().map(|name| ((*name).into(), "countersign-install".into())));
    }
    call.to_string().into_bytes()
}

/// As the host does it: by the shell, in the directory of the call.
async fn run(line: &str, input: &[u8], cwd: &Path) -> Result<Output, String> {
    let mut shell = command("/bin/sh", &["-c", line]);
    shell.current_dir(cwd);
    Running::start(shell)?.output(input, PATIENCE).await
}

/// The decision and its reason, where the answer is one that the host understands. A denial is the
/// same with exit code 2 and words beside it, an allowing answer is then none.
fn decision(output: &Output, event: Event) -> Option<(String, String)> {
    let said: Value = serde_json::from_slice(&output.stdout).ok()?;
    let said = said.get("hookSpecificOutput")?;
    if said.get("hookEventName")?.as_str()? != event.name() {
        return None;
    }
    let text = |name| said.get(name).and_then(Value::as_str).map(str::to_owned);
    let word = text("permissionDecision")?;
    let counts = output.status.success() || (word == "deny" && blocks(output));
    counts.then(|| (word, text("permissionDecisionReason").unwrap_or_default()))
}

/// Exit code 2, which is no refusal to Codex where nothing stands on standard error.
fn blocks(output: &Output) -> bool {
    output.status.code() == Some(2) && !output.stderr.trim_ascii().is_empty()
}

fn refuses(output: &Output, event: Event) -> bool {
    blocks(output) || decision(output, event).is_some_and(|(word, _)| word == "deny")
}

/// What a program said, short and on one line.
fn words(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text: String = String::from_utf8_lossy(&text).trim().chars().take(200).collect();
    format!("{}, `{}`", output.status, visible(&text, false))
}

/// Whether people would be asked about a call. Where that cannot be told, they are not: the hook
/// then refuses, too.
async fn would_ask(host: Host, call: &[u8], root: &Path) -> bool {
    let asked = async {
        let call = countersign_hosts::read(host, call).ok()?;
        let action = call.action(&shell(), &call.cwd);
        let enforcer = parties::existing_enforcer(root).await.ok()?;
        let uid = rustix::process::getuid().as_raw();
        let asker = Asker {
            account: Some(format!("uid:{uid}")),
            agent: Some(host.name().into()),
            session: Some(format!("{}/{}", host.name(), call.session)),
            ..Asker::default()
        };
        let workspace = workspace(Path::new(&call.cwd)).display().to_string();
        let judged =
            enforcer.judge(&action, asker, &workspace).await.map_err(Failure::from).ok()?;
        Some(matches!(judged.ruling(false), Ruling::Asks(_)))
    };
    asked.await.unwrap_or(false)
}

/// One of the shells that the host might take. What is judged is its name.
fn shell() -> PinnedFile {
    let named = std::env::var("SHELL").ok().filter(|s| s.contains("bash") || s.contains("zsh"));
    PinnedFile { path: named.unwrap_or_else(|| "/bin/bash".into()), sha256: Hash([0; 32]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    fn output(code: i32, stdout: &str, stderr: &str) -> Output {
        let status = std::process::ExitStatus::from_raw(code << 8);
        Output { status, stdout: stdout.into(), stderr: stderr.into() }
    }

    fn said(event: &str, word: &str) -> String {
        json!({"hookSpecificOutput": {"hookEventName": event, "permissionDecision": word,
            "permissionDecisionReason": "r"}})
        .to_string()
    }

    #[test]
    fn only_what_the_host_takes_for_a_refusal_is_one() {
        for event in [Event::PreToolUse, Event::PreSkillShellCommand] {
            let denies = said(event.name(), "deny");
            for refusal in [
                output(2, "", "words"),
                output(2, "noise", "words"),
                output(0, &denies, ""),
                output(2, &denies, "words"),
            ] {
                assert!(refuses(&refusal, event), "{refusal:?}");
            }
            for lets_pass in [
                output(0, "", ""),
                output(2, "", ""),
                output(2, "", "\n"),
                output(1, &denies, "words"),
                output(0, &said("PostToolUse", "deny"), ""),
                output(0, &said(event.name(), "allow"), ""),
                output(0, "{}", ""),
                output(127, "", "words"),
            ] {
                assert!(!refuses(&lets_pass, event), "{lets_pass:?}");
            }
        }
    }

    #[test]
    fn a_denial_is_one_with_and_without_the_exit_code() {
        let event = Event::PreToolUse;
        let (allows, denies) = (said(event.name(), "allow"), said(event.name(), "deny"));
        let word = |output: Output| decision(&output, event).map(|(word, _)| word);
        assert_eq!(word(output(0, &denies, "")).as_deref(), Some("deny"));
        assert_eq!(word(output(2, &denies, "r")).as_deref(), Some("deny"));
        assert_eq!(word(output(0, &allows, "")).as_deref(), Some("allow"));
        assert_eq!(word(output(2, &denies, "")), None, "Codex would run it");
        assert_eq!(word(output(2, &allows, "r")), None);
        assert_eq!(word(output(1, &denies, "r")), None);
    }
}
