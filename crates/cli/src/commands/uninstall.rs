//! `uninstall`: takes the hook out of an agent host again.
//!
//! A file that is still as `install` left it is brought back to the byte, or goes with the
//! directories that were made for it. From any other only our entry is taken out.

use super::Here;
use super::git_hooks::{self, Target, target};
use super::install::change::{Change, Found, remove_dirs};
use super::install::page::{agreed, changed, diff};
use super::install::place::{Place, Scope, shown};
use super::install::record::{Record, Records, Trust};
use super::install::{codex, locked, resolved, unusable};
use crate::failure::{Exit, Failure, Outcome};
use countersign_hosts::{Host, settings};
use serde_json::json;

/// Take the hook out of an agent host, and bring its settings back.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign uninstall claude-code\n  \
    countersign uninstall codex --yes\n  \
    countersign uninstall claude-code --project --dry-run\n  \
    countersign uninstall git")]
pub(crate) struct Uninstall {
    /// The host: claude-code, codex; or git, for the repository around this directory
    #[arg(value_name = "HOST", value_parser = target)]
    host: Target,

    /// From this workspace, in place of everything that this user does
    #[arg(long)]
    project: bool,

    /// Write without asking
    #[arg(long)]
    yes: bool,

    /// Show the change, and write nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

/// Codex's trust in the hooks behind ours names their old places.
const MOVED: &str = "Codex knows hooks by their place: look under `/hooks` there whether it still \
     trusts the others, since it passes over the rest without a word";

/// What is to be taken back.
struct Plan {
    place: Place,
    record: Option<Record>,
    changes: Vec<Change>,
    /// Whether every file is brought back to the byte.
    whole: bool,
    warnings: Vec<String>,
}

impl Uninstall {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let host = match self.host {
            Target::Host(host) => host,
            Target::Git if self.project => return Err(git_hooks::always_one()),
            Target::Git => return git_hooks::uninstall(here, self.yes, self.dry_run).await,
        };
        let scope = if self.project { Scope::Project } else { Scope::User };
        let home = resolved(&here.root)?;
        let records = Records::of(&home);
        let plan = Plan::of(Place::of(host, scope)?, &records)?;
        if self.dry_run {
            return plan.told(here, &plan.text("this would be changed:"));
        }
        if plan.changes.is_empty() {
            forget(&plan, &home, &records)?;
            return plan.told(here, &plan.nothing(&records)?);
        }
        here.output.progress(&plan.text("this is changed:"));
        agreed(here.output, self.yes, "Write this?").await?;
        let _lock = home.is_dir().then(|| locked(&home)).transpose()?;
        plan.make()?;
        forget(&plan, &home, &records)?;
        let how = if plan.whole { "it is as it was before" } else { "everything else stays" };
        plan.told(here, &format!("uninstalled from `{}`; {how}", shown(&plan.place.named)))
    }
}

fn forget(plan: &Plan, home: &std::path::Path, records: &Records) -> Result<(), Failure> {
    if plan.record.is_some() && home.is_dir() { records.forget(&plan.place) } else { Ok(()) }
}

impl Plan {
    fn of(place: Place, records: &Records) -> Result<Self, Failure> {
        // Without its record only our entry is taken out, and that it always can be.
        let (record, lost) = match records.read(&place) {
            Ok(record) => (record, None),
            Err(failure) => (None, Some(lost(&place, &failure.message))),
        };
        let found = Found::at(&place.named)?;
        let back = record.as_ref().and_then(|record| record.settings.back(&found));
        let whole = back.is_some();
        let change = match back {
            Some(change) => change,
            None => without(&place, found)?,
        };
        let moved = !whole && place.host == Host::Codex && change.is_one();
        let mut plan = Self { place, record, changes: Vec::new(), whole, warnings: Vec::new() };
        plan.warnings.extend(lost);
        plan.warnings.extend(moved.then(|| MOVED.to_owned()));
        plan.changes.extend(Some(change).filter(Change::is_one));
        if let Some(trust) = plan.record.as_ref().and_then(|record| record.trust.clone()) {
            plan.distrust(&trust)?;
        }
        plan.changes.iter().try_for_each(Change::possible)?;
        Ok(plan)
    }

    /// Codex need not remember what is not there any more.
    fn distrust(&mut self, trust: &Trust) -> Result<(), Failure> {
        let found = Found::at(&trust.file)?;
        let Some(text) = found.text.clone() else { return Ok(()) };
        let back = trust.kept.back(&found);
        self.whole &= back.is_some();
        let taken = || codex::distrusted(&text, &trust.key, &trust.hash).map(Some);
        let change = match (back, taken()) {
            (Some(change), _) => Some(change),
            (None, Some(after)) => Some(Change { found, after, mode: 0o600 }),
            (None, None) => None,
        };
        if change.is_none() && text.contains(&trust.hash) {
            let file = shown(&trust.file);
            self.warnings.push(format!(
                "`{file}` still says that Codex trusts the hook, in words that are not ours"
            ));
        }
        self.changes.extend(change.filter(Change::is_one));
        Ok(())
    }

    /// All of it, or nothing.
    fn make(&self) -> Result<(), Failure> {
        for (n, change) in self.changes.iter().enumerate() {
            if let Err(failure) = change.make() {
                self.changes.iter().take(n).rev().try_for_each(|done| done.undo(&[]))?;
                return Err(failure);
            }
        }
        if let Some(record) = &self.record {
            remove_dirs(&record.settings.made_dirs);
        }
        Ok(())
    }

    /// Nothing is there; perhaps it is somewhere else.
    fn nothing(&self, records: &Records) -> Result<String, Failure> {
        let mut text = format!("nothing is installed in `{}`", shown(&self.place.named));
        for file in records.files(self.place.host)? {
            let how =
                "found with `--project` in its directory, or with the host's own variable set";
            text += &format!("\nbut it is in `{}`, {how}", shown(&file));
        }
        Ok(text)
    }

    fn text(&self, what: &str) -> String {
        let warnings = self.warnings.iter().map(|warning| format!("warning: {warning}"));
        if self.changes.is_empty() {
            let nothing = format!("nothing is installed in `{}`", shown(&self.place.named));
            return warnings.chain([nothing]).collect::<Vec<_>>().join("\n");
        }
        let diffs = self.changes.iter().map(diff);
        warnings.chain([what.to_owned()]).chain(diffs).collect::<Vec<_>>().join("\n")
    }

    fn told(&self, here: &Here<'_>, text: &str) -> Outcome {
        let document = json!({
            "host": self.place.host.name(),
            "scope": self.place.scope,
            "file": self.place.named,
            "changed": !self.changes.is_empty(),
            "restored": self.whole,
            "changes": self.changes.iter().map(changed).collect::<Vec<_>>(),
            "warnings": self.warnings,
        });
        here.output.result(text, &document)?;
        Ok(Exit::Ok)
    }
}

/// What was written down at the installation cannot be read.
fn lost(place: &Place, why: &str) -> String {
    let trust = match place.host {
        Host::Codex => ", and Codex may go on trusting the hook",
        Host::ClaudeCode => "",
    };
    format!("what was there before is not known{trust}: {why}; move it away")
}

/// The file without our entry, however it came there.
fn without(place: &Place, found: Found) -> Result<Change, Failure> {
    let after = match &found.text {
        Some(text) => Some(settings::without(place.host, text).map_err(|e| unusable(place, &e))?),
        None => None,
    };
    Ok(Change { found, after, mode: 0o644 })
}
