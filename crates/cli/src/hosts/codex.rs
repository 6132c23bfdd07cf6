//! `codex app-server`: one question on a line, one answer on a line. Only Codex itself knows which
//! hooks it runs.

use super::program::{MAX_BYTES, Running, command};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::Take;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};

/// How long Codex may take for all that it is asked at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// A hook as Codex lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Listed {
    /// Its name for the hook.
    pub(crate) key: String,
    /// The file in which it stands.
    pub(crate) path: PathBuf,
    pub(crate) command: String,
    /// As Codex writes it here: `preToolUse`.
    pub(crate) event: String,
    /// What it would trust.
    pub(crate) hash: String,
    /// `trusted`, `managed`, `untrusted`, `modified`.
    pub(crate) trust: String,
    pub(crate) enabled: bool,
}

impl Listed {
    /// Where it does not say something, it is not trusted, and not enabled.
    fn of(hook: &Value) -> Self {
        let text = |name| hook.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            key: text("key"),
            path: text("sourcePath").into(),
            command: text("command"),
            event: text("eventName"),
            hash: text("currentHash"),
            trust: text("trustStatus"),
            enabled: hook.get("enabled").and_then(Value::as_bool).unwrap_or(false),
        }
    }

    /// Whether Codex takes it for its user's.
    pub(crate) fn is_trusted(&self) -> bool {
        matches!(self.trust.as_str(), "trusted" | "managed")
    }

    /// Whether it stands before tools.
    pub(crate) fn is_before_tools(&self) -> bool {
        self.event == "preToolUse"
    }

    /// Whether Codex runs it before tools.
    pub(crate) fn runs(&self) -> bool {
        self.is_before_tools() && self.enabled && self.is_trusted()
    }
}

/// Asks Codex, in its own home, for the hooks that it knows in a directory.
///
/// # Errors
/// Where it does not answer.
pub(crate) async fn hooks(program: &Path, cwd: &Path) -> Result<Vec<Listed>, String> {
    within(async { Server::start(program, None).await?.hooks(cwd).await }).await
}

/// The work, where Codex does it in time.
pub(crate) async fn within<T, E: From<String>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs()).into()))
}

/// A Codex that can be asked, ended with this value.
pub(crate) struct Server {
    say: ChildStdin,
    hear: Lines<BufReader<Take<ChildStdout>>>,
    next: u64,
    _running: Running,
}

impl Server {
    /// Starts it, in another home than its own where one is given.
    pub(crate) async fn start(program: &Path, home: Option<&Path>) -> Result<Self, String> {
        let mut command = command(program, &["app-server"]);
        if let Some(home) = home {
            command.env("CODEX_HOME", home).current_dir(home);
        }
        let mut running = Running::quiet(command)?;
        let (say, hear) = (running.child.stdin.take(), running.child.stdout.take());
        let (Some(say), Some(hear)) = (say, hear) else { return Err("it has no pipes".into()) };
        let hear = BufReader::new(hear.take(MAX_BYTES)).lines();
        let mut server = Self { say, hear, next: 1, _running: running };
        let us = json!({"name": "countersign", "version": env!("CARGO_PKG_VERSION")});
        server.ask("initialize", json!({"clientInfo": us})).await?;
        server.tell(&json!({"method": "initialized"})).await?;
        Ok(server)
    }

    /// The hooks that it knows in a directory.
    pub(crate) async fn hooks(&mut self, cwd: &Path) -> Result<Vec<Listed>, String> {
        Ok(listed(&self.ask("hooks/list", json!({"cwds": [cwd]})).await?))
    }

    /// Has it write down that it trusts a hook.
    pub(crate) async fn trust(&mut self, key: &str, hash: &str) -> Result<(), String> {
        let value = json!({key: {"trusted_hash": hash}});
        let edit = json!({"keyPath": "hooks.state", "mergeStrategy": "upsert", "value": value});
        self.ask("config/batchWrite", json!({"edits": [edit]})).await.map(|_| ())
    }

    async fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let id = self.next;
        self.next += 1;
        self.tell(&json!({"id": id, "method": method, "params": params})).await?;
        loop {
            let line = self.hear.next_line().await.map_err(|e| e.to_string())?;
            let line = line.ok_or_else(|| format!("it ended before it answered `{method}`"))?;
            if let Some(result) = answer(&line, id) {
                return result.ok_or_else(|| format!("it does not answer `{method}`"));
            }
        }
    }

    async fn tell(&mut self, message: &Value) -> Result<(), String> {
        let line = format!("{message}\n");
        self.say.write_all(line.as_bytes()).await.map_err(|e| e.to_string())?;
        self.say.flush().await.map_err(|e| e.to_string())
    }
}

/// The result that a line brings, where it answers this question; none in it is an error.
fn answer(line: &str, id: u64) -> Option<Option<Value>> {
    let mut message: Value = serde_json::from_str(line).ok()?;
    let ours = message.get("id") == Some(&json!(id));
    ours.then(|| message.get_mut("result").map(Value::take))
}

fn listed(result: &Value) -> Vec<Listed> {
    let places = result.get("data").and_then(Value::as_array).into_iter().flatten();
    let hooks = places.filter_map(|place| place.get("hooks")?.as_array());
    hooks.flatten().map(Listed::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_is_read_and_what_it_does_not_say_is_no_trust() {
        assert!(answer("not json", 2).is_none());
        assert!(answer(r#"{"id":1,"result":{}}"#, 2).is_none());
        assert_eq!(answer(r#"{"id":2,"error":{"code":-1}}"#, 2), Some(None));
        let said = r#"{"id":2,"result":{"data":[{"hooks":[{"command":"x"}]}]}}"#;
        let hooks = listed(&answer(said, 2).unwrap().unwrap());
        assert_eq!((hooks.len(), hooks[0].command.as_str()), (1, "x"));
        assert!(!hooks[0].enabled && !hooks[0].is_trusted() && !hooks[0].runs());
        assert!(listed(&json!({})).is_empty());
    }
}
