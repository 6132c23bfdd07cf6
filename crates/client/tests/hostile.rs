//! A gateway that says what no honest gateway says.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise, also in its helpers")]

use countersign_client::{Client, ClientError, Role};
use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;
use countersign_wire::ErrorCode;
use countersign_wire::exchange::State;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Answers each call (method and path) with a status line, further header lines and a body.
type Answer = dyn Fn(&str) -> (String, String) + Send + Sync;

struct Fake {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    async fn open(answer: impl Fn(&str) -> (String, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let answer: Arc<Answer> = Arc::new(answer);
        let noted = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&answer), Arc::clone(&noted)));
            }
        });
        Self { address, heard }
    }

    /// Opens sessions as it should and answers every other call alike.
    async fn saying(status: &str, body: &str) -> Self {
        let (status, body) = (status.to_owned(), body.to_owned());
        Self::open(move |call| session(call).unwrap_or_else(|| (status.clone(), body.clone())))
            .await
    }

    fn client(&self) -> Client {
        let keys = Arc::new(SecretKeys::from_bytes(&[1; 64]).unwrap());
        let url = format!("http://{}", self.address);
        Client::new(&url, Role::Enforcer, "e", keys, Arc::new(|| Instant(0))).unwrap()
    }

    fn count(&self, call: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|heard| *heard == call).count()
    }
}

async fn talk(stream: TcpStream, answer: Arc<Answer>, heard: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if stream.read_line(&mut first).await.unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        stream.read_exact(&mut vec![0; length]).await.unwrap();
        let call = first.rsplit_once(' ').unwrap().0.to_owned();
        let (head, body) = answer(&call);
        heard.lock().unwrap().push(call);
        let reply = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        // A client that has heard enough may have hung up.
        if stream.get_mut().write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn session(call: &str) -> Option<(String, String)> {
    let body = match call {
        "GET /v1/auth/challenge" => r#"{"serverNonce":"n","expiresAt":"2026-02-24T10:00:00Z"}"#,
        "POST /v1/auth/session" => r#"{"token":"t","expiresAt":"2026-02-24T10:00:00Z"}"#,
        _ => return None,
    };
    Some(("200 OK".to_owned(), body.to_owned()))
}

fn status(request_id: &str, inner_id: &str) -> String {
    format!(
        r#"{{"msgType":"exchange.status","requestId":"{request_id}","createdAt":"2026-02-24T10:00:00Z","sender":{{}},"body":{{"requestId":"{inner_id}","state":"decided","createdAt":"2026-02-24T10:00:00Z","expiresAt":"2026-02-24T10:00:00Z"}}}}"#
    )
}

fn error(code: &str) -> String {
    format!(
        r#"{{"msgType":"error","requestId":"-","createdAt":"2026-02-24T10:00:00Z","sender":{{}},"body":{{"code":"{code}","message":"no"}}}}"#
    )
}

fn is_protocol<T>(result: &Result<T, ClientError>) -> bool {
    matches!(result, Err(ClientError::Protocol(_)))
}

#[tokio::test]
async fn an_honest_reply_is_read() {
    let fake = Fake::saying("200 OK", &status("r", "r")).await;
    let client = fake.client();
    assert_eq!(client.status("r").await.unwrap().state, State::Decided);
    client.status("r").await.unwrap();
    assert_eq!(fake.count("POST /v1/auth/session"), 1, "one session serves many calls");
}

#[tokio::test]
async fn attack_23_a_reply_about_another_request_is_refused() {
    for (outer, inner) in [("s", "r"), ("r", "s"), ("s", "s")] {
        let fake = Fake::saying("200 OK", &status(outer, inner)).await;
        assert!(is_protocol(&fake.client().status("r").await), "{outer} {inner}");
    }
    let fake = Fake::saying("200 OK", &status("r", "r")).await;
    let waited = fake.client().wait_decision("r", Duration::from_secs(1)).await;
    assert!(is_protocol(&waited), "a status is no decision");
}

#[tokio::test]
async fn attack_05_a_reply_that_two_parsers_read_differently_is_refused() {
    let twice = status("r", "r").replacen("\"state\"", "\"state\":\"expired\",\"state\"", 1);
    for body in [twice.as_str(), "", "null", "[]", "<html>", &"[".repeat(100)] {
        let fake = Fake::saying("200 OK", body).await;
        assert!(is_protocol(&fake.client().status("r").await), "{body}");
    }
}

#[tokio::test]
async fn attack_26_a_huge_reply_is_refused() {
    let fake = Fake::saying("200 OK", &" ".repeat((64 << 10) + 1)).await;
    assert!(is_protocol(&fake.client().status("r").await));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let thief = Fake::saying("200 OK", &status("r", "r")).await;
    let there = format!("307 Temporary Redirect\r\nlocation: http://{}/v1/x", thief.address);
    let fake = Fake::saying(&there, "").await;
    assert!(is_protocol(&fake.client().status("r").await));
    assert!(thief.heard.lock().unwrap().is_empty(), "no token goes elsewhere");
}

#[tokio::test]
async fn a_refusal_is_told_from_a_gateway_that_is_down() {
    let fake = Fake::saying("429 Too Many\r\nretry-after: 7", &error("too_many")).await;
    let refused = fake.client().status("r").await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::TooMany));
    assert!(matches!(refused, ClientError::Refused { status: 429, retry_after: Some(7), .. }));
    let fake = Fake::saying("418 Teapot", &error("a_code_of_theirs")).await;
    let refused = fake.client().status("r").await.unwrap_err();
    assert_eq!((refused.code(), refused.is_retryable()), (None, false));
    let fake = Fake::saying("502 Bad Gateway", "<html>").await;
    let down = fake.client().status("r").await.unwrap_err();
    assert!(matches!(&down, ClientError::Unreachable(_)) && down.is_retryable());
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = Fake { address: nobody.local_addr().unwrap(), heard: Arc::default() };
    drop(nobody);
    let down = closed.client().status("r").await;
    assert!(matches!(down, Err(ClientError::Unreachable(_))), "{down:?}");
}

