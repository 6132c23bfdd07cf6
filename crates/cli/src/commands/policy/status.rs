//! `policy status`: which texts hold in this place, and who accepted them.

use super::layers::{Standing, Text};
use super::page::{Paint, hanging, paint};
use super::situation::{Situation, Who};
use crate::commands::Here;
use crate::commands::show::width;
use crate::failure::{Exit, Outcome};
use countersign_core::display::{counted, visible};
use countersign_core::time::{Instant, Timestamp};
use countersign_enforcer::policy::{Acceptance, Watched};
use countersign_policy::LayerName;
use countersign_policy::load::Mistakes;
use countersign_policy::model::Mode;
use serde_json::{Value, json};

/// Say which policies hold in this place, and whether somebody accepted them.
#[derive(clap::Args)]
#[command(after_help = "Exit 1 where a policy of this place does not load: until it does, \
    everything is denied.\n\nExample:\n  countersign policy status")]
pub(crate) struct Status {}

impl Status {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let situation = Situation::of(&Who::default(), &here.root)?;
        let standing = Standing::of(here, &situation).await?;
        let loads = standing.texts.iter().all(|text| text.load().is_ok());
        let (mut text, mut layers) = (Vec::new(), Vec::new());
        for one in &standing.texts {
            let document = layer(one);
            text.extend(shown(here, one, &document));
            layers.push(document);
        }
        let mut document = json!({
            "workspace": situation.workspace_text(),
            "layers": layers,
            "loads": loads,
        });
        if loads {
            let engine = standing.engine()?;
            let watched = standing.watched(engine.mode());
            let hash = engine.hash().to_string();
            text.push(format!(
                "mode          {}",
                mode(engine.mode(), watched.as_ref(), &standing)
            ));
            text.push(format!("policy hash   {hash}"));
            add(&mut document, engine.mode(), watched.as_ref(), hash);
        } else {
            text.push(paint(here.output, Paint::Bad, "everything is denied until all of it loads"));
        }
        here.output.result(&text.join("\n"), &document)?;
        Ok(if loads { Exit::Ok } else { Exit::Failed })
    }
}

fn add(document: &mut Value, mode: Mode, watched: Option<&Watched>, hash: String) {
    let Some(members) = document.as_object_mut() else { return };
    members.insert("mode".into(), mode_word(mode).into());
    members.insert("policyHash".into(), hash.into());
    if let Some(Watched::Until(end)) = watched {
        members.insert("observesUntil".into(), json!(end.timestamp()));
    }
}

fn layer(text: &Text) -> Value {
    let loaded = text.load();
    let mut document = json!({
        "layer": text.layer,
        "file": text.name,
        "sha256": text.sha256(),
        "accepted": text.accepted,
        "loads": loaded.is_ok(),
    });
    if let Some(members) = document.as_object_mut() {
        if let Ok(loaded) = &loaded {
            members.insert("rules".into(), loaded.policy.rules.len().into());
        }
        if let Some(missing) = &text.missing {
            let Acceptance { sha256, at, seq, .. } = &missing.accepted;
            let told = json!({"sha256": sha256, "acceptedAt": at.timestamp(), "receipt": seq});
            members.insert("missing".into(), told);
        }
        if let Some(acceptance) = &text.acceptance {
            members.insert("acceptedAt".into(), json!(acceptance.at.timestamp()));
            members.insert("receipt".into(), acceptance.seq.into());
        }
    }
    document
}

fn shown(here: &Here<'_>, text: &Text, document: &Value) -> Vec<String> {
    let name = text.layer.name();
    let mut lines = hanging(name, 14, &text.name, width());
    if let Some(missing) = &text.missing {
        let said = paint(here.output, Paint::Bad, &missing.said());
        lines.extend(hanging("", 14, &said, width()));
        lines.push(String::new());
        return lines;
    }
    lines.push(format!("              sha256 {}", text.sha256()));
    lines.extend(hanging("", 14, &worth(here, text, document), width()));
    lines.push(String::new());
    lines
}

/// What a text is worth, and why.
fn worth(here: &Here<'_>, text: &Text, document: &Value) -> String {
    if let Err(Mistakes(mistakes)) = text.load() {
        let first = mistakes.first().map_or_else(String::new, |mistake| {
            format!(": line {}: {}", mistake.line, visible(&mistake.message, true))
        });
        return paint(here.output, Paint::Bad, &format!("does not load{first}"));
    }
    match (&text.acceptance, text.accepted, text.layer) {
        (_, true, LayerName::Builtin) => "holds while the home has none that was accepted".into(),
        (Some(acceptance), true, _) => {
            let at = acceptance.at.timestamp();
            let good = paint(here.output, Paint::Good, "accepted");
            format!("{good} {}, receipt {}", at.as_str(), acceptance.seq)
        }
        (None, true, _) => "accepted: root owns it, and only root can write to it".into(),
        (_, false, _) => {
            let word = paint(here.output, Paint::Careful, "not accepted");
            let rules = document.get("rules").and_then(Value::as_u64).unwrap_or_default();
            format!(
                "{word}: of its {} only those that block or ask count, \
                 and they ask whoever the other policies name; `countersign policy accept`",
                counted(rules, "rule")
            )
        }
    }
}

fn mode(mode: Mode, watched: Option<&Watched>, standing: &Standing) -> String {
    let name = mode_word(mode);
    match watched {
        Some(Watched::Until(end)) => {
            format!("{name}, {} left, until {}", left(*end, standing.now()), until(*end).as_str())
        }
        Some(Watched::WithoutEnd) => format!("{name}: everything but the floors runs"),
        None if mode == Mode::Enforce => name.into(),
        None => format!("{name}, which has ended: it is enforced"),
    }
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Observe => "observe",
        Mode::Off => "off",
    }
}

fn until(end: Instant) -> Timestamp {
    end.timestamp()
}

/// `6 d 23 h`.
fn left(end: Instant, now: Instant) -> String {
    let hours = end.0.saturating_sub(now.0).max(0) / 3_600_000;
    format!("{} d {} h", hours / 24, hours % 24)
}
