//! A gateway that opens sessions as it should, and answers the rest as a test says.

use countersign_client::{Client, Clock, Role};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;
use countersign_testkit::{Call, HostileGateway, Kind, Reply};
use countersign_wire::envelope::{Body, Envelope, NO_REQUEST, Sender};
use countersign_wire::head::HeadRemembered;
use serde_json::{json, to_value};
use std::sync::Arc;

pub(crate) const NOW: Instant = Instant(1_770_000_000_000);

/// One that answers so; where it says nothing, the call is never answered.
pub(crate) fn gateway(
    answer: impl Fn(&Call) -> Option<Reply> + Send + Sync + 'static,
) -> HostileGateway {
    let gateway = HostileGateway::start();
    let answer = Arc::new(answer);
    gateway.script(move |call, _| {
        let later = "2099-01-01T00:00:00Z";
        let reply = match call.kind {
            Kind::Challenge => {
                Some(Reply::json(200, &json!({"serverNonce": "n", "expiresAt": later})))
            }
            Kind::Session => Some(Reply::json(200, &json!({"token": "t", "expiresAt": later}))),
            _ => answer(&call),
        };
        async move {
            match reply {
                Some(reply) => reply,
                None => std::future::pending().await,
            }
        }
    });
    gateway
}

/// What passed besides sessions, by path.
pub(crate) fn heard(gateway: &HostileGateway) -> Vec<String> {
    gateway.calls(Kind::Other).iter().map(|call| call.path().to_owned()).collect()
}

pub(crate) fn client(gateway: &HostileGateway, keys: &Arc<SecretKeys>) -> Client {
    let clock: Clock = Arc::new(|| NOW);
    Client::new(gateway.url(), Role::Enforcer, "e", Arc::clone(keys), clock).unwrap()
}

/// A message of the gateway's.
pub(crate) fn message(body: impl Body) -> Reply {
    let envelope = Envelope::new(NO_REQUEST, NOW.timestamp(), Sender::gateway("g"), body);
    Reply::json(200, &to_value(&envelope).unwrap())
}

pub(crate) fn refusal(status: u16) -> Reply {
    Reply::refusal(status, "no", "pending")
}

/// The head that an enforcer hands in.
pub(crate) fn submitted(call: &Call) -> Option<Checkpoint> {
    call.path()
        .ends_with("/heads")
        .then(|| serde_json::from_value(call.json()["body"]["checkpoint"].clone()).unwrap())
}

pub(crate) fn remembers(checkpoint: Checkpoint) -> Reply {
    message(HeadRemembered { checkpoint })
}

/// Runs a test's own part. The gateway lives outside of it: it ends with a runtime of its own.
pub(crate) fn on<T>(part: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(part)
}
