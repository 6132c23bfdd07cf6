//! Other files of Claude Code that switch every hook off, ours among them.
//!
//! Any scope may say so, also a file that came with the project, and the host then says nothing.

use super::change::Found;
use super::place::{Place, shown};
use crate::asking::workspace;
use crate::hosts::{MANAGED, managed, switches};
use countersign_hosts::{Host, settings};
use std::path::{Path, PathBuf};

/// A line for each file that switches hooks off, in this place.
pub(super) fn warnings(place: &Place) -> Vec<String> {
    if place.host != Host::ClaudeCode {
        return Vec::new();
    }
    let variables = switches().into_iter().map(|name| {
        format!("`{name}` is set here: a session that begins with it runs no hook, and every tool")
    });
    let others = files(place).into_iter().filter(|(file, _)| *file != place.named);
    variables.chain(others.flat_map(|(file, managed)| warning(&file, managed))).collect()
}

/// With whether each decides for the whole machine.
fn files(place: &Place) -> Vec<(PathBuf, bool)> {
    let mut files = vec![place.config.join("settings.json")];
    if let Ok(cwd) = std::env::current_dir() {
        let dirs = [workspace(&cwd), &cwd].map(|dir: &Path| dir.join(".claude"));
        files.extend(dirs.iter().map(|dir| dir.join("settings.json")));
        files.extend(dirs.iter().map(|dir| dir.join("settings.local.json")));
    }
    files.sort();
    files.dedup();
    let managed = managed(Path::new(MANAGED)).into_iter().map(|file| (file, true));
    managed.chain(files.into_iter().map(|file| (file, false))).collect()
}

fn warning(file: &Path, managed: bool) -> Vec<String> {
    // One that cannot be read here is none that the host reads, or the host's to complain of.
    let text = Found::at(file).ok().and_then(|found| found.text).unwrap_or_default();
    let shown = shown(file);
    let words = settings::switches_off(&text, managed).into_iter();
    words
        .map(|word| {
            format!("`{shown}` says `{word}`: where it counts, no hook runs, and every tool does")
        })
        .collect()
}
