//! `up`: everything that one person needs, with one command.

pub(super) mod browser;
mod phone;

use super::gateway::Served;
use super::pair::{Pair, Shown};
use super::{Here, asked_to_end};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::pairing::Origin;
use countersign_core::trust::Status;
use countersign_gateway::Config;
use std::net::SocketAddr;

/// Run the gateway and its console for one person on this machine, and pair the first browser.
///
/// Opens the console in this machine's browser, shows a QR code for a device, and keeps running.
/// Where a device is paired already it only runs; `--pair NAME` adds another one.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  countersign up\n  countersign up --pair tablet\n  \
    countersign up --no-browser --listen 127.0.0.1:9000")]
pub(crate) struct Up {
    /// Where to listen: an address of this machine; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,

    /// Pair another device under this name: a-z, 0-9, `.`, `_`, `-` [default: `browser`, where
    /// none is paired]
    #[arg(long, value_name = "NAME")]
    pair: Option<String>,

    /// The address under which other devices reach this gateway, through a proxy or a tunnel that
    /// speaks TLS
    #[arg(long, value_name = "URL", value_parser = super::pair::origin)]
    origin: Option<String>,

    /// Open no browser
    #[arg(long)]
    no_browser: bool,
}

impl Up {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let served = Served::listen(here, self.listen, self.config()?).await;
        let served = served.map_err(|failure| self.runs_already(failure))?;
        let here_at = format!("http://{}", served.address);
        let origin = self.origin.clone().unwrap_or_else(|| here_at.clone());
        let document = serde_json::json!({"listening": here_at, "console": origin});
        let end = asked_to_end();
        here.output.result(&format!("the console: {origin}"), &document)?;
        let mut serving = std::pin::pin!(served.until(end));
        let done = tokio::select! {
            ended = &mut serving => return ended.map(|()| Exit::Ok),
            done = self.at_home(here, &origin) => done?,
        };
        // The same signal ends both: running calls have their moment.
        serving.await?;
        Ok(done)
    }

    fn config(&self) -> Result<Config, Failure> {
        if !self.listen.ip().is_loopback() {
            let message = format!("plain http is served on loopback only, {} is not", self.listen);
            return Err(Failure::new(Exit::Usage, "listen", message)
                .hint("`countersign gateway --behind-proxy` listens elsewhere"));
        }
        let origins = self.origin.iter().filter_map(|text| Origin::parse(text).ok()).collect();
        Ok(Config { origins, behind_proxy: self.origin.is_some(), ..Config::default() })
    }

    /// What to do where a gateway has this home already: for another device it need not be stopped.
    fn runs_already(&self, failure: Failure) -> Failure {
        if failure.code != "store_unavailable" {
            return failure;
        }
        let at = self.origin.clone().unwrap_or_else(|| format!("http://{}", self.listen));
        failure.hint(match &self.pair {
            Some(name) => format!(
                "the gateway that runs on this home need not be stopped: `countersign pair --name \
                 {name} --relay {at} --assurance web` pairs another device with it"
            ),
            None => format!(
                "one gateway has a home, and its console is at {at}: `countersign pair` adds a \
                 device to it"
            ),
        })
    }

    /// Pairs where that is wanted, then waits to be stopped.
    async fn at_home(&self, here: &Here<'_>, origin: &str) -> Outcome {
        match self.name(here, origin).await? {
            Some(name) => self.meet(here, name, origin).await?,
            None if !self.no_browser => browser::open(origin),
            None => {}
        }
        here.output.progress(
            "\nReady; ctrl-c stops. In another shell:  countersign run -- sh -c 'echo hi > out'",
        );
        asked_to_end().await;
        Ok(Exit::Ok)
    }

    async fn meet(&self, here: &Here<'_>, name: String, origin: &str) -> Result<(), Failure> {
        let page = browser::Page::of(&here.root);
        let show = |link: &str| match self.no_browser {
            true => {}
            false => page.show(link),
        };
        let note = self.origin.is_none().then(|| phone::needs(origin));
        let shown = Shown { to: Some(&show), note: note.as_deref() };
        Pair::of_console(name, origin.to_owned()).run_shown(here, shown).await.map(|_| ())
    }

    /// What to pair: what was named, or the first device of this gateway.
    async fn name(&self, here: &Here<'_>, origin: &str) -> Result<Option<String>, Failure> {
        if let Some(name) = &self.pair {
            return Ok(Some(name.clone()));
        }
        let enforcer = parties::enforcer(&here.root).await?;
        let (pairings, trust) = (enforcer.home().pairings()?, enforcer.trust()?);
        let active = |key| trust.approver(key).is_some_and(|a| a.status == Status::Active {});
        let mut here = pairings.iter().filter(|p| p.relay.as_deref() == Some(origin));
        Ok((!here.any(|p| active(&p.key_id))).then(|| "browser".to_owned()))
    }
}
