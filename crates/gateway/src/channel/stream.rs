//! Over server-sent events: one way, from the gateway to a device that reads with `fetch`.
//!
//! The token stands in the header only: what stands in an address ends up in logs. Acknowledgements
//! are calls of their own. Nobody hears the device here, so a stream ends with the session that
//! opened it: who still reads opens the next one.

use super::{End, Line, join, pushed, redeliver};
use crate::caller::{Approver, Caller, Enforcer, Segment};
use crate::gateway::Gateway;
use crate::hub::Channel;
use crate::message::{self, Frame};
use crate::reply::ApiError;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, Uri};
use axum::response::{IntoResponse as _, Response};
use countersign_wire::ErrorCode;
use futures_util::stream::unfold;
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// A proxy that collects a stream before it passes it on would keep it for ever.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// `GET /v1/sse/approvers/{id}`
pub(crate) async fn to_approver(
    State(gateway): State<Arc<Gateway>>,
    uri: Uri,
    Approver(caller): Approver,
    Segment(id): Segment,
) -> Result<Response, ApiError> {
    open(gateway, &uri, caller, &id).await
}

/// `GET /v1/sse/enforcers/{id}`
pub(crate) async fn to_enforcer(
    State(gateway): State<Arc<Gateway>>,
    uri: Uri,
    Enforcer(caller): Enforcer,
    Segment(id): Segment,
) -> Result<Response, ApiError> {
    open(gateway, &uri, caller, &id).await
}

async fn open(
    gateway: Arc<Gateway>,
    uri: &Uri,
    caller: Caller,
    id: &str,
) -> Result<Response, ApiError> {
    if uri.query().is_some() {
        return Err(ApiError::invalid("nothing follows `?` here: a token stands in the header"));
    }
    if caller.device_id() != id {
        return Err(ApiError::not_found());
    }
    // One chunk at a time: what the device does not take waits here, and then for too long.
    let (chunks, taken) = mpsc::channel(1);
    let (joined, answer) = oneshot::channel();
    tokio::spawn(async move { run(&gateway, &caller, chunks, joined).await });
    let gone = |_| ApiError::of(ErrorCode::Internal, "the stream ended before it began");
    answer.await.map_err(gone)??;
    Ok(response(taken))
}

fn response(taken: mpsc::Receiver<Bytes>) -> Response {
    let next = async |mut taken: mpsc::Receiver<Bytes>| {
        let chunk = taken.recv().await?;
        Some((Ok::<_, Infallible>(chunk), taken))
    };
    let body = Body::from_stream(unfold(taken, next));
    let headers =
        [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store"), (UNBUFFERED, "no")];
    (headers, body).into_response()
}

/// Says whether the stream was opened, and then runs until something ends it.
async fn run(
    gateway: &Gateway,
    caller: &Caller,
    chunks: mpsc::Sender<Bytes>,
    joined: oneshot::Sender<Result<(), ApiError>>,
) {
    let channel = match join(gateway, caller).await {
        Ok(channel) => channel,
        // Where the caller is gone, nobody has to hear it.
        Err(refused) => return drop(joined.send(Err(refused))),
    };
    if joined.send(Ok(())).is_err() {
        return;
    }
    let mut line = Stream { gateway, chunks };
    if let Err(End::Refused(error)) = live(&mut line, caller, channel).await
        && let Ok(frame) = message::frame(&error.envelope(gateway))
    {
        let _ = line.send(frame).await;
    }
}

async fn live(line: &mut Stream<'_>, caller: &Caller, mut channel: Channel<'_>) -> Result<(), End> {
    let gateway = line.gateway;
    // The first one says at once that the stream is open.
    let mut ping = interval(gateway.config.limits.ping);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.tick().await;
    line.event("ping", b"{}").await?;
    redeliver(gateway, caller, line).await?;
    let over = sleep(Duration::from_millis(caller.left(gateway.now())));
    tokio::pin!(over);
    loop {
        tokio::select! {
            event = channel.next() => line.send(pushed(event)?).await?,
            _ = ping.tick() => line.event("ping", b"{}").await?,
            () = line.chunks.closed() => return Err(End::Gone),
            () = &mut over => return Err(ended().into()),
            () = gateway.hub.closed() => return Err(End::Closing),
        }
    }
}

fn ended() -> ApiError {
    ApiError::of(ErrorCode::Unauthenticated, "the session of this stream is over")
}

/// One body that is written as long as somebody reads.
struct Stream<'a> {
    gateway: &'a Gateway,
    chunks: mpsc::Sender<Bytes>,
}

/// The name of an event is the kind of its message.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "msgType")]
    msg_type: String,
}

impl Line for Stream<'_> {
    async fn send(&mut self, frame: Frame) -> Result<(), End> {
        // INVARIANT: every frame is an envelope of ours.
        let named: Named = serde_json::from_slice(&frame).map_err(|_| End::Gone)?;
        self.event(&named.msg_type, &frame).await
    }
}

impl Stream<'_> {
    /// INVARIANT: neither holds a line break; serde_json writes none inside a text.
    async fn event(&mut self, name: &str, data: &[u8]) -> Result<(), End> {
        let chunk = [b"event: ", name.as_bytes(), b"\ndata: ", data, b"\n\n"].concat();
        let sent = timeout(self.gateway.config.limits.patience, self.chunks.send(chunk.into()));
        sent.await.map_err(|_| End::TooSlow)?.map_err(|_| End::Gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Limits};
    use countersign_core::time::Instant;
    use countersign_store::relay::memory::MemoryRelay;

    fn gateway(limits: Limits) -> Gateway {
        let (store, clock) = (Arc::new(MemoryRelay::new()), Arc::new(|| Instant(0)));
        let config = Config { limits, ..Config::default() };
        Gateway::new(store, config, clock, Arc::new(|_: &mut [u8]| {}))
    }

    #[tokio::test]
    async fn attack_26_who_reads_nothing_is_let_go() {
        let gateway = gateway(Limits { patience: Duration::from_millis(5), ..Limits::default() });
        let (chunks, mut taken) = mpsc::channel(1);
        let mut line = Stream { gateway: &gateway, chunks };
        assert!(line.event("ping", b"{}").await.is_ok());
        assert!(matches!(line.event("ping", b"{}").await, Err(End::TooSlow)));
        assert_eq!(taken.recv().await.unwrap(), "event: ping\ndata: {}\n\n");
        drop(taken);
        assert!(matches!(line.event("ping", b"{}").await, Err(End::Gone)));
    }

    #[test]
    fn a_message_is_named_like_itself() {
        let named: Named = serde_json::from_slice(br#"{"msgId":"x","msgType":"error"}"#).unwrap();
        assert_eq!(named.msg_type, "error");
    }
}
