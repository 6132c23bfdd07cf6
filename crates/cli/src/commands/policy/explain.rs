//! `policy explain`: what the policy makes of one action, and why.

mod text;

use super::asked::{self, Asked};
use super::situation::{Situation, Who};
use super::{layers, unusable};
use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome};
use countersign_core::display::visible;
use countersign_core::json::limit;
use countersign_enforcer::child;
use countersign_policy::engine::Explanation;
use countersign_policy::hidden::hidden;
use countersign_policy::{Decision, Facts, Verdict};
use countersign_store::files::{self, Links};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Say what the policy makes of an action, and why.
///
/// Nothing is run and nobody is asked. The action is made as `run` would make it, and judged by
/// the engine of the gate.
#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("what").required(true).args(["action", "shell", "command"]),
    after_help = "With --exit-code: 0 it runs, 10 a person is asked, 12 it is blocked, also where a \
    policy of this\nplace does not load; 1 and 2 as ever.\n\nExamples:\n  \
    countersign policy explain -- git status\n  \
    countersign policy explain --shell 'git status && rm -rf ~'\n  \
    countersign policy explain --policy policy.toml -- git push --force\n  \
    echo '{\"kind\":\"request\",\"action\":\"refund\",\"parameters\":{\"amount\":5}}' |\n    \
    countersign policy explain --action -"
)]
pub(crate) struct Explain {
    /// An action, or {"action": …, "context": …}, in a file; - reads standard input
    #[arg(long, value_name = "FILE")]
    action: Option<PathBuf>,

    /// A line for a shell, as agents run it: bash -c LINE
    #[arg(long, value_name = "LINE")]
    shell: Option<String>,

    /// Look at this file as if it were the home's policy and accepted; the policies of the
    /// organisation and the workspace hold beside it
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    #[command(flatten)]
    who: Who,

    /// Say it with the exit code as well
    #[arg(long)]
    exit_code: bool,

    /// A command and its arguments
    #[arg(last = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// What was found out.
pub(super) struct Found {
    pub(super) headline: String,
    pub(super) notes: Vec<String>,
    pub(super) facts: Facts,
    pub(super) explanation: Explanation,
    /// Whether it is only watched, and runs whatever the verdict.
    pub(super) watched: bool,
}

impl Explain {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let situation = Situation::of(&self.who, &here.root)?;
        let (asked, situation) = self.asked(situation)?;
        let (engine, watched) = layers::engine(here, &situation, self.policy.as_deref()).await?;
        let facts = asked.facts(&situation)?;
        let mut found = Found {
            headline: asked.headline(),
            notes: asked.notes,
            watched: watched && facts.class.floors.is_empty(),
            explanation: engine.explain(&facts),
            facts,
        };
        found.notes.extend(unhidden(&found));
        found.notes.extend(not_yet(&found.explanation.verdict));
        here.output.result(&text::of(here.output, &found), &document(&found)?)?;
        Ok(if self.exit_code { outcome(&found) } else { Exit::Ok })
    }

    /// The action, and the situation as its context tells it.
    fn asked(&self, situation: Situation) -> Result<(Asked, Situation), Failure> {
        if let Some(path) = &self.action {
            let (asked, context) = asked::document(&read(path)?)?;
            let told = situation.told(&context)?;
            return Ok((asked, told));
        }
        let argv = match &self.shell {
            Some(line) => asked::shell(line),
            None => child::utf8_argv(self.command.iter().cloned())?,
        };
        Ok((Asked::command(argv, &situation)?, situation))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let name = visible(&path.display().to_string(), false);
    let failed = |e: std::io::Error| {
        unusable("file", format!("cannot read `{name}`: {e}"))
            .hint("name a file that holds one action as JSON, or - for standard input")
    };
    let most = limit::ARTIFACT as u64 + 1;
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().take(most).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let file = files::open(path, Links::Followed).map_err(failed)?;
        file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}

/// What the policy hides and nothing can: then the gate asks.
fn unhidden(found: &Found) -> Option<String> {
    let left = hidden(&found.explanation.verdict.redact, &found.facts.payload).left;
    (!left.is_empty()).then(|| {
        format!(
            "not to be hidden in this action, so the gate asks: {}",
            visible(&left.join(", "), false)
        )
    })
}

/// What a policy may ask for and the gate cannot do yet.
fn not_yet(verdict: &Verdict) -> Vec<String> {
    let asks = verdict.decision == Decision::RequireApproval;
    let several = verdict.rosters.len() > 1 && !verdict.escalation.is_empty();
    let note = "several lists of people must allow this, so nobody is asked next";
    (asks && several).then(|| note.to_owned()).into_iter().collect()
}

fn outcome(found: &Found) -> Exit {
    if found.watched {
        return Exit::Ok;
    }
    match found.explanation.verdict.decision {
        Decision::Allow | Decision::Redact if unhidden(found).is_none() => Exit::Ok,
        Decision::Allow | Decision::Redact | Decision::RequireApproval => Exit::Denied,
        Decision::Block => Exit::Blocked,
    }
}

/// The verdict's members, and beside them how it came about.
fn document(found: &Found) -> Result<Value, Failure> {
    let Explanation { verdict, sentence, considered } = &found.explanation;
    let mut document =
        serde_json::to_value(verdict).map_err(|e| unusable("output", e.to_string()))?;
    let more = json!({
        "sentence": sentence,
        "findings": found.facts.class.findings,
        "floors": found.facts.class.floors,
        "considered": considered,
        "observed": found.watched,
        "notes": found.notes,
    });
    if let (Value::Object(document), Value::Object(more)) = (&mut document, more) {
        document.extend(more);
    }
    Ok(document)
}
