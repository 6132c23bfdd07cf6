//! `revoke`: take a pairing back.

use super::Here;
use super::install::page::agreed;
use super::list::Line;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::wrapped;
use crate::parties;
use countersign_approver::home::Home;
use countersign_approver::pairings::{PairingName, Pairings};
use countersign_core::display::{counted, visible};
use countersign_core::receipt::Receipt;
use countersign_core::time::Timestamp;
use countersign_core::trust::Status;
use countersign_enforcer::Enforcer;
use countersign_store::ledger::read::Query;
use std::io::IsTerminal as _;
use std::time::Duration;

/// Take a pairing back, at once or after a time.
///
/// On the enforcer's side the approver's key counts no more, also for what it approved and
/// nobody has run yet. On the approver's side nothing is opened or signed any more.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  countersign revoke phone\n\n\
    To replace a key: pair its successor, then let the old one run out\n  \
    countersign pair --name phone-2 --relay https://relay.example\n  \
    countersign revoke phone --after 24h")]
pub(crate) struct Revoke {
    /// The pairing's name, as `countersign list` shows it
    name: String,

    /// Only on the enforcer's side: let the key count for this long yet, at most a day, because
    /// another approver of as much assurance takes over
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    after: Option<Duration>,

    /// Only on the enforcer's side: since when others may have had the key. Receipts under it
    /// count only where somebody else saw them before. Of a key that was taken back already, an
    /// earlier moment may be said later
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "after")]
    compromised_since: Option<Timestamp>,

    /// Do not ask, also where nobody is left then
    #[arg(long, conflicts_with = "after")]
    yes: bool,
}

/// What it means to take back the last approver who may allow another.
const LAST: &str = "nobody is left then who may allow another approver (a key that runs out may \
    until it has): this home pins none any more, and what it asks from now on needs a new home \
    (countersign --home DIR pair …); this one keeps its receipts";

/// What it means for receipts of before.
const AGED: &str = "receipts that rest on it and whose age nobody else saw count no more either \
    (`Revoked`): what tells their age is a later answer of another approver, or a copy of `head.json` of before (`audit \
    verify --witnessed`)";

/// Receipts that are looked at to say how many rest on a key.
const COUNTED: usize = 1_000;

