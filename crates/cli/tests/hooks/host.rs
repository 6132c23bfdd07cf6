//! A stand-in for an agent host.

use crate::common::{BINARY, Process, World, json};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{ChildStdin, Command, Output, Stdio};

/// The hosts, as `hook` names them.
pub(crate) const HOSTS: [&str; 2] = ["claude-code", "codex"];

/// How long the stand-in says that it waits, in seconds.
pub(crate) const TIMEOUT: &str = "60";

/// What a host would do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// It runs the tool.
    Runs,
    /// It does not, and tells its model this.
    Refuses(String),
}

impl Does {
    /// The words of a refusal.
    pub(crate) fn refused(self) -> String {
        match self {
            Self::Refuses(why) => why,
            Self::Runs => panic!("the tool runs"),
        }
    }
}

/// A host that is about to run a tool.
pub(crate) struct Host<'a> {
    pub(crate) world: &'a World,
    pub(crate) name: &'static str,
    pub(crate) session: &'static str,
    pub(crate) agent: Option<&'static str>,
}

impl<'a> Host<'a> {
    pub(crate) fn new(world: &'a World, name: &'static str) -> Self {
        Self { world, name, session: "session-1", agent: None }
    }

    /// The message about a line for its shell.
    pub(crate) fn shell(&self, line: &str) -> Value {
        self.tool("Bash", &json!({"command": line, "description": "a line"}))
    }

    /// The message about a tool.
    pub(crate) fn tool(&self, tool: &str, input: &Value) -> Value {
        let mut message = json!({
            "session_id": self.session,
            "transcript_path": "/tmp/transcript.jsonl",
            "cwd": self.world.work(),
            "permission_mode": "default",
            "hook_event_name": "PreToolUse",
            "tool_name": tool,
            "tool_input": input,
            "tool_use_id": "use-1",
        });
        if self.name == "codex" {
            message["turn_id"] = "turn-1".into();
            message["model"] = "stand-in".into();
        }
        if let Some(agent) = self.agent {
            message["agent_id"] = agent.into();
            message["agent_type"] = "explorer".into();
        }
        message
    }

    /// The line that `install` writes, but for its time.
    pub(crate) fn line(&self, timeout: &str) -> String {
        let home = self.world.path("enforcer");
        line(BINARY, self.name, &home, timeout)
    }

    /// Starts the hook as the host does, with these bytes on its standard input.
    pub(crate) fn starts(&self, line: &str, message: &[u8]) -> Process {
        let (hook, mut stdin) = self.starts_open(line);
        // A hook that does not read is the matter of some tests.
        let _ = stdin.write_all(message);
        hook
    }

    /// Starts the hook and leaves its standard input open.
    pub(crate) fn starts_open(&self, line: &str) -> (Process, ChildStdin) {
        let command = self.world.command("enforcer", &[]);
        let mut command = self.world.like(&command, "sh");
        command.args(["-c", line]).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        (Process { child }, stdin)
    }

    /// What the host does after it asked.
    pub(crate) fn asks(&self, message: &Value) -> Does {
        does(&self.starts(&self.line(TIMEOUT), message.to_string().as_bytes()).output())
    }

    /// The same for any bytes.
    pub(crate) fn asks_with(&self, line: &str, message: &[u8]) -> Does {
        does(&self.starts(line, message).output())
    }
}

/// The installed line.
pub(crate) fn line(binary: &str, host: &str, home: &Path, timeout: &str) -> String {
    format!(
        "'{binary}' hook {host} --home '{}' --timeout {timeout} \
         || {{ [ $? -eq 2 ] || echo 'countersign: the hook failed, so nothing runs; \
         ask the user to run: countersign doctor' >&2; exit 2; }}",
        home.display()
    )
}

/// What a host makes of a hook that has ended. Everything it does not understand lets the tool run.
pub(crate) fn does(output: &Output) -> Does {
    let (said, errors) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(!errors.contains("panicked"), "{errors}");
    match output.status.code() {
        Some(2) => Does::Refuses(errors.trim().to_owned()),
        Some(0) if !said.is_empty() => {
            let verdict = json(said);
            let verdict = &verdict["hookSpecificOutput"];
            assert_eq!(verdict["hookEventName"], "PreToolUse", "the host would not listen");
            match verdict["permissionDecision"].as_str() {
                Some("deny") => {
                    Does::Refuses(verdict["permissionDecisionReason"].as_str().unwrap().to_owned())
                }
                _ => Does::Runs,
            }
        }
        _ => Does::Runs,
    }
}

/// The newest receipt of the enforcer.
pub(crate) fn newest(world: &World) -> Value {
    world.json("enforcer", &["receipt", "show", "last"])["content"].clone()
}

/// Runs a shell as a person would, for what a test prepares.
pub(crate) fn sh(world: &World, line: &str) {
    let done = Command::new("sh").args(["-c", line]).current_dir(world.work()).status().unwrap();
    assert!(done.success(), "{line}");
}
