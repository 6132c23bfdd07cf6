//! Over WebSocket: the device says `hello` and its acknowledgements on the channel itself.
//!
//! A page in a browser can open a WebSocket only without a header, and is told nothing of a refusal
//! before it is open. So who sends no `Authorization` says its token in `hello`, and is told on the
//! channel what is wrong. A token stands in no address.

use super::{End, Line, join, pushed, redeliver};
use crate::caller::{Ask, Caller, Shown, no_session};
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
use countersign_core::pairing::Origin;
use countersign_wire::exchange::{AckAccepted, AckSubmit};
use countersign_wire::presence::{Hello, Ping, Token};
use countersign_wire::{Envelope, ErrorCode, limit, pairing};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde::Deserialize;
use std::sync::Arc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// What a channel that says nothing takes, in bytes; the usual 128 KiB would let strangers fill the
/// memory. What is longer is read piece by piece.
const READ_BUFFER: usize = 4 * 1024;

/// Acknowledgements that are written at the same time; then the device has to wait.
const MAX_ACKS: usize = 256;

/// Whose channel it is, and nothing else: a token in an address ends up in logs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelAsk {
    role: pairing::Role,
    id: String,
    /// For whom it is meant: a page in a browser sends no header that says it.
    gateway: Option<String>,
}

impl ChannelAsk {
    fn check(&self, gateway: &Gateway, caller: &Caller) -> Result<(), ApiError> {
        if role_of(self.role) != caller.role() || self.id != caller.device_id() {
            return Err(ApiError::not_found());
        }
        self.meant_for(gateway)
    }

    fn meant_for(&self, gateway: &Gateway) -> Result<(), ApiError> {
        let own = |text: &String| Origin::parse(text).is_ok_and(|origin| gateway.is_own(&origin));
        if self.gateway.iter().all(own) {
            return Ok(());
        }
        Err(ApiError::of(ErrorCode::Misdirected, "this is another gateway"))
    }
}

/// `GET /v1/ws?role=&id=`
pub(crate) async fn open(
    State(gateway): State<Arc<Gateway>>,
    Shown(shown): Shown,
    asked: Result<Ask<ChannelAsk>, ApiError>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    // Who shows nothing, and cannot show it later, is a stranger.
    if shown.is_none() && upgrade.is_err() {
        return Err(no_session());
    }
    let Ask(ask) = asked?;
    if let Some(caller) = &shown {
        ask.check(&gateway, caller)?;
    }
    let upgrade = upgrade.map_err(|_| ApiError::invalid("this call is a WebSocket upgrade"))?;
    let upgrade = upgrade.max_message_size(limit::MESSAGE).max_frame_size(limit::MESSAGE);
    let upgrade = upgrade.read_buffer_size(READ_BUFFER);
    Ok(upgrade.on_upgrade(async move |socket| run(&gateway, shown, &ask, socket).await))
}

async fn run(gateway: &Gateway, shown: Option<Caller>, ask: &ChannelAsk, socket: WebSocket) {
    let mut line = Socket { gateway, socket, pings: false };
    let end = live(&mut line, shown, ask).await.err().unwrap_or(End::Gone);
    line.close(end).await;
}

/// Runs until something ends it; `Ok` is never reached.
async fn live(line: &mut Socket<'_>, shown: Option<Caller>, ask: &ChannelAsk) -> Result<(), End> {
    let gateway = line.gateway;
    let hello = line.hello().await?;
    let caller = admitted(gateway, shown, ask, hello.token.as_ref())?;
    line.pings = hello.hears_pings();
    let mut channel = join(gateway, &caller).await?;
    line.send_json(&Hello::default()).await?;
    redeliver(gateway, &caller, line).await?;
    exchange(line, &caller, &mut channel).await
}

/// Whose channel it is. A token stands in one place, so that no two can differ.
fn admitted(
    gateway: &Gateway,
    shown: Option<Caller>,
    ask: &ChannelAsk,
    token: Option<&Token>,
) -> Result<Caller, ApiError> {
    let token = match (shown, token) {
        (Some(caller), None) => return Ok(caller),
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid("a token stands in the header or in `hello`, once"));
        }
        (None, token) => token.ok_or_else(no_session)?,
    };
    let caller = Caller::by(&token.0, gateway)?;
    ask.check(gateway, &caller)?;
    Ok(caller)
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
            _ = ping.tick() => line.ping().await?,
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
    /// Whether the device wants to read that the channel is alive.
    pings: bool,
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
    async fn hello(&mut self) -> Result<Hello, End> {
        let heard = timeout(self.gateway.config.limits.patience, self.socket.recv()).await;
        let Ok(Some(Ok(Message::Text(text)))) = heard else {
            return Err(ApiError::invalid("the first frame is `hello`").into());
        };
        let hello = json::read::<Hello>(text.as_bytes(), limit::MESSAGE);
        hello.map_err(|error| End::Refused(error.into()))
    }

    /// Asks whether the device is there, and says that the gateway is.
    async fn ping(&mut self) -> Result<(), End> {
        self.put(Message::Ping(Frame::new())).await?;
        if self.pings { self.send_json(&Ping::default()).await } else { Ok(()) }
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
