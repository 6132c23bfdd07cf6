//! What stands in a host's files, and what the host says of itself.

use super::super::bounded::{FILES, bounded};
use super::super::check::quoted;
use super::super::files::{above, look, writable_above};
use super::Places;
use super::record::Record;
use crate::hosts::codex::{self, Listed};
use crate::hosts::{managed, program, program_of};
use countersign_core::encoding::Hash;
use countersign_hosts::settings::{self, Entry, Line};
use countersign_hosts::{Event, Host, Version};
use countersign_store::files::{self, Links};
use serde_json::Value;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// The longest file of settings that is read.
const LONGEST: u64 = 8 * 1024 * 1024;

/// Everything that is known of one host.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) host: Host,
    /// Its version, or why it does not say; `None` where it is not installed.
    pub(super) version: Option<Result<String, String>>,
    /// The file of its user.
    pub(super) user: Option<PathBuf>,
    /// The files in which hooks of it may stand, and that are there.
    pub(super) files: Vec<File>,
    pub(super) records: Vec<Record>,
    /// What switches its hooks off.
    pub(super) off: Vec<Off>,
    /// What Codex says of its hooks.
    pub(super) listed: Option<Result<Vec<Listed>, String>>,
}

/// Something that switches hooks off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Off {
    /// What it is, in one line.
    pub(super) said: String,
    /// What to do about it.
    pub(super) fix: String,
}

/// A file of hooks.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    /// Ours in it; an error says why it cannot be read.
    pub(super) entries: Result<Vec<Found>, String>,
    /// Whether anything in it calls our hook, also where that holds nothing.
    pub(super) ours: bool,
    /// What others have in it before tools.
    pub(super) others: Vec<String>,
    /// Whether other users may write to it.
    pub(super) open: bool,
    /// Whether a session that begins here reads it.
    pub(super) counts: bool,
}

/// An entry of ours.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Before what it stands.
    pub(super) event: Event,
    pub(super) entry: Entry,
    pub(super) line: Option<Line>,
    /// SHA-256 of the binary that it names, or why there is none.
    pub(super) binary: Result<String, String>,
    /// Who else could put another program in its place.
    pub(super) door: Option<String>,
    /// Whether it is this very program.
    pub(super) same: bool,
    /// Whether the home that it names is there.
    pub(super) home: bool,
}

/// Looks at one host.
///
/// # Errors
/// Where its files cannot be looked at in time.
pub(super) async fn of(host: Host, places: &Places, records: &[Record]) -> Result<Facts, String> {
    let records: Vec<Record> =
        records.iter().filter(|record| record.host == host.name()).cloned().collect();
    let user = user(host, places);
    let paths = paths(host, places, &records);
    let off = places.clone();
    let (files, off) = bounded(FILES, move || {
        let mut files: Vec<File> = paths.iter().filter_map(|path| file(host, path)).collect();
        for file in &mut files {
            file.counts = counts(host, &off, &file.path);
        }
        (files, switched_off(host, &off))
    })
    .await?;
    let program = program::find(program_of(host), places.path.as_deref());
    let mut facts = Facts { host, version: None, user, files, records, off, listed: None };
    if let Some(program) = program {
        facts.version = Some(program::version(&program).await);
        let ours = facts.files.iter().any(|f| f.entries.as_ref().is_ok_and(|e| !e.is_empty()));
        // Codex makes files of its own when it is asked, so it is asked only about a hook.
        if host == Host::Codex && ours {
            facts.listed = Some(codex::hooks(&program, &places.workspace).await);
        }
    }
    Ok(facts)
}

impl Facts {
    /// The version of the host, where it is known.
    pub(super) fn numbers(&self) -> Option<Version> {
        Version::read(self.version.as_ref()?.as_deref().ok()?)
    }

    /// Whether a hook of this host stands before a home, or did.
    pub(super) fn before(&self, root: &Path) -> bool {
        let entries = self.files.iter().filter_map(|file| file.entries.as_ref().ok()).flatten();
        let mut homes = entries.filter_map(|found| found.line.as_ref()?.home.as_deref());
        !self.records.is_empty() || homes.any(|home| home == root)
    }
}

/// The user's file.
fn user(host: Host, places: &Places) -> Option<PathBuf> {
    let dir = |named: &Option<PathBuf>, name: &str| {
        named.clone().or_else(|| places.user.as_ref().map(|user| user.join(name)))
    };
    match host {
        Host::ClaudeCode => Some(dir(&places.claude, ".claude")?.join("settings.json")),
        Host::Codex => Some(dir(&places.codex, ".codex")?.join("hooks.json")),
    }
}

/// Whether a session that begins here reads a file. Claude Code reads a project's settings from the
/// directory in which it is started, and no others above but the local ones of the root; Codex says
/// itself what it reads.
fn counts(host: Host, places: &Places, path: &Path) -> bool {
    let here = places.cwd.join(".claude");
    let root = places.workspace.join(".claude").join("settings.local.json");
    host == Host::Codex
        || user(host, places).as_deref() == Some(path)
        || ["settings.json", "settings.local.json"].iter().any(|name| here.join(name) == path)
        || root == path
}

