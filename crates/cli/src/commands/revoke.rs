//! `revoke`: take a pairing back.

use super::Here;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_approver::home::Home;
use countersign_approver::pairings::{PairingName, Pairings};

/// Take a pairing back at once.
///
/// On the enforcer's side the approver's key counts no more, also for what it approved and
/// nobody has run yet. On the approver's side nothing is opened or signed any more.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  countersign revoke phone")]
pub(crate) struct Revoke {
    /// The pairing's name, as `countersign list` shows it
    name: String,
}

impl Revoke {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        if self.enforces(here)? {
            self.approver(here).await?;
        } else {
            self.own(here)?;
        }
        let document = serde_json::json!({"revoked": self.name});
        here.output.result(&format!("revoked `{}`", self.name), &document)?;
        Ok(Exit::Ok)
    }

    fn enforces(&self, here: &Here<'_>) -> Result<bool, Failure> {
        let lines = super::list::lines(here)?;
        let found = lines.iter().find(|l| l.name == self.name && l.status != "revoked");
        let message = || format!("no pairing `{}` in this home", self.name);
        let found = found.ok_or_else(|| {
            Failure::new(Exit::Failed, "no_pairing", message())
                .hint("`countersign list` shows the pairings")
        })?;
        Ok(found.side == "approver")
    }

    /// An enforcer takes an approver back. The gateway is told on a best effort; what counts is
    /// pinned here.
    async fn approver(&self, here: &Here<'_>) -> Result<(), Failure> {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let pairing = enforcer.revoke(&self.name).await?;
        if let Some(relay) = &pairing.relay {
            let client = parties::client(enforcer.identity(), relay)?;
            let told = client.revoke(&pairing.approver_id);
            let _ = tokio::time::timeout(std::time::Duration::from_secs(3), told).await;
        }
        Ok(())
    }

    fn own(&self, here: &Here<'_>) -> Result<(), Failure> {
        let home = Home::open(parties::approver_root(&here.root))?;
        Pairings::of(&home).revoke(&PairingName::parse(&self.name)?)?;
        Ok(())
    }
}