#[tokio::test]
async fn a_session_is_renewed_once_and_no_more() {
    let fake = Fake::saying("401 Unauthorized", &error("unauthenticated")).await;
    let refused = fake.client().status("r").await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Unauthenticated));
    assert_eq!(fake.count("GET /v1/exchanges/r"), 2);
    assert_eq!(fake.count("POST /v1/auth/session"), 2);
    let tries = AtomicUsize::new(0);
    let fake = Fake::open(move |call| {
        session(call).unwrap_or_else(|| match tries.fetch_add(1, Ordering::Relaxed) {
            0 => ("401 Unauthorized".to_owned(), error("unauthenticated")),
            _ => ("200 OK".to_owned(), status("r", "r")),
        })
    })
    .await;
    fake.client().status("r").await.unwrap();
}

#[tokio::test]
async fn a_withdrawal_that_came_before_is_fine() {
    let over = |state: &str| {
        error("exchange_over")
            .replace("\"no\"", &format!("\"no\",\"details\":{{\"state\":\"{state}\"}}"))
    };
    let fake = Fake::saying("409 Conflict", &over("withdrawn")).await;
    fake.client().withdraw("r", None).await.unwrap();
    let fake = Fake::saying("409 Conflict", &over("decided")).await;
    assert_eq!(fake.client().withdraw("r", None).await.unwrap_err().state(), Some("decided"));
}

#[tokio::test]
async fn attack_35_a_nonce_that_is_no_nonce_is_not_signed() {
    for nonce in ["".to_owned(), "a b".to_owned(), "n".repeat(257), "\\u0000".to_owned()] {
        let body = format!(r#"{{"serverNonce":"{nonce}","expiresAt":"2026-02-24T10:00:00Z"}}"#);
        let fake = Fake::open(move |_| ("200 OK".to_owned(), body.clone())).await;
        assert!(is_protocol(&fake.client().status("r").await), "{nonce}");
        assert_eq!(fake.count("POST /v1/auth/session"), 0);
    }
}

#[tokio::test]
async fn an_id_of_dots_is_no_path() {
    let fake = Fake::saying("200 OK", &status("..", "..")).await;
    for id in ["", ".", ".."] {
        assert!(is_protocol(&fake.client().status(id).await), "{id}");
    }
    assert!(fake.client().status("a/../b?c").await.is_err());
    assert_eq!(fake.count("GET /v1/exchanges/a%2F..%2Fb%3Fc"), 1);
}

#[test]
fn only_an_origin_is_a_gateway() {
    let keys = Arc::new(SecretKeys::from_bytes(&[1; 64]).unwrap());
    let open = |relay: &str, id: &str| {
        Client::new(relay, Role::Enforcer, id, Arc::clone(&keys), Arc::new(|| Instant(0)))
    };
    for relay in ["", "relay.example", "ftp://relay.example", "http://relay.example/path"] {
        assert!(is_protocol(&open(relay, "e")), "{relay}");
    }
    assert!(is_protocol(&open("https://relay.example", "")));
    assert!(is_protocol(&open("https://relay.example", "a b")));
    let client = open("HTTPS://Relay.Example/", "e").unwrap();
    assert_eq!(client.origin().as_str(), "https://relay.example");
}

#[tokio::test]
async fn a_gateway_that_speaks_no_tls_is_unreachable_over_https() {
    let fake = Fake::saying("200 OK", "").await;
    let keys = Arc::new(SecretKeys::from_bytes(&[1; 64]).unwrap());
    let url = format!("https://{}", fake.address);
    let client = Client::new(&url, Role::Enforcer, "e", keys, Arc::new(|| Instant(0))).unwrap();
    let health = client.health().await;
    assert!(matches!(health, Err(ClientError::Unreachable(_))), "{health:?}");
}

/// Only another process can be given another environment.
#[test]
fn attack_38_a_proxy_in_the_environment_is_not_used() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_call_with_a_proxy_in_the_environment", "--ignored"]);
    for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"] {
        command.env(name, "http://127.0.0.1:1");
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
#[ignore = "the test above runs it, with proxies in its environment"]
async fn a_call_with_a_proxy_in_the_environment() {
    let fake = Fake::saying("200 OK", "{}").await;
    fake.client().health().await.unwrap();
}
