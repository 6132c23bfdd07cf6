//! Whether each gateway answers, knows this home, and what time it says that it is.

use crate::parties;
use countersign_client::{Client, ClientError};
use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;
use countersign_enforcer::Edge;
use countersign_enforcer::home::Identity;
use countersign_enforcer::witness::as_remembered;
use countersign_store::ledger::LedgerStore;
use countersign_wire::ErrorCode;
use countersign_wire::pairing::Role;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long a gateway may take for one answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What one gateway said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Gateway {
    pub(super) relay: String,
    /// Why it cannot be reached.
    pub(super) away: Option<String>,
    /// How many milliseconds this machine's clock is ahead of it, where it says.
    pub(super) ahead: Option<i64>,
    /// Why it does not take this home for one that it knows.
    pub(super) stranger: Option<String>,
    /// Why the ledger is not the one that it remembers.
    pub(super) contradicted: Option<String>,
}

/// The enforcer's side of a home, as far as a gateway knows it.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) identity: Arc<Identity>,
    /// The ledger, where it can be read.
    pub(super) ledger: Option<Arc<dyn LedgerStore>>,
}

/// Asks all of them at once. `known` is the enforcer's side, where this home is an enforcer's.
pub(super) async fn ask(relays: BTreeSet<String>, known: Option<Known>) -> Vec<Gateway> {
    let asked: Vec<_> =
        relays.into_iter().map(|relay| tokio::spawn(one(relay, known.clone()))).collect();
    let mut answers = Vec::new();
    for task in asked {
        answers.extend(task.await);
    }
    answers
}

async fn one(relay: String, enforcer: Option<Known>) -> Gateway {
    let mut gateway =
        Gateway { relay, away: None, ahead: None, stranger: None, contradicted: None };
    match bounded(clock(&gateway.relay)).await {
        Ok(said) => gateway.ahead = said.map(|said| Edge::system().now().0.saturating_sub(said.0)),
        Err(error) => gateway.away = Some(error.to_string()),
    }
    if let (Some(Known { identity, ledger }), None) = (enforcer, &gateway.away) {
        gateway.stranger = known(&gateway.relay, &identity).await;
        if let (Some(ledger), None) = (ledger, &gateway.stranger) {
            gateway.contradicted = contradicted(&gateway.relay, &identity, &*ledger).await;
        }
    }
    gateway
}

/// Compares the ledger with what the gateway remembers of it.
async fn contradicted(
    relay: &str,
    identity: &Identity,
    ledger: &dyn LedgerStore,
) -> Option<String> {
    let client = parties::client(identity, relay).ok()?;
    let found = as_remembered(&client, ledger, &identity.keys, PATIENCE).await;
    found.err().map(|contradicted| contradicted.to_string())
}

/// Asks as nobody in particular: health needs no session.
async fn clock(relay: &str) -> Result<Option<Instant>, ClientError> {
    let nobody =
        SecretKeys::from_bytes(&[0; 64]).map_err(|e| ClientError::Protocol(e.to_string()))?;
    let client = Client::new(relay, Role::Enforcer, "doctor", Arc::new(nobody), parties::clock())?;
    client.clock().await
}

/// Asks for what does not exist, as this home: only whoever is known hears that.
async fn known(relay: &str, identity: &Identity) -> Option<String> {
    let client = match parties::client(identity, relay) {
        Ok(client) => client,
        Err(failure) => return Some(failure.message),
    };
    match bounded(client.status("doctor")).await {
        Err(error @ ClientError::Refused { status: 401 | 403, .. }) => Some(error.to_string()),
        Err(error) if error.code() == Some(ErrorCode::BadProof) => Some(error.to_string()),
        Err(error) if error.is_retryable() => Some(error.to_string()),
        _ => None,
    }
}

async fn bounded<T>(call: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(answer) => answer,
        Err(_) => {
            Err(ClientError::Unreachable(format!("no answer within {} s", PATIENCE.as_secs())))
        }
    }
}
