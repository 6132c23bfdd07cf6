//! What is too much, too deep or too often.

use crate::exchange::code;
use crate::house::House;
use crate::raw;
use countersign_client::ClientError;
use countersign_gateway::{Config, Gateway, Limits, serve};
use countersign_store::relay::memory::MemoryRelay;
use countersign_wire::ErrorCode;
use countersign_wire::artifact::Ciphertext;
use countersign_wire::auth::Session;
use serde_json::json;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A token of enforcer 1.
pub(crate) async fn token(house: &House) -> String {
    use countersign_core::json::read;
    use countersign_wire::auth::SessionRequest;
    let reply = raw::get(house.address, "/v1/auth/challenge", None).await;
    let challenge = read(reply.body.as_bytes(), 9_999).unwrap();
    let origin = countersign_core::pairing::Origin::parse(&house.url()).unwrap();
    let keys = crate::house::keys(1);
    let time = house.now().timestamp();
    let request = SessionRequest::sign(&challenge, origin, time, &keys).unwrap();
    let body = serde_json::to_vec(&request).unwrap();
    let reply = raw::post(house.address, "/v1/auth/session", None, body).await;
    read::<Session>(reply.body.as_bytes(), 9_999).unwrap().token
}

#[tokio::test]
async fn attack_25_codes_cannot_be_guessed_for_long() {
    let house = House::open().await;
    let guess =
        async |n: u32| raw::get(house.address, &format!("/v1/pairing/resolve/{n:08}"), None).await;
    for n in 0..10 {
        assert_eq!(guess(n).await.status, 404);
    }
    let stopped = guess(10).await;
    assert_eq!((stopped.status, stopped.code().as_str()), (429, "too_many"));
    assert!(stopped.head.contains("retry-after: 60"), "{}", stopped.head);
    house.pass(60_000);
    assert_eq!(guess(11).await.status, 404);
}

#[tokio::test]
async fn attack_25_pairings_cannot_be_opened_without_end() {
    let limits = Limits { open_pairings: 1, initiations: 2, ..Limits::default() };
    let house = House::with(limits).await;
    let open = async |n: u8| {
        let (enforcer, _) = house.strangers(n);
        let commitment = countersign_core::encoding::Hash::of(&[n]);
        enforcer.initiate(&crate::house::initiate(&enforcer, n, commitment)).await
    };
    open(1).await.unwrap();
    assert_eq!(code(open(2).await), ErrorCode::TooMany);
    let throttled = open(3).await.unwrap_err();
    assert!(matches!(throttled, ClientError::Refused { status: 429, retry_after: Some(60), .. }));
    house.pass(600_000);
    open(3).await.unwrap();
}

#[tokio::test]
async fn attack_26_a_huge_body_is_refused() {
    let house = House::open().await;
    house.pair(1).await;
    let token = token(&house).await;
    for (path, size) in [("/v1/artifacts", 3 << 20), ("/v1/acks", 64 << 10)] {
        let body = vec![b' '; size + 1];
        let reply = raw::post(house.address, path, Some(&token), body).await;
        assert_eq!((reply.status, reply.code().as_str()), (413, "too_large"), "{path}");
    }
    let unbounded = raw::post(house.address, "/v1/auth/session", None, vec![b' '; 9 << 20]).await;
    assert_eq!(unbounded.status, 413);
}

#[tokio::test]
async fn attack_26_two_mebibytes_of_artifact_pass() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let mut artifact = house.artifact();
    let data = "A".repeat((2 << 20) * 4 / 3 + 3);
    artifact.ciphertext =
        serde_json::from_value::<Ciphertext>(json!({"alg": "X", "data": data})).unwrap();
    for n in 0..4 {
        let id = format!("r{n}");
        enforcer.submit_artifact(&id, approver.device_id(), artifact.clone()).await.unwrap();
    }
    let first = approver.inbox(None, 10).await.unwrap();
    assert_eq!(first.items.len(), 4 - 1, "a page ends before it grows without bound");
    let second = approver.inbox(first.next_cursor.as_deref(), 10).await.unwrap();
    assert_eq!((second.items.len(), second.next_cursor), (1, None));
    assert_eq!(second.items[0].body.ciphertext_ref.members()["data"], data);
}

