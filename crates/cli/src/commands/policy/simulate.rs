//! `policy simulate`: what another policy would have made of everything that was recorded.

mod records;

use super::layers::{self, Standing};
use super::page::{Paint, paint, word};
use super::situation::{Situation, Who};
use super::unusable;
use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome};
use countersign_core::display::{counted, visible};
use countersign_enforcer::policy::{Place, at};
use countersign_policy::{Decision, Engine, Verdict};
use records::Recorded;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Judge everything that was recorded under the policy in force and under another one, and list
/// what would change, what becomes looser first.
///
/// Nothing is run, asked or written.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign policy simulate --policy policy.toml\n  \
    countersign policy simulate --against ~/.countersign/ledger.db --policy policy.toml\n  \
    countersign policy simulate --against actions.jsonl --policy policy.toml --json")]
pub(crate) struct Simulate {
    /// A ledger, or a file with an action or {"action": …, "context": …} on each line [default:
    /// the ledger of this home]
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// The policy to try, as if it were the home's and accepted [default: the one that lies in
    /// the home]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// What happens to an action, as far as its asker can tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum End {
    Runs,
    Asks,
    Blocked,
}

/// In which direction a verdict changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Turn {
    /// Less is asked for.
    Looser,
    /// Something else is asked for, more here and less there.
    Other,
    /// More is asked for.
    Stricter,
}

/// One action of which the two policies say something else.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    turn: Turn,
    action: String,
    origin: String,
    from: End,
    to: End,
    from_rule: String,
    to_rule: String,
    risk: String,
    /// How many recorded actions it stands for.
    times: usize,
}

impl Simulate {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let situation = Situation::of(&Who::default(), &here.root)?;
        let recorded = records::read(here, self.against.as_deref()).await?;
        let now = layers::engine(here, &situation, None).await?.0;
        let file = self.file(here)?;
        let tried = Standing::of(here, &situation).await?.with(&file)?;
        let then = tried.engine()?;
        let observes = tried.watched(then.mode()).is_some();
        let mut counts: BTreeMap<(End, End), usize> = BTreeMap::new();
        let mut changes: Vec<Changed> = Vec::new();
        for one in &recorded {
            let (before, after) = one.judged(&situation, &now, &then)?;
            *counts.entry((end(&before, one), end(&after, one))).or_default() += 1;
            changes.extend(changed(one, &before, &after));
        }
        let changes = joined(changes);
        let table: Vec<_> = counts
            .iter()
            .map(|((from, to), count)| json!({"from": from, "to": to, "count": count}))
            .collect();
        let document = json!({
            "actions": recorded.len(),
            "counts": table,
            "changed": changes.iter().map(|change| change.times).sum::<usize>(),
            "changes": changes,
            "observes": observes,
            "policyHash": now.hash(),
            "simulatedPolicyHash": then.hash(),
        });
        let mut text = text(here, recorded.len(), &counts, &changes);
        if observes {
            text.push_str(
                "\n\nThe policy that was tried only observes: all of it but the floors runs.",
            );
        }
        here.output.result(&text, &document)?;
        Ok(Exit::Ok)
    }

    fn file(&self, here: &Here<'_>) -> Result<PathBuf, Failure> {
        if let Some(path) = &self.policy {
            return Ok(path.clone());
        }
        let found = at(Place::Home, &here.root)?;
        found.map(|found| found.path).ok_or_else(|| {
            unusable("no_policy", "there is no policy in this home to try")
                .hint("name one with --policy")
        })
    }
}

impl Recorded {
    fn judged(
        &self,
        situation: &Situation,
        now: &Engine,
        then: &Engine,
    ) -> Result<(Verdict, Verdict), Failure> {
        let facts = self.asked.facts(&self.situation(situation)?)?;
        Ok((now.judge(&facts), then.judge(&facts)))
    }
}

fn end(verdict: &Verdict, of: &Recorded) -> End {
    match verdict.decision {
        Decision::Allow if of.asked.hides(&verdict.redact) => End::Runs,
        // The gate asks where it cannot hide what the policy hides.
        Decision::Redact if of.asked.hides(&verdict.redact) => End::Runs,
        Decision::Allow | Decision::Redact | Decision::RequireApproval => End::Asks,
        Decision::Block => End::Blocked,
    }
}

