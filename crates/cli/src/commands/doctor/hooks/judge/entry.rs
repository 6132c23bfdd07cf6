//! What is wrong with the entries in one file.

use super::{File, Found, Judge};
use crate::commands::doctor::check::{Check, quoted};
use std::path::Path;

/// A person cannot answer in less.
const HASTY: u32 = 60;

/// What is wrong with the entries in a file. What is wrong before one event and not before
/// another is said with its name.
pub(super) fn judge(judge: &Judge<'_>, file: &File) -> Vec<Check> {
    let Ok(entries) = &file.entries else { return Vec::new() };
    let judge = Of { judge, path: &file.path };
    let mut checks: Vec<Check> =
        judge.open(file).filter(|_| !entries.is_empty()).into_iter().collect();
    let each: Vec<Vec<Check>> = entries.iter().map(|found| judge.entry(found)).collect();
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

/// The entries of a file.
struct Of<'a> {
    judge: &'a Judge<'a>,
    path: &'a Path,
}

impl Of<'_> {
    fn fail(&self, found: impl Into<String>) -> Check {
        self.judge.fail_in(self.path, found)
    }

    fn warn(&self, found: impl Into<String>) -> Check {
        Check::warn(&self.judge.name, found, self.judge.install_in(self.path))
    }

    fn open(&self, file: &File) -> Option<Check> {
        let path = self.path;
        let said = format!("other users may write to `{}`", path.display());
        file.open
            .then(|| Check::fail(&self.judge.name, said, format!("chmod go-w {}", quoted(path))))
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
            Ok(sha256) => checks.extend(self.binary(sha256, found.same, &line.binary)),
        }
        checks.extend(found.door.as_ref().map(|door| {
            let fix =
                "chmod go-w what is named, or install a program that only you and root change";
            Check::fail(&self.judge.name, format!("the hook's program: {door}"), fix)
        }));
        match &line.home {
            Some(home) if found.home && home == self.judge.root => {}
            Some(home) if found.home => checks.push(self.warn(format!(
                "the hook asks the home `{}`, and this is `{}`",
                home.display(),
                self.judge.root.display()
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

    fn binary(&self, sha256: &str, same: bool, path: &Path) -> Option<Check> {
        let mut known = self.judge.facts.records.iter().filter_map(|record| record.sha256.as_ref());
        let first = known.clone().next();
        match first {
            None if !same => Some(self.warn(format!(
                "nothing is written down of the program that was installed, and `{}` is not this one",
                path.display()
            ))),
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
        matches!(self.judge.facts.version, Some(Ok(_)))
            && self.judge.facts.host.closes(self.judge.facts.numbers())
    }
}
