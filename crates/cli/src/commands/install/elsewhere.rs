//! Other files of Claude Code that switch every hook off, ours among them.
//!
//! Any scope may say so, also a file that came with the project, and the host then says nothing.

use super::change::Found;
use super::place::{Place, shown};
use crate::asking::workspace;
use crate::hosts::MANAGED;
use countersign_hosts::{Host, settings};
use std::path::{Path, PathBuf};

/// A line for each file that switches hooks off, in this place.
pub(super) fn warnings(place: &Place) -> Vec<String> {
    if place.host != Host::ClaudeCode {
        return Vec::new();
    }
    let others = files(place).into_iter().filter(|file| *file != place.named);
    others.filter_map(|file| warning(&file)).collect()
}

fn files(place: &Place) -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from(MANAGED), place.config.join("settings.json")];
    if let Ok(cwd) = std::env::current_dir() {
        let dirs = [workspace(&cwd), &cwd].map(|dir: &Path| dir.join(".claude"));
        files.extend(dirs.iter().map(|dir| dir.join("settings.json")));
        files.extend(dirs.iter().map(|dir| dir.join("settings.local.json")));
    }
    files.sort();
    files.dedup();
    files
}

fn warning(file: &Path) -> Option<String> {
    // One that cannot be read here is none that the host reads, or the host's to complain of.
    let text = Found::at(file).ok()?.text?;
    let managed = file == Path::new(MANAGED);
    let word = settings::switches_off(&text, managed)?;
    let shown = shown(file);
    Some(format!("`{shown}` says `{word}`: where it counts, no hook runs, and every tool does"))
}
