//! Live channels over server-sent events.

use crate::first_frame::token;
use crate::house::{House, decision};
use crate::raw;
use countersign_client::Client;
use countersign_gateway::Limits;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A stream as it comes: HTTP/1.0 has no chunks.
struct Stream(BufReader<TcpStream>);

impl Stream {
    async fn open(house: &House, path: &str, token: &str) -> Self {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let head = format!("GET {path} HTTP/1.0\r\nauthorization: Bearer {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut found = Self(BufReader::new(stream));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(found.0.read_line(&mut head).await.unwrap(), 0, "{head}");
        }
        let head = head.to_ascii_lowercase();
        assert!(
            head.contains(" 200 ok") && head.contains("content-type: text/event-stream"),
            "{head}"
        );
        assert!(head.contains("cache-control: no-store"), "{head}");
        assert_eq!(found.next().await, ("ping".to_owned(), serde_json::json!({})));
        found
    }

    async fn of_approver(house: &House, n: u8) -> Self {
        let token = token(house, n | 0x80).await;
        Self::open(house, &format!("/v1/sse/approvers/app-{n:02}"), &token).await
    }

    async fn of_enforcer(house: &House, n: u8) -> Self {
        let token = token(house, n).await;
        Self::open(house, &format!("/v1/sse/enforcers/enf-{n:02}"), &token).await
    }

    /// The next event: its name and its message.
    async fn next(&mut self) -> (String, Value) {
        let mut lines = [String::new(), String::new(), String::new()];
        for line in &mut lines {
            timeout(Duration::from_secs(5), self.0.read_line(line)).await.unwrap().unwrap();
        }
        let [name, data, end] = lines;
        assert_eq!(end, "\n", "{name}{data}");
        let name = name.trim_end().strip_prefix("event: ").unwrap().to_owned();
        (name, serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap())
    }

    /// Whether the gateway has ended it.
    async fn is_over(&mut self) -> bool {
        timeout(Duration::from_secs(5), self.0.read(&mut [0])).await.unwrap().unwrap() == 0
    }
}

async fn submit(house: &House, enforcer: &Client, approver: &Client, id: &str) {
    enforcer.submit_artifact(id, approver.device_id(), house.artifact()).await.unwrap();
}

#[tokio::test]
async fn a_whole_exchange_over_streams() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let mut answers = Stream::of_approver(&house, 1).await;
    let mut asks = Stream::of_enforcer(&house, 1).await;
    submit(&house, &enforcer, &approver, "r").await;
    let (name, request) = answers.next().await;
    let listed = approver.inbox(None, 1).await.unwrap().items.remove(0);
    assert_eq!(name, "approval.request");
    assert_eq!(request, serde_json::to_value(listed).unwrap(), "pushed and listed are the same");
    approver.decide("r", decision("approve"), Some(house.trace())).await.unwrap();
    let (name, delivered) = asks.next().await;
    assert_eq!((name.as_str(), &delivered["requestId"]), ("decision.deliver", &"r".into()));
    enforcer.withdraw("r", None).await.unwrap_err();
    submit(&house, &enforcer, &approver, "s").await;
    assert_eq!(answers.next().await.1["requestId"], "s");
    enforcer.withdraw("s", None).await.unwrap();
    assert_eq!(answers.next().await.0, "exchange.withdrawn");
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    for id in ["a", "b"] {
        submit(&house, &enforcer, &approver, id).await;
        house.pass(1);
    }
    let first = Stream::of_approver(&house, 1).await.next().await.1;
    assert_eq!(first["requestId"], "a");
    approver.ack(first["msgId"].as_str().unwrap(), "a").await.unwrap();
    let mut again = Stream::of_approver(&house, 1).await;
    assert_eq!(again.next().await.1["requestId"], "b");
    for id in ["a", "b"] {
        approver.decide(id, decision("approve"), None).await.unwrap();
    }
    let mut asks = Stream::of_enforcer(&house, 1).await;
    let first = asks.next().await.1;
    let mut asks = Stream::of_enforcer(&house, 1).await;
    assert_eq!(asks.next().await.1, first, "the same message, with the same id");
}

#[tokio::test]
async fn attack_31_a_token_in_the_address_is_refused() {
    let house = House::open().await;
    house.pair(1).await;
    let token = token(&house, 0x81).await;
    let path = "/v1/sse/approvers/app-01";
    for query in ["token", "access_token", "authorization"] {
        let asked = format!("{path}?{query}={token}");
        let alone = raw::get(house.address, &asked, None).await;
        assert_eq!((alone.status, alone.code().as_str()), (401, "unauthenticated"));
        // Nor beside a good header: it would stand in a log from then on, and nobody would know.
        let beside = raw::get(house.address, &asked, Some(&token)).await;
        assert_eq!((beside.status, beside.code().as_str()), (400, "invalid_message"));
    }
}

#[tokio::test]
async fn attack_25_a_stream_is_its_own_devices() {
    let house = House::open().await;
    house.pair(1).await;
    house.pair(2).await;
    let (enforcer, approver) = (token(&house, 1).await, token(&house, 0x81).await);
    for (path, token, code) in [
        ("/v1/sse/approvers/app-02", &approver, "not_found"),
        ("/v1/sse/approvers/nobody", &approver, "not_found"),
        ("/v1/sse/approvers/enf-01", &enforcer, "forbidden"),
        ("/v1/sse/enforcers/app-01", &approver, "forbidden"),
        ("/v1/sse/enforcers/enf-02", &enforcer, "not_found"),
    ] {
        assert_eq!(raw::get(house.address, path, Some(token)).await.code(), code, "{path}");
    }
}

#[tokio::test]
async fn attack_26_streams_and_sockets_share_one_limit() {
    let house = House::with(Limits { channels: 1, ..Limits::default() }).await;
    let (_, approver) = house.pair(1).await;
    let stream = Stream::of_approver(&house, 1).await;
    let token = token(&house, 0x81).await;
    let full = raw::get(house.address, "/v1/sse/approvers/app-01", Some(&token)).await;
    assert_eq!((full.status, full.code().as_str()), (429, "too_many"));
    assert!(approver.channel().await.is_err());
    drop(stream);
    // Who hangs up makes room.
    let room = async { while approver.channel().await.is_err() {} };
    timeout(Duration::from_secs(5), room).await.unwrap();
}

#[tokio::test]
async fn the_newest_channel_of_an_enforcer_wins() {
    let house = House::open().await;
    let (enforcer, _) = house.pair(1).await;
    let mut old = Stream::of_enforcer(&house, 1).await;
    let _new = enforcer.channel().await.unwrap();
    let (name, farewell) = old.next().await;
    assert_eq!((name.as_str(), &farewell["body"]["code"]), ("error", &"channel_replaced".into()));
    assert!(old.is_over().await);
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_with_the_gateway() {
    let mut house = House::open().await;
    house.pair(1).await;
    let token = token(&house, 0x81).await;
    house.pass(899_900);
    let mut stream = Stream::open(&house, "/v1/sse/approvers/app-01", &token).await;
    let (name, farewell) = stream.next().await;
    assert_eq!((name.as_str(), &farewell["body"]["code"]), ("error", &"unauthenticated".into()));
    assert!(stream.is_over().await);
    let mut stream = Stream::of_approver(&house, 1).await;
    house.stop().await;
    assert!(stream.is_over().await);
}
