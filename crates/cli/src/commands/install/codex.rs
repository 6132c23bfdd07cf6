//! Codex runs a hook only after its user trusted it. It is asked itself: which hash it would trust,
//! how it would write that down, and at the end whether it does.
//!
//! It is first asked in a directory that is thrown away, with the new hooks and a copy of its
//! configuration in it: what it would write is then known to the byte before anything is changed.

use super::change::{Change, Found};
use super::place::Place;
use super::program::{Running, command};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};

/// How long Codex may take for all that it is asked at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// What Codex is to be told.
pub(crate) struct Plan {
    /// Of its configuration.
    pub(crate) change: Change,
    /// Its name for the hook.
    pub(crate) key: String,
    /// What it trusts then.
    pub(crate) hash: String,
}

/// How Codex stands to a hook.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// It runs it.
    Trusted,
    /// It passes over it without a word.
    Untrusted,
    /// Its user switched it off.
    Off,
    /// It does not read the file, such as that of a project that nobody trusts.
    Unread,
}

/// Why it is not known what Codex would write.
#[derive(Debug)]
pub(crate) enum Unplanned {
    /// It cannot be asked.
    Unasked(String),
    /// It can, and reads no hooks: what is installed would hold nothing.
    Blind,
}

impl From<String> for Unplanned {
    fn from(why: String) -> Self {
        Self::Unasked(why)
    }
}

/// Finds out what Codex would write down to trust our line in these hooks.
pub(crate) async fn plan(
    program: &Path,
    place: &Place,
    hooks: &str,
    line: &str,
) -> Result<Plan, Unplanned> {
    let config = Found::at(&place.config.join("config.toml")).map_err(|f| f.message)?;
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let dir = scratch.path().canonicalize().map_err(|e| e.to_string())?;
    let copy = dir.join("config.toml");
    std::fs::write(dir.join("hooks.json"), hooks).map_err(|e| e.to_string())?;
    if let Some(text) = &config.text {
        std::fs::write(&copy, text).map_err(|e| e.to_string())?;
    }
    let asking = async {
        let mut server = Server::start(program, Some(&dir)).await?;
        let listed = server.hooks(&dir).await?;
        let ours = listed
            .iter()
            .find(|hook| hook.command == line && hook.path.starts_with(&*dir.to_string_lossy()));
        let Some(ours) = ours else { return Err(Unplanned::Blind) };
        let rest = ours.key.strip_prefix(&ours.path);
        let rest = rest.ok_or_else(|| "its names for hooks are unknown here".to_owned())?;
        let key = format!("{}{rest}", place.named.display());
        server.trust(&key, &ours.hash).await?;
        Ok::<_, Unplanned>((key, ours.hash.clone()))
    };
    let (key, hash) = within(asking).await?;
    let after = Found::at(&copy).map_err(|f| f.message)?.text;
    Ok(Plan { change: Change { found: config, after, mode: 0o600 }, key, hash })
}

/// Asks Codex how it stands to our line, in its own home.
pub(crate) async fn standing(
    program: &Path,
    place: &Place,
    line: &str,
) -> Result<Standing, String> {
    let asking = async {
        let listed = Server::start(program, None).await?.hooks(&place.root).await?;
        let path = place.named.to_string_lossy();
        let ours = listed.iter().find(|hook| hook.command == line && hook.path == path);
        Ok(match ours {
            None => Standing::Unread,
            Some(hook) if !hook.enabled => Standing::Off,
            Some(hook) if matches!(hook.trust.as_str(), "trusted" | "managed") => Standing::Trusted,
            Some(_) => Standing::Untrusted,
        })
    };
    within(asking).await
}

async fn within<T, E: From<String>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs()).into()))
}

/// The configuration without what was added for a hook; `None` where it is written in another way,
/// or more was said of the hook since.
pub(crate) fn distrusted(config: &str, key: &str, hash: &str) -> Option<String> {
    let lines: Vec<&str> = config.split_inclusive('\n').collect();
    let head = |line: &&str| line.starts_with("[hooks.state.") && line.contains(key);
    let at = lines.iter().position(head)?;
    let trust = format!("trusted_hash = \"{hash}\"");
    let next = lines.get(at + 1).filter(|line| line.trim() == trust);
    let rest = lines.get(at + 2..).unwrap_or_default();
    let says = |line: &&&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let after = rest.iter().find(says);
    if next.is_none() || after.is_some_and(|line| !line.trim_start().starts_with('[')) {
        return None;
    }
    let blank = at.checked_sub(1).and_then(|i| lines.get(i)).is_some_and(|l| l.trim().is_empty());
    let before = lines.get(..at - usize::from(blank)).unwrap_or_default();
    Some([before, rest].concat().concat())
}

