//! One exchange after another, on connections of its own: one of the enforcer's, one of the
//! approver's.

use super::messages::Messages;
use crate::commands::bench::failed;
use crate::commands::bench::stage::Stage;
use crate::commands::bench::wire::Wire;
use crate::failure::Failure;
use countersign_client::Channel;
use countersign_core::keys::SecretKeys;
use countersign_wire::auth::{Challenge, Session, SessionRequest};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The longest that a request may take to its approver.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something that makes whole exchanges, one at a time.
pub(super) trait Lane: Send + 'static {
    fn exchange(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// A lane through the gateway.
pub(super) struct GatewayLane {
    messages: Arc<Messages>,
    enforcer: Wire,
    approver: Wire,
    /// What the approver's live channel brings for this lane.
    pushed: Receiver<String>,
    number: usize,
    count: usize,
}

/// Reads the approver's live channel for all lanes, and ends with its value.
pub(super) struct Pushes(#[expect(dead_code, reason = "it reads until it is dropped")] JoinSet<()>);

impl GatewayLane {
    /// Opens `many` lanes, and the live channel that the approver's device listens to.
    pub(super) async fn open(
        stage: &Stage,
        many: usize,
        messages: &Arc<Messages>,
    ) -> Result<(Vec<Self>, Pushes), Failure> {
        let enforcer = token(stage, &stage.enforcer.identity().keys).await?;
        let approver = token(stage, &stage.approver.keys).await?;
        let (mut lanes, mut senders) = (Vec::new(), Vec::new());
        for number in 0..many {
            let (sender, pushed) = channel(4);
            senders.push(sender);
            lanes.push(Self {
                messages: Arc::clone(messages),
                enforcer: Wire::connect(stage.address, &enforcer).await?,
                approver: Wire::connect(stage.address, &approver).await?,
                pushed,
                number,
                count: 0,
            });
        }
        let mut pushes = JoinSet::new();
        pushes.spawn(listen(stage.approver.client.channel().await?, senders));
        Ok((lanes, Pushes(pushes)))
    }
}

/// Hands each request to the lane that its id names.
async fn listen(mut channel: Channel, lanes: Vec<Sender<String>>) {
    // Where the channel breaks, every lane runs out of patience and says so.
    while let Ok(envelope) = channel.next().await {
        let id = envelope.request_id;
        let lane = id.split('-').nth(1).and_then(|n| n.parse::<usize>().ok());
        if let Some(sender) = lane.and_then(|n| lanes.get(n)) {
            let _ = sender.send(id).await;
        }
    }
}

impl Lane for GatewayLane {
    async fn exchange(&mut self) -> Result<(), Failure> {
        self.count += 1;
        let id = format!("exchange-{}-{}", self.number, self.count);
        let Self { messages, enforcer, approver, pushed, .. } = self;
        let asked = async {
            enforcer.post("/v1/artifacts", &messages.submit(&id)?).await?;
            let path = format!("/v1/exchanges/{id}/wait?timeout=30");
            let delivered: Delivered =
                serde_json::from_slice(enforcer.get(&path).await?).map_err(failed)?;
            let ack = messages.ack(&id, &delivered.msg_id)?;
            enforcer.post("/v1/acks", &ack).await.map(|_| ())
        };
        let answered = async {
            let late = |_| failed("a request did not reach its approver in time");
            let came = timeout(PATIENCE, pushed.recv()).await.map_err(late)?;
            if came.as_ref() != Some(&id) {
                return Err(failed("another request reached the approver"));
            }
            approver.post("/v1/decisions", &messages.decide(&id)?).await.map(|_| ())
        };
        tokio::try_join!(asked, answered).map(|_| ())
    }
}

/// What a lane needs of a `decision.deliver`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivered {
    msg_id: String,
}

/// Proves possession of a device's keys, as its client does.
async fn token(stage: &Stage, keys: &SecretKeys) -> Result<String, Failure> {
    let mut wire = Wire::connect(stage.address, "").await?;
    let challenge = wire.get("/v1/auth/challenge").await?;
    let challenge: Challenge = serde_json::from_slice(challenge).map_err(failed)?;
    let now = stage.enforcer.edge().now().timestamp();
    let proof = SessionRequest::sign(&challenge, stage.origin()?, now, keys).map_err(failed)?;
    let proof = serde_json::to_vec(&proof).map_err(failed)?;
    let session = wire.post("/v1/auth/session", &proof).await?;
    let session: Session = serde_json::from_slice(session).map_err(failed)?;
    Ok(session.token)
}

/// The same calls to a bare server.
pub(super) struct BareLane {
    messages: Arc<Messages>,
    enforcer: Wire,
    approver: Wire,
}

impl BareLane {
    pub(super) async fn open(
        address: SocketAddr,
        many: usize,
        messages: &Arc<Messages>,
    ) -> Result<Vec<Self>, Failure> {
        let mut lanes = Vec::new();
        for _ in 0..many {
            let enforcer = Wire::connect(address, "").await?;
            let approver = Wire::connect(address, "").await?;
            lanes.push(Self { messages: Arc::clone(messages), enforcer, approver });
        }
        Ok(lanes)
    }
}

impl Lane for BareLane {
    async fn exchange(&mut self) -> Result<(), Failure> {
        self.enforcer.post("/durable", &self.messages.submit("bare")?).await?;
        self.approver.post("/durable", &self.messages.decide("bare")?).await?;
        self.enforcer.get("/").await?;
        self.enforcer.post("/durable", &self.messages.ack("bare", "bare")?).await.map(|_| ())
    }
}
