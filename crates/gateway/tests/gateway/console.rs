//! The console on its approver's own machine: the page from here, its calls through to one gateway.

use crate::first_frame::{Line, hello};
use crate::house::{House, decision, keys};
use countersign_core::json;
use countersign_core::pairing::Origin;
use countersign_gateway::{Console, serve_console};
use countersign_wire::auth::{Challenge, Session, SessionRequest};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(5);

/// A console with its address.
struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Served {
    async fn to(gateway: &str, house: &House) -> Self {
        let console = Console::to(&Origin::parse(gateway).unwrap(), house.clock()).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ends = async move { drop(stopped.await) };
        Self { address, stop, task: tokio::spawn(serve_console(listener, console, ends)) }
    }

    fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it answers to a call that the page would make, with these lines besides.
    async fn call(&self, line: &str, more: &[String], body: &str) -> Said {
        let host = format!("host: {}", self.address);
        let length = format!("content-length: {}", body.len());
        let head: Vec<String> = [line.to_owned() + " HTTP/1.1", host, length]
            .into_iter()
            .chain(more.iter().cloned())
            .collect();
        self.bytes(&head, body).await
    }

    async fn get(&self, path: &str) -> Said {
        self.call(&format!("GET {path}"), &[], "").await
    }

    /// What it answers to exactly these lines.
    async fn bytes(&self, head: &[String], body: &str) -> Said {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let text = format!("{}\r\nconnection: close\r\n\r\n", head.join("\r\n"));
        stream.write_all(text.as_bytes()).await.unwrap();
        // Who has heard enough may have hung up already.
        let _ = stream.write_all(body.as_bytes()).await;
        let mut bytes = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
        Said::of(&String::from_utf8_lossy(&bytes))
    }
}

struct Said {
    status: u16,
    head: String,
    body: String,
}

impl Said {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn code(&self) -> String {
        let envelope: Value = serde_json::from_str(&self.body).unwrap();
        envelope["body"]["code"].as_str().unwrap().to_owned()
    }
}

/// A gateway that hears what it is asked and answers these bytes to everything.
async fn hostile(answer: &'static [u8]) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 65_536];
            let read = stream.read(&mut bytes).await.unwrap_or_default();
            let _ = tell.send(String::from_utf8_lossy(&bytes[..read]).into_owned());
            let _ = stream.write_all(answer).await;
        }
    });
    (url, heard)
}

const NOTHING: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

fn post(more: &[&str]) -> Vec<String> {
    let media_type = "content-type: application/harp+json";
    [media_type].iter().chain(more).map(|line| (*line).to_owned()).collect()
}

/// A session of the device whose keys have this seed, proven to the gateway through the console.
async fn token(served: &Served, house: &House, seed: u8) -> String {
    let asked = served.get("/v1/auth/challenge").await;
    let challenge: Challenge = json::read(asked.body.as_bytes(), 9_999).unwrap();
    let origin = Origin::parse(&house.url()).unwrap();
    let time = house.now().timestamp();
    let proof = SessionRequest::sign(&challenge, origin, time, &keys(seed)).unwrap();
    let body = serde_json::to_string(&proof).unwrap();
    let reply = served.call("POST /v1/auth/session", &post(&[]), &body).await;
    let session: Session = json::read(reply.body.as_bytes(), 9_999).unwrap();
    session.token.clone()
}

#[tokio::test]
async fn the_page_is_from_here_and_its_calls_reach_the_gateway() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let served = Served::to(&house.url(), &house).await;
    let page = served.get("/").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.head.contains("default-src 'none'; script-src 'self'"), "{}", page.head);
    let here: Value = serde_json::from_str(&served.get("/here.json").await.body).unwrap();
    assert_eq!(here["gateway"], house.url());
    let token = token(&served, &house, 0x81).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    let bearer = format!("authorization: Bearer {token}");
    let lines = [bearer.clone(), format!("countersign-gateway: {}", house.url())];
    let inbox = served.call("GET /v1/approvers/app-01/inbox?limit=5", &lines, "").await;
    assert_eq!(inbox.status, 200, "{}", inbox.body);
    assert!(inbox.body.contains("\"approval.request\""), "{}", inbox.body);
    assert!(inbox.head.contains("cache-control: no-store"), "{}", inbox.head);
    let refused = served.call("GET /v1/approvers/app-02/inbox", &lines, "").await;
    assert_eq!((refused.status, refused.code().as_str()), (404, "not_found"));
    approver.decide("r", decision("approve"), Some(house.trace())).await.unwrap();
}