/// One hook as Codex lists it.
struct Listed {
    key: String,
    path: String,
    command: String,
    hash: String,
    trust: String,
    enabled: bool,
}

impl Listed {
    fn of(hook: &Value) -> Self {
        let text = |name| hook.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            key: text("key"),
            path: text("sourcePath"),
            command: text("command"),
            hash: text("currentHash"),
            trust: text("trustStatus"),
            enabled: hook.get("enabled").and_then(Value::as_bool).unwrap_or(false),
        }
    }
}

/// `codex app-server`: one question on a line, one answer on a line.
struct Server {
    say: ChildStdin,
    hear: Lines<BufReader<ChildStdout>>,
    next: u64,
    /// Ends it.
    _running: Running,
}

impl Server {
    async fn start(program: &Path, home: Option<&Path>) -> Result<Self, String> {
        let mut command = command(program, &["app-server"]);
        if let Some(home) = home {
            command.env("CODEX_HOME", home).current_dir(home);
        }
        let mut running = Running::quiet(command)?;
        let (say, hear) = (running.child.stdin.take(), running.child.stdout.take());
        let (Some(say), Some(hear)) = (say, hear) else { return Err("it has no pipes".into()) };
        let hear = BufReader::new(hear).lines();
        let mut server = Self { say, hear, next: 1, _running: running };
        let us = json!({"name": "countersign", "version": env!("CARGO_PKG_VERSION")});
        server.ask("initialize", json!({"clientInfo": us})).await?;
        server.tell(&json!({"method": "initialized"})).await?;
        Ok(server)
    }

    async fn hooks(&mut self, cwd: &Path) -> Result<Vec<Listed>, String> {
        let listed = self.ask("hooks/list", json!({"cwds": [cwd]})).await?;
        let places = listed.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
        let hooks = places.iter().filter_map(|place| place.get("hooks")?.as_array());
        Ok(hooks.flatten().map(Listed::of).collect())
    }

    async fn trust(&mut self, key: &str, hash: &str) -> Result<(), String> {
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
            let Ok(mut message) = serde_json::from_str::<Value>(&line) else { continue };
            if message.get("id") != Some(&json!(id)) {
                continue;
            }
            let result = message.get_mut("result").map(Value::take);
            return result.ok_or_else(|| format!("it does not answer `{method}`"));
        }
    }

    async fn tell(&mut self, message: &Value) -> Result<(), String> {
        let line = format!("{message}\n");
        self.say.write_all(line.as_bytes()).await.map_err(|e| e.to_string())?;
        self.say.flush().await.map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_taken_out_where_it_stands_as_it_was_written() {
        let head = "# mine\nmodel = \"x\"\n\n[hooks.state]\n";
        let block =
            "\n[hooks.state.\"/h/hooks.json:pre_tool_use:0:0\"]\ntrusted_hash = \"sha256:ab\"\n";
        let after = "\n[tui]\na = 1\n";
        let (key, hash) = ("/h/hooks.json:pre_tool_use:0:0", "sha256:ab");
        let all = format!("{head}{block}{after}");
        assert_eq!(distrusted(&all, key, hash), Some(format!("{head}{after}")));
        assert_eq!(distrusted(&format!("{head}{block}"), key, hash).as_deref(), Some(head));
        let noted = format!("{head}{block}# mine, too\n");
        assert_eq!(distrusted(&noted, key, hash), Some(format!("{head}# mine, too\n")));
        for other in [
            head.to_owned(),
            all.replace("ab", "cd"),
            all.replace(":0:0", ":1:0"),
            format!("{head}{block}enabled = false\n"),
            String::new(),
        ] {
            assert_eq!(distrusted(&other, key, hash), None, "{other}");
        }
    }
}
