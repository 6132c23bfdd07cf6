//! `trust set` and `trust import`: who is pinned as what becomes another, once it was allowed.

use crate::commands::pair::{allowing, assurance, person};
use crate::commands::{Here, duration, millis};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::artifact::Assurance;
use countersign_core::display::visible;
use countersign_core::encoding;
use countersign_core::passkey::{Offer, OfferError};
use countersign_core::trust::{Approver, Past, TrustStore};
use countersign_enforcer::Enforcer;
use countersign_enforcer::amendment::{AmendError, Amendment, Edit, Particulars};
use std::path::PathBuf;
use std::time::Duration;

/// Change whose key it is, what it may answer for, or how sure you are of it.
///
/// An approver of the highest assurance that this home has ever had must allow it.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  countersign trust set ann-phone --role finance,sre --person ann\n  \
        countersign trust set ann-phone --passkey TEXT"
)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(crate) struct Set {
    /// The pairing's name, as `countersign list` shows it
    name: String,

    /// Whose device it is
    #[arg(long, value_name = "PERSON", value_parser = person, group = "what")]
    person: Option<String>,

    /// All roles of the approver, instead of those it has; may be repeated, or a list with commas
    #[arg(long, value_name = "ROLE", value_delimiter = ',', value_parser = person)]
    #[arg(group = "what")]
    role: Vec<String>,

    /// No role at all
    #[arg(long, conflicts_with = "role", group = "what")]
    no_roles: bool,

    /// How sure you are that the key is in that person's hands: local, web, device
    #[arg(long, value_name = "LEVEL", value_parser = assurance, group = "what")]
    assurance: Option<Assurance>,

    /// The passkey of that device, as its console shows it: answers with it count as `verified`
    #[arg(long, value_name = "TEXT", group = "what")]
    #[arg(conflicts_with_all = ["person", "role", "no_roles", "assurance"])]
    passkey: Option<String>,

    /// No passkey for that device any more: lost, or taken off its console
    #[arg(long, group = "what")]
    #[arg(conflicts_with_all = ["person", "role", "no_roles", "assurance", "passkey"])]
    no_passkey: bool,

    /// How long those who must allow it may take
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    ttl: Duration,
}

/// Pin what a file of `trust export` pins.
///
/// In a new home it is believed, like a first pairing; in every other, an approver of the highest
/// assurance must allow it. Keys that are pinned here keep what they are here.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  countersign trust import trust.json")]
pub(crate) struct Import {
    /// The file
    file: PathBuf,

    /// How long those who must allow it may take
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    ttl: Duration,
}

impl Set {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let pairings = enforcer.home().pairings()?;
        let pairing = pairings.into_iter().find(|p| p.name == self.name).ok_or_else(|| {
            let message = format!("no pairing `{}` in this home", visible(&self.name, false));
            Failure::new(Exit::Failed, "no_pairing", message)
                .hint("`countersign list` shows the pairings")
        })?;
        let trust = enforcer.trust()?;
        let amendment = match &self.passkey {
            Some(text) => {
                Amendment::passkey(&trust, &pairing, offer(text)?, enforcer.edge().now())?
            }
            None if self.no_passkey => Amendment::no_passkey(&trust, &pairing)?,
            None => {
                let roles = (self.no_roles || !self.role.is_empty()).then_some(self.role);
                let to = Particulars { person: self.person, roles, assurance: self.assurance };
                Amendment::set(&trust, &pairing, to)?
            }
        };
        put(here, &enforcer, &amendment, millis(self.ttl)).await?;
        told(here, &amendment)
    }
}

/// Reads the text that a console shows: the offer's canonical JSON, as base64url.
fn offer(text: &str) -> Result<Offer, AmendError> {
    let bytes = encoding::unbase64(text.trim()).ok_or(OfferError::Text)?;
    Ok(Offer::parse(&bytes)?)
}

impl Import {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let shown = self.file.display().to_string();
        let unread = |e: String| {
            Failure::new(Exit::Failed, "file", format!("`{}`: {e}", visible(&shown, false)))
                .hint("name a file that `countersign trust export -o FILE` wrote")
        };
        let bytes = std::fs::read(&self.file).map_err(|e| unread(e.to_string()))?;
        let file = TrustStore::parse(&bytes).map_err(|e| unread(e.to_string()))?;
        let enforcer = parties::enforcer(&here.root).await?;
        let amendment = Amendment::import(&enforcer.trust()?, file, enforcer.edge().now())?;
        put(here, &enforcer, &amendment, millis(self.ttl)).await?;
        told(here, &amendment)
    }
}

/// Shows what would change, has it allowed, and changes it.
pub(crate) async fn put(
    here: &Here<'_>,
    enforcer: &Enforcer,
    amendment: &Amendment,
    ttl_millis: i64,
) -> Result<(), Failure> {
    here.output.progress(&difference(amendment));
    let relays = parties::relays(enforcer.identity(), &enforcer.home().pairings()?)?;
    let Some(question) = enforcer.amendment(amendment, ttl_millis).await? else {
        return Ok(enforcer.amend_new(amendment).await?);
    };
    let answered = allowing(here, enforcer, &question, &relays).await?;
    Ok(enforcer.amend(amendment, answered, &relays).await?)
}

fn told(here: &Here<'_>, amendment: &Amendment) -> Outcome {
    let document = serde_json::json!({
        "approvers": amendment.edits(), "operators": amendment.operators(),
    });
    here.output.result("changed the pinned keys", &document)?;
    if amendment.edits().iter().any(|edit| edit.before.is_some()) {
        here.output.progress(
            "receipts of before are judged by what was pinned then: give auditors a new \
             `countersign trust export`",
        );
    }
    Ok(Exit::Ok)
}

/// Each record before and after, a line each; below it what its key was pinned as before.
fn difference(amendment: &Amendment) -> String {
    let mut lines = Vec::new();
    for Edit { before, after } in amendment.edits() {
        lines.extend(before.iter().map(|record| format!("- {}", words(record))));
        lines.push(format!("+ {}", words(after)));
        lines.extend(after.past.iter().map(of_past));
    }
    lines.extend(amendment.operators().iter().map(|operator| {
        let label = visible(&operator.label, false);
        format!("+ operator {label} {}", operator.keys.fingerprint())
    }));
    lines.join("\n")
}

fn words(record: &Approver) -> String {
    let passkey = record.passkey.as_ref().map(super::passkey).unwrap_or_default();
    format!(
        "{} of {}: {}, assurance {}, {}, {}{passkey}",
        visible(&record.label, false),
        visible(&record.person, false),
        super::word(&record.status),
        record.assurance.name(),
        of_roles(&record.roles),
        record.keys.fingerprint()
    )
}

/// What a file says that a key was pinned as before: receipts of that time are judged by it.
fn of_past(past: &Past) -> String {
    // By name: a member that comes to be does not compile until it is told.
    let Past { until, person, roles, assurance, passkey } = past;
    let passkey = passkey.as_ref().map(super::passkey).unwrap_or_default();
    let (person, level, roles) = (visible(person, false), assurance.name(), of_roles(roles));
    format!("    until {until}: of {person}, assurance {level}, {roles}{passkey}")
}

fn of_roles(roles: &[String]) -> String {
    match roles {
        [] => "no roles".to_owned(),
        roles => format!("roles {}", visible(&roles.join(","), false)),
    }
}

#[cfg(test)]
mod tests;