#[tokio::test]
async fn a_stream_goes_through_as_it_comes_and_ends_with_the_console() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let served = Served::to(&house.url(), &house).await;
    let token = token(&served, &house, 0x81).await;
    let stream = TcpStream::connect(served.address).await.unwrap();
    let mut stream = BufReader::new(stream);
    let head = format!(
        "GET /v1/sse/approvers/app-01 HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\r\n",
        served.address
    );
    stream.get_mut().write_all(head.as_bytes()).await.unwrap();
    let head = until(&mut stream, "\r\n\r\n").await.to_ascii_lowercase();
    assert!(head.contains("200 ok") && head.contains("content-type: text/event-stream"), "{head}");
    until(&mut stream, "event: ping").await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    until(&mut stream, "event: approval.request").await;
    served.stop.send(()).unwrap();
    timeout(PATIENCE, served.task).await.unwrap().unwrap().unwrap();
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_channel_goes_through_as_it_comes_and_ends_with_the_console() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let served = Served::to(&house.url(), &house).await;
    let token = token(&served, &house, 0x81).await;
    let query = format!("role=approver&id=app-01&gateway={}", house.url());
    let origin = served.origin();
    let page = [("origin", origin.as_str()), ("sec-fetch-mode", "websocket")];
    let mut line = Line::to(served.address, &query, &page).await.unwrap();
    line.say(&hello(&token)).await;
    assert_eq!(line.next().await.unwrap()["msgType"], "hello");
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    assert_eq!(line.next().await.unwrap()["requestId"], "r");
    served.stop.send(()).unwrap();
    timeout(PATIENCE, served.task).await.unwrap().unwrap().unwrap();
    assert_eq!(line.next().await, None);
}

#[tokio::test]
async fn attack_48_a_channel_is_opened_by_the_page_alone_and_to_its_gateway_alone() {
    let house = House::open().await;
    house.pair(1).await;
    let served = Served::to(&house.url(), &house).await;
    let (own, gateway) = (served.origin(), house.url());
    let query = format!("role=approver&id=app-01&gateway={gateway}");
    for (headers, status) in [
        (&[][..], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("origin", own.as_str()), ("sec-fetch-site", "cross-site")], 403),
        (&[("origin", own.as_str()), ("sec-fetch-dest", "document")], 403),
        (&[("origin", own.as_str()), ("host", "evil.example")], 403),
    ] {
        let refused = Line::to(served.address, &query, headers).await.err();
        assert_eq!(refused, Some(status), "{headers:?}");
    }
    let page = [("origin", own.as_str())];
    for odd in [
        "role=approver&id=app-01".to_owned(),
        format!("{query}&token=secret"),
        format!("role=nobody&id=app-01&gateway={gateway}"),
    ] {
        assert_eq!(Line::to(served.address, &odd, &page).await.err(), Some(400), "{odd}");
    }
    let other = "role=approver&id=app-01&gateway=https://relay.example";
    let mut line = Line::to(served.address, other, &page).await.unwrap();
    assert_eq!(line.refusal().await, "misdirected", "and nothing was said to anybody");
}

#[tokio::test]
async fn a_channel_to_a_gateway_that_is_away_says_so() {
    let mut house = House::open().await;
    let served = Served::to(&house.url(), &house).await;
    house.stop().await;
    let query = format!("role=approver&id=app-01&gateway={}", house.url());
    let origin = served.origin();
    let mut line = Line::to(served.address, &query, &[("origin", &origin)]).await.unwrap();
    assert_eq!(line.refusal().await, "unavailable");
}

async fn until(stream: &mut BufReader<TcpStream>, end: &str) -> String {
    let mut text = String::new();
    while !text.contains(end) {
        let read = timeout(PATIENCE, stream.read_line(&mut text)).await.unwrap().unwrap();
        assert_ne!(read, 0, "{text}");
    }
    text
}

#[tokio::test]
async fn attack_48_a_name_that_was_pointed_at_this_machine_is_not_ours() {
    let house = House::open().await;
    let (url, mut heard) = hostile(NOTHING).await;
    let served = Served::to(&url, &house).await;
    let own = format!("host: {}", served.address);
    let port = served.address.port();
    let cases = [
        vec![format!("host: evil.example:{port}")],
        vec![format!("host: localhost:{port}")],
        vec!["host: 127.0.0.1".to_owned()],
        vec![format!("host: 127.0.0.1:{}", u32::from(port) + 1)],
        vec![own.clone(), "host: evil.example".to_owned()],
        vec![],
    ];
    for (path, status) in [("/v1/health", 403), ("/", 403), ("/here.json", 403)] {
        for host in &cases {
            let mut head = vec![format!("GET {path} HTTP/1.1")];
            head.extend(host.clone());
            let said = served.bytes(&head, "").await;
            assert!([status, 400].contains(&said.status), "{path} {host:?}: {}", said.status);
            assert!(!said.body.contains("gateway\":"), "{}", said.body);
        }
    }
    let line = "GET http://evil.example/v1/health HTTP/1.1".to_owned();
    let elsewhere = served.bytes(&[line, own.clone()], "").await;
    assert_eq!((elsewhere.status, elsewhere.code().as_str()), (403, "forbidden"));
    let connect = served.bytes(&["CONNECT evil.example:443 HTTP/1.1".to_owned(), own], "").await;
    assert!(connect.status >= 400, "{}", connect.status);
    assert!(heard.try_recv().is_err(), "a call went out");
}

