//! `console`: the console on its approver's own machine.

use super::up::browser;
use super::{Here, asked_to_end};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_approver::home::Home;
use countersign_approver::pairings::Pairings;
use countersign_client::ClientError;
use countersign_core::pairing::Origin;
use countersign_gateway::{Console as Page, has_page, serve_console};
use std::collections::BTreeSet;
use tokio::net::TcpListener;

/// Serve the console on this machine, and pass its calls through to one gateway.
///
/// The page comes from this program and not from the gateway, so keys made in it count as those of
/// a device: pair with `--assurance device`. Run it where the approver is, not where the agent is.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign console --gateway https://relay.example\n  \
    countersign console --gateway https://relay.example --no-browser")]
pub(crate) struct Console {
    /// The gateway to talk to [default: the one that this home is paired through]
    #[arg(long, value_name = "URL", value_parser = super::pair::origin)]
    gateway: Option<String>,

    /// The port of 127.0.0.1 to listen on. The browser keeps the page's keys by it: use the same
    /// one each time. 0 takes a free one, for trials
    #[arg(long, value_name = "PORT", default_value = "8788")]
    port: u16,

    /// Open no browser
    #[arg(long)]
    no_browser: bool,
}

impl Console {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        if !has_page() {
            let message = "this program was built without the console's page";
            return Err(Failure::new(Exit::Failed, "no_page", message)
                .hint("`cargo xtask console`, then build it again"));
        }
        let gateway = self.gateway(here)?;
        let page = Page::to(&gateway, parties::clock()).map_err(unusable)?;
        page.reach().await?;
        let listener = self.listen().await?;
        let address = listener.local_addr().map_err(|e| cannot_listen(self.port, &e))?;
        let console = format!("http://{address}");
        let text = format!("the console: {console}, over the gateway {gateway}");
        let document = serde_json::json!({"console": console, "gateway": gateway});
        let end = asked_to_end();
        here.output.result(&text, &document)?;
        here.output.progress(&format!(
            "To pair it, beside the agent:  countersign pair --name NAME --relay {gateway} --assurance device\n\
             and paste its link under Pairings.\nctrl-c stops."
        ));
        if !self.no_browser {
            browser::open(&console);
        }
        serve_console(listener, page, end).await.map_err(|e| {
            Failure::new(Exit::Failed, "console", e.to_string()).hint("start it again")
        })?;
        Ok(Exit::Ok)
    }

    /// The gateway that was named, or the only one that this home's approver is paired through.
    fn gateway(&self, here: &Here<'_>) -> Result<Origin, Failure> {
        let unreadable = |e: &dyn std::fmt::Display| {
            Failure::new(Exit::Usage, "gateway", e.to_string()).hint(NAME_IT)
        };
        if let Some(text) = &self.gateway {
            return Origin::parse(text).map_err(|e| unreadable(&e));
        }
        let known = known(here)?;
        let mut each = known.into_iter();
        match (each.next(), each.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(unreadable(&"which gateway? This home is paired through none")),
            (Some(one), Some(other)) => {
                let message =
                    format!("which gateway? This home is paired through {one} and {other}");
                Err(unreadable(&message))
            }
        }
    }

    async fn listen(&self) -> Result<TcpListener, Failure> {
        let bound = TcpListener::bind(("127.0.0.1", self.port)).await;
        bound.map_err(|e| cannot_listen(self.port, &e))
    }
}

const NAME_IT: &str = "name one: --gateway https://relay.example";

/// The gateways of the approver's pairings; a home that is none has none.
fn known(here: &Here<'_>) -> Result<BTreeSet<Origin>, Failure> {
    let root = parties::approver_root(&here.root);
    if !root.is_dir() {
        return Ok(BTreeSet::new());
    }
    let pairings = Pairings::of(&Home::open(root)?).list()?;
    Ok(pairings.into_iter().map(|pairing| pairing.relay).collect())
}

fn cannot_listen(port: u16, error: &std::io::Error) -> Failure {
    let message = format!("cannot listen on 127.0.0.1:{port}: {error}");
    Failure::new(Exit::Failed, "listen", message).hint(
        "stop what runs there; with another --port the browser has other keys, and is paired anew",
    )
}

fn unusable(error: ClientError) -> Failure {
    match error {
        ClientError::Protocol(message) => {
            Failure::new(Exit::Usage, "gateway", message).hint("put a proxy with TLS before it")
        }
        error => error.into(),
    }
}
