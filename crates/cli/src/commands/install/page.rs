//! What the person sees of an installation, and is asked.

use super::change::Change;
use super::codex::Standing;
use super::place::{Scope, shown};
use super::probe::Harmless;
use super::record::Records;
use super::resolved;
use super::{Done, Plan, elsewhere};
use crate::commands::Here;
use crate::commands::doctor::check::quoted;
use crate::failure::{Exit, Failure, Outcome};
use crate::hosts::title;
use crate::output::{Output, wrapped};
use crate::parties;
use crate::tty::{Key, Tty, converse};
use countersign_core::display::visible;
use countersign_enforcer::Home;
use countersign_hosts::{Event, Host};
use serde_json::{Value, json};
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

/// How long a person may look at a change.
const PATIENCE: Duration = Duration::from_secs(600);

/// The change, for somebody who only wants to see it.
pub(super) fn planned(output: &Output, plan: &Plan) -> Outcome {
    let mut document = document(plan);
    set(&mut document, "dryRun", true.into());
    output.result(&told(plan, output.columns()), &document)?;
    Ok(Exit::Ok)
}

/// The change, before it is made.
pub(super) fn show(output: &Output, plan: &Plan) {
    output.progress(&told(plan, output.columns()));
}

fn told(plan: &Plan, columns: Option<usize>) -> String {
    let mut lines = vec![plan.found.line()];
    let made = parties::existing_identity(&plan.home).is_ok_and(|found| found.is_some());
    let new = if made { "" } else { " (new: it gets an operator key)" };
    lines.push(format!("home: {}{new}", shown(&plan.home)));
    let warnings = warnings(plan).into_iter();
    lines.extend(warnings.map(|warning| wrapped(&format!("warning: {warning}"), columns, HANG)));
    let changes: Vec<&Change> = plan.changes().collect();
    lines.push(String::new());
    lines.push(match changes.is_empty() {
        true => format!("`{}` holds this hook already", shown(&plan.place.named)),
        false => wrapped(&intention(plan), columns, 0),
    });
    lines.extend(changes.iter().map(|change| diff(change)));
    lines.join("\n")
}

/// How far the lines of a warning, and the commands of a step, are set in.
const HANG: usize = 9;

/// What the change is for, in one sentence.
fn intention(plan: &Plan) -> String {
    let before = |event: &Event| match event {
        Event::PreSkillShellCommand => {
            format!("each shell line in a skill's text (`{}`)", event.name())
        }
        _ => format!("every tool (`{}`)", event.name()),
    };
    let before: Vec<String> = plan.found.events().iter().map(before).collect();
    let (title, before) = (title(plan.place.host), before.join(" and "));
    let trusts = plan.trust.as_ref().is_some_and(|trust| trust.change.is_one());
    let trust = if trusts { ", and to trust this hook" } else { "" };
    format!("{title} is to ask countersign before {before}{trust}:")
}

/// A change as lines, with where it is really made.
pub(crate) fn diff(change: &Change) -> String {
    let found = &change.found;
    let through = match found.named == found.real {
        true => String::new(),
        false => format!("(`{}` leads to `{}`)\n", shown(&found.named), shown(&found.real)),
    };
    format!("\n{through}{}", visible(change.diff().trim_end_matches('\n'), true))
}

/// Goes on only after a person said so, on the terminal itself.
pub(crate) async fn agreed(output: &Output, yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if output.is_json() || !std::io::stdin().is_terminal() {
        let message = "nobody can be asked whether to write this";
        return Err(Failure::new(Exit::Usage, "usage", message)
            .hint("nothing was changed; `--yes` writes without asking, `--dry-run` only shows"));
    }
    let question = format!("\r\n{question} [y/N] ");
    match converse(move |tty| tty.and_then(|mut tty| says_yes(&mut tty, &question))).await {
        Some(Ok(true)) => Ok(()),
        _ => Err(Failure::new(Exit::Denied, "declined", "nothing was changed")),
    }
}

fn says_yes(tty: &mut Tty, question: &str) -> std::io::Result<bool> {
    tty.forget_typed()?;
    tty.say(question)?;
    let yes = matches!(tty.key(PATIENCE)?, Key::Byte(b'y' | b'Y'));
    tty.say(if yes { "yes\r\n" } else { "no\r\n" })?;
    Ok(yes)
}

/// What came of it, and what is to be done next.
pub(super) fn done(here: &Here<'_>, plan: &Plan, done: &Done) -> Outcome {
    let changed = plan.changes().next().is_some();
    let columns = here.output.columns();
    let mut lines = vec![match changed {
        true => format!("installed in `{}`", shown(&plan.place.named)),
        false => "nothing was changed".into(),
    }];
    if done.standing == Some(Standing::Trusted) {
        lines.push("Codex trusts it".into());
    }
    lines.push(wrapped(&format!("tried out: {}", tried(&done.harmless)), columns, 0));
    lines.extend(changed.then(|| {
        let record = shown(&Records::of(&plan.home).path(&plan.place));
        let undo = undo(plan);
        wrapped(&format!("`{undo}` brings back what was before, kept in `{record}`"), columns, 0)
    }));
    let next = next(plan, done)?;
    for step in &next {
        lines.push(wrapped(&format!("next: {}", step.what), columns, 6));
        lines.extend(step.commands.iter().map(|command| format!("      {command}")));
    }
    let mut document = document(plan);
    set(&mut document, "probe", probe(&done.harmless));
    set(&mut document, "trusted", done.standing.map(|s| s == Standing::Trusted).into());
    set(&mut document, "next", next.iter().map(Step::line).collect::<Vec<_>>().into());
    here.output.result(&lines.join("\n"), &document)?;
    Ok(Exit::Ok)
}

