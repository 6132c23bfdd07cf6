//! Live channels of who can send no header with an upgrade: the token stands in the first frame.

use crate::house::{House, keys};
use crate::raw;
use countersign_client::{Client, Role};
use countersign_core::json;
use countersign_core::pairing::Origin;
use countersign_gateway::Limits;
use countersign_wire::auth::{Challenge, Session, SessionRequest};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async};

const PATIENCE: Duration = Duration::from_secs(5);

/// A session of the device whose keys have this seed.
pub(crate) async fn token(house: &House, seed: u8) -> String {
    let reply = raw::get(house.address, "/v1/auth/challenge", None).await;
    let challenge: Challenge = json::read(reply.body.as_bytes(), 9_999).unwrap();
    let origin = Origin::parse(&house.url()).unwrap();
    let time = house.now().timestamp();
    let proof = SessionRequest::sign(&challenge, origin, time, &keys(seed)).unwrap();
    let proof = serde_json::to_vec(&proof).unwrap();
    let reply = raw::post(house.address, "/v1/auth/session", None, proof).await;
    let session: Session = json::read(reply.body.as_bytes(), 9_999).unwrap();
    session.token.clone()
}

pub(crate) fn hello(token: &str) -> Value {
    json!({"msgType": "hello", "capabilities": {"push": true, "ping": true}, "token": token})
}

/// A WebSocket as a page in a browser opens it.
pub(crate) struct Line(WebSocketStream<TcpStream>);

impl Line {
    /// With these words behind the question mark, and these headers.
    pub(crate) async fn to(
        address: std::net::SocketAddr,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let url = format!("ws://{address}/v1/ws?{query}");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(reply)) => Err(reply.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn of(house: &House, n: u8) -> Self {
        let query = format!("role=approver&id=app-{n:02}");
        Self::to(house.address, &query, &[]).await.unwrap()
    }

    /// One that was let in.
    async fn open(house: &House, n: u8) -> Self {
        let mut line = Self::of(house, n).await;
        line.say(&hello(&token(house, n | 0x80).await)).await;
        assert_eq!(line.next().await.unwrap()["msgType"], "hello");
        line
    }

    pub(crate) async fn say(&mut self, value: &Value) {
        self.0.send(Message::text(value.to_string())).await.unwrap();
    }

    /// The next message that is no sign of life; `None` where the gateway hung up.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => {
                    let value: Value = serde_json::from_str(&text).unwrap();
                    if value["msgType"] != "ping" {
                        return Some(value);
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                other => panic!("{other:?}"),
            }
        }
    }

    /// Why the gateway ended it.
    pub(crate) async fn refusal(&mut self) -> String {
        let said = self.next().await.unwrap();
        assert_eq!(said["msgType"], "error", "{said}");
        assert_eq!(self.next().await, None, "and then it hangs up");
        said["body"]["code"].as_str().unwrap().to_owned()
    }
}

async fn submit(house: &House, enforcer: &Client, approver: &Client, id: &str) {
    enforcer.submit_artifact(id, approver.device_id(), house.artifact()).await.unwrap();
}

#[tokio::test]
async fn who_shows_its_token_in_the_first_frame_gets_its_messages() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    submit(&house, &enforcer, &approver, "before").await;
    let mut line = Line::open(&house, 1).await;
    assert_eq!(line.next().await.unwrap()["requestId"], "before");
    submit(&house, &enforcer, &approver, "after").await;
    let pushed = line.next().await.unwrap();
    assert_eq!(
        (&pushed["msgType"], &pushed["requestId"]),
        (&json!("approval.request"), &json!("after"))
    );
}