/// The user's file, this directory's, the workspace's, and those that were installed into.
fn paths(host: Host, places: &Places, records: &[Record]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = user(host, places).into_iter().collect();
    let workspace = &places.workspace;
    match host {
        Host::ClaudeCode => {
            for dir in [&places.cwd, workspace] {
                let project = dir.join(".claude");
                paths.extend([project.join("settings.json"), project.join("settings.local.json")]);
            }
        }
        Host::Codex => paths.push(workspace.join(".codex").join("hooks.json")),
    }
    paths.extend(records.iter().map(|record| record.file.clone()));
    let mut seen = std::collections::BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    paths
}

/// A file of hooks; `None` where it is not there.
fn file(host: Host, path: &Path) -> Option<File> {
    use std::os::unix::fs::MetadataExt as _;
    let open = std::fs::metadata(path).is_ok_and(|meta| meta.mode() & 0o022 != 0);
    let path = path.to_owned();
    let text = match text(&path) {
        Ok(text) => text?,
        Err(why) => {
            let others = Vec::new();
            return Some(File { path, entries: Err(why), ours: false, others, open, counts: true });
        }
    };
    let ours = mentions(&text);
    let others = settings::others(host, &text).unwrap_or_default();
    Some(File { path, entries: entries(host, &text), ours, others, open, counts: true })
}

fn entries(host: Host, text: &str) -> Result<Vec<Found>, String> {
    let mut all = Vec::new();
    for event in host.events(None) {
        let entries = settings::entries(host, text, *event).map_err(|e| e.to_string())?;
        all.extend(entries.into_iter().map(|entry| found(host, *event, entry)));
    }
    Ok(all)
}

/// # Errors
/// Where it is there and cannot be read.
fn text(path: &Path) -> Result<Option<String>, String> {
    let file = match files::open(path, Links::Followed) {
        Ok(file) => file,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(e) => return Err(format!("cannot be read: {e}")),
    };
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text).map_err(|e| format!("cannot be read: {e}"))?;
    Ok(Some(text))
}

fn found(host: Host, event: Event, entry: Entry) -> Found {
    let line = Line::read(host, &entry.command);
    let binary = match &line {
        Some(line) => sha256(&line.binary),
        None => Err("none is named".to_owned()),
    };
    let home = line.as_ref().and_then(|line| line.home.as_deref()).is_some_and(Path::is_dir);
    let door = line.as_ref().and_then(|line| door(&line.binary));
    let own = std::env::current_exe().map_err(|e| e.to_string()).and_then(|own| sha256(&own));
    let same = own.is_ok() && own == binary;
    Found { event, entry, line, binary, door, same, home }
}

/// What lets other users decide what a program is, by its name and by where that leads.
fn door(program: &Path) -> Option<String> {
    let user = rustix::process::geteuid().as_raw();
    let file = look(program).ok()?;
    let shown = program.display();
    if file.mode & 0o022 != 0 {
        return Some(format!("other users may write to `{shown}`"));
    }
    if file.uid != user && file.uid != 0 {
        return Some(format!("`{shown}` belongs to another user"));
    }
    let mut dirs = above(program);
    dirs.extend(program.ancestors().skip(1).filter_map(|dir| look(dir).ok()));
    let open = writable_above(&dirs, user)?;
    Some(format!("other users may replace `{shown}`: `{}` is open to them", open.path.display()))
}

fn sha256(path: &Path) -> Result<String, String> {
    use std::os::unix::fs::PermissionsExt as _;
    let meta = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !meta.is_file() || meta.permissions().mode() & 0o111 == 0 {
        return Err("it is no program".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    Ok(Hash::of(&bytes).to_string())
}

/// Whether a hook's command in a text calls ours.
fn mentions(text: &str) -> bool {
    let value: Option<Value> = serde_json::from_str(text).ok();
    let mut left: Vec<&Value> = value.iter().filter_map(|value| value.get("hooks")).collect();
    while let Some(value) = left.pop() {
        match value {
            Value::Object(members) => {
                let command = members.get("command").and_then(Value::as_str);
                if command.is_some_and(settings::is_ours) {
                    return true;
                }
                left.extend(members.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    false
}

/// What switches the hooks of a host off.
fn switched_off(host: Host, places: &Places) -> Vec<Off> {
    // What switches those of Codex off, Codex says itself: it does not list them.
    if host == Host::Codex {
        return Vec::new();
    }
    let variables = places.switches.iter().map(|name| Off {
        said: format!("`{name}` is set"),
        fix: format!("unset {name}, also where it is set for good, and start the host again"),
    });
    let mut off: Vec<Off> = variables.collect();
    for path in paths(host, places, &[]) {
        off.extend(members_off(&path, false));
    }
    for path in managed(&places.managed) {
        off.extend(members_off(&path, true));
    }
    off
}

fn members_off(path: &Path, managed: bool) -> Vec<Off> {
    let Ok(Some(text)) = text(path) else { return Vec::new() };
    let said = |name: String| Off {
        said: format!("`{}` sets `{name}`", path.display()),
        fix: format!("take `{name}` out of {}, and start the host again", quoted(path)),
    };
    settings::switches_off(&text, managed).into_iter().map(said).collect()
}
