//! One run of a host, as its user starts it.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::model::Model;
use super::script::Script;
use super::world::World;
use super::{Host, packages, process};

/// The longest that a run may take.
const LIMIT: Duration = Duration::from_secs(90);

/// How the host's user starts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// With the host's own permissions.
    Careful,
    /// With the option that skips them all.
    Bypass,
}

/// What is different in a run. The models of Codex have different tools, and Codex knows them by
/// name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Its shell is a function, and it has helpers.
    Plain,
    /// It has a tool for edits.
    Edits,
    /// It calls tools from scripts.
    Scripts,
    /// The user starts a skill (Claude Code).
    Skill,
}

/// What the model was told of its tools.
pub(super) struct Heard(Vec<String>);

impl Heard {
    /// That one of the results has these words.
    pub(super) fn says(&self, words: &str) -> Result<(), String> {
        if self.0.iter().any(|result| result.contains(words)) {
            return Ok(());
        }
        Err(format!("the model was not told `{words}`, but {:?}", self.0))
    }
}

/// Runs the host until its model has nothing more to do.
pub(super) fn run(world: &World, mode: Mode, kind: Kind, script: Script) -> Result<Heard, String> {
    let model = Model::start(world.host, script)?;
    let mut command = match world.host {
        Host::ClaudeCode => claude(world, mode, kind, &model.url()),
        Host::Codex => codex(world, mode, kind, &model.url()),
    };
    let ended = process::run(&mut command, LIMIT)?;
    let heard = model.heard();
    if ended.status.success() && !heard.is_empty() {
        return Ok(Heard(heard));
    }
    let tail: String = ended.stdout.chars().rev().take(300).collect();
    let tail: String = tail.chars().rev().collect();
    Err(format!("the host ended with {}, said {tail:?} {:?}", ended.status, ended.stderr))
}

fn claude(world: &World, mode: Mode, kind: Kind, url: &str) -> Command {
    let server = json!({"command": "node", "args": [world.path("marker.js")]});
    let servers = json!({"mcpServers": {"marker": server}}).to_string();
    let mut command = Command::new(packages::programs().join("claude"));
    world.at_home(&mut command);
    command.env("ANTHROPIC_BASE_URL", url).env("ANTHROPIC_API_KEY", "none");
    let prompt = if kind == Kind::Skill { "/mark" } else { "go" };
    command.args(["-p", prompt, "--output-format", "json", "--strict-mcp-config", "--mcp-config"]);
    command.arg(servers);
    if mode == Mode::Bypass {
        command.arg("--dangerously-skip-permissions");
    }
    command
}

fn codex(world: &World, mode: Mode, kind: Kind, url: &str) -> Command {
    let mut command = Command::new(packages::programs().join("codex"));
    world.at_home(&mut command);
    let model = match kind {
        Kind::Plain | Kind::Skill => "gpt-5.3-codex",
        Kind::Edits => "gpt-5.5",
        Kind::Scripts => "gpt-6.2-sol",
    };
    let at = format!("model_providers.standin.base_url=\"{url}/v1\"");
    command.args(["exec", "--skip-git-repo-check", "--json", "-m", model, "-c", &at]);
    command.args(match mode {
        Mode::Careful => ["--sandbox", "workspace-write"].as_slice(),
        Mode::Bypass => ["--dangerously-bypass-approvals-and-sandbox"].as_slice(),
    });
    command.arg("go");
    command
}