#[tokio::test]
async fn who_asked_for_it_reads_that_the_channel_is_alive() {
    let ping = Duration::from_millis(5);
    let house = House::with(Limits { ping, ..Limits::default() }).await;
    house.pair(1).await;
    let mut line = Line::open(&house, 1).await;
    let alive = async {
        loop {
            if let Some(Ok(Message::Text(text))) = line.0.next().await {
                return text;
            }
        }
    };
    assert_eq!(timeout(PATIENCE, alive).await.unwrap().as_str(), r#"{"msgType":"ping"}"#);
}

#[tokio::test]
async fn attack_25_no_token_but_the_devices_own_opens_its_channel() {
    let house = House::open().await;
    house.pair(1).await;
    house.pair(2).await;
    let (own, other) = (token(&house, 0x81).await, token(&house, 0x82).await);
    let enforcers = token(&house, 1).await;
    house.pass(1);
    let nothing = json!({"msgType": "hello", "capabilities": {}});
    for (what, said, code) in [
        ("none", nothing, "unauthenticated"),
        ("empty", hello(""), "unauthenticated"),
        ("invented", hello(&"A".repeat(43)), "unauthenticated"),
        ("with its scheme", hello(&format!("Bearer {own}")), "unauthenticated"),
        ("another approver's", hello(&other), "not_found"),
        ("the enforcer's", hello(&enforcers), "not_found"),
        ("a number", json!({"msgType": "hello", "token": 7}), "invalid_message"),
        ("two", json!({"msgType": "hello", "token": own, "tokens": [own]}), "invalid_message"),
        ("no hello", json!({"token": own}), "invalid_message"),
        ("a list", json!([own]), "invalid_message"),
    ] {
        let mut line = Line::of(&house, 1).await;
        line.say(&said).await;
        assert_eq!(line.refusal().await, code, "{what}");
    }
    let mut twice = Line::of(&house, 1).await;
    let text = format!(r#"{{"msgType":"hello","token":"{other}","token":"{own}"}}"#);
    twice.0.send(Message::text(text)).await.unwrap();
    assert_eq!(twice.refusal().await, "invalid_message");
    house.pass(900_000);
    let mut late = Line::of(&house, 1).await;
    late.say(&hello(&own)).await;
    assert_eq!(late.refusal().await, "unauthenticated", "its time is over");
}

#[tokio::test]
async fn attack_31_a_token_stands_in_no_address_and_in_one_place() {
    let house = House::open().await;
    house.pair(1).await;
    let token = token(&house, 0x81).await;
    let query = "role=approver&id=app-01";
    for name in ["token", "access_token", "authorization"] {
        let asked = format!("{query}&{name}={token}");
        assert_eq!(Line::to(house.address, &asked, &[]).await.err(), Some(400), "{name}");
    }
    let bearer = format!("Bearer {token}");
    let header = [("authorization", bearer.as_str())];
    let mut both = Line::to(house.address, query, &header).await.unwrap();
    both.say(&hello(&token)).await;
    assert_eq!(both.refusal().await, "invalid_message");
    // A header that does not hold is not asked again.
    let wrong = [("authorization", "Bearer guess")];
    assert_eq!(Line::to(house.address, query, &wrong).await.err(), Some(401));
}

#[tokio::test]
async fn attack_48_a_channel_that_is_meant_for_another_gateway_is_refused() {
    let house = House::open().await;
    house.pair(1).await;
    let token = token(&house, 0x81).await;
    for (gateway, code) in [
        ("https://relay.example", Some("misdirected")),
        ("no-origin", Some("misdirected")),
        (house.url().as_str(), None),
    ] {
        let query = format!("role=approver&id=app-01&gateway={gateway}");
        let mut line = Line::to(house.address, &query, &[]).await.unwrap();
        line.say(&hello(&token)).await;
        match code {
            Some(code) => assert_eq!(line.refusal().await, code, "{gateway}"),
            None => assert_eq!(line.next().await.unwrap()["msgType"], "hello"),
        }
    }
}

#[tokio::test]
async fn attack_26_who_says_nothing_or_opens_too_many_is_let_go() {
    let patience = Duration::from_millis(50);
    let house = House::with(Limits { patience, channels: 2, ..Limits::default() }).await;
    house.pair(1).await;
    let mut silent = Line::of(&house, 1).await;
    assert_eq!(silent.refusal().await, "invalid_message");
    let open = [Line::open(&house, 1).await, Line::open(&house, 1).await];
    let mut third = Line::of(&house, 1).await;
    third.say(&hello(&token(&house, 0x81).await)).await;
    assert_eq!(third.refusal().await, "too_many");
    drop(open);
    let mut huge = Line::of(&house, 1).await;
    let said = hello(&"A".repeat(100_000)).to_string();
    let _ = huge.0.send(Message::text(said)).await;
    assert!(huge.next().await.is_none_or(|said| said["msgType"] == "error"));
}

#[tokio::test]
async fn attack_10_a_pairing_that_is_ended_ends_its_channels_and_no_others() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    house.pair(2).await;
    let (mut first, mut second) = (Line::open(&house, 1).await, Line::open(&house, 1).await);
    let mut other = Line::open(&house, 2).await;
    let mut told = approver.channel().await.unwrap();
    enforcer.revoke(approver.device_id()).await.unwrap();
    for line in [&mut first, &mut second] {
        assert_eq!(line.refusal().await, "revoked");
    }
    let ended = timeout(PATIENCE, told.next()).await.unwrap().unwrap_err();
    assert_eq!(ended.code(), Some(countersign_wire::ErrorCode::Revoked));
    // Nor is it let in again, by which way ever.
    let own = token(&house, 0x81).await;
    let mut again = Line::of(&house, 1).await;
    again.say(&hello(&own)).await;
    assert_eq!(again.refusal().await, "revoked");
    let stream = raw::get(house.address, "/v1/sse/approvers/app-01", Some(&own)).await;
    assert_eq!((stream.status, stream.code().as_str()), (403, "revoked"));
    // The enforcer's own, and another pairing's, go on.
    enforcer.channel().await.unwrap();
    other.say(&json!({"msgType": "x"})).await;
    assert_ne!(other.refusal().await, "revoked");
}

#[tokio::test]
async fn a_device_whose_pairing_waits_for_a_yes_is_let_in() {
    let house = House::open().await;
    let (enforcer, approver) = house.strangers(1);
    crate::house::meet(&enforcer, &approver, 1).await;
    Line::open(&house, 1).await;
    let stranger = house.client(Role::Approver, "app-09", 9);
    assert!(stranger.channel().await.is_err());
}
