//! Our own parties: an agent's home with the hook installed, a gateway, and a person's device.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::process::{self, Process};
use super::{Host, packages};
use crate::{Outcome, child};

/// How long a host waits for the hook, in seconds: an answer must fit, and so must a check of what
/// happens without one.
const TIMEOUT: &str = "15";

/// The longest that anything of ours may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the policy says where it blocks, so that a check can look for it.
pub(super) const BLOCKED: &str = "nobody does this here";

/// Added to the policy that `policy init` writes: what never runs, that a helper is asked
/// about, and that to wait for one is nothing.
const RULES: &str = "
[[classify]]
tools = [\"multi_agent_v1wait_agent\"]
verb = \"llm_call\"
risk = \"low\"

[[rule]]
id = \"helpers\"
tools = [\"Agent\", \"spawn_agent\"]
decision = \"require_approval\"
approvers = [\"anyone\"]

[[rule]]
id = \"never-here\"
tools = [\"touch\", \"mark\", \"Write\", \"apply_patch\"]
decision = \"block\"
display = \"nobody does this here\"
";

/// The host's file of hooks as its user wrote it, with a hook of their own.
const BEFORE: &str = "{\n  \"hooks\": {\n    \"Stop\": [{ \"hooks\": \
    [{ \"type\": \"command\", \"command\": \"true\" }] }]\n  }\n}\n";

/// A skill of Claude Code with a line of shell in its text.
const SKILL: &str =
    "---\nname: mark\ndescription: Leaves a mark.\n---\n\nMark: !`touch by-skill`\n";

/// A directory with everything in it, gone with this value.
pub(super) struct World {
    pub(super) host: Host,
    dir: PathBuf,
    binary: PathBuf,
    _gateway: Option<Process>,
}

impl World {
    /// Everything set up as a person would: policy, pairing, hook.
    pub(super) fn new(host: Host, binary: &Path) -> Result<Self, String> {
        let name = format!("countersign-hosts-{}-{}", std::process::id(), host.name());
        let dir = std::env::temp_dir().join(name);
        let failed = |error: std::io::Error| format!("`{}`: {error}", dir.display());
        for part in ["bin", "work/.git", "home/.claude/skills/mark", "home/.codex"] {
            std::fs::create_dir_all(dir.join(part)).map_err(failed)?;
        }
        // The hook's program is one of its own, so that a check can take it away.
        let copy = dir.join("bin/countersign");
        std::fs::copy(binary, &copy).map_err(failed)?;
        std::fs::write(dir.join("passphrase"), "correct horse\n").map_err(failed)?;
        std::fs::write(dir.join("marker.js"), include_str!("marker.js")).map_err(failed)?;
        std::fs::write(dir.join("work/note.txt"), "a note\n").map_err(failed)?;
        std::fs::write(dir.join("home/.codex/config.toml"), codex(&dir)).map_err(failed)?;
        std::fs::write(dir.join("home/.claude/skills/mark/SKILL.md"), SKILL).map_err(failed)?;
        let mut world = Self { host, dir: dir.clone(), binary: binary.to_owned(), _gateway: None };
        world.people()?;
        std::fs::write(world.settings(), BEFORE).map_err(|e| e.to_string())?;
        let hook = &["install", host.name(), "--yes", "--timeout", TIMEOUT];
        let mut install = world.party(&copy, "agent", hook);
        ended("install", process::run(world.at_home(&mut install), PATIENCE)?)?;
        Ok(world)
    }

    /// A policy, a gateway, and a paired approver.
    fn people(&mut self) -> Result<(), String> {
        self.ours("agent", &["policy", "init"])?;
        let policy = self.path("agent/policy.toml");
        let text = std::fs::read_to_string(&policy).map_err(|e| e.to_string())? + RULES;
        std::fs::write(&policy, text).map_err(|e| e.to_string())?;
        self.ours("agent", &["policy", "accept"])?;
        let (gateway, said) = self.started("gateway", &["gateway", "--listen", "127.0.0.1:0"])?;
        self._gateway = Some(gateway);
        let url = member(&said, "listening")?;
        let pair = &["pair", "--name", "ann", "--relay", &url, "--assurance", "device"];
        let (mut pairing, said) = self.started("agent", pair)?;
        self.ours("approver", &["join", &member(&said, "link")?])?;
        if pairing.wait(PATIENCE)?.success() { Ok(()) } else { Err("the pairing failed".into()) }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The directory in which the host works.
    pub(super) fn work(&self, name: &str) -> PathBuf {
        self.dir.join("work").join(name)
    }

    /// The environment in which a person of this world starts a host: no more than that, no way
    /// out of this machine, and nothing that calls home.
    pub(super) fn at_home<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let programs = packages::programs().display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", format!("{programs}:{path}"))
            .env("HOME", self.path("home"))
            .env("CLAUDE_CONFIG_DIR", self.path("home/.claude"))
            .env("CODEX_HOME", self.path("home/.codex"))
            .env("SHELL", "/bin/bash")
            .env("TERM", "dumb")
            .envs(["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map(|n| (n, "http://127.0.0.1:9")))
            .env("NO_PROXY", "127.0.0.1")
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .envs(
                ["DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING"]
                    .map(|n| (n, "1")),
            )
            // Root may only skip its permissions where the host is told that it is shut in.
            .env("IS_SANDBOX", "1")
            .current_dir(self.path("work"))
    }

    /// Puts another program in place of the one that the hook's line names.
    pub(super) fn replace_hook(&self, script: Option<&str>) -> Result<(), String> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path("bin/countersign");
        let replaced = || {
            if path.exists() {
                std::fs::remove_file(&path)?;
            }
            let Some(script) = script else { return Ok(()) };
            std::fs::write(&path, script)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
        };
        replaced().map_err(|e: std::io::Error| e.to_string())
    }

    /// Waits for a request in the approver's inbox and answers it.
    pub(super) fn answer(&self, with: &[&str]) -> Result<(), String> {
        answer(&self.binary, &self.dir, with)
    }

    /// The same for somebody who outlives a borrow.
    pub(super) fn person(&self) -> impl Fn(&[&str]) -> Result<(), String> + Send + Sync + use<> {
        let (binary, dir) = (self.binary.clone(), self.dir.clone());
        move |with| answer(&binary, &dir, with)
    }

    /// Takes the hook out of the host.
    pub(super) fn uninstall(&self) -> Outcome {
        let mut command =
            self.party(&self.binary, "agent", &["uninstall", self.host.name(), "--yes"]);
        let said = process::run(self.at_home(&mut command), PATIENCE)?;
        ended("uninstall", said).map(|_| ())
    }

    /// Whether the host's file of hooks is what its user wrote.
    pub(super) fn is_as_before(&self) -> Outcome {
        match std::fs::read_to_string(self.settings()) {
            Ok(text) if text == BEFORE => Ok(()),
            found => Err(format!("its settings are {found:?}")),
        }
    }

    /// The host's file of hooks.
    fn settings(&self) -> PathBuf {
        self.path(match self.host {
            Host::ClaudeCode => "home/.claude/settings.json",
            Host::Codex => "home/.codex/hooks.json",
        })
    }

    fn party(&self, binary: &Path, name: &str, args: &[&str]) -> Command {
        party(binary, &self.dir, name, args)
    }

    fn ours(&self, name: &str, args: &[&str]) -> Result<Value, String> {
        ours(&self.binary, &self.dir, name, args)
    }

    /// Something that goes on, and the document that it begins with.
    fn started(&self, name: &str, args: &[&str]) -> Result<(Process, Value), String> {
        let mut process = Process::start(self.party(&self.binary, name, args).arg("--json"))?;
        let line = process.line(PATIENCE)?;
        let said = serde_json::from_str(&line).map_err(|e| format!("{args:?}: {line:?}: {e}"))?;
        Ok((process, said))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _removed = std::fs::remove_dir_all(&self.dir);
    }
}

fn answer(binary: &Path, dir: &Path, with: &[&str]) -> Result<(), String> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let inbox = ours(binary, dir, "approver", &["inbox"])?;
        if let Some(id) = inbox.pointer("/items/0/requestId").and_then(Value::as_str) {
            let (word, rest) = with.split_first().ok_or("no answer")?;
            let args: Vec<&str> = [*word, id].into_iter().chain(rest.iter().copied()).collect();
            return ours(binary, dir, "approver", &args).map(|_| ());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err("nothing reached the inbox".into())
}

fn party(binary: &Path, dir: &Path, name: &str, args: &[&str]) -> Command {
    let mut command = child::program(AsRef::<OsStr>::as_ref(binary));
    command.arg("--home").arg(dir.join(name)).args(args).current_dir(dir.join("work"));
    command.env("COUNTERSIGN_PASSPHRASE_FILE", dir.join("passphrase")).env("NO_COLOR", "1");
    command
}

fn ours(binary: &Path, dir: &Path, name: &str, args: &[&str]) -> Result<Value, String> {
    let said = process::run(party(binary, dir, name, args).arg("--json"), PATIENCE)?;
    let said = ended(&args.join(" "), said)?;
    serde_json::from_str(&said).map_err(|e| format!("{args:?}: {said:?}: {e}"))
}

fn ended(what: &str, ended: process::Ended) -> Result<String, String> {
    if ended.status.success() {
        return Ok(ended.stdout);
    }
    Err(format!("`{what}`: {}: {} {}", ended.status, ended.stdout, ended.stderr))
}

fn member(value: &Value, name: &str) -> Result<String, String> {
    let found = value.get(name).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| format!("no `{name}` in {value}"))
}

/// What Codex is told once; the address of the model is told anew with each run.
fn codex(dir: &Path) -> String {
    let server = dir.join("marker.js");
    format!(
        "check_for_update_on_startup = false\nmodel_provider = \"standin\"\n\n\
         [analytics]\nenabled = false\n\n\
         [model_providers.standin]\nname = \"a stand-in\"\nwire_api = \"responses\"\n\
         base_url = \"http://127.0.0.1:9/v1\"\nrequires_openai_auth = false\n\n\
         [mcp_servers.marker]\ncommand = \"node\"\nargs = [\"{}\"]\n",
        server.display()
    )
}
