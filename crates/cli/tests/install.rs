//! The hook put before the tools of a host, and taken out again, by the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

#[path = "install/asked.rs"]
mod asked;
#[path = "install/codex.rs"]
mod codex;
mod common;
#[path = "install/files.rs"]
mod files;
#[path = "install/refused.rs"]
mod refused;

use common::{World, json};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A person's account: a home directory with hosts' settings, and a directory for programs.
struct Account {
    world: World,
}

impl Account {
    fn new() -> Self {
        Self::named("me")
    }

    /// Without any settings; the home directory bears this name.
    fn named(name: &str) -> Self {
        let world = World::bare();
        for dir in [name, "bin"] {
            std::fs::create_dir(world.path(dir)).unwrap();
        }
        std::fs::write(world.path("name"), name).unwrap();
        Self { world }
    }

    fn home(&self) -> PathBuf {
        self.world.path(&std::fs::read_to_string(self.world.path("name")).unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    /// Our own home.
    fn ours(&self) -> PathBuf {
        self.path(".countersign")
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Puts a program into `PATH`.
    fn program(&self, name: &str, text: &str) {
        let path = self.world.path("bin").join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command("none", args);
        command
            .env_remove("CLAUDE_CONFIG_DIR")
            .env_remove("CODEX_HOME")
            .env("COUNTERSIGN_HOME", self.ours())
            .env("HOME", self.home())
            .env("SHELL", "/bin/bash")
            .env("PATH", self.world.path("bin"));
        // The home is the usual one of this account.
        let mut plain = self.world.like(&command, common::BINARY);
        plain.args(args);
        plain
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The document of a command that must succeed.
    fn done(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let output = self.run(&args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        json(&output.stdout)
    }

    /// The code, the message and the exit code of a command that must not.
    fn fails(&self, args: &[&str]) -> (String, String, i32) {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let output = self.run(&args);
        assert!(!output.status.success() && output.stdout.is_empty(), "{args:?}: {output:?}");
        let error = json(&output.stderr)["error"].clone();
        let text = |name: &str| error[name].as_str().unwrap().to_owned();
        (text("code"), text("message"), output.status.code().unwrap())
    }
}

const CLAUDE: [&str; 3] = ["install", "claude-code", "--yes"];
const UNDO_CLAUDE: [&str; 3] = ["uninstall", "claude-code", "--yes"];
const SETTINGS: &str = ".claude/settings.json";

/// The commands before every tool in a file of hooks.
fn commands(text: &[u8]) -> Vec<String> {
    let value: Value =
        serde_json::from_slice(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)).unwrap();
    let groups = value["hooks"]["PreToolUse"].as_array().cloned().unwrap_or_default();
    let handlers = groups.iter().flat_map(|group| group["hooks"].as_array().unwrap().clone());
    handlers.map(|handler| handler["command"].as_str().unwrap().to_owned()).collect()
}
