//! The console on its approver's own machine: the page from here, its calls through to one gateway.
//!
//! The page's files are this binary's, so that no gateway can change them, and what a gateway
//! answers is carried as data that no browser shows or runs as a page. It holds no keys, opens no
//! message, and writes nothing down.
//!
//! * `door`: who may come in. `call`: what is carried. `carry`: there and back. `channel`: live channels.

mod call;
mod carry;
mod channel;
mod door;

use crate::gateway::Clock;
use crate::page::{HERE, as_data, page_routes_but_here};
use crate::reply::{ApiError, raw};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use countersign_client::{ClientError, Passage};
use countersign_core::pairing::Origin;
use door::Door;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// What it calls itself in its own refusals.
const NAME: &str = "console";

/// A console that leads to one gateway. [`crate::serve_console()`] brings it to the browser.
pub struct Console {
    passage: Passage,
    clock: Clock,
    ending: Arc<watch::Sender<bool>>,
}

impl Console {
    /// A console that leads to the gateway with this origin, and to no other.
    ///
    /// # Errors
    /// [`ClientError::Protocol`] where the gateway is elsewhere and has no TLS, or the system's
    /// certificates cannot be used.
    pub fn to(gateway: &Origin, clock: Clock) -> Result<Self, ClientError> {
        if gateway.as_str().starts_with("http://") && !gateway.is_loopback() {
            let text = format!("`{gateway}` is on another machine and has no TLS");
            return Err(ClientError::Protocol(text));
        }
        let passage = Passage::to(gateway)?;
        Ok(Self { passage, clock, ending: Arc::new(watch::Sender::new(false)) })
    }

    /// Whether the gateway is there.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn reach(&self) -> Result<(), ClientError> {
        self.passage.reach().await
    }

    /// Ends its streams, once it is told so.
    pub(crate) fn ending(&self) -> Arc<watch::Sender<bool>> {
        Arc::clone(&self.ending)
    }

    /// The page, the calls, and a door before both.
    pub(crate) fn routes(self, address: SocketAddr) -> Router {
        let room = Arc::new(Room { door: Door::at(address), console: self });
        Router::new()
            .merge(page_routes_but_here())
            .route(&format!("/{HERE}"), get(here))
            .route("/v1/ws", get(channel::open))
            .route("/v1/{*call}", any(carried))
            .fallback(async |State(room): State<Arc<Room>>| room.refuse(&ApiError::not_found()))
            .layer(from_fn_with_state(Arc::clone(&room), guarded))
            .with_state(room)
    }
}

/// A console with its address.
struct Room {
    door: Door,
    console: Console,
}

impl Room {
    fn refuse(&self, error: &ApiError) -> Response {
        as_data(error.response(NAME, (self.console.clock)()))
    }
}

async fn guarded(State(room): State<Arc<Room>>, request: Request, next: Next) -> Response {
    match room.door.check(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => room.refuse(&error),
    }
}

/// Which gateway it leads to. The page that a gateway serves has nothing here.
async fn here(State(room): State<Arc<Room>>) -> Response {
    let said = json!({"gateway": room.console.passage.origin()});
    as_data(raw(StatusCode::OK, said.to_string().into()))
}

async fn carried(State(room): State<Arc<Room>>, request: Request) -> Response {
    let Console { passage, ending, .. } = &room.console;
    match carry::carry(passage, ending, request).await {
        Ok(response) => response,
        Err(error) => room.refuse(&error),
    }
}
