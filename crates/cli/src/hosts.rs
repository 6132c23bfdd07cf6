//! The agent hosts on this machine, as `install` and `doctor` meet them.
//!
//! # Rooms
//! * [`program`]: other programs, found, started within bounds, and ended.
//! * [`codex`]: what Codex says of its hooks, and is told of them.

pub(crate) mod codex;
pub(crate) mod program;

use countersign_hosts::{Host, settings};
use std::path::{Path, PathBuf};

/// Where whoever runs the machine decides for everybody who uses Claude Code on it.
pub(crate) const MANAGED: &str = "/etc/claude-code";

/// The settings in such a directory that Claude Code reads, whether or not they are there.
pub(crate) fn managed(dir: &Path) -> Vec<PathBuf> {
    let mut files = vec![dir.join("managed-settings.json")];
    let drops = std::fs::read_dir(dir.join("managed-settings.d"));
    let drops = drops.into_iter().flatten().flatten().map(|entry| entry.path());
    files.extend(drops.filter(|path| path.extension().is_some_and(|ext| ext == "json")));
    files.sort();
    files
}

/// The variables that are set in the environment of this process and keep Claude Code from running
/// hooks.
pub(crate) fn switches() -> Vec<&'static str> {
    let off = |name: &&&str| {
        let value = std::env::var_os(name).unwrap_or_default();
        settings::variable_is_off(name, &value.to_string_lossy())
    };
    settings::VARIABLES.iter().filter(off).copied().collect()
}

/// A host's name for people.
pub(crate) fn title(host: Host) -> &'static str {
    match host {
        Host::ClaudeCode => "Claude Code",
        Host::Codex => "Codex",
    }
}

/// The name of a host's program.
pub(crate) fn program_of(host: Host) -> &'static str {
    match host {
        Host::ClaudeCode => "claude",
        Host::Codex => "codex",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_46_managed_drop_ins_are_settings_like_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let whole = dir.path().join("managed-settings.json");
        assert_eq!(managed(dir.path()), std::slice::from_ref(&whole));
        let drops = dir.path().join("managed-settings.d");
        std::fs::create_dir(&drops).unwrap();
        for name in ["20.json", "10.json", "note.txt"] {
            std::fs::write(drops.join(name), "{}").unwrap();
        }
        let wanted = [drops.join("10.json"), drops.join("20.json"), whole];
        assert_eq!(managed(dir.path()), wanted);
    }
}
