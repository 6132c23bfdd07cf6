//! The hosts themselves, as their makers publish them.

use std::path::PathBuf;

use super::Host;
use crate::{Outcome, child};

/// The versions that the documents speak of.
const CLAUDE_CODE: &str = "2.1.332";
const CODEX: &str = "0.171.0";

impl Host {
    /// The package, and its version.
    fn package(self) -> (&'static str, &'static str) {
        match self {
            Self::ClaudeCode => ("@anthropic-ai/claude-code", CLAUDE_CODE),
            Self::Codex => ("@openai/codex", CODEX),
        }
    }
}

/// Where they are installed.
pub(super) fn dir() -> PathBuf {
    child::target().join("hosts")
}

/// Where their programs are.
pub(super) fn programs() -> PathBuf {
    dir().join("node_modules/.bin")
}

/// Installs what is not there in its version.
pub(super) fn install() -> Outcome {
    let missing: Vec<String> = Host::ALL.into_iter().filter(|h| !is_there(*h)).map(spec).collect();
    if missing.is_empty() {
        return Ok(());
    }
    std::fs::create_dir_all(dir()).map_err(|e| format!("`{}`: {e}", dir().display()))?;
    let mut npm = child::program("npm");
    npm.arg("--prefix").arg(dir()).args(["install", "--no-audit", "--no-fund", "--no-save"]);
    child::run(npm.args(Host::ALL.map(spec)))
}

fn spec(host: Host) -> String {
    let (package, version) = host.package();
    format!("{package}@{version}")
}

fn is_there(host: Host) -> bool {
    let (package, version) = host.package();
    let file = dir().join("node_modules").join(package).join("package.json");
    let text = std::fs::read(file).unwrap_or_default();
    serde_json::from_slice::<serde_json::Value>(&text)
        .is_ok_and(|found| found.get("version").and_then(|v| v.as_str()) == Some(version))
}
