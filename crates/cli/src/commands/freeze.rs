//! `freeze` and `thaw`: stop everything now, and let it go again.

mod sent;

use super::policy::accept::{ask, narrow};
use super::{Here, duration, millis};
use crate::args::PassphraseArgs;
use crate::asking::{keep_receipt, principal};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::display::visible;
use countersign_enforcer::{Answered, Thawed};
use serde_json::json;
use std::time::Duration;

/// Stop everything at once, also what is approved and not yet run.
///
/// From then on nothing is run, released or granted by this home, whatever policy, approval or
/// grant there is; everything is recorded. What runs already is not ended.
///
/// In an approver's home it stops those that it approves for: a signed stop is left at the gateway
/// for each, which looks for it before it lets anything go.
#[derive(clap::Args)]
#[command(after_help = "Exit 14 where a gateway did not take a stop.\n\nExamples:\n  \
    countersign freeze -m 'the deploy key leaked'\n  \
    countersign freeze --of work -m 'from the train'\n  countersign thaw")]
pub(crate) struct Freeze {
    /// Why; whoever is stopped is told
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,

    /// As its approver, stop the other side of this pairing; may be repeated [default: this home
    /// where it gates something itself, else all pairings]
    #[arg(long, value_name = "PAIRING")]
    of: Vec<String>,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Let actions run again, once an approver of the highest assurance of this home allowed it.
///
/// Where a `device` was ever paired, a browser on the gateway's page (`web`) is not asked. The
/// command says whom it waits for.
#[derive(clap::Args)]
#[command(after_help = "Exit 10 where it was not allowed, 11 where nobody answered, 12 where \
    another stop holds by then.\n\n\
    Examples:\n  countersign thaw\n  countersign thaw --local")]
pub(crate) struct Thaw {
    /// Whom to ask: a pairing, a person or a role; may be repeated [default: everyone who may
    /// allow it]
    #[arg(long, value_name = "WHO")]
    to: Vec<String>,

    /// Ask here, on this terminal, and sign with the local key
    #[arg(long, conflicts_with = "to")]
    local: bool,

    /// How long to wait for an answer: 90, 90s, 5m, 8h
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    ttl: Duration,
}

impl Freeze {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        if self.of.is_empty() && parties::existing_identity(&here.root)?.is_some() {
            return self.here(here).await;
        }
        sent::stop(here, &self.of, self.message.as_deref(), &self.passphrase).await
    }

    async fn here(&self, here: &Here<'_>) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let by = format!("{} at this machine", principal());
        let receipt = enforcer.freeze(&by, self.message.as_deref()).await?;
        let path = keep_receipt(&enforcer, &receipt)?;
        let frozen = enforcer.frozen().await?.ok_or_else(|| {
            Failure::new(Exit::Failed, "thawed", "somebody let go again at the same time")
        })?;
        let text = format!("{frozen}\nnothing runs until an approver allows `countersign thaw`");
        let document = json!({"frozen": frozen, "receipt": path.display().to_string()});
        here.output.result(&text, &document)?;
        Ok(Exit::Ok)
    }
}

impl Thaw {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let Some(frozen) = enforcer.frozen_anywhere().await? else {
            here.output.result("nothing is frozen", &json!({"thawed": false}))?;
            return Ok(Exit::Ok);
        };
        let mut question = enforcer.thaw_question(&frozen, millis(self.ttl)).await?;
        narrow(&mut question, &self.to, self.local)?;
        here.output.progress(&frozen.to_string());
        let relays = parties::relays(enforcer.identity(), &enforcer.home().pairings()?)?;
        let answered = ask(self.local, here, &enforcer, &question, &relays).await?;
        // Where another process used the approval, the enforcer knows what came of the stop.
        if !matches!(answered, Answered::Used(_)) {
            not_allowed(&answered).map_or(Ok(()), Err)?;
        }
        let (text, thawed) = match enforcer.thaw(&frozen, answered).await? {
            Thawed::Now => ("thawed: actions run again", true),
            Thawed::Before => ("nothing is frozen any more: somebody let go meanwhile", false),
        };
        here.output.result(text, &json!({"thawed": thawed}))?;
        Ok(Exit::Ok)
    }
}

/// Why an answer lets nothing go; the other answers are for the enforcer to judge.
pub(super) fn not_allowed(answered: &Answered) -> Option<Failure> {
    const STAYS: &str = "everything stays as it was";
    let failure = match answered {
        Answered::Denied(request) => {
            let said = request.why();
            let why = said.map(|why| format!(": {}", visible(&why.text, false)));
            let message = format!("denied{}", why.unwrap_or_default());
            Failure::new(Exit::Denied, "HARP_ERR_POLICY_DENY", message)
        }
        Answered::Withdrawn(_) => Failure::new(Exit::Denied, "withdrawn", "taken back"),
        Answered::Expired(_) | Answered::Pending(_) => {
            Failure::new(Exit::Expired, "HARP_ERR_EXPIRED", "nobody allowed it in time")
        }
        Answered::NoRoute(_, why) => {
            Failure::new(Exit::NoRoute, "HARP_ERR_TRANSPORT", visible(why, false))
        }
        Answered::Unverified(_, refusal) => Failure::from(refusal.clone()),
        Answered::Used(_) => {
            Failure::new(Exit::Verification, "HARP_ERR_REPLAY", "another process used the approval")
        }
        Answered::Approved(_) => return None,
    };
    Some(failure.hint(STAYS))
}
