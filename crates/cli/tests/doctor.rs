//! `countersign doctor` on homes with one thing wrong each, by the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;
#[path = "doctor/homes.rs"]
mod homes;
#[path = "common/hostile.rs"]
mod hostile;
#[path = "doctor/hosts.rs"]
mod hosts;

use common::{World, json};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The enforcer's home, with the person's account around it.
struct Patient {
    world: World,
}

/// What the command said.
struct Said {
    document: Value,
    exit: i32,
}

impl Patient {
    /// A home that is paired through a gateway.
    fn paired() -> Self {
        let world = World::paired();
        world.hold_nothing_more();
        Self::of(world)
    }

    fn of(world: World) -> Self {
        for dir in ["account", "bin"] {
            std::fs::create_dir(world.path(dir)).unwrap();
        }
        mode(&world.path("passphrase"), 0o600);
        Self { world }
    }

    fn home(&self) -> PathBuf {
        self.world.path("enforcer")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command("enforcer", args);
        command
            .env_remove("CLAUDE_CONFIG_DIR")
            .env_remove("CODEX_HOME")
            .env("HOME", self.world.path("account"))
            .env("SHELL", "/bin/sh")
            .env("PATH", self.world.path("bin"));
        command
    }

    fn run(&self, args: &[&str]) {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
    }

    /// Puts a program into `PATH`.
    fn program(&self, name: &str, text: &str) {
        let path = self.world.path("bin").join(name);
        std::fs::write(&path, text).unwrap();
        mode(&path, 0o755);
    }

    fn doctor(&self) -> Said {
        let output = self.command(&["doctor", "--json"]).output().unwrap();
        let exit = output.status.code().unwrap();
        let document = json(&output.stdout);
        assert!(output.stderr.is_empty(), "{output:?}");
        assert_eq!(document["ok"], exit == 0, "{document}");
        Said { document, exit }
    }
}

impl Said {
    /// The first check of this name that is in this state.
    fn check(&self, name: &str, state: &str) -> Value {
        let checks = self.document["checks"].as_array().unwrap();
        let found = checks.iter().find(|c| c["check"] == name && c["state"] == state);
        found.unwrap_or_else(|| panic!("no `{name}` that is {state}: {:#}", self.document)).clone()
    }

    /// It fails, says this, and names a way to mend it.
    fn fails(&self, name: &str, because: &str) {
        let check = self.check(name, "fail");
        assert!(check["found"].as_str().unwrap().contains(because), "{check}");
        assert!(!check["fix"].as_str().unwrap().is_empty(), "{check}");
        assert_eq!(self.exit, 1);
    }

    /// Every check was made.
    fn is_whole(&self) {
        let names: Vec<&str> = self.document["checks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|check| check["check"].as_str().unwrap())
            .collect();
        for name in [
            "home",
            "operator key",
            "pinned keys",
            "ledger",
            "approver keys",
            "clock",
            "approvers",
            "policy",
            "hook claude-code",
            "hook codex",
            "program",
            "protection",
            "disk",
        ] {
            assert!(names.contains(&name), "{name} is missing from {names:?}");
        }
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
