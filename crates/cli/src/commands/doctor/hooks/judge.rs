//! What is wrong with the hook of one host.

use super::super::check::{Check, quoted};
use super::facts::{Facts, File, Found};
use super::record::Record;
use crate::hosts::codex::Listed;
use countersign_hosts::{Event, Host, settings};
use std::path::Path;

/// As much of another hook's command is named, in characters.
const SHORT: usize = 80;

/// A person cannot answer in less.
const HASTY: u32 = 60;

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
    checks.extend(judge.several());
    for file in &facts.files {
        checks.extend(judge.entries_of(file));
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

    fn install(&self) -> String {
        format!("countersign --home {} install {}", quoted(self.root), self.facts.host.name())
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
            self.fail(format!(
                "the installed hook was removed from `{file}`: every tool runs unasked"
            ))
        })
        .collect()
    }

    fn unreadable(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        for file in &self.facts.files {
            let path = file.path.display();
            if let Err(why) = &file.entries {
                let fix = format!("mend it, then {}", self.install());
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
        said.map(|said| self.fail(format!("the hook in `{path}` does not stand before {said}")))
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
        let off = |why: &String| {
            let found = format!("hooks are switched off: {why}");
            Check::fail(&self.name, found, "remove it, and start the host again")
        };
        self.facts.off.iter().map(off).collect()
    }

    fn several(&self) -> Option<Check> {
        for (n, (file, found)) in self.entries().enumerate() {
            let same =
                |other: &(&File, &Found)| other.0.path == file.path && other.1.event == found.event;
            if self.entries().take(n).any(|other| same(&other)) {
                let (event, path) = (found.event.name(), file.path.display());
                return Some(
                    self.fail(format!("the hook stands twice before `{event}` in `{path}`")),
                );
            }
        }
        let standing = |file: &&File| file.entries.as_ref().is_ok_and(|e| !e.is_empty());
        let mut files =
            self.facts.files.iter().filter(standing).map(|file| file.path.display().to_string());
        let (first, second) = (files.next()?, files.next()?);
        let found = format!("the hook stands in `{first}` and in `{second}`: each call asks twice");
        let fix = format!("countersign uninstall {}", self.facts.host.name());
        Some(Check::warn(&self.name, found, fix))
    }

    /// What is wrong with the entries in a file. What is wrong before one event and not before
    /// another is said with its name.
    fn entries_of(&self, file: &File) -> Vec<Check> {
        let Ok(entries) = &file.entries else { return Vec::new() };
        let mut checks: Vec<Check> =
            self.open(file).filter(|_| !entries.is_empty()).into_iter().collect();
        let each: Vec<Vec<Check>> = entries.iter().map(|found| self.entry(found)).collect();
        for (found, wrong) in entries.iter().zip(&each) {
            for check in wrong {
                if each.iter().all(|other| other.contains(check)) {
                    checks.extend((!checks.contains(check)).then(|| check.clone()));
                    continue;
                }
                let said = format!("before `{}`: {}", found.event.name(), check.found);
                checks.push(Check { found: said, ..check.clone() });
            }
        }
        checks
    }

    fn open(&self, file: &File) -> Option<Check> {
        let path = &file.path;
        let said = format!("other users may write to `{}`", path.display());
        file.open.then(|| Check::fail(&self.name, said, format!("chmod go-w {}", quoted(path))))
    }

    fn entry(&self, found: &Found) -> Vec<Check> {
        let mut checks = self.line(found);
        if found.entry.closes || !self.knows_closing() {
            return checks;
        }
        checks.push(
            self.fail("the hook does not say `\"onFailure\": \"block\"`, which this version knows"),
        );
        checks
    }

    fn line(&self, found: &Found) -> Vec<Check> {
        let Some(line) = &found.line else {
            return vec![
                self.fail("the installed line was changed: it is none that `install` writes"),
            ];
        };
        let mut checks = Vec::new();
        match &found.binary {
            Err(why) => {
                let binary = line.binary.display();
                checks.push(self.fail(format!("the hook calls `{binary}`: {why}")));
            }
            Ok(sha256) => checks.extend(self.binary(sha256)),
        }
        match &line.home {
            Some(home) if found.home && home == self.root => {}
            Some(home) if found.home => checks.push(self.warn(format!(
                "the hook asks the home `{}`, and this is `{}`",
                home.display(),
                self.root.display()
            ))),
            Some(home) => {
                checks.push(self.fail(format!(
                    "the hook asks the home `{}`, which is not there",
                    home.display()
                )))
            }
            None => checks.push(self.fail("the hook names no home")),
        }
        if !line.whole {
            let said =
                "the line is not what `install` writes: it may not refuse where the hook fails";
            checks.push(self.fail(said));
        }
        checks.extend(self.time(found.entry.timeout, line.timeout));
        checks
    }

    fn binary(&self, sha256: &str) -> Option<Check> {
        let mut known = self.facts.records.iter().filter_map(|record| record.sha256.as_ref());
        let first = known.clone().next();
        match first {
            None => Some(self.warn("nothing is written down of the program that was installed")),
            Some(_) if known.any(|known| known == sha256) => None,
            Some(_) => {
                Some(self.fail("the program that the hook calls is not the one that was installed"))
            }
        }
    }

    /// The hook must know when its host stops waiting, and end before.
    fn time(&self, host: u32, own: Option<u32>) -> Option<Check> {
        match own {
            _ if host == 0 => Some(self.fail("the hook's `timeout` is no whole number of seconds")),
            Some(own) if own == host && host < HASTY => Some(
                self.warn(format!("the host waits {host} s, too short for a person to answer")),
            ),
            Some(own) if own == host => None,
            _ => Some(self.fail(format!(
                "the host waits {host} s, and the hook believes {}",
                own.map_or("nothing".to_owned(), |own| format!("{own} s"))
            ))),
        }
    }

    fn knows_closing(&self) -> bool {
        matches!(self.facts.version, Some(Ok(_))) && self.facts.host.closes(self.facts.numbers())
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
                None => "Codex does not list the hook: `features.hooks` is off, or the project is \
                         not trusted"
                    .to_owned(),
                Some(one) if !one.enabled => "Codex has the hook switched off".to_owned(),
                Some(one) if one.is_trusted() => continue,
                Some(one) => format!(
                    "Codex does not trust the hook ({}) and skips it without a word",
                    if one.trust.is_empty() { "unknown" } else { &one.trust }
                ),
            };
            let fix = format!("{}, or trust it in Codex with /hooks", self.install());
            checks.push(Check::fail(&self.name, format!("{why}: `{}`", file.path.display()), fix));
        }
        checks
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
