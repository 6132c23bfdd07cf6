//! What is wrong with the hook of one host.

use super::super::check::{Check, quoted};
use super::facts::{Facts, File, Found};
use super::record::Record;
use countersign_hosts::Host;
use std::path::Path;

/// The first version of Claude Code that refuses where a hook fails, if it is told to.
const CLOSES: [u32; 3] = [2, 1, 295];

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
    for (file, found) in &entries {
        checks.extend(judge.entry(file, found));
    }
    checks.extend(judge.trust(&entries));
    checks.extend(judge.version());
    if checks.is_empty() {
        checks.push(judge.well(&entries));
    }
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
            file.is_none_or(|file| file.entries.as_ref().is_ok_and(Vec::is_empty) && !file.partial)
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
            if file.partial {
                checks.push(
                    self.fail(format!("the hook in `{path}` does not stand before every tool")),
                );
            }
        }
        checks
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
        let twice = |file: &&File| file.entries.as_ref().is_ok_and(|entries| entries.len() > 1);
        if let Some(file) = self.facts.files.iter().find(twice) {
            return Some(self.fail(format!("the hook stands twice in `{}`", file.path.display())));
        }
        let mut files = self.entries().map(|(file, _)| file.path.display().to_string());
        let (first, second) = (files.next()?, files.next()?);
        let found = format!("the hook stands in `{first}` and in `{second}`: each call asks twice");
        let fix = format!("countersign uninstall {}", self.facts.host.name());
        Some(Check::warn(&self.name, found, fix))
    }

    fn entry(&self, file: &File, found: &Found) -> Vec<Check> {
        let mut checks = self.line(found);
        if file.open {
            let path = &file.path;
            let said = format!("other users may write to `{}`", path.display());
            checks.push(Check::fail(&self.name, said, format!("chmod go-w {}", quoted(path))));
        }
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
            let said = "the installed line was changed: it may not refuse where the hook fails";
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
        let Some(Ok(version)) = &self.facts.version else { return false };
        self.facts.host == Host::ClaudeCode && numbers(version) >= CLOSES
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
            let same = |one: &&super::codex::Listed| {
                one.command == found.entry.command && one.event == "preToolUse"
            };
            let why = match listed.iter().find(same) {
                None => "Codex does not list the hook: `features.hooks` is off, or the project is \
                         not trusted"
                    .to_owned(),
                Some(one) if !one.enabled => "Codex has the hook switched off".to_owned(),
                Some(one) if matches!(one.trust.as_str(), "trusted" | "managed") => continue,
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

    /// A host that does not even say its version may do anything.
    fn version(&self) -> Option<Check> {
        match &self.facts.version {
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

/// The first three numbers of a version; what is not understood is newer than everything, so that
/// more is asked of it.
fn numbers(version: &str) -> [u32; 3] {
    let word =
        version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let mut parts = word.unwrap_or_default().split('.').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(u32::MAX)
    });
    std::array::from_fn(|_| parts.next().unwrap_or(u32::MAX))
}
