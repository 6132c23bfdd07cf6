//! A gateway over SQLite, an enforcer's home and an approver's device, paired with each other.
//!
//! They meet only at the gateway, over loopback; that they run in one process only adds to the
//! work of this machine.

use super::failed;
use super::ground::Ground;
use crate::commands::gateway;
use crate::failure::Failure;
use crate::parties;
use countersign_approver::pairings::{PairingName, RecordType, Status};
use countersign_client::Client;
use countersign_core::artifact::Assurance;
use countersign_core::keys::SecretKeys;
use countersign_core::pairing::Origin;
use countersign_core::time::Instant;
use countersign_enforcer::home::{self, Pairing};
use countersign_enforcer::{Edge, Enforcer, Relays};
use countersign_gateway::{Config, serve};
use countersign_store::relay::RelayStore as _;
use countersign_store::relay::device::{Device, Role};
use countersign_store::relay::pairing::{Completion, Confirmation, NewPairing, PairingStep};
use countersign_store_sqlite::SqliteRelay;
use countersign_wire::pairing::Role as Side;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const APPROVER_ID: &str = "app_bench";

/// Everything that an exchange needs.
pub(super) struct Stage {
    pub(super) dir: std::path::PathBuf,
    pub(super) address: SocketAddr,
    pub(super) enforcer: Enforcer,
    pub(super) relays: Relays,
    pub(super) approver: Approver,
    /// The gateway ends with it.
    _stop: oneshot::Sender<()>,
}

/// The approver's device.
pub(super) struct Approver {
    pub(super) keys: Arc<SecretKeys>,
    pub(super) client: Client,
    pub(super) pairing: countersign_approver::Pairing,
}

impl Stage {
    pub(super) async fn set(ground: &Ground) -> Result<Self, Failure> {
        let (dir, edge) = (ground.path("stage"), Edge::system());
        let enforcer = parties::enforcer(&dir).await?;
        let keys = Arc::new(secret(&edge)?);
        acquaint(&dir, &enforcer, &keys, edge.now()).await?;
        let (address, stop) = open_gateway(&dir).await?;
        let url = format!("http://{address}");
        pin(&enforcer, &keys, &url, &edge)?;
        let relays = parties::relays(enforcer.identity(), &enforcer.home().pairings()?)?;
        let approver = approver(&enforcer, keys, &url, &edge)?;
        Ok(Self { dir, address, enforcer, relays, approver, _stop: stop })
    }

    /// A call of one device on a connection of its own.
    pub(super) fn origin(&self) -> Result<Origin, Failure> {
        Origin::parse(&format!("http://{}", self.address)).map_err(failed)
    }
}

fn secret(edge: &Edge) -> Result<SecretKeys, Failure> {
    SecretKeys::from_bytes(&edge.random().map_err(failed)?).map_err(failed)
}

/// Writes the two devices and the route between them into the gateway's memory, as a pairing that
/// is over leaves it.
async fn acquaint(
    dir: &Path,
    enforcer: &Enforcer,
    keys: &SecretKeys,
    now: Instant,
) -> Result<(), Failure> {
    let store = SqliteRelay::open(&parties::gateway_root(dir).join("gateway.db"))?;
    let identity = enforcer.identity();
    let device = |id: &str, role, keys: &SecretKeys| Device {
        device_id: id.to_owned(),
        role,
        keys: *keys.public(),
        registered_at: now,
    };
    let opening = NewPairing {
        nonce: "bench".into(),
        code: "bench".into(),
        routing_token: "bench".into(),
        enforcer: device(&identity.device_id, Role::Enforcer, &identity.keys),
        enforcer_label: None,
        workspace_name: None,
        commitment: "bench".into(),
        expires_at: now.plus_millis(600_000),
    };
    store.open_pairing(opening, 1, now).await?;
    let approver = device(APPROVER_ID, Role::Approver, keys);
    let completion = Completion { approver, r2: None, mac: None, proven: false };
    store.complete_pairing("bench", completion, now).await?;
    let device_id = identity.device_id.clone();
    let yes = Confirmation { role: Role::Enforcer, device_id, mac: None, accepted: true };
    match store.confirm_pairing("bench", yes, now).await? {
        PairingStep::Done(_) => Ok(()),
        other => Err(failed(format!("the two devices did not meet: {other:?}"))),
    }
}

async fn open_gateway(dir: &Path) -> Result<(SocketAddr, oneshot::Sender<()>), Failure> {
    let relay = gateway::open(dir, Config::default())?;
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        let end = async {
            let _ = stopped.await;
        };
        // What goes wrong here shows as a gateway that cannot be reached.
        let _ = serve(listener, relay, end).await;
    });
    Ok((address, stop))
}

fn pin(enforcer: &Enforcer, keys: &SecretKeys, url: &str, edge: &Edge) -> Result<(), Failure> {
    let pairing = Pairing {
        name: "bench".into(),
        pair_id: "bench".into(),
        relay: Some(url.to_owned()),
        approver_id: APPROVER_ID.into(),
        key_id: keys.key_id(),
        paired_at: edge.now().timestamp(),
        witnessed: false,
    };
    let approver = home::approver(&pairing, *keys.public(), Vec::new(), Assurance::Device);
    Ok(enforcer.home().pin(enforcer.identity(), approver, &pairing, true)?)
}

fn approver(
    enforcer: &Enforcer,
    keys: Arc<SecretKeys>,
    url: &str,
    edge: &Edge,
) -> Result<Approver, Failure> {
    let identity = enforcer.identity();
    let pairing = countersign_approver::Pairing {
        kind: RecordType::V1,
        name: PairingName::parse("bench").map_err(failed)?,
        pair_id: "bench".into(),
        relay: Origin::parse(url).map_err(failed)?,
        enforcer_id: identity.device_id.clone(),
        enforcer: *identity.keys.public(),
        device_id: APPROVER_ID.into(),
        device: *keys.public(),
        role: None,
        paired_at: edge.now().timestamp(),
        status: Status::Active,
    };
    let own = Arc::clone(&keys);
    let client = Client::new(url, Side::Approver, APPROVER_ID, own, parties::clock())?;
    Ok(Approver { keys, client, pairing })
}
