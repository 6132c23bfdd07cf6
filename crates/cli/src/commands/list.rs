//! `list`: the pairings of this home, on either side.

use super::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_approver::home::Home as ApproverHome;
use countersign_approver::pairings::{Pairings, Status};
use countersign_core::display::visible;
use countersign_enforcer::Home;
use serde::Serialize;

/// List the pairings of this home.
#[derive(clap::Args)]
pub(crate) struct List {}

/// One line of the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    pub(crate) name: String,
    /// Whose device it is, on the enforcer's side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) person: Option<String>,
    pub(crate) pair_id: String,
    pub(crate) relay: String,
    pub(crate) paired: String,
    /// What the other side of the pairing is to this home.
    pub(crate) side: &'static str,
    pub(crate) status: &'static str,
    /// When a key that was replaced ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<String>,
}

impl List {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let lines = lines(here).await?;
        let text = if lines.is_empty() { "no pairings".into() } else { table(&lines) };
        here.output.result(&text, &serde_json::json!({"pairings": lines}))?;
        Ok(Exit::Ok)
    }
}

/// Columns as wide as what stands in them.
fn table(lines: &[Line]) -> String {
    let head = ["NAME", "PERSON", "IS", "PAIRED", "RELAY", "PAIR_ID"].map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(lines.iter().map(|l| {
        let is = if l.status == "active" { l.side } else { l.status };
        let is = l.until.as_ref().map_or(is.to_owned(), |until| format!("{is} until {until}"));
        let day = l.paired.get(..10).unwrap_or(&l.paired);
        let person = l.person.as_deref().unwrap_or("-");
        [l.name.as_str(), person, &is, day, l.relay.as_str(), l.pair_id.as_str()]
            .map(|t| visible(t, false))
    }));
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 6]| {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Every pairing of the home.
pub(crate) async fn lines(here: &Here<'_>) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    if parties::existing_identity(&here.root)?.is_some() {
        let trust = super::trust::pinned(here).await?;
        for p in Home::open(&here.root)?.pairings()? {
            let pinned = trust.approver(&p.key_id);
            lines.push(Line {
                status: pinned.map_or("not pinned", |a| super::trust::word(&a.status)),
                until: pinned.and_then(|a| super::trust::until(&a.status)),
                person: pinned.map(|a| a.person.clone()),
                name: p.name,
                pair_id: p.pair_id,
                relay: p.relay.unwrap_or_else(|| "this terminal".into()),
                paired: p.paired_at.to_string(),
                side: "approver",
            });
        }
    }
    // The devices of one person stand together.
    lines.sort_by(|a, b| (&a.person, &a.name).cmp(&(&b.person, &b.name)));
    let root = parties::approver_root(&here.root);
    if root.exists() {
        for p in Pairings::of(&ApproverHome::open(&root)?).list()? {
            lines.push(Line {
                name: p.name.as_str().to_owned(),
                person: None,
                pair_id: p.pair_id,
                relay: p.relay.as_str().to_owned(),
                paired: p.paired_at.to_string(),
                side: "enforcer",
                status: if p.status == Status::Active { "active" } else { "revoked" },
                until: None,
            });
        }
    }
    Ok(lines)
}