#[tokio::test]
async fn attack_48_a_page_from_elsewhere_has_nothing_carried() {
    let house = House::open().await;
    let (url, mut heard) = hostile(NOTHING).await;
    let served = Served::to(&url, &house).await;
    let port = served.address.port();
    let own = format!("origin: {}", served.origin());
    for lines in [
        vec!["origin: https://evil.example".to_owned()],
        vec!["origin: null".to_owned()],
        vec![format!("origin: http://localhost:{port}")],
        vec![own.clone(), "origin: https://evil.example".to_owned()],
        vec!["sec-fetch-site: cross-site".to_owned()],
        vec!["sec-fetch-site: same-site".to_owned()],
        vec![own.clone(), "sec-fetch-mode: navigate".to_owned()],
        vec![own.clone(), "sec-fetch-dest: script".to_owned()],
        vec![own.clone(), "sec-fetch-dest: document".to_owned()],
    ] {
        for line in ["POST /v1/decisions", "GET /v1/auth/challenge"] {
            let said = served.call(line, &lines, "").await;
            assert_eq!((said.status, said.code().as_str()), (403, "forbidden"), "{lines:?}");
            assert!(!said.head.contains("access-control"), "{}", said.head);
        }
    }
    let preflight = ["access-control-request-method: POST".to_owned()];
    let said = served.call("OPTIONS /v1/decisions", &preflight, "").await;
    assert_eq!((said.status, said.head.contains("access-control")), (405, false));
    let form = ["content-type: text/plain".to_owned()];
    assert_eq!(served.call("POST /v1/decisions", &form, "{}").await.status, 400);
    assert!(heard.try_recv().is_err(), "a call went out");
    let ours = [own, "sec-fetch-site: same-origin".to_owned(), "sec-fetch-dest: empty".to_owned()];
    assert_eq!(served.call("GET /v1/auth/challenge", &ours, "").await.status, 200);
}

#[tokio::test]
async fn attack_48_no_path_and_no_name_leads_to_another_place() {
    let house = House::open().await;
    let (url, mut heard) = hostile(NOTHING).await;
    let served = Served::to(&url, &house).await;
    for path in [
        "/v1/../admin",
        "/v1/%2e%2e/admin",
        "/v1/a%2f..%2f..%2fadmin",
        "/v1/..%5c..%5cadmin",
        "/v1//evil.example/x",
        "//evil.example/v1/health",
        "/v1/@evil.example/%00",
        "/v1%2fhealth",
        "/v1",
        "/metrics",
    ] {
        let said = served.get(path).await;
        assert_eq!((said.status, said.code().as_str()), (404, "not_found"), "{path}");
    }
    let long = format!("/v1/health?{}", "a".repeat(2_000));
    assert_eq!(served.get(&long).await.status, 400);
    assert!(heard.try_recv().is_err(), "a call went out");
    served.get("/v1/@evil.example/x?http://evil.example").await;
    let said = heard.recv().await.unwrap();
    assert!(said.starts_with("GET /v1/@evil.example/x?http://evil.example HTTP/1.1"), "{said}");
}

#[tokio::test]
async fn attack_48_a_call_for_another_gateway_is_carried_to_nobody() {
    let house = House::open().await;
    let (url, mut heard) = hostile(NOTHING).await;
    let served = Served::to(&url, &house).await;
    let lines = ["countersign-gateway: https://relay.example", "authorization: Bearer token"];
    let lines = lines.map(str::to_owned);
    let said = served.call("GET /v1/approvers/a/inbox", &lines, "").await;
    assert_eq!((said.status, said.code().as_str()), (421, "misdirected"));
    assert!(heard.try_recv().is_err(), "a token went to another gateway");
    // Nor does a gateway answer what is meant for another one.
    let direct = Served { address: house.address, ..served };
    let said = direct.call("GET /v1/auth/challenge", &lines, "").await;
    assert_eq!((said.status, said.code().as_str()), (421, "misdirected"));
    let own = [format!("countersign-gateway: {}", house.url())];
    assert_eq!(direct.call("GET /v1/auth/challenge", &own, "").await.status, 200);
}

