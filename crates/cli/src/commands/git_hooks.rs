//! `install git`: hooks of one repository that ask before a push or a commit, and chain what was
//! there.
//!
//! A hook of git's is asked, not enforced: `git push --no-verify` goes around it. What enforces is a
//! push that is itself run under `run`.

mod place;
mod script;

use super::Here;
use super::install::page::agreed;
use super::install::place::shown;
use super::install::resolved;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_hosts::Host;
use place::{Hook, Stands, hooks};
use script::Script;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What is installed into.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// An agent host.
    Host(Host),
    /// A git repository.
    Git,
}

/// Reads the name of a host, or `git`.
pub(crate) fn target(text: &str) -> Result<Target, String> {
    if text == "git" {
        return Ok(Target::Git);
    }
    super::hook::host(text).map(Target::Host).map_err(|why| format!("{why}, git"))
}

/// Which boundaries of git ask.
#[derive(clap::Args)]
pub(crate) struct Which {
    /// With git: ask before a push [default, unless --commit is given alone]
    #[arg(long)]
    push: bool,

    /// With git: ask before a commit
    #[arg(long)]
    commit: bool,
}

/// What would be written.
struct Plan {
    dir: PathBuf,
    hooks: Vec<(Hook, Stands, Script)>,
    warnings: Vec<String>,
}

impl Which {
    /// Refuses what only git has.
    pub(crate) fn of_git_only(&self) -> Result<(), Failure> {
        if !self.push && !self.commit {
            return Ok(());
        }
        let message = "--push and --commit are for `countersign install git`";
        Err(Failure::new(Exit::Usage, "usage", message).hint("leave them out"))
    }

    /// Shows what is written, asks and writes it.
    pub(crate) async fn install(&self, here: &Here<'_>, yes: bool, dry_run: bool) -> Outcome {
        let plan = self.plan(here)?;
        if dry_run {
            return plan.told(here, &plan.text("this would be written:"), false);
        }
        let changes = plan.hooks.iter().any(|(_, stands, script)| !stands.is(script));
        if changes {
            here.output.progress(&plan.text("git is to ask countersign first:"));
            agreed(here.output, yes, "Write this?").await?;
            // A hook makes no home: this is where one is made for it.
            parties::enforcer(&here.root).await?;
            plan.make()?;
        }
        let how =
            if changes { "installed" } else { "nothing was changed: it is installed already" };
        let text = format!(
            "{how} in `{}`\n`git push --no-verify` goes around it; what holds a push is \
             `countersign run -- git push`",
            shown(&plan.dir)
        );
        plan.told(here, &text, changes)
    }

    fn plan(&self, here: &Here<'_>) -> Result<Plan, Failure> {
        let (dir, warnings) = hooks()?;
        let home = resolved(&here.root)?;
        let wanted = [(Hook::Push, self.push || !self.commit), (Hook::Commit, self.commit)];
        let mut plan = Plan { dir, hooks: Vec::new(), warnings };
        for (hook, _) in wanted.into_iter().filter(|(_, wanted)| *wanted) {
            let stands = Stands::of(&plan.dir, hook)?;
            let script = Script::of(hook, &plan.dir, &home, stands.chained(&plan.dir, hook))?;
            plan.hooks.push((hook, stands, script));
        }
        Ok(plan)
    }
}

impl Plan {
    fn text(&self, what: &str) -> String {
        let warnings = self.warnings.iter().map(|warning| format!("warning: {warning}"));
        let files = self.hooks.iter().map(|(hook, stands, script)| {
            let kept = match stands {
                Stands::Another => {
                    format!("\n(the hook that is there becomes `{}` and runs first)", hook.before())
                }
                Stands::Nothing | Stands::Ours(_) => String::new(),
            };
            let path = shown(&self.dir.join(hook.name()));
            format!("`{path}`:{kept}\n{}", script.as_str())
        });
        warnings.chain([what.to_owned()]).chain(files).collect::<Vec<_>>().join("\n")
    }

    fn make(&self) -> Result<(), Failure> {
        self.hooks.iter().try_for_each(|(hook, stands, script)| {
            place::put(&self.dir, *hook, stands, script.as_str())
        })
    }

    fn told(&self, here: &Here<'_>, text: &str, changed: bool) -> Outcome {
        let hooks = self.hooks.iter().map(|(hook, stands, _)| {
            json!({"hook": hook.name(), "chained": stands.chained(&self.dir, *hook)})
        });
        here.output.result(text, &document(&self.dir, hooks.collect(), changed))?;
        Ok(Exit::Ok)
    }
}

/// Takes our hooks out, and puts back what they chained.
pub(crate) async fn uninstall(here: &Here<'_>, yes: bool, dry_run: bool) -> Outcome {
    let (dir, _) = hooks()?;
    let mut ours = Vec::new();
    for hook in [Hook::Push, Hook::Commit] {
        if let Stands::Ours(_) = Stands::of(&dir, hook)? {
            ours.push(hook);
        }
    }
    let names: Vec<&str> = ours.iter().map(|hook| hook.name()).collect();
    let all = format!("{} in `{}`", names.join(" and "), shown(&dir));
    let text = match (names.is_empty(), dry_run) {
        (true, _) => format!("nothing is installed in `{}`", shown(&dir)),
        (false, true) => format!("this would be taken out: {all}"),
        (false, false) => format!("taken out: {all}"),
    };
    let changes = !names.is_empty() && !dry_run;
    if changes {
        if !yes {
            here.output.progress(&format!("this is to be taken out: {all}"));
        }
        agreed(here.output, yes, "Take it out?").await?;
        ours.iter().try_for_each(|hook| place::take(&dir, *hook))?;
    }
    let hooks = names.iter().map(|name| json!({"hook": name})).collect();
    here.output.result(&text, &document(&dir, hooks, changes))?;
    Ok(Exit::Ok)
}

fn document(dir: &std::path::Path, hooks: Vec<Value>, changed: bool) -> Value {
    json!({"host": "git", "directory": dir, "changed": changed, "hooks": hooks})
}

/// A repository's hooks are for it alone.
pub(crate) fn always_one() -> Failure {
    Failure::new(Exit::Usage, "usage", "git's hooks are always those of one repository")
        .hint("leave out --project")
}
