//! `harp conformance`: the categories of HARP-COMPLIANCE §2 and §3, each check really made.
//!
//! What needs no second party is judged by the vectors that are built into this binary; the rest
//! is asked of this very binary, started as a gateway, as a demo and as an enforcer of files. A
//! level is claimed only where every check of it was made and passed; what does not exist yet is
//! listed as missing, and counts as not passed.

mod binary;
mod category;
mod demo;
mod proofs;
mod relay;
mod table;

use crate::commands::Here;
use crate::failure::{Exit, Outcome};
use category::{Category, Level, State, claimed};
use serde_json::{Value, json};

/// Check this binary against the HARP compliance categories, and say which level is complete.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  countersign harp conformance\n  \
    countersign harp conformance --json\n\n\
    Exit code 0: no check failed; what is missing lowers the level and fails nothing.\n\
    Exit code 13: a check failed.")]
pub(crate) struct Conformance {}

impl Conformance {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let categories = table::all(here).await?;
        let level = claimed(&categories);
        here.output.result(&text(&categories, level), &document(&categories, level))?;
        let failed = categories.iter().any(|category| category.state() == "failed");
        Ok(if failed { Exit::Verification } else { Exit::Ok })
    }
}

fn level_name(level: Option<Level>) -> &'static str {
    level.map_or("none", Level::name)
}

fn text(categories: &[Category], level: Option<Level>) -> String {
    let mut lines = Vec::new();
    for category in categories {
        let Category { section, name, level, .. } = category;
        let head = format!("{section:<5} {name} ({})", level.name());
        lines.push(format!("{head:<52} {}", category.state()));
        for check in &category.checks {
            let word = check.state.kind();
            let why = check.state.why().map_or_else(String::new, |why| format!(": {why}"));
            lines.push(format!("        {word:<8} {}{why}", check.what));
        }
    }
    lines.push(format!("\nHARP 0.2, level claimed: {}", level_name(level)));
    if let Some(next) = Level::after(level) {
        let missing: Vec<String> = lacking(categories, next).collect();
        lines.push(format!("{} would also need:", next.name()));
        lines.extend(missing.into_iter().map(|what| format!("  {what}")));
    }
    lines.join("\n")
}

/// What stands between this binary and `level`.
fn lacking(categories: &[Category], level: Level) -> impl Iterator<Item = String> {
    let needed = categories.iter().filter(move |c| c.level <= level);
    needed.flat_map(|category| {
        let open = category.checks.iter().filter(|check| check.state != State::Passed);
        open.map(|check| format!("{} {}", category.section, check.what))
    })
}

fn document(categories: &[Category], level: Option<Level>) -> Value {
    let missing = |level| lacking(categories, level).collect::<Vec<_>>();
    json!({
        "declaration": {
            "harpVersion": "0.2",
            "conformanceLevel": level.map(Level::name),
            "algorithms": ["Ed25519", "SHA-256"],
            "transport": [],
            "mTLS": false,
        },
        "next": Level::after(level).map(|next| json!({"level": next.name(), "missing": missing(next)})),
        "categories": categories.iter().map(Category::document).collect::<Vec<_>>(),
    })
}
