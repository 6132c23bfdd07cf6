//! A live channel of the page, through to the gateway: texts both ways, of which this machine reads none.

use super::{NAME, Room};
use crate::reply::ApiError;
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::Response;
use countersign_client::{ClientError, Tunnel};
use countersign_wire::pairing::Role;
use countersign_wire::{ErrorCode, limit};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long the browser may take for a frame.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whose channel it is, and at which gateway. Nothing else goes out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    role: Role,
    id: String,
    gateway: String,
}

/// `GET /v1/ws?role=&id=&gateway=`. A page is told on the channel only why it does not lead anywhere.
pub(super) async fn open(
    State(room): State<Arc<Room>>,
    asked: Result<Query<Asked>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let (Ok(Query(asked)), Ok(upgrade)) = (asked, upgrade) else {
        let why = "a channel is a WebSocket upgrade with `role`, `id` and `gateway`";
        return room.refuse(&ApiError::invalid(why));
    };
    let upgrade = upgrade.max_message_size(limit::MESSAGE).max_frame_size(limit::MESSAGE);
    upgrade.on_upgrade(async move |mut socket| {
        if let Err(error) = through(&room, &asked, &mut socket).await {
            let envelope = error.envelope_of(NAME, (room.console.clock)());
            let text = serde_json::to_string(&envelope).unwrap_or_default();
            let _ = say(&mut socket, text).await;
        }
        let _ = timeout(PATIENCE, socket.send(Message::Close(None))).await;
    })
}

/// Runs until one of both sides, or this console, ends it.
async fn through(room: &Room, asked: &Asked, socket: &mut WebSocket) -> Result<(), ApiError> {
    let passage = &room.console.passage;
    // What a page that was open before means for another gateway is not carried to this one.
    if asked.gateway != passage.origin().as_str() {
        let why = format!("this console leads to `{}`", passage.origin());
        return Err(ApiError::of(ErrorCode::Misdirected, &why));
    }
    let mut ending = room.console.ending.subscribe();
    let mut tunnel = passage.tunnel(asked.role, &asked.id).await.map_err(away)?;
    loop {
        tokio::select! {
            heard = socket.recv() => if !out(heard, &mut tunnel).await? { return Ok(()) },
            came = tunnel.next() => match came.map_err(away)? {
                Some(text) => say(socket, text).await?,
                None => return Ok(()),
            },
            () = over(&mut ending) => return Ok(()),
        }
    }
}

/// What the page says goes on as it is; whether there is more to come.
async fn out(
    heard: Option<Result<Message, axum::Error>>,
    tunnel: &mut Tunnel,
) -> Result<bool, ApiError> {
    match heard {
        Some(Ok(Message::Text(text))) => {
            tunnel.send(text.as_str().to_owned()).await.map_err(away)?;
            Ok(true)
        }
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(true),
        Some(Ok(Message::Binary(_))) => Err(ApiError::invalid("frames are text")),
        Some(Ok(Message::Close(_)) | Err(_)) | None => Ok(false),
    }
}

async fn over(ending: &mut watch::Receiver<bool>) {
    // An error means that the console is gone, which is over too.
    let _ = ending.wait_for(|ending| *ending).await;
}

async fn say(socket: &mut WebSocket, text: String) -> Result<(), ApiError> {
    let sent = timeout(PATIENCE, socket.send(Message::Text(Utf8Bytes::from(text)))).await;
    let gone = || ApiError::of(ErrorCode::Unavailable, "the page does not read");
    sent.map_err(|_| gone())?.map_err(|_| gone())
}

fn away(_: ClientError) -> ApiError {
    ApiError::of(ErrorCode::Unavailable, "the gateway does not answer")
}
