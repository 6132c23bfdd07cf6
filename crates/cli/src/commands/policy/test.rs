//! `policy test`: the cases of a policy against what they expect.

use super::asked::{self, Asked};
use super::layers::{self, Standing, Text};
use super::page::{Paint, hanging, paint, word};
use super::situation::{Situation, Who};
use super::{check, unusable};
use crate::commands::Here;
use crate::commands::show::width;
use crate::failure::{Exit, Failure, Outcome};
use countersign_core::display::{counted, visible};
use countersign_policy::engine::Explanation;
use countersign_policy::model::{Case, CaseWhat, Expect};
use countersign_policy::{Engine, Verdict};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Judge the cases of a policy, and compare with what they expect.
///
/// A case is a `[[test]]` of the policy's own file, or of another one. A file that is named is
/// judged by itself, as if it were the home's policy and accepted, so that the answer is the same
/// on every machine.
#[derive(clap::Args)]
#[command(after_help = "Exit 0 where every case is as expected, 1 where one is not, or there are \
    none.\n\nExamples:\n  \
    countersign policy test policy.toml\n  \
    countersign policy test policy.toml --cases cases.toml")]
pub(crate) struct Test {
    /// The policy's file [default: the policies of this place]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Take the cases from this file instead: `version = 1` and any number of `[[test]]`
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
}

/// How one case went.
#[derive(Serialize)]
struct Tried {
    name: String,
    ok: bool,
    expected: Map<String, Value>,
    got: Map<String, Value>,
    #[serde(skip)]
    sentence: String,
}

impl Test {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let situation = Situation::of(&Who::default(), &here.root)?;
        let texts = match &self.file {
            Some(path) => vec![Text::named(path)?],
            None => Standing::of(here, &situation).await?.texts,
        };
        let Some(mut cases) = loaded(here, &texts)? else { return Ok(Exit::Failed) };
        if let Some(path) = &self.cases {
            let Some(named) = loaded(here, &[Text::named(path)?])? else {
                return Ok(Exit::Failed);
            };
            cases = named;
        }
        if cases.is_empty() {
            return Err(unusable("no_cases", "there is no case to test")
                .hint("add a `[[test]]` to the policy, or name a file of them with --cases"));
        }
        let layers = texts.iter().map(Text::layer).collect::<Result<Vec<_>, Failure>>()?;
        let engine = layers::engine_of(layers)?;
        let one = |(case, number): (&Case, usize)| tried(&engine, case, number, &situation);
        let results = cases.iter().zip(1..).map(one).collect::<Result<Vec<_>, Failure>>()?;
        let failed = results.iter().filter(|result| !result.ok).count();
        let document = json!({"cases": results.len(), "failed": failed, "results": results});
        here.output.result(&text(here, &results, failed), &document)?;
        Ok(if failed == 0 { Exit::Ok } else { Exit::Failed })
    }
}

/// The cases of all texts; `None` where one does not load, which was told then.
fn loaded(here: &Here<'_>, texts: &[Text]) -> Result<Option<Vec<Case>>, Failure> {
    let mut cases = Vec::new();
    for text in texts {
        match text.load() {
            Ok(loaded) => cases.extend(loaded.policy.tests),
            Err(mistakes) => {
                let lines = check::shown(here.output, text, &mistakes.0).join("\n");
                let document = json!({"file": text.name, "mistakes": mistakes.0});
                here.output.result(&lines, &document)?;
                return Ok(None);
            }
        }
    }
    Ok(Some(cases))
}

fn tried(
    engine: &Engine,
    case: &Case,
    number: usize,
    situation: &Situation,
) -> Result<Tried, Failure> {
    let situation = situation.told(&case.context)?;
    let asked = match &case.what {
        CaseWhat::Action(action) => Asked::payload(action.clone()),
        CaseWhat::Shell(line) => Asked::portable(&asked::shell(line), &situation.cwd),
        CaseWhat::Argv(argv) => Asked::portable(argv, &situation.cwd),
    };
    let name = match &case.name {
        Some(name) => name.clone(),
        None => format!("case {number}: {}", asked.headline()),
    };
    let Explanation { verdict, sentence, .. } = engine.explain(&asked.facts(&situation)?);
    let (expected, got) = compared(&case.expect, &verdict);
    Ok(Tried { name, ok: expected == got, expected, got, sentence })
}

/// What was expected, and what the verdict has there.
fn compared(expect: &Expect, verdict: &Verdict) -> (Map<String, Value>, Map<String, Value>) {
    let parts = [
        ("decision", expect.decision.map(|d| word(&d)), word(&verdict.decision)),
        ("risk", expect.risk.map(|r| word(&r)), word(&verdict.risk)),
        ("verb", expect.verb.as_ref().map(|v| v.to_string()), verdict.verb.to_string()),
        ("rule", expect.rule.clone(), verdict.rule_id.clone()),
    ];
    let mut sides = (Map::new(), Map::new());
    for (name, expected, got) in parts {
        if let Some(expected) = expected {
            sides.0.insert(name.into(), expected.into());
            sides.1.insert(name.into(), got.into());
        }
    }
    sides
}

fn text(here: &Here<'_>, results: &[Tried], failed: usize) -> String {
    let mut lines = Vec::new();
    for result in results.iter().filter(|result| !result.ok) {
        let word = paint(here.output, Paint::Bad, "failed");
        lines.push(format!("{word}  {}", visible(&result.name, true)));
        for (part, expected) in &result.expected {
            let got = result.got.get(part);
            if got != Some(expected) {
                lines.push(format!(
                    "        {part}: expected {}, got {}",
                    said(Some(expected)),
                    said(got)
                ));
            }
        }
        lines.extend(hanging("", 8, &visible(&result.sentence, true), width()));
    }
    let all = counted(results.len(), "case");
    lines.push(match failed {
        0 => format!("{all}, {}", paint(here.output, Paint::Good, "all as expected")),
        _ => format!("{all}, {failed} not as expected"),
    });
    lines.join("\n")
}

fn said(value: Option<&Value>) -> String {
    visible(value.and_then(Value::as_str).unwrap_or_default(), true)
}