#[tokio::test]
async fn attack_48_only_what_a_call_needs_goes_out() {
    let house = House::open().await;
    let (url, mut heard) = hostile(NOTHING).await;
    let served = Served::to(&url, &house).await;
    let own = format!("origin: {}", served.origin());
    let lines = post(&[
        &own,
        "authorization: Bearer token",
        "cookie: session=secret-of-another-service",
        "referer: http://127.0.0.1/secret",
        "x-forwarded-for: 10.0.0.1",
        "user-agent: browser-of-ann",
        "accept-language: de",
    ]);
    served.call("POST /v1/acks", &lines, "{\"a\":1}").await;
    let said = heard.recv().await.unwrap().to_ascii_lowercase();
    let names: Vec<&str> = said
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name)
        .collect();
    for name in &names {
        let needed = ["authorization", "content-type", "content-length", "host", "accept"];
        assert!(needed.contains(name), "{name} goes out: {said}");
    }
    assert!(said.ends_with("{\"a\":1}") && said.contains("bearer token"), "{said}");
}

#[tokio::test]
async fn attack_48_what_a_gateway_answers_is_shown_and_run_by_no_browser() {
    let house = House::open().await;
    for answer in [
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nset-cookie: a=b\r\nservice-worker-allowed: /\r\n\
          content-security-policy: script-src *\r\ncontent-length: 24\r\n\r\n<script>alert()</script>"
            as &[u8],
        b"HTTP/1.1 404 Not Found\r\ncontent-type: text/javascript\r\naccess-control-allow-origin: *\r\n\
          content-length: 2\r\n\r\n{}",
        b"HTTP/1.1 500 No\r\ncontent-type: text/event-stream\r\ncontent-length: 2\r\n\r\n{}",
    ] {
        let (url, _heard) = hostile(answer).await;
        let served = Served::to(&url, &house).await;
        let said = served.get("/v1/auth/challenge").await;
        assert!(said.head.contains("content-type: application/harp+json"), "{}", said.head);
        assert!(said.head.contains("x-content-type-options: nosniff"), "{}", said.head);
        assert!(said.head.contains("default-src 'none'") && said.head.contains("sandbox"));
        for name in ["set-cookie", "service-worker", "access-control", "script-src"] {
            assert!(!said.head.contains(name), "{name} comes in: {}", said.head);
        }
    }
    let away =
        b"HTTP/1.1 302 Found\r\nlocation: https://evil.example/\r\ncontent-length: 0\r\n\r\n";
    let (url, _heard) = hostile(away).await;
    let said = Served::to(&url, &house).await.get("/v1/auth/challenge").await;
    assert_eq!((said.status, said.code().as_str()), (503, "unavailable"));
    assert!(!said.head.contains("location"), "{}", said.head);
}

#[tokio::test]
async fn attack_26_a_body_without_end_is_not_carried_and_not_read_to_its_end() {
    let house = House::open().await;
    let (url, mut heard) = hostile(NOTHING).await;
    let served = Served::to(&url, &house).await;
    let said = served.call("POST /v1/decisions", &post(&[]), &"x".repeat(70_000)).await;
    assert_eq!((said.status, said.code().as_str()), (413, "too_large"));
    assert!(heard.try_recv().is_err(), "a call went out");
    let huge = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n";
    let (url, _heard) = hostile(huge).await;
    let said = Served::to(&url, &house).await.get("/v1/auth/challenge").await;
    assert_eq!(said.status, 503);
}

#[tokio::test]
async fn a_gateway_that_is_away_is_said_to_be() {
    let house = House::open().await;
    let free = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    let served = Served::to(&url, &house).await;
    let said = served.get("/v1/health").await;
    assert_eq!((said.status, said.code().as_str()), (503, "unavailable"));
    let console = Console::to(&Origin::parse(&url).unwrap(), house.clock()).unwrap();
    let error = console.reach().await.unwrap_err().to_string();
    assert!(error.contains(&format!("no connection to `{url}`")), "{error}");
    let plain = Console::to(&Origin::parse("http://10.0.0.1").unwrap(), house.clock());
    assert!(plain.err().unwrap().to_string().contains("no TLS"));
}

#[tokio::test]
async fn it_listens_for_this_machine_only() {
    let house = House::open().await;
    let console = Console::to(&Origin::parse(&house.url()).unwrap(), house.clock()).unwrap();
    let listener = TcpListener::bind(("127.0.0.2", 0)).await.unwrap();
    let error = serve_console(listener, console, async {}).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1 only"), "{error}");
}
