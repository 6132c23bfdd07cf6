//! `audit ship`: the ledger's lines for a collector.

use super::settings::ShipSettings;
use crate::commands::{Here, asked_to_end, duration};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_client::{Collector, CollectorError};
use countersign_core::display::counted;
use countersign_enforcer::Enforcer;
use countersign_enforcer::ship::{Batch, ShipError, Shipping};
use serde_json::json;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// So often a batch is tried with `--once`.
const TRIES: u32 = 4;

/// How often `--follow` looks for new receipts.
const LOOK: Duration = Duration::from_secs(1);

/// No token is longer.
const LONGEST_TOKEN: u64 = 4_096;

/// Send the ledger's lines to a collector.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign audit ship --to https://collector.example/audit --token-file token\n  \
    countersign audit ship --follow\n\n\
    Each line has an id. A line is sent at least once: again where the collector did not say that\n\
    it took it. The token is in a file, or in COUNTERSIGN_SHIP_TOKEN; never on the command line.")]
pub(crate) struct Ship {
    /// Where to; https, or this machine [default: `ship.to` in config.toml]
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_SHIP_TO", hide_env_values = true)]
    to: Option<String>,

    /// A file whose first line is the token [default: `ship.token_file` in config.toml]
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_SHIP_TOKEN_FILE")]
    token_file: Option<PathBuf>,

    /// Send what there is, and end; the default
    #[arg(long, conflicts_with = "follow")]
    once: bool,

    /// Go on sending what is written, until asked to end
    #[arg(long)]
    follow: bool,

    /// How long one batch may take
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    timeout: Duration,
}

impl Ship {
    pub(super) async fn run(self, here: &Here<'_>) -> Outcome {
        let settings = ShipSettings::of(&here.root)?;
        let address = self.to.clone().or(settings.to).ok_or_else(nowhere)?;
        let token = token(self.token_file.as_deref().or(settings.token_file.as_deref()))?;
        let collector = Collector::new(&address, token.as_deref(), self.timeout)?;
        let enforcer = parties::existing_enforcer(&here.root).await?;
        let shipping = Shipping::open(enforcer.home(), enforcer.ledger(), &address).await?;
        let mut sender = Sender { here, enforcer, collector, shipping, lines: 0 };
        if self.follow && !self.once {
            // What was being sent is sent again by the next: nothing is lost by ending here.
            tokio::select! {
                failed = sender.follow() => return failed,
                () = asked_to_end() => {}
            }
        } else {
            sender.all(Some(TRIES)).await?;
        }
        let (lines, seq) = (sender.lines, sender.shipping.seq());
        let text = format!(
            "sent {}; the collector has everything up to receipt {seq}",
            counted(lines, "line")
        );
        here.output.result(&text, &json!({"lines": lines, "seq": seq}))?;
        Ok(Exit::Ok)
    }
}

struct Sender<'a> {
    here: &'a Here<'a>,
    enforcer: Enforcer,
    collector: Collector,
    shipping: Shipping,
    lines: usize,
}

impl Sender<'_> {
    async fn follow(&mut self) -> Outcome {
        loop {
            self.all(None).await?;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Sends everything that the collector does not have.
    async fn all(&mut self, tries: Option<u32>) -> Result<(), Failure> {
        let trust = self.enforcer.trust()?;
        while let Some(batch) = self.shipping.next(self.enforcer.ledger(), &trust).await? {
            self.send(&batch, tries).await?;
            self.lines += batch.lines;
            self.shipping.taken(batch)?;
        }
        Ok(())
    }

    /// Sends the same bytes under the same key until they are taken.
    async fn send(&self, batch: &Batch, tries: Option<u32>) -> Result<(), Failure> {
        let mut attempt = 0;
        loop {
            let error = match self.collector.send(batch.bytes.clone(), &batch.key).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let wait = self.enforcer.edge().pause(&mut attempt);
            if !error.is_retryable() || tries.is_some_and(|tries| attempt >= tries) {
                return Err(error.into());
            }
            self.here.output.progress(&format!("countersign: {error}; trying again"));
            // Without an end it waits as long as the collector wants, else no longer than by itself.
            let asked = error.pause().filter(|_| tries.is_none());
            tokio::time::sleep(asked.map_or(wait, |asked| asked.max(wait))).await;
        }
    }
}

fn nowhere() -> Failure {
    Failure::new(Exit::Usage, "usage", "no collector was named")
        .hint("--to URL, or `to` under [ship] in the home's config.toml")
}

/// The token: from the named file, else from the environment, else none.
fn token(file: Option<&Path>) -> Result<Option<String>, Failure> {
    let Some(path) = file else {
        let named = std::env::var("COUNTERSIGN_SHIP_TOKEN").ok();
        return Ok(named.filter(|token| !token.is_empty()));
    };
    let bad = |why: String| {
        let message = format!("cannot read the token in `{}`: {why}", path.display());
        Failure::new(Exit::Failed, "token", message)
            .hint("a file of mode 0600, the token its first line")
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|e| bad(e.to_string()))?;
    private(&file).map_err(bad)?;
    file.take(LONGEST_TOKEN).read_to_string(&mut text).map_err(|e| bad(e.to_string()))?;
    match text.lines().next().map(str::trim).filter(|token| !token.is_empty()) {
        Some(token) => Ok(Some(token.to_owned())),
        None => Err(bad("its first line is empty".to_owned())),
    }
}

/// A token that others can read is no secret.
fn private(file: &std::fs::File) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata().map_err(|e| e.to_string())?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err("others can read it".to_owned()) }
}

impl From<CollectorError> for Failure {
    fn from(error: CollectorError) -> Self {
        let message = error.to_string();
        let kept = "nothing is lost: the next `audit ship` goes on from here";
        match error {
            CollectorError::Unusable(_) => Self::new(Exit::Usage, "collector", message)
                .hint("an https address without a password, or one of this machine"),
            CollectorError::Unreachable(_) => {
                Self::new(Exit::NoRoute, "no_route", message).hint(kept)
            }
            CollectorError::Redirect(_) => Self::new(Exit::Failed, "collector_refused", message)
                .hint("name the address that it points to, if it is the right one"),
            CollectorError::Refused { .. } if error.is_retryable() => {
                Self::new(Exit::NoRoute, "no_route", message).hint(kept)
            }
            CollectorError::Refused { .. } => Self::new(Exit::Failed, "collector_refused", message)
                .hint("check address and token; nothing is lost"),
        }
    }
}

impl From<ShipError> for Failure {
    fn from(error: ShipError) -> Self {
        let message = error.to_string();
        match error {
            ShipError::Home(error) => error.into(),
            ShipError::File(error) => error.into(),
            ShipError::Store(error) => error.into(),
            ShipError::Json(_) => Self::new(Exit::Verification, "store_corrupt", message),
            ShipError::Contradicted(_) => {
                Self::new(Exit::Verification, "ledger_contradicted", message)
                    .hint("keep the ledger for an auditor; the collector has what is missing")
            }
            ShipError::Busy => Self::new(Exit::Failed, "busy", message).hint("one is enough"),
            ShipError::OtherLedger { .. } => Self::new(Exit::Failed, "other_ledger", message)
                .hint("move that file away to send this ledger from its beginning"),
        }
    }
}
