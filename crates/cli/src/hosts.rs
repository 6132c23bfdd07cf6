//! The agent hosts on this machine, as `install` and `doctor` meet them.
//!
//! # Rooms
//! * [`program`]: other programs, found, started within bounds, and ended.
//! * [`codex`]: what Codex says of its hooks, and is told of them.

pub(crate) mod codex;
pub(crate) mod program;

use countersign_hosts::Host;

/// What whoever runs the machine decides for everybody who uses Claude Code on it.
pub(crate) const MANAGED: &str = "/etc/claude-code/managed-settings.json";

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
