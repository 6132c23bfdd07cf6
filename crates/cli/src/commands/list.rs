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
    pub(crate) pair_id: String,
    pub(crate) relay: String,
    pub(crate) paired: String,
    /// What the other side of the pairing is to this home.
    pub(crate) side: &'static str,
    pub(crate) status: &'static str,
}

impl List {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let lines = lines(here)?;
        let mut text =
            format!("{:<20} {:<28} {:<32} {:<12} {}", "NAME", "PAIR_ID", "RELAY", "PAIRED", "IS");
        for l in &lines {
            let day = l.paired.get(..10).unwrap_or(&l.paired);
            let is = if l.status == "active" { l.side } else { l.status };
            text.push_str(&format!(
                "\n{:<20} {:<28} {:<32} {day:<12} {is}",
                visible(&l.name, false),
                visible(&l.pair_id, false),
                visible(&l.relay, false)
            ));
        }
        here.output.result(&text, &serde_json::json!({"pairings": lines}))?;
        Ok(Exit::Ok)
    }
}

/// Every pairing of the home.
pub(crate) fn lines(here: &Here<'_>) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    if parties::existing_identity(&here.root)?.is_some() {
        for p in Home::open(&here.root)?.pairings()? {
            lines.push(Line {
                name: p.name,
                pair_id: p.pair_id,
                relay: p.relay.unwrap_or_else(|| "this terminal".into()),
                paired: p.paired_at.to_string(),
                side: "approver",
                status: "active",
            });
        }
    }
    let root = parties::approver_root(&here.root);
    if root.exists() {
        for p in Pairings::of(&ApproverHome::open(&root)?).list()? {
            lines.push(Line {
                name: p.name.as_str().to_owned(),
                pair_id: p.pair_id,
                relay: p.relay.as_str().to_owned(),
                paired: p.paired_at.to_string(),
                side: "enforcer",
                status: if p.status == Status::Active { "active" } else { "revoked" },
            });
        }
    }
    Ok(lines)
}