/// Our own command, with the home where it is not the usual one.
fn ours(home: &Path) -> String {
    let usual = std::env::var_os("HOME").map(|dir| Path::new(&dir).join(".countersign"));
    match usual.and_then(|usual| resolved(&usual).ok()) {
        Some(usual) if usual == home => "countersign".into(),
        _ => format!("countersign --home {}", visible(&quoted(home), false)),
    }
}

fn undo(plan: &Plan) -> String {
    let project = if plan.place.scope == Scope::Project { " --project" } else { "" };
    let ours = ours(&plan.home);
    format!("{ours} uninstall {}{project}", plan.place.host.name())
}

/// Something that is left to the person.
struct Step {
    what: String,
    /// To be pasted, each on a line of its own.
    commands: Vec<String>,
}

impl Step {
    fn of(what: impl Into<String>, commands: &[&str]) -> Self {
        Self { what: what.into(), commands: commands.iter().map(|&c| c.to_owned()).collect() }
    }

    fn line(&self) -> String {
        let commands = self.commands.iter().map(|command| format!(": `{command}`"));
        [self.what.clone()].into_iter().chain(commands).collect()
    }
}

fn tried(harmless: &Harmless) -> String {
    let passes = "what is no call is refused";
    match harmless {
        Harmless::Allowed => format!("`git status` is allowed, {passes}"),
        Harmless::Denied(why) => {
            format!("{passes}; `git status` is refused, too: {}", visible(why, false))
        }
        Harmless::Asks => {
            format!("{passes}; the policy asks about `git status`, so it was not tried")
        }
    }
}

fn probe(harmless: &Harmless) -> Value {
    let (word, why) = match harmless {
        Harmless::Allowed => ("allow", None),
        Harmless::Denied(why) => ("deny", Some(why)),
        Harmless::Asks => ("ask", None),
    };
    json!({"harmless": word, "reason": why, "garbage": "refused"})
}

/// What is weaker than it could be.
fn warnings(plan: &Plan) -> Vec<String> {
    let mut all = plan.line.warnings.clone();
    all.extend(plan.found.warnings());
    all.extend(elsewhere::warnings(&plan.place));
    if let Some(why) = &plan.unasked {
        all.push(format!("Codex cannot be asked to trust the hook: {}", visible(why, false)));
    }
    if (plan.place.host, plan.place.scope) == (Host::ClaudeCode, Scope::Project) {
        all.push(format!(
            "it holds for sessions that are started in `{}` itself: Claude Code does not read the \
             file in those that are started in a directory below",
            shown(&plan.place.root)
        ));
    }
    if plan.place.scope == Scope::Project {
        all.push(
            "the file belongs to the project: whoever checks it out on another machine gets a \
             line that refuses everything there"
                .into(),
        );
    }
    all
}

/// What the person must still do.
fn next(plan: &Plan, done: &Done) -> Result<Vec<Step>, Failure> {
    let mut steps: Vec<Step> = codex(plan, done).into_iter().collect();
    let ours = ours(&plan.home);
    let far = |p: &countersign_enforcer::home::Pairing| p.relay.is_some();
    if !Home::open(&plan.home)?.pairings()?.iter().any(far) {
        steps.push(Step::of(
            "pair somebody who approves, through a gateway that you have or start here; until then \
             whatever needs a person is refused",
            &[
                "countersign gateway --listen 127.0.0.1:8787",
                &format!(
                    "{ours} pair --name phone --relay http://127.0.0.1:8787 --assurance device"
                ),
            ],
        ));
    }
    let title = title(plan.place.host);
    if plan.changes().next().is_some() {
        let what = format!("start {title} anew: what runs already may not know the hook");
        steps.push(Step::of(what, &[]));
        steps.push(Step::of(
            "look whether it holds, now and after updates",
            &[&format!("{ours} doctor")],
        ));
    }
    Ok(steps)
}

/// What Codex must still be told by its user.
fn codex(plan: &Plan, done: &Done) -> Option<Step> {
    let what = match (plan.place.host, done.standing) {
        (Host::Codex, None) => {
            "start `codex` and trust the hook under `/hooks`; until then Codex passes over it \
             without a word, and every tool runs"
                .to_owned()
        }
        (Host::Codex, Some(Standing::Unread)) => format!(
            "start `codex` in `{}` and trust the project; until then Codex does not read its hooks, \
             and every tool runs",
            shown(&plan.place.root)
        ),
        _ => return None,
    };
    Some(Step::of(what, &[]))
}

fn document(plan: &Plan) -> Value {
    json!({
        "host": plan.place.host.name(),
        "scope": plan.place.scope,
        "file": plan.place.named,
        "home": plan.home,
        "program": plan.found.program,
        "version": plan.found.version,
        "command": plan.line.command,
        "changed": plan.changes().next().is_some(),
        "changes": plan.changes().map(changed).collect::<Vec<_>>(),
        "warnings": warnings(plan),
    })
}

/// A change as a part of a document.
pub(crate) fn changed(change: &Change) -> Value {
    json!({"file": change.found.real, "diff": change.diff()})
}

fn set(document: &mut Value, name: &str, value: Value) {
    if let Some(members) = document.as_object_mut() {
        members.insert(name.into(), value);
    }
}
