//! The parties that one home can play, each with its own part of the directory.
//!
//! The enforcer's files stand at the top of the home, the approver's under `approver/`, the
//! gateway's under `gateway/`. Two homes on one machine are two parties.

mod holding;

use crate::failure::{Exit, Failure};
use countersign_client::Client;
use countersign_enforcer::home::{Identity, Pairing};
use countersign_enforcer::notary::{HomeNotary, OperatorNotary};
use countersign_enforcer::{Edge, Enforcer, Home, Relay, Relays, Sources};
use countersign_store::error::StoreError;
use countersign_store::files::FileError;
use countersign_store::ledger::Notary;
use countersign_store_sqlite::{Birth, SqliteLedger};
use countersign_wire::pairing::Role;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The home that was named, or the default one.
pub(crate) fn root(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let user = || std::env::var_os("HOME").filter(|home| !home.is_empty());
    let default = || user().map(|home| PathBuf::from(home).join(".countersign"));
    let root = named.or_else(default).filter(|p| !p.as_os_str().is_empty());
    let missing = || Failure::new(Exit::Usage, "home", "no home: HOME is not set");
    let root = root.ok_or_else(|| missing().hint("name one with --home"))?;
    std::path::absolute(&root).map_err(|e| Failure::new(Exit::Failed, "home", e.to_string()))
}

/// Refuses a home that is there and cannot be one, before anybody takes it for an empty one.
pub(crate) fn usable(root: &Path) -> Result<(), Failure> {
    let why = match std::fs::metadata(root) {
        Ok(found) if found.is_dir() => return Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Ok(_) => "it is no directory".to_owned(),
        Err(e) => e.to_string(),
    };
    let message = format!("the home `{}` cannot be used: {why}", root.display());
    Err(Failure::new(Exit::Failed, "home", message).hint("name another with --home DIR"))
}

/// The approver's part of a home.
pub(crate) fn approver_root(root: &Path) -> PathBuf {
    root.join("approver")
}

/// The gateway's part of a home.
pub(crate) fn gateway_root(root: &Path) -> PathBuf {
    root.join("gateway")
}

/// Opens the enforcer of a home, making its key on first use.
pub(crate) async fn enforcer(root: &Path) -> Result<Enforcer, Failure> {
    let home = Home::open(root)?;
    let identity = home.identity_or_new(&Edge::system())?;
    opened(home, identity, SqliteLedger::open).await
}

/// How a ledger is opened.
type Opening = fn(&Path, Arc<dyn Notary>, &Birth) -> Result<SqliteLedger, StoreError>;

async fn opened(home: Home, identity: Identity, how: Opening) -> Result<Enforcer, Failure> {
    let edge = Edge::system();
    let ledger = ledger_as(&home, &identity, &edge, how)?;
    Ok(Enforcer::open(home, identity, ledger, edge).await?.with_sources(sources()))
}

/// Where policies come from, apart from the home.
pub(crate) fn sources() -> Sources {
    let user = std::env::var_os("HOME").filter(|home| !home.is_empty());
    Sources {
        organisation: Some(PathBuf::from("/etc/countersign")),
        user_home: user.and_then(|home| home.into_string().ok()),
        holding: holding::places(),
    }
}

/// Opens the enforcer of a home that is one already.
pub(crate) async fn existing_enforcer(root: &Path) -> Result<Enforcer, Failure> {
    let identity = existing_identity(root)?.ok_or_else(|| not_an_enforcer(root))?;
    opened(Home::open(root)?, identity, SqliteLedger::open).await
}

/// The same for a process that somebody waits for and that ends after one call: it leaves the
/// ledger's log where it is, for the next one.
pub(crate) async fn brief_enforcer(root: &Path) -> Result<Enforcer, Failure> {
    let identity = existing_identity(root)?.ok_or_else(|| not_an_enforcer(root))?;
    opened(Home::open(root)?, identity, SqliteLedger::open_briefly).await
}

/// The operator's identity, without making anything.
pub(crate) fn existing_identity(root: &Path) -> Result<Option<Identity>, Failure> {
    let path = root.join("keys").join("operator.json");
    let unknown = |source| FileError::Io { doing: "look for", path: path.clone(), source };
    if !path.try_exists().map_err(unknown)? {
        return Ok(None);
    }
    Ok(Home::open(root)?.identity()?)
}

fn not_an_enforcer(root: &Path) -> Failure {
    let message = format!("no pairing in `{}`: this home gates nothing yet", root.display());
    Failure::new(Exit::Failed, "no_pairing", message)
        .hint("`countersign pair --name NAME --relay URL`, or `countersign pair --local --name ME`")
}

/// Opens the ledger of a home.
pub(crate) fn ledger(
    home: &Home,
    identity: &Identity,
    edge: &Edge,
) -> Result<Arc<SqliteLedger>, Failure> {
    ledger_as(home, identity, edge, SqliteLedger::open)
}

fn ledger_as(
    home: &Home,
    identity: &Identity,
    edge: &Edge,
    how: Opening,
) -> Result<Arc<SqliteLedger>, Failure> {
    let operator = OperatorNotary(Arc::clone(&identity.keys));
    let notary = Arc::new(HomeNotary { operator, home: home.clone() });
    let birth = Birth { ledger_id: edge.id()?, secret: edge.random()? };
    Ok(Arc::new(how(&home.ledger_path(), notary, &birth)?))
}

/// The gateways behind pairings.
pub(crate) fn relays(identity: &Identity, pairings: &[Pairing]) -> Result<Relays, Failure> {
    let mut relays = Relays::new();
    for pairing in pairings {
        if let Some(url) = &pairing.relay {
            let client = client(identity, url)?;
            let approver_id = pairing.approver_id.clone();
            relays.insert(pairing.name.clone(), Relay { client, approver_id });
        }
    }
    Ok(relays)
}

/// A connection to a gateway as this enforcer.
pub(crate) fn client(identity: &Identity, relay: &str) -> Result<Client, Failure> {
    let keys = Arc::clone(&identity.keys);
    Ok(Client::new(relay, Role::Enforcer, &identity.device_id, keys, clock())?)
}

/// The system's clock, as connections want it.
pub(crate) fn clock() -> countersign_client::Clock {
    let edge = Edge::system();
    Arc::new(move || edge.now())
}
