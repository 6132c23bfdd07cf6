//! Over WebSocket: the device says `hello` and its acknowledgements on the channel itself.

use super::{End, Line, join, pushed, redeliver};
use crate::caller::{Ask, Caller};
use crate::decisions;
use crate::gateway::Gateway;
use crate::hub::Channel;
use crate::message::{self, Frame};
use crate::pairing::role_of;
use crate::reply::ApiError;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use countersign_core::json;
use countersign_wire::exchange::{AckAccepted, AckSubmit};
use countersign_wire::presence::Hello;
use countersign_wire::{Envelope, limit, pairing};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde::Deserialize;
use std::sync::Arc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// Acknowledgements that are written at the same time; then the device has to wait.
const MAX_ACKS: usize = 256;

/// Whose channel it is.
#[derive(Deserialize)]
pub(crate) struct ChannelAsk {
    role: pairing::Role,
    id: String,
}

/// `GET /v1/ws?role=&id=`
pub(crate) async fn open(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ask(ask): Ask<ChannelAsk>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    if role_of(ask.role) != caller.role() || ask.id != caller.device_id() {
        return Err(ApiError::not_found());
    }
    let upgrade = upgrade.map_err(|_| ApiError::invalid("this call is a WebSocket upgrade"))?;
    let upgrade = upgrade.max_message_size(limit::MESSAGE).max_frame_size(limit::MESSAGE);
    Ok(upgrade.on_upgrade(async move |socket| run(&gateway, &caller, socket).await))
}

async fn run(gateway: &Gateway, caller: &Caller, socket: WebSocket) {
    let mut line = Socket { gateway, socket };
    let end = live(&mut line, caller).await.err().unwrap_or(End::Gone);
    line.close(end).await;
}

/// Runs until something ends it; `Ok` is never reached.
async fn live(line: &mut Socket<'_>, caller: &Caller) -> Result<(), End> {
    line.hello().await?;
    let gateway = line.gateway;
    let mut channel = join(gateway, caller)?;
    line.send_json(&Hello::default()).await?;
    redeliver(gateway, caller, line).await?;
    exchange(line, caller, &mut channel).await
}

/// Pushes and listens; what was acknowledged in time is written, however the channel ends.
async fn exchange(
    line: &mut Socket<'_>,
    caller: &Caller,
    channel: &mut Channel<'_>,
) -> Result<(), End> {
    let gateway = line.gateway;
    // Side by side: one at a time would wait for the disk each.
    let mut acks = FuturesUnordered::new();
    let acknowledge = |ack| decisions::acknowledge(gateway, caller, ack);
    let end = converse(line, channel, &mut acks, acknowledge).await;
    while acks.next().await.is_some() {}
    end
}

async fn converse<A: Future<Output = Result<AckAccepted, ApiError>>>(
    line: &mut Socket<'_>,
    channel: &mut Channel<'_>,
    acks: &mut FuturesUnordered<A>,
    acknowledge: impl Fn(Envelope<AckSubmit>) -> A,
) -> Result<(), End> {
    let gateway = line.gateway;
    let limits = &gateway.config.limits;
    let mut ping = interval(limits.ping);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut alive_until = Instant::now() + limits.idle;
    loop {
        tokio::select! {
            event = channel.next() => line.send(pushed(event)?).await?,
            heard = line.socket.recv(), if acks.len() < MAX_ACKS => {
                let heard = heard.ok_or(End::Gone)?.map_err(|_| End::Gone)?;
                alive_until = Instant::now() + limits.idle;
                acks.extend(said(heard)?.map(&acknowledge));
            },
            // One unknown message is no reason to hang up.
            Some(Err(error)) = acks.next() => line.send_json(&error.envelope(gateway)).await?,
            _ = ping.tick() => line.put(Message::Ping(Frame::new())).await?,
            () = tokio::time::sleep_until(alive_until) => return Err(End::Gone),
            () = gateway.hub.closed() => return Err(End::Closing),
        }
    }
}

/// What a device says on a live channel: acknowledgements, and signs of life.
fn said(heard: Message) -> Result<Option<Envelope<AckSubmit>>, End> {
    match heard {
        Message::Text(text) => {
            let ack = Envelope::read(text.as_bytes(), limit::MESSAGE).map_err(ApiError::from);
            Ok(Some(ack?))
        }
        Message::Ping(_) | Message::Pong(_) => Ok(None),
        Message::Close(_) => Err(End::Gone),
        Message::Binary(_) => Err(ApiError::invalid("frames are text").into()),
    }
}

/// One socket.
struct Socket<'a> {
    gateway: &'a Gateway,
    socket: WebSocket,
}

impl Line for Socket<'_> {
    async fn send(&mut self, frame: Frame) -> Result<(), End> {
        // INVARIANT: frames are written by serde_json, which writes UTF-8.
        let text = Utf8Bytes::try_from(frame).map_err(|_| End::Gone)?;
        self.put(Message::Text(text)).await
    }
}

impl Socket<'_> {
    /// The device speaks first, so that a channel which nobody reads is not opened.
    async fn hello(&mut self) -> Result<(), End> {
        let heard = timeout(self.gateway.config.limits.patience, self.socket.recv()).await;
        let Ok(Some(Ok(Message::Text(text)))) = heard else {
            return Err(ApiError::invalid("the first frame is `hello`").into());
        };
        let hello = json::read::<Hello>(text.as_bytes(), limit::MESSAGE);
        hello.map(|_| ()).map_err(|error| End::Refused(error.into()))
    }

    async fn send_json(&mut self, message: &impl serde::Serialize) -> Result<(), End> {
        self.send(message::frame(message)?).await
    }

    async fn put(&mut self, message: Message) -> Result<(), End> {
        let sent = timeout(self.gateway.config.limits.patience, self.socket.send(message)).await;
        sent.map_err(|_| End::TooSlow)?.map_err(|_| End::Gone)
    }

    /// Says why, as an `error` envelope and a close code, and closes.
    async fn close(mut self, end: End) {
        let (code, error) = match end {
            End::Gone => (close_code::NORMAL, None),
            End::Refused(error) => (close_code::POLICY, Some(error)),
            End::TooSlow => (close_code::AGAIN, None),
            End::Closing => (close_code::AWAY, None),
        };
        if let Some(error) = error {
            // Where the other side is gone, nobody has to hear it.
            let _ = self.send_json(&error.envelope(self.gateway)).await;
        }
        let farewell = CloseFrame { code, reason: Utf8Bytes::default() };
        let _ = self.put(Message::Close(Some(farewell))).await;
    }
}
