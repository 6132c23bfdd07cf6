//! `install`: puts the hook before every tool of an agent host.
//!
//! Everything is known before anything is written: the file of hooks as it will be, and what Codex
//! must be told. What is written and then does not work is taken back.

pub(crate) mod change;
pub(crate) mod codex;
mod elsewhere;
pub(crate) mod found;
mod line;
pub(crate) mod page;
pub(crate) mod place;
mod probe;
pub(crate) mod record;

use super::Here;
use super::git_hooks::{self, Target, Which, target};
use crate::failure::{Exit, Failure, Outcome};
use crate::hosts::title;
use crate::parties;
use change::{Change, Found as File};
use codex::{Standing, Unplanned};
use countersign_enforcer::Edge;
use countersign_hosts::Host;
use countersign_hosts::settings::{self, BadSettings, Entry};
use found::Found;
use line::Installed;
pub(crate) use line::resolved;
use place::{Place, Scope, shown};
use probe::Harmless;
use record::{Kept, Line, Record, Records, Trust};
use std::path::{Path, PathBuf};

/// Put the hook before every tool of an agent host: shows the change, asks, writes, tries it out.
///
/// Every other byte of the host's settings stays as it is, and what they were is kept in the home,
/// so that `countersign uninstall` brings them back.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign install claude-code\n  \
    countersign install codex --dry-run\n  \
    countersign install claude-code --project --yes\n  \
    countersign install git --commit")]
pub(crate) struct Install {
    /// The host: claude-code, codex; or git, for the repository around this directory
    #[arg(value_name = "HOST", value_parser = target)]
    host: Target,

    #[command(flatten)]
    git: Which,

    /// For this workspace only, in place of everything that this user does
    #[arg(long)]
    project: bool,

    /// How long the host waits for an answer, in seconds; people are waited for a little less
    #[arg(long, value_name = "SECONDS", default_value_t = 600,
          value_parser = clap::value_parser!(u32).range(5..=86_400))]
    timeout: u32,

    /// Write without asking
    #[arg(long)]
    yes: bool,

    /// Show the change, and write nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

/// Everything that is going to happen.
struct Plan {
    place: Place,
    home: PathBuf,
    found: Found,
    line: Installed,
    settings: Change,
    trust: Option<codex::Plan>,
    /// What Codex could not be asked.
    unasked: Option<String>,
}

/// What came of it.
struct Done {
    standing: Option<Standing>,
    harmless: Harmless,
}

impl Install {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let host = match self.host {
            Target::Host(host) => host,
            Target::Git if self.project => return Err(git_hooks::always_one()),
            Target::Git => return self.git.install(here, self.yes, self.dry_run).await,
        };
        self.git.of_git_only()?;
        let plan = self.plan(here, host).await?;
        if self.dry_run {
            return page::planned(here.output, &plan);
        }
        page::show(here.output, &plan);
        if plan.changes().next().is_some() {
            page::agreed(here.output, self.yes, "Write this?").await?;
        }
        let made = Made::of(here, &plan).await?;
        match plan.tried().await {
            Ok(done) => page::done(here, &plan, &done),
            Err(why) => {
                made.undo(&plan)?;
                let message = format!("the installed hook does not work: {why}");
                Err(Failure::new(Exit::Failed, "probe", message)
                    .hint("everything is as it was before"))
            }
        }
    }

    async fn plan(&self, here: &Here<'_>, host: Host) -> Result<Plan, Failure> {
        let scope = if self.project { Scope::Project } else { Scope::User };
        let place = Place::of(host, scope)?;
        let home = resolved(&here.root)?;
        let line = Installed::of(host, &home, self.timeout)?;
        let file = File::at(&place.named)?;
        let found = Found::look(host).await;
        let entry =
            Entry { command: line.command.clone(), timeout: self.timeout, closes: found.closes() };
        let after = settings::with(host, file.text.as_deref(), &entry, found.events())
            .map_err(|e| unusable(&place, &e))?;
        let settings = Change { found: file, after: Some(after.clone()), mode: 0o644 };
        let (trust, unasked) = match (&found.program, host) {
            (Some(program), Host::Codex) => {
                match codex::plan(program, &place, &after, &line.command).await {
                    Ok(plan) => (Some(plan), None),
                    Err(Unplanned::Unasked(why)) => (None, Some(why)),
                    Err(Unplanned::Blind) => return Err(blind()),
                }
            }
            _ => (None, None),
        };
        let plan = Plan { place, home, found, line, settings, trust, unasked };
        plan.changes().try_for_each(Change::possible)?;
        Ok(plan)
    }
}

impl Plan {
    /// The files that change.
    fn changes(&self) -> impl Iterator<Item = &Change> {
        let all = [Some(&self.settings), self.trust.as_ref().map(|trust| &trust.change)];
        all.into_iter().flatten().filter(|change| change.is_one())
    }

