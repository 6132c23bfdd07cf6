//! What is wrong with the hook of one host.

mod entry;

use super::super::check::{Check, quoted};
use super::facts::{Facts, File, Found, Off};
use super::record::Record;
use crate::hosts::codex::Listed;
use countersign_hosts::{Event, Host, settings};
use std::path::Path;

/// As much of another hook's command is named, in characters.
const SHORT: usize = 80;

/// The name of a host's checks.
pub(super) fn name(host: Host) -> String {
    format!("hook {}", host.name())
}

/// Everything that is wrong, or one line that says that nothing is.
pub(super) fn judge(root: &Path, facts: &Facts) -> Vec<Check> {
    let judge = Judge { root, facts, name: name(facts.host) };
    let mut checks = judge.removed();
    checks.extend(judge.unreadable());
    let entries: Vec<(&File, &Found)> = judge.entries().collect();
    if entries.is_empty() {
        if checks.is_empty() {
            checks.push(judge.absent());
        }
        return checks;
    }
    checks.extend(judge.switched_off());
    checks.extend(judge.elsewhere(&entries));
    checks.extend(judge.several());
    for file in &facts.files {
        checks.extend(entry::judge(&judge, file));
    }
    checks.extend(judge.trust(&entries));
    checks.extend(judge.version());
    if checks.is_empty() {
        checks.push(judge.well(&entries));
    }
    checks.extend(judge.others());
    checks
}

struct Judge<'a> {
    root: &'a Path,
    facts: &'a Facts,
    name: String,
}

