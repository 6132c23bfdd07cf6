//! `policy suggest`: what was approved every time, as rules that would let it run.
//!
//! # Rooms
//! * `tally`: how often each call was answered, and how. `text`: a call as the text of a rule.

mod tally;
mod text;

use super::super::audit::{ledger, when};
use crate::asking::workspace;
use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::action::Action;
use countersign_core::artifact::Risk;
use countersign_core::display::{counted, visible};
use countersign_core::time::Timestamp;
use countersign_enforcer::{Enforcer, GateError};
use countersign_policy::load::Dialect;
use countersign_policy::{Asker, Decision, Engine, Layer, LayerName, Verdict, load};
use serde::Serialize;
use std::path::Path;
use tally::{Answers, tally};

/// Write rules for what was approved every time, ready to paste.
///
/// Each allows exactly one command: the same words in the same directory. Nothing is suggested that is critical, in a dangerous lane (payments,
/// deletions, changes of accounts, exports of data) or was ever denied, and nothing that another
/// rule would go on asking about. Nothing is changed: paste what you mean, then accept it.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign policy suggest\n  \
    countersign policy suggest --since 30d --at-least 10\n  \
    countersign policy suggest --json")]
pub(crate) struct Suggest {
    /// Look at answers from this time on: 90d, 8h, 2026-01-31, or RFC 3339; a denial counts
    /// whenever it was
    #[arg(long, value_name = "TIME", value_parser = when)]
    since: Option<Timestamp>,

    /// How often it must have been approved
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..))]
    at_least: u32,
}

/// A rule that would let a call run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Suggestion {
    /// Of the rule.
    id: String,
    /// The rule, as text.
    rule: String,
    /// Which rule asks today.
    asked_by: String,
    #[serde(flatten)]
    answers: Answers,
}

impl Suggest {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let since = self.since.as_ref().map(Timestamp::instant);
        let mut suggestions = Vec::new();
        for (payload, answers) in tally(&*ledger(here)?, since, self.at_least).await? {
            let Some(action) = Action::from_payload(&payload.into()) else { continue };
            suggestions.extend(suggested(&enforcer, &action, answers).await?);
        }
        let document = serde_json::json!({"atLeast": self.at_least, "suggestions": suggestions});
        here.output.result(&self.page(&suggestions), &document)?;
        Ok(Exit::Ok)
    }

    fn page(&self, suggestions: &[Suggestion]) -> String {
        if suggestions.is_empty() {
            let least = self.at_least;
            return format!(
                "# no command was approved {} or more, never denied, and could be a rule",
                counted(least, "time")
            );
        }
        let mut text = vec![
            "# Each of these was approved every time. Paste what you mean into policy.toml, and"
                .into(),
            "# `countersign policy accept` it. A rule holds words, not what a program has become."
                .into(),
        ];
        text.extend(suggestions.iter().map(Suggestion::page));
        text.join("\n")
    }
}

impl Suggestion {
    fn page(&self) -> String {
        let Answers { approved, first, last, by, median_millis } = &self.answers;
        let by = visible(&by.join(", "), false);
        let took = median_millis.map(|m| format!(", half of them within {} s", m / 1_000 + 1));
        let rule = visible(&self.asked_by, false);
        format!(
            "\n# approved {} by {by}, {first} to {last}{}\n# asked by `{rule}`\n{}",
            counted(*approved, "time"),
            took.unwrap_or_default(),
            self.rule
        )
    }
}

/// The rule for a call, where it may be one and would let it run.
async fn suggested(
    enforcer: &Enforcer,
    action: &Action,
    answers: Answers,
) -> Result<Option<Suggestion>, Failure> {
    let hash = action.hash().map_err(GateError::from)?.to_string();
    let id = format!("suggested-{}", hash.get(..12).unwrap_or_default());
    let Some(rule) = text::rule(&id, action) else { return Ok(None) };
    let place = place(action);
    let engine = enforcer.engine(&place).await?;
    let facts = enforcer.facts(action, Asker::default(), &place).map_err(GateError::from)?;
    let today = engine.judge(&facts);
    let may_be = today.decision == Decision::RequireApproval && is_harmless(&today);
    if !may_be || !facts.class.floors.is_empty() {
        return Ok(None);
    }
    let lets_go =
        with(&engine, &rule).is_some_and(|with| with.judge(&facts).decision == Decision::Allow);
    let asked_by = today.rule_id;
    Ok(lets_go.then_some(Suggestion { id, rule, asked_by, answers }))
}

fn is_harmless(verdict: &Verdict) -> bool {
    verdict.lane.is_none() && verdict.verb.lane().is_none() && verdict.risk < Risk::Critical
}

/// Where a call is made, as far as it says.
fn place(action: &Action) -> String {
    let cwd = match action {
        Action::Command(command) => command.cwd.as_str(),
        _ => "/",
    };
    workspace(Path::new(cwd)).display().to_string()
}

/// The policies of a place with one more rule in the home's, as if it were accepted.
fn with(engine: &Engine, rule: &str) -> Option<Engine> {
    let more = load(format!("version = 1\n{rule}").as_bytes(), Dialect::Toml).ok()?;
    let mut layers: Vec<Layer> = engine.layers().to_vec();
    let home = layers.iter().position(|layer| layer.name == LayerName::Home);
    let built_in = layers.iter().position(|layer| layer.name == LayerName::Builtin);
    let own = layers.get_mut(home.or(built_in)?)?;
    own.policy.rules.extend(more.rules);
    Engine::new(layers).ok()
}
