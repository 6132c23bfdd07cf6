//! `audit hold`: who forbids that receipts are dropped.

use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::display::visible;
use serde_json::{Value, json};

/// No name or reason is longer, in bytes.
const LONGEST: usize = 1_000;

/// Forbid that any receipt is dropped, whatever its age.
#[derive(clap::Subcommand)]
#[command(
    after_help = "Examples:\n  countersign audit hold add case-17 -m 'asked for by counsel'\n  \
    countersign audit hold list\n  countersign audit hold release case-17\n\n\
    While any hold stands, `countersign audit rotate` drops nothing. Each change is a receipt."
)]
pub(crate) enum HoldCommand {
    /// Begin a hold
    Add {
        /// What it is for
        #[arg(value_name = "NAME", value_parser = text)]
        name: String,
        /// Why
        #[arg(short, long, value_name = "WHY", value_parser = text)]
        message: Option<String>,
    },
    /// List the holds that stand
    List,
    /// End a hold
    Release {
        /// Which
        #[arg(value_name = "NAME", value_parser = text)]
        name: String,
    },
}

fn text(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        long if long.len() > LONGEST => Err(format!("it is longer than {LONGEST} bytes")),
        text => Ok(text.to_owned()),
    }
}

impl HoldCommand {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let (text, document) = match self {
            Self::Add { name, message } => {
                let receipt = enforcer.hold(&name, message.as_deref()).await.map_err(failed)?;
                let text = format!("the hold `{}` stands: nothing is dropped", plain(&name));
                (text, json!({"hold": name, "receipt": receipt.content.seq}))
            }
            Self::Release { name } => {
                let receipt = enforcer.release(&name).await.map_err(failed)?;
                let text = format!("the hold `{}` is released", plain(&name));
                (text, json!({"hold": name, "receipt": receipt.content.seq}))
            }
            Self::List => list(&enforcer).await?,
        };
        here.output.result(&text, &document)?;
        Ok(Exit::Ok)
    }
}

async fn list(enforcer: &countersign_enforcer::Enforcer) -> Result<(String, Value), Failure> {
    let (mut lines, mut items) = (Vec::new(), Vec::new());
    for hold in enforcer.ledger().holds().await? {
        let since = hold.since.timestamp();
        let why = hold.why.as_deref().map(|why| format!("  {}", plain(why))).unwrap_or_default();
        lines.push(format!("{}  since {since}{why}", plain(&hold.name)));
        items.push(json!({"name": hold.name, "why": hold.why, "since": since}));
    }
    let text = if lines.is_empty() { "no hold stands".to_owned() } else { lines.join("\n") };
    Ok((text, json!({"items": items})))
}

fn plain(text: &str) -> String {
    visible(text, false)
}

fn failed(error: countersign_enforcer::segments::RotateError) -> Failure {
    let failure = Failure::from(error);
    Failure { message: plain(&failure.message), ..failure }
}