#[tokio::test]
async fn attack_26_deep_and_ambiguous_json_is_refused() {
    let house = House::open().await;
    house.pair(1).await;
    let token = token(&house).await;
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    for body in [
        deep.as_str(),
        &"[".repeat(60_000),
        "{\"msgType\":\"a\",\"msgType\":\"b\"}",
        "{\"n\":1e400}",
        "",
        "{}",
        "null",
        "\u{feff}{}",
    ] {
        for path in ["/v1/artifacts", "/v1/acks", "/v1/pairings/revoke"] {
            let reply = raw::post(house.address, path, Some(&token), body).await;
            assert_eq!(reply.status, 400, "{path} {body:.40}");
        }
        let reply = raw::post(house.address, "/v1/pairing/initiate", None, body).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "invalid_message"), "{body:.40}");
    }
}

#[tokio::test]
async fn attack_26_whoever_says_nothing_is_shown_out() {
    let limits =
        Limits { connections: 1, patience: Duration::from_millis(50), ..Limits::default() };
    let house = House::with(limits).await;
    // It takes the only seat, and says nothing.
    let mut silent = TcpStream::connect(house.address).await.unwrap();
    assert_eq!(raw::get(house.address, "/v1/health", None).await.status, 200);
    assert_eq!(silent.read(&mut [0; 9]).await.unwrap_or(0), 0);
    // It announces a body that never comes.
    let mut slow = TcpStream::connect(house.address).await.unwrap();
    let head = b"POST /v1/pairing/initiate HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{";
    slow.write_all(head).await.unwrap();
    let mut reply = [0; 12];
    slow.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"HTTP/1.1 400");
}

#[tokio::test]
async fn attack_26_one_enforcer_fills_no_inbox_for_another() {
    let house = House::with(Limits { pending: 2, ..Limits::default() }).await;
    let (enforcer, approver) = house.pair(1).await;
    for id in ["a", "b"] {
        enforcer.submit_artifact(id, approver.device_id(), house.artifact()).await.unwrap();
    }
    let full = enforcer.submit_artifact("c", approver.device_id(), house.artifact()).await;
    assert!(full.as_ref().unwrap_err().is_retryable());
    assert_eq!(code(full), ErrorCode::TooMany);
}

#[tokio::test]
async fn an_artifact_may_not_wait_for_ever() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let mut artifact = house.artifact();
    artifact.expires_at = countersign_core::time::Timestamp::parse("2027-02-24T10:00:00Z").unwrap();
    let refused = enforcer.submit_artifact("r", approver.device_id(), artifact).await;
    assert_eq!(code(refused), ErrorCode::InvalidMessage);
}

#[tokio::test]
async fn attack_09_a_page_in_a_browser_cannot_post_a_form() {
    let house = House::open().await;
    let path = "/v1/pairing/initiate";
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let reply = raw::send(house.address, "POST", path, None, kind, b"{}").await;
        assert!(reply.body.contains("content type"), "{kind}: {}", reply.body);
    }
    let kind = "Application/JSON; charset=utf-8";
    let reply = raw::send(house.address, "POST", path, None, kind, b"{}").await;
    assert!(reply.body.contains("missing field"), "{}", reply.body);
}

#[tokio::test]
async fn plain_http_goes_no_further_than_this_machine() {
    let open = async |behind_proxy| {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let config = Config { behind_proxy, ..Config::default() };
        let clock = Arc::new(|| countersign_core::time::Instant(0));
        let gateway = Gateway::new(Arc::new(MemoryRelay::new()), config, clock, Arc::new(|_| {}));
        serve(listener, gateway, async {}).await
    };
    assert_eq!(open(false).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    open(true).await.unwrap();
}