    /// Asks Codex again, and fires the line that stands in the file now.
    async fn tried(&self) -> Result<Done, String> {
        let standing = match (&self.trust, &self.found.program) {
            (Some(_), Some(program)) => {
                let standing = codex::standing(program, &self.place, &self.line.command).await?;
                Some(self.trusted(standing)?)
            }
            _ => None,
        };
        let now = File::at(&self.place.named).map_err(|f| f.message)?.text.unwrap_or_default();
        let harmless = probe::fire(self.place.host, self.found.events(), &now, &self.home).await?;
        Ok(Done { standing, harmless })
    }

    fn trusted(&self, standing: Standing) -> Result<Standing, String> {
        match (standing, self.place.scope) {
            (Standing::Trusted, _) | (Standing::Unread, Scope::Project) => Ok(standing),
            (Standing::Untrusted, _) => Err("Codex does not trust it after all".into()),
            (Standing::Off, _) => Err("it is switched off in Codex: see `/hooks` there".into()),
            (Standing::Unread, Scope::User) => Err("Codex does not read the file".into()),
        }
    }
}

/// What was written, and how it goes back.
struct Made {
    records: Records,
    earlier: Option<Record>,
    /// With the directories that were made.
    changes: Vec<(Change, Vec<PathBuf>)>,
    /// Held while the files are changed.
    _lock: std::fs::File,
}

impl Made {
    /// Writes down what is there, and then what is to be there.
    async fn of(here: &Here<'_>, plan: &Plan) -> Result<Self, Failure> {
        // A hook makes no home: this is where one is made for it.
        parties::enforcer(&here.root).await?;
        let lock = locked(&plan.home)?;
        let records = Records::of(&plan.home);
        let earlier = records.read(&plan.place)?;
        let mut made = Self { records, earlier, changes: Vec::new(), _lock: lock };
        if plan.changes().next().is_none() {
            return Ok(made);
        }
        let mut record = made.record(plan)?;
        made.records.write(&plan.place, &record)?;
        for change in plan.changes() {
            match change.make() {
                Ok(dirs) => {
                    if change.found.named == plan.place.named {
                        record.settings.made_dirs.extend(dirs.iter().cloned());
                    }
                    made.changes.push((change.clone(), dirs));
                }
                Err(failure) => {
                    made.undo(plan)?;
                    return Err(failure);
                }
            }
        }
        made.records.write(&plan.place, &record)?;
        Ok(made)
    }

    fn record(&self, plan: &Plan) -> Result<Record, Failure> {
        let earlier = self.earlier.as_ref();
        let clean = match &plan.settings.found.text {
            Some(text) => {
                let clean = settings::without(plan.place.host, text);
                Some(clean.map_err(|e| unusable(&plan.place, &e))?)
            }
            None => None,
        };
        let kept = Kept::of(&plan.settings, earlier.map(|e| &e.settings), clean);
        let trust = plan.trust.as_ref().map(|trust| {
            let earlier = earlier.and_then(|e| e.trust.as_ref());
            let same = earlier.filter(|e| e.file == trust.change.found.named).map(|e| &e.kept);
            Trust {
                file: trust.change.found.named.clone(),
                key: trust.key.clone(),
                hash: trust.hash.clone(),
                kept: Kept::of(&trust.change, same, untrusting(&trust.change, earlier)),
            }
        });
        let line = Line {
            command: plan.line.command.clone(),
            binary_sha256: plan.line.sha256.clone(),
            when: Edge::system().now().timestamp(),
        };
        Ok(Record::new(&plan.place, kept, trust, line))
    }

    /// Takes everything back, the last first.
    fn undo(&self, plan: &Plan) -> Result<(), Failure> {
        for (change, dirs) in self.changes.iter().rev() {
            change.undo(dirs)?;
        }
        match &self.earlier {
            Some(earlier) => self.records.write(&plan.place, earlier),
            None => self.records.forget(&plan.place),
        }
    }
}

/// Codex's configuration without what an earlier installation wrote into it.
fn untrusting(change: &Change, earlier: Option<&Trust>) -> Option<String> {
    let text = change.found.text.as_ref()?;
    let clean = earlier.and_then(|e| codex::distrusted(text, &e.key, &e.hash));
    Some(clean.unwrap_or_else(|| text.clone()))
}

/// Codex answers, and passes over its file of hooks.
fn blind() -> Failure {
    Failure::new(Exit::Failed, "install", "Codex reads no hooks, so every tool would run")
        .hint("nothing was changed; does `config.toml` say `hooks = false` under `[features]`?")
}

/// Two installations at once would each keep what the other wrote.
pub(crate) fn locked(home: &Path) -> Result<std::fs::File, Failure> {
    let lock = countersign_store::files::lock_file(&home.join("hosts.lock"))?;
    lock.lock().map_err(|e| Failure::new(Exit::Failed, "home", format!("no lock: {e}")))?;
    Ok(lock)
}

/// A file of hooks that cannot be changed.
pub(crate) fn unusable(place: &Place, why: &BadSettings) -> Failure {
    let message = format!("`{}`: {why}", shown(&place.named));
    let hint = format!("nothing was changed; put it right, as {} needs it", title(place.host));
    Failure::new(Exit::Failed, "settings", message).hint(hint)
}