fn changed(one: &Recorded, before: &Verdict, after: &Verdict) -> Option<Changed> {
    let (from, to) = (end(before, one), end(after, one));
    let more = after.asks_for_more_than(before);
    let less = before.asks_for_more_than(after);
    let turn = match (from.cmp(&to), more, less) {
        (std::cmp::Ordering::Greater, ..) => Turn::Looser,
        (std::cmp::Ordering::Less, ..) => Turn::Stricter,
        (_, false, false) => return None,
        (_, true, true) => Turn::Other,
        (_, true, false) => Turn::Stricter,
        (_, false, true) => Turn::Looser,
    };
    Some(Changed {
        turn,
        action: one.headline.clone(),
        origin: one.origin.clone(),
        from,
        to,
        from_rule: before.rule_id.clone(),
        to_rule: after.rule_id.clone(),
        risk: word(&after.risk),
        times: 1,
    })
}

/// Equal ones count together; loosenings first, then what happens most often.
fn joined(changes: Vec<Changed>) -> Vec<Changed> {
    let mut all: BTreeMap<_, Changed> = BTreeMap::new();
    for change in changes {
        let key = (
            change.turn,
            change.action.clone(),
            (change.from, change.to),
            (change.from_rule.clone(), change.to_rule.clone()),
        );
        all.entry(key).and_modify(|same| same.times += 1).or_insert(change);
    }
    let mut all: Vec<Changed> = all.into_values().collect();
    all.sort_by_key(|change| (change.turn, std::cmp::Reverse(change.times)));
    all
}

impl End {
    fn word(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Asks => "asks",
            Self::Blocked => "blocked",
        }
    }
}

fn text(
    here: &Here<'_>,
    actions: usize,
    counts: &BTreeMap<(End, End), usize>,
    changes: &[Changed],
) -> String {
    let mut lines = vec![counted(actions, "action")];
    for ((from, to), count) in counts {
        let way = match from == to {
            true => from.word().to_owned(),
            false => format!("{} -> {}", from.word(), to.word()),
        };
        let colour = if to < from { Paint::Bad } else { Paint::Strong };
        let way = if from == to { way } else { paint(here.output, colour, &way) };
        lines.push(format!("{count:>8}  {way}"));
    }
    if changes.is_empty() {
        lines.push("Nothing would change.".into());
    }
    for (turn, title) in [
        (Turn::Looser, "Looser:"),
        (Turn::Other, "Something else is asked for:"),
        (Turn::Stricter, "Stricter:"),
    ] {
        let of: Vec<&Changed> = changes.iter().filter(|change| change.turn == turn).collect();
        if !of.is_empty() {
            lines.extend([String::new(), title.to_owned()]);
            lines.extend(of.into_iter().flat_map(shown));
        }
    }
    lines.join("\n")
}

/// The longest action that is shown, in characters.
const SHOWN: usize = 60;

fn shown(change: &Changed) -> [String; 2] {
    let mut action: String = change.action.chars().take(SHOWN).collect();
    if action.len() < change.action.len() {
        action.push('…');
    }
    let times =
        if change.times > 1 { format!("  ({} times)", change.times) } else { String::new() };
    [
        format!("  {action}{times}"),
        format!(
            "      {} by {} -> {} by {}, risk {}; {}",
            change.from.word(),
            visible(&change.from_rule, false),
            change.to.word(),
            visible(&change.to_rule, false),
            change.risk,
            change.origin
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(turn: Turn, action: &str) -> Changed {
        Changed {
            turn,
            action: action.into(),
            origin: "line 1".into(),
            from: End::Asks,
            to: End::Runs,
            from_rule: "a".into(),
            to_rule: "b".into(),
            risk: "low".into(),
            times: 1,
        }
    }

    #[test]
    fn what_becomes_looser_comes_first_and_equal_ones_count_together() {
        let joined = joined(vec![
            change(Turn::Stricter, "x"),
            change(Turn::Stricter, "x"),
            change(Turn::Looser, "y"),
        ]);
        let seen: Vec<_> = joined.iter().map(|c| (c.action.as_str(), c.times)).collect();
        assert_eq!(seen, [("y", 1), ("x", 2)]);
    }
}
