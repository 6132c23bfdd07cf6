//! This very binary as other processes: what a stranger would run.

use super::category::State;
use crate::failure::{Exit, Failure};
use countersign_enforcer::Edge;
use countersign_store::files;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The longest that one process may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn broken(what: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, "conformance", what.to_string())
}

/// A directory for these processes, gone at the end.
pub(super) struct Ground {
    dir: PathBuf,
}

impl Ground {
    pub(super) fn new() -> Result<Self, Failure> {
        let id = Edge::system().id().map_err(broken)?;
        let dir = std::env::temp_dir().join(format!("countersign-conformance-{id}"));
        files::private_dir(&dir)?;
        Ok(Self { dir })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// This binary over a home of its own, with the environment that a program needs and no more.
    fn command(&self, arguments: &[&str]) -> Result<Command, Failure> {
        let mut command = Command::new(std::env::current_exe().map_err(broken)?);
        command.env_clear().env("TMPDIR", &self.dir).env("HOME", &self.dir);
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("COUNTERSIGN_HOME", self.path("home")).arg("--json").args(arguments);
        command.current_dir(&self.dir).stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    /// Runs it to its end.
    pub(super) async fn run(&self, arguments: &[&str]) -> Result<Ended, Failure> {
        let ending = self.command(arguments)?.output();
        let late = |_| broken(format!("`{}` did not end", arguments.join(" ")));
        Ok(Ended(timeout(PATIENCE, ending).await.map_err(late)?.map_err(broken)?))
    }

    /// Starts it as a gateway on a free port of loopback; it ends when it is dropped.
    pub(super) async fn gateway(&self) -> Result<(String, Child), Failure> {
        let arguments = ["gateway", "--listen", "127.0.0.1:0"];
        let mut child = self.command(&arguments)?.stdout(Stdio::piped()).spawn().map_err(broken)?;
        let out = child.stdout.take().ok_or_else(|| broken("a gateway without an output"))?;
        let mut line = String::new();
        let mut reader = BufReader::new(out);
        let late = |_| broken("the gateway did not start");
        timeout(PATIENCE, reader.read_line(&mut line)).await.map_err(late)?.map_err(broken)?;
        let said: Value = serde_json::from_str(&line).map_err(broken)?;
        let url = said.get("listening").and_then(Value::as_str);
        Ok((url.ok_or_else(|| broken("the gateway did not say where it listens"))?.into(), child))
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // Left behind it would only take room.
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// How a process ended.
pub(super) struct Ended(Output);

impl Ended {
    pub(super) fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    /// The document on standard output.
    pub(super) fn document(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).unwrap_or_default()
    }

    /// The document on standard error, of a command that failed.
    fn refusal(&self) -> Value {
        serde_json::from_slice(&self.0.stderr).unwrap_or_default()
    }

    /// Passed where it ended with `exit` and, where a code is named, said it somewhere.
    pub(super) fn ends(&self, exit: i32, code: Option<&str>) -> State {
        let said = format!("{}{}", self.document(), self.refusal());
        let holds = self.code() == Some(exit) && code.is_none_or(|code| said.contains(code));
        State::of(holds, || format!("ended with {:?} and said {said}", self.code()))
    }
}

/// The three roles of the reference files, and a decision that is shown twice.
pub(super) struct Files {
    pub(super) allowed: State,
    pub(super) replayed: State,
    pub(super) swapped: State,
}

impl Files {
    /// What cannot even be tried has failed.
    pub(super) async fn play(ground: &Ground) -> Self {
        Self::tried(ground).await.unwrap_or_else(|failure| {
            let failed = || State::Failed(failure.message.clone());
            Self { allowed: failed(), replayed: failed(), swapped: failed() }
        })
    }

    async fn tried(ground: &Ground) -> Result<Self, Failure> {
        let at = |name: &str| ground.path(name).display().to_string();
        let (keys, journal) = (at("ma-keys.json"), at("journal"));
        let propose = async |name: &str, command: &str| {
            let out = at(name);
            let words =
                ["harp", "propose", "--init", "--keys", &keys, "--command", command, "--out", &out];
            done(ground.run(&words).await?)
        };
        propose("one.json", "echo one").await?;
        propose("two.json", "echo two").await?;
        let (one, two, decision) = (at("one.json"), at("two.json"), at("decision.json"));
        let review = ["harp", "review", "--keys", &keys, "--artifact", &one, "--allow"];
        done(ground.run(&[&review[..], &["--out", &decision]].concat()).await?)?;
        let enforce = async |artifact: &str| {
            let words = ["harp", "enforce", "--keys", &keys, "--artifact", artifact];
            let rest = ["--decision", &decision, "--journal", &journal];
            ground.run(&[&words[..], &rest[..]].concat()).await
        };
        let swapped = enforce(&two).await?.ends(13, Some("HARP_ERR_HASH_MISMATCH"));
        let allowed = enforce(&one).await?.ends(0, None);
        let replayed = enforce(&one).await?.ends(13, Some("HARP_ERR_REPLAY"));
        Ok(Self { allowed, replayed, swapped })
    }
}

fn done(ended: Ended) -> Result<(), Failure> {
    match ended.ends(0, None) {
        State::Failed(why) => Err(broken(why)),
        _ => Ok(()),
    }
}