impl Judge<'_> {
    fn fail(&self, found: impl Into<String>) -> Check {
        Check::fail(&self.name, found, self.install())
    }

    fn warn(&self, found: impl Into<String>) -> Check {
        Check::warn(&self.name, found, self.install())
    }

    /// The same of what stands in a file, with what mends that one.
    fn fail_in(&self, file: &Path, found: impl Into<String>) -> Check {
        Check::fail(&self.name, found, self.install_in(file))
    }

    fn install(&self) -> String {
        format!("countersign --home {} install {}", quoted(self.root), self.facts.host.name())
    }

    /// What installs into a file, which may be a project's.
    fn install_in(&self, file: &Path) -> String {
        let dot = file.parent().filter(|_| self.facts.user.as_deref() != Some(file));
        let is_dot = |dot: &&Path| dot.ends_with(".claude") || dot.ends_with(".codex");
        match dot.filter(is_dot).and_then(Path::parent) {
            Some(root) => format!("cd {} && {} --project", quoted(root), self.install()),
            None => self.install(),
        }
    }

    fn entries(&self) -> impl Iterator<Item = (&File, &Found)> {
        let files = self.facts.files.iter();
        files.flat_map(|file| file.entries.iter().flatten().map(move |found| (file, found)))
    }

    /// A hook that was installed and is no more where it was.
    fn removed(&self) -> Vec<Check> {
        let gone = |record: &&Record| {
            let file = self.facts.files.iter().find(|file| file.path == record.file);
            file.is_none_or(|file| file.entries.is_ok() && !file.ours)
        };
        let gone = self.facts.records.iter().filter(gone);
        gone.map(|record| {
            let file = record.file.display();
            self.fail_in(
                &record.file,
                format!("the installed hook was removed from `{file}`: every tool runs unasked"),
            )
        })
        .collect()
    }

    fn unreadable(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        for file in &self.facts.files {
            let path = file.path.display();
            if let Err(why) = &file.entries {
                let fix = format!(
                    "edit {} until it is strict JSON, without comments, and each member what the \
                     host takes, then {}",
                    quoted(&file.path),
                    self.install_in(&file.path)
                );
                checks.push(Check::fail(&self.name, format!("`{path}`: {why}"), fix));
            }
            checks.extend(self.missing(file));
        }
        checks
    }

    /// The events before which a hook that stands in a file does not stand, or not whole.
    fn missing(&self, file: &File) -> Vec<Check> {
        let Ok(entries) = &file.entries else { return Vec::new() };
        let path = file.path.display();
        let missing = self
            .events()
            .iter()
            .filter(|event| file.ours && entries.iter().all(|found| found.event != **event));
        let said = missing.map(|event| match event {
            Event::PreSkillShellCommand => {
                format!("the shell lines in a skill's text (`{}`): they run unasked", event.name())
            }
            _ => format!("every tool (`{}`): tools run unasked", event.name()),
        });
        said.map(|said| {
            self.fail_in(&file.path, format!("the hook in `{path}` does not stand before {said}"))
        })
        .collect()
    }

    fn events(&self) -> &'static [Event] {
        self.facts.host.events(self.facts.numbers())
    }

    fn absent(&self) -> Check {
        match &self.facts.version {
            None => Check::skipped(&self.name, format!("{} is not here", self.facts.host.name())),
            Some(version) => {
                let version = version.as_deref().unwrap_or("a version that it does not say");
                self.warn(format!("{version} is here without our hook: it runs tools unasked"))
            }
        }
    }

    fn switched_off(&self) -> Vec<Check> {
        let off = |off: &Off| {
            let found = format!("hooks are switched off: {}", off.said);
            Check::fail(&self.name, found, off.fix.clone())
        };
        self.facts.off.iter().map(off).collect()
    }

    /// The hook stands only where a session that begins here does not look.
    fn elsewhere(&self, entries: &[(&File, &Found)]) -> Option<Check> {
        if entries.iter().any(|(file, _)| file.counts) {
            return None;
        }
        let (file, _) = entries.first()?;
        let found = format!(
            "a session that is started in this directory does not read `{}`, where the hook \
             stands: it runs tools unasked",
            file.path.display()
        );
        let fix = format!(
            "start Claude Code in the directory of that `.claude`, or hold it everywhere: {}",
            self.install()
        );
        Some(Check::fail(&self.name, found, fix))
    }

    fn several(&self) -> Option<Check> {
        for (n, (file, found)) in self.entries().enumerate() {
            let same =
                |other: &(&File, &Found)| other.0.path == file.path && other.1.event == found.event;
            if self.entries().take(n).any(|other| same(&other)) {
                let (event, path) = (found.event.name(), file.path.display());
                return Some(self.fail_in(
                    &file.path,
                    format!("the hook stands twice before `{event}` in `{path}`"),
                ));
            }
        }
        let standing = |file: &&File| file.entries.as_ref().is_ok_and(|e| !e.is_empty());
        let mut files =
            self.facts.files.iter().filter(standing).map(|file| file.path.display().to_string());
        let (first, second) = (files.next()?, files.next()?);
        let found = format!("the hook stands in `{first}` and in `{second}`: each call asks twice");
        let home = quoted(self.root);
        let fix = format!("countersign --home {home} uninstall {}", self.facts.host.name());
        Some(Check::warn(&self.name, found, fix))
    }

    fn trust(&self, entries: &[(&File, &Found)]) -> Vec<Check> {
        let listed = match &self.facts.listed {
            None => return Vec::new(),
            Some(Err(why)) => {
                return vec![
                    self.fail(format!("Codex does not say whether it trusts the hook: {why}")),
                ];
            }
            Some(Ok(listed)) => listed,
        };
        let mut checks = Vec::new();
        for (file, found) in entries {
            let same = |one: &&Listed| one.command == found.entry.command && one.is_before_tools();
            let why = match listed.iter().find(same) {
                None => {
                    checks.push(self.unlisted(&file.path));
                    continue;
                }
                Some(one) if !one.enabled => "Codex has the hook switched off".to_owned(),
                Some(one) if one.is_trusted() => continue,
                Some(one) => format!(
                    "Codex does not trust the hook ({}) and skips it without a word",
                    if one.trust.is_empty() { "unknown" } else { &one.trust }
                ),
            };
            let fix = format!("{}, or trust it in Codex with /hooks", self.install_in(&file.path));
            checks.push(Check::fail(&self.name, format!("{why}: `{}`", file.path.display()), fix));
        }
        checks
    }

    /// Codex passes over a file of hooks, and to install again is refused before that ends.
    fn unlisted(&self, file: &Path) -> Check {
        let said = file.display();
        if self.facts.user.as_deref() != Some(file) {
            let found = format!(
                "Codex does not list the hook: the project is not trusted, or `hooks` is off \
                 (`[features]`): `{said}`"
            );
            let fix = "start codex in the project and trust it; or, in its config.toml, take out \
                `hooks = false` under `[features]`";
            return Check::fail(&self.name, found, fix);
        }
        let found = format!(
            "Codex reads no hooks, so every tool runs unasked: `{said}` stands there for nothing"
        );
        let config = quoted(&file.with_file_name("config.toml"));
        let fix = format!(
            "take `hooks = false` under `[features]` out of {config}, and start Codex again"
        );
        Check::fail(&self.name, found, fix)
    }

    /// Other hooks before tools: the one that ends last has the last word about the call. Codex says
    /// itself which it runs, from whatever file.
    fn others(&self) -> Vec<Check> {
        let mut all: Vec<(&Path, &str)> = Vec::new();
        match &self.facts.listed {
            Some(Ok(listed)) => all.extend(
                listed
                    .iter()
                    .filter(|one| one.runs() && !settings::is_ours(&one.command))
                    .map(|one| (one.path.as_path(), one.command.as_str())),
            ),
            _ => all.extend(self.facts.files.iter().flat_map(|file| {
                file.others.iter().map(|other| (file.path.as_path(), other.as_str()))
            })),
        }
        all.dedup();
        all.into_iter().map(|(path, command)| self.other(path, command)).collect()
    }

    fn other(&self, path: &Path, command: &str) -> Check {
        let short: String = command.chars().take(SHORT).collect();
        let more = if short.len() < command.len() { "…" } else { "" };
        let path = path.display();
        let found = format!(
            "`{short}{more}` in `{path}` is another hook before tools: if it edits calls \
             (`updatedInput`) and ends last, its edit runs, also of an approved call"
        );
        Check::warn(&self.name, found, format!("take it out of `{path}`, if it edits calls"))
    }

    /// A host that does not even say its version may do anything, and an old one asks less.
    fn version(&self) -> Option<Check> {
        match &self.facts.version {
            Some(Ok(version)) if self.events() != self.facts.host.events(None) => {
                let found = format!(
                    "{version} asks no hook about the shell lines in a skill's text (2.1.332 and \
                     later do): they run unasked"
                );
                let fix = format!("update Claude Code, then {}", self.install());
                Some(Check::warn(&self.name, found, fix))
            }
            Some(Err(why)) => {
                let host = self.facts.host.name();
                Some(Check::fail(&self.name, format!("{host}: {why}"), "install the host again"))
            }
            _ => None,
        }
    }

    fn well(&self, entries: &[(&File, &Found)]) -> Check {
        let file = entries.first().map(|(file, _)| file.path.display().to_string());
        let version = match &self.facts.version {
            Some(Ok(version)) => version.as_str(),
            _ => "the host itself is not on the path",
        };
        let trusted = if self.facts.listed.is_some() { ", trusted" } else { "" };
        let file = file.unwrap_or_default();
        Check::ok(&self.name, format!("closed on failure{trusted}, in `{file}` ({version})"))
    }
}