impl Revoke {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let live = self.live(here).await?;
        if let (None, Some(since)) = (&live, &self.compromised_since) {
            return self.backdate(here, since).await;
        }
        let enforces = live.ok_or_else(|| self.missing())?.side == "approver";
        let nobody_left = match (enforces, self.after) {
            (true, Some(after)) => return self.retire(here, after).await,
            (true, None) => Some(self.approver(here).await?),
            (false, _) if self.compromised_since.is_some() => {
                return Err(Failure::new(
                    Exit::Usage,
                    "usage",
                    "an approver has no receipts to void",
                )
                .hint("without --compromised-since; tell whoever runs the enforcer"));
            }
            (false, Some(_)) => {
                return Err(Failure::new(Exit::Usage, "usage", "an approver leaves at once")
                    .hint("without --after"));
            }
            (false, None) => {
                self.own(here)?;
                None
            }
        };
        let document = match nobody_left {
            Some(left) => serde_json::json!({"revoked": self.name, "nobodyLeft": left}),
            None => serde_json::json!({"revoked": self.name}),
        };
        here.output.result(&format!("revoked `{}`", self.name), &document)?;
        Ok(Exit::Ok)
    }

    /// The pairing, where it was not taken back.
    async fn live(&self, here: &Here<'_>) -> Result<Option<Line>, Failure> {
        let lines = super::list::lines(here).await?;
        Ok(lines.into_iter().find(|line| line.name == self.name && line.status != "revoked"))
    }

    fn missing(&self) -> Failure {
        let message = format!("no pairing `{}` in this home", visible(&self.name, false));
        Failure::new(Exit::Failed, "no_pairing", message)
            .hint("`countersign list` shows the pairings")
    }

    /// An enforcer learned since when others may have had a key that it took back before.
    async fn backdate(&self, here: &Here<'_>, since: &Timestamp) -> Outcome {
        if parties::existing_identity(&here.root)?.is_none() {
            return Err(self.missing());
        }
        let enforcer = parties::existing_enforcer(&here.root).await?;
        enforcer.backdate(&self.name, since).await?;
        let document = serde_json::json!({"revoked": self.name, "compromisedSince": since});
        let text = format!("`{}` counts as unsafe since {since}", visible(&self.name, false));
        here.output.result(&text, &document)?;
        Ok(Exit::Ok)
    }

    /// An enforcer lets an approver's key run out. The gateway goes on carrying what is for it.
    async fn retire(&self, here: &Here<'_>, after: Duration) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        enforcer.retire(&self.name, super::millis(after)).await?;
        let trust = enforcer.trust()?;
        let pairings = enforcer.home().pairings()?;
        let key = pairings.iter().find(|p| p.name == self.name).map(|p| &p.key_id);
        let until = key.and_then(|key| trust.approver(key)).and_then(|a| match &a.status {
            Status::Rotated { until } => Some(until.to_string()),
            _ => None,
        });
        let until = until.unwrap_or_default();
        let document = serde_json::json!({"rotated": self.name, "until": until});
        here.output.result(&format!("`{}` counts until {until}", self.name), &document)?;
        Ok(Exit::Ok)
    }

    /// An enforcer takes an approver back. The gateway is told on a best effort; what counts is
    /// pinned here. Says whether nobody is left who may allow another.
    async fn approver(&self, here: &Here<'_>) -> Result<bool, Failure> {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        // What cannot be read keeps nobody from revoking.
        let last = enforcer.is_last(&self.name).await.unwrap_or(false);
        self.counts_no_more(here, &enforcer).await;
        if last {
            self.warned(here).await?;
        }
        let pairing = enforcer.revoke(&self.name, self.compromised_since.as_ref()).await?;
        if let Some(relay) = &pairing.relay {
            let client = parties::client(enforcer.identity(), relay)?;
            let told = client.revoke(&pairing.approver_id);
            let _ = tokio::time::timeout(std::time::Duration::from_secs(3), told).await;
        }
        Ok(last)
    }

    /// Says what becomes of receipts, and of how many. What cannot be read keeps nobody from revoking.
    async fn counts_no_more(&self, here: &Here<'_>, enforcer: &Enforcer) {
        let rest = match self.resting(enforcer).await {
            Some((0, COUNTED)) | None => String::new(),
            Some((0, _)) => return,
            Some((some, COUNTED)) => {
                format!(
                    "{some} of the newest {COUNTED} receipts rest on this key, older ones may: "
                )
            }
            Some((1, _)) => counted(1, "receipt") + " rests on this key: ",
            Some((some, _)) => counted(some, "receipt") + " rest on this key: ",
        };
        here.output.progress(&wrapped(&format!("{rest}{AGED}"), here.output.columns(), 0));
    }

    /// How many of the newest receipts hold a decision under the key, and how many were looked at.
    async fn resting(&self, enforcer: &Enforcer) -> Option<(usize, usize)> {
        let pairings = enforcer.home().pairings().ok()?;
        let key = pairings.into_iter().find(|pairing| pairing.name == self.name)?.key_id;
        let found = enforcer.ledger().find(&Query::default(), None, COUNTED).await.ok()?;
        let decisions = |receipt: &Receipt| {
            receipt.content.entry.decisions.iter().any(|one| one.signer_key_id == key)
        };
        Some((found.iter().filter(|receipt| decisions(receipt)).count(), found.len()))
    }

    /// A person at a terminal is asked. A script goes on: it takes back a key that was lost.
    async fn warned(&self, here: &Here<'_>) -> Result<(), Failure> {
        let warning = format!("warning: {LAST}");
        here.output.progress(&wrapped(&warning, here.output.columns(), 0));
        if here.output.is_json() || !std::io::stdin().is_terminal() {
            return Ok(());
        }
        agreed(here.output, self.yes, &format!("Revoke `{}`?", self.name)).await
    }

    fn own(&self, here: &Here<'_>) -> Result<(), Failure> {
        let home = Home::open(parties::approver_root(&here.root))?;
        Pairings::of(&home).revoke(&PairingName::parse(&self.name)?)?;
        Ok(())
    }
}

/// A time that is over: what is still to come cannot have been stolen.
fn moment(text: &str) -> Result<Timestamp, String> {
    let time = Timestamp::parse(text)
        .ok_or_else(|| format!("`{text}` is no time: write 2026-02-21T12:00:00Z"))?;
    let past = time.instant() <= countersign_enforcer::Edge::system().now();
    past.then_some(time).ok_or_else(|| format!("`{text}` is not over yet"))
}
