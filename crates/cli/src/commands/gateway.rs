//! `gateway`: the relay.

use super::{Here, asked_to_end};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::pairing::Origin;
use countersign_enforcer::Edge;
use countersign_gateway::{Config, Gateway as Relay, serve};
use countersign_store_sqlite::SqliteRelay;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Run the relay between enforcers and approvers.
///
/// It holds sealed messages, reads none of them and judges nothing. Plain HTTP is served on
/// loopback only; put a proxy with TLS in front for anything else.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign gateway --listen 127.0.0.1:8787\n  \
    countersign gateway --listen 0.0.0.0:8787 --behind-proxy --origin https://relay.example")]
pub(crate) struct Gateway {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,

    /// An address under which devices reach this gateway; may be repeated
    #[arg(long, value_name = "URL")]
    origin: Vec<String>,

    /// A proxy in front speaks TLS: listen on other addresses than loopback too
    #[arg(long, requires = "origin")]
    behind_proxy: bool,

    /// Serve no page: approvers answer in a terminal only
    #[arg(long)]
    no_console: bool,
}

impl Gateway {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        if !self.listen.ip().is_loopback() && !self.behind_proxy {
            let message = format!("plain http is served on loopback only, {} is not", self.listen);
            return Err(Failure::new(Exit::Usage, "listen", message).hint(
                "put a proxy with TLS in front: --behind-proxy --origin https://relay.example",
            ));
        }
        let origins = self.origin.iter().map(|o| Origin::parse(o)).collect::<Result<_, _>>();
        let origins = origins.map_err(|e| {
            Failure::new(Exit::Usage, "origin", e.to_string())
                .hint("--origin https://relay.example")
        })?;
        let Self { behind_proxy, no_console, .. } = self;
        let config = Config { origins, behind_proxy, console: !no_console, ..Config::default() };
        let served = Served::listen(here, self.listen, config).await?;
        let address = format!("http://{}", served.address);
        let document = serde_json::json!({"listening": address});
        let end = asked_to_end();
        here.output.result(&format!("listening on {address}"), &document)?;
        served.until(end).await?;
        Ok(Exit::Ok)
    }
}

/// A gateway with its socket, before its first call.
pub(super) struct Served {
    /// Where it listens.
    pub(super) address: SocketAddr,
    listener: TcpListener,
    gateway: Relay,
}

impl Served {
    /// Opens the gateway of a home, and listens.
    pub(super) async fn listen(
        here: &Here<'_>,
        at: SocketAddr,
        config: Config,
    ) -> Result<Self, Failure> {
        let gateway = open(&here.root, config).map_err(|failure| match failure.code.as_str() {
            "store_unavailable" => {
                failure.hint("one gateway has a home: stop it, or name another home")
            }
            _ => failure,
        })?;
        let listener = TcpListener::bind(at).await.map_err(|e| {
            let message = format!("cannot listen on {at}: {e}");
            Failure::new(Exit::Failed, "listen", message).hint("choose another with --listen")
        })?;
        let address = listener.local_addr().unwrap_or(at);
        Ok(Self { address, listener, gateway })
    }

    /// Serves until this ends.
    pub(super) async fn until(self, end: impl Future<Output = ()>) -> Result<(), Failure> {
        serve(self.listener, self.gateway, end).await.map_err(|e| {
            Failure::new(Exit::Failed, "gateway", e.to_string()).hint("start it again")
        })
    }
}

/// The gateway of a home, over its own database.
pub(crate) fn open(root: &std::path::Path, config: Config) -> Result<Relay, Failure> {
    let path = parties::gateway_root(root).join("gateway.db");
    let store = SqliteRelay::open(&path)?;
    let edge = Edge::system();
    let clock = edge.clone();
    // Without randomness no nonce, token or code is safe: such a gateway must not go on.
    let entropy = move |bytes: &mut [u8]| {
        if edge.fill(bytes).is_err() {
            std::process::abort();
        }
    };
    Ok(Relay::new(Arc::new(store), config, Arc::new(move || clock.now()), Arc::new(entropy)))
}
