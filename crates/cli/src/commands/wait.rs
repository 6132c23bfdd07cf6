//! `wait`: follow a request to its end, whoever began it and whatever was restarted meanwhile.

use super::{Here, duration, millis};
use crate::asking::{Document, Follow};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_enforcer::Enforcer;
use std::time::Duration;

/// Follow a request of this home to its end, and use its approval once.
///
/// The approval of a `request` is used by the first `wait` that sees it, which ends with 0; every
/// later one ends with 13. A held `run` is only reported: the run itself uses its approval, when it
/// is repeated.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign wait 01KAH\n  \
    countersign wait 01KAH --timeout 10m --json && ./deploy.sh\n\n\
    Ends with 15 where the answer is not there after --timeout; the request goes on waiting.")]
pub(crate) struct Wait {
    /// The request's id; may be shortened while unique
    #[arg(value_name = "REQUEST")]
    id: Option<String>,

    /// How long to wait; the request's own time goes on [default: until it ends]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
}

impl Wait {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let mut document = Document::default();
        let ended = self.followed(here, &mut document).await;
        let text = document.line();
        document.say(here, &text, ended)
    }

    async fn followed(&self, here: &Here<'_>, document: &mut Document) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let follow = Follow { here, enforcer: &enforcer };
        let Some(id) = &self.id else { return Err(which(&enforcer).await?) };
        let request = follow.named(id).await?;
        let patience = self.timeout.map(|time| enforcer.edge().now().plus_millis(millis(time)));
        follow.to_its_end(&request, patience, document).await
    }
}

/// Without an id nothing is followed, also where only one waits: a script whose variable is empty
/// must not go on because of somebody else's request.
async fn which(enforcer: &Enforcer) -> Result<Failure, Failure> {
    let waits = enforcer.ledger().open_requests().await?;
    let each = waits.iter().map(|one| format!("{} until {}", one.id, one.expires_at.timestamp()));
    let each: Vec<String> = each.collect();
    let message = match each.as_slice() {
        [] => "which request? nothing waits in this home".to_owned(),
        some => format!("which request? There waits {}", some.join(", ")),
    };
    Ok(Failure::new(Exit::Usage, "usage", message).hint("`countersign wait REQUEST` follows one"))
}
