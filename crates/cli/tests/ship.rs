//! Lines for a collector that fails in every way: nothing is lost, nothing is told twice unnoticed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod common;

#[path = "ship/crash.rs"]
mod crash;
#[path = "common/heard.rs"]
#[allow(dead_code, reason = "only tracers of running processes listen")]
mod heard;
#[path = "ship/tls.rs"]
mod tls;
#[path = "common/tracer.rs"]
#[allow(dead_code, reason = "these tests trap calls and nothing else")]
mod tracer;

use common::{PATIENCE, World, error_code, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Output;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// One call, as it arrived.
#[derive(Clone, Debug, PartialEq)]
struct Call {
    head: String,
    body: String,
}

impl Call {
    fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v);
        values.next().map(str::to_owned)
    }

    fn ids(&self) -> Vec<String> {
        let id = |line: &str| json(line.as_bytes())["id"].as_str().unwrap().to_owned();
        self.body.lines().map(id).collect()
    }
}

/// What a collector does with the nth call, once it has taken the body.
#[derive(Clone)]
enum Does {
    Answers(&'static str),
    Breaks,
    /// Keeps the connection and says nothing.
    Hangs,
}

/// A collector on this machine that does what a test says, and the last thing ever after.
struct Collector {
    url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    heard: Receiver<()>,
}

const TAKEN: &str = "204 No Content\r\n";

impl Collector {
    fn start(script: Vec<Does>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/audit", listener.local_addr().unwrap());
        let calls = Arc::default();
        let (tell, heard) = channel();
        let to = Arc::clone(&calls);
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                serve(stream.unwrap(), &script, &to, &tell, &mut held);
            }
        });
        Self { url, calls, heard }
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Waits until a body was taken.
    fn hears(&self) {
        self.heard.recv_timeout(PATIENCE).unwrap();
    }
}

fn serve(
    stream: TcpStream,
    script: &[Does],
    calls: &Mutex<Vec<Call>>,
    tell: &Sender<()>,
    held: &mut Vec<TcpStream>,
) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let length = head.to_lowercase().lines().find_map(|line| {
        line.strip_prefix("content-length: ").and_then(|n| n.trim().parse::<usize>().ok())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let nth = {
        let mut calls = calls.lock().unwrap();
        calls.push(Call { head, body: String::from_utf8(body).unwrap() });
        calls.len() - 1
    };
    let mut stream = reader.into_inner();
    match script.get(nth).or(script.last()).unwrap() {
        Does::Answers(status) => {
            let text = format!("HTTP/1.1 {status}Content-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(text.as_bytes());
        }
        Does::Breaks => {}
        Does::Hangs => held.push(stream),
    }
    let _ = tell.send(());
}

fn story() -> World {
    let world = World::paired();
    let mut run = world.gate(&[], &["true"]);
    world.answer("approve");
    assert!(run.wait().success());
    world
}

fn ship(world: &World, collector: &Collector, more: &[&str]) -> Output {
    let args = ["audit", "ship", "--to", &collector.url, "--json"];
    let all: Vec<&str> = args.into_iter().chain(more.iter().copied()).collect();
    world.run("enforcer", &all)
}

/// Every id that the ledger has.
fn ids(world: &World) -> Vec<String> {
    let output = world.run("enforcer", &["audit", "export"]);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|l| json(l.as_bytes())["id"].as_str().unwrap().to_owned()).collect()
}

/// Nothing is missing, and what was told twice has the same id.
fn complete(world: &World, collector: &Collector) {
    let told: BTreeSet<String> = collector.calls().iter().flat_map(Call::ids).collect();
    assert_eq!(told, ids(world).into_iter().collect());
}

#[test]
fn every_line_is_sent_once_and_then_only_what_is_new() {
    let world = story();
    let collector = Collector::start(vec![Does::Answers(TAKEN)]);
    let output = ship(&world, &collector, &["--once"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(json(&output.stdout)["lines"], 5);
    let calls = collector.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].ids(), ids(&world));
    assert_eq!(calls[0].header("content-type").unwrap(), "application/x-ndjson");
    assert_eq!(calls[0].header("idempotency-key").unwrap().len(), 64);
    assert_eq!(calls[0].header("authorization"), None);
    assert_eq!(json(&ship(&world, &collector, &[]).stdout)["lines"], 0);
    assert_eq!(collector.calls().len(), 1);
    let run = world.gate(&[], &["false"]);
    world.answer("deny");
    run.output();
    assert_eq!(json(&ship(&world, &collector, &[]).stdout)["lines"], 2);
    assert_eq!(collector.calls()[1].ids(), ids(&world)[5..]);
}

#[test]
fn a_collector_that_fails_after_taking_the_body_gets_the_same_bytes_under_the_same_key() {
    let world = story();
    let collector = Collector::start(vec![
        Does::Answers("500 Internal Server Error\r\n"),
        Does::Breaks,
        Does::Answers("200 OK\r\n"),
    ]);
    assert!(ship(&world, &collector, &[]).status.success());
    let calls = collector.calls();
    assert_eq!(calls.len(), 3);
    for call in &calls[1..] {
        assert_eq!(call.body, calls[0].body);
        assert_eq!(call.header("idempotency-key"), calls[0].header("idempotency-key"));
    }
}

#[test]
fn a_collector_that_says_nothing_is_tried_again() {
    let world = story();
    let collector = Collector::start(vec![Does::Hangs, Does::Answers(TAKEN)]);
    assert!(ship(&world, &collector, &["--timeout", "1s"]).status.success());
    assert_eq!(collector.calls().len(), 2);
    complete(&world, &collector);
}

#[test]
fn attack_28_a_sender_that_is_killed_before_the_answer_sends_again_and_loses_nothing() {
    let world = story();
    let collector = Collector::start(vec![Does::Hangs, Does::Answers(TAKEN)]);
    let args = ["audit", "ship", "--to", &collector.url];
    let mut sender = world.spawn("enforcer", &args);
    collector.hears();
    sender.kill();
    assert!(ship(&world, &collector, &[]).status.success());
    let calls = collector.calls();
    assert_eq!((calls.len(), &calls[1].body), (2, &calls[0].body));
    complete(&world, &collector);
}

#[test]
fn a_collector_that_stays_away_is_no_route_and_loses_nothing() {
    let world = story();
    let collector = Collector::start(vec![Does::Answers("503 Service Unavailable\r\n")]);
    let output = ship(&world, &collector, &[]);
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(14), "no_route"));
    assert_eq!(collector.calls().len(), 4);
    // No cursor was moved.
    let ship = common::files(&world.path("enforcer").join("ship"));
    assert!(ship.iter().all(|(path, _)| path.extension().is_some_and(|e| e == "lock")));
}

#[test]
fn attack_31_a_redirect_is_never_followed_with_a_token() {
    let world = story();
    let elsewhere = Collector::start(vec![Does::Answers(TAKEN)]);
    let status: &'static str =
        Box::leak(format!("307 Temporary Redirect\r\nLocation: {}\r\n", elsewhere.url).into());
    let collector = Collector::start(vec![Does::Answers(status)]);
    let output = ship(&world, &collector, &[]);
    let code = error_code(&output);
    assert_eq!((output.status.code(), code.as_str()), (Some(1), "collector_refused"));
    assert_eq!((collector.calls().len(), elsewhere.calls().len()), (1, 0));
}

#[test]
fn a_refusal_ends_it_at_once() {
    let world = story();
    let collector = Collector::start(vec![Does::Answers("401 Unauthorized\r\n")]);
    let output = ship(&world, &collector, &["--follow"]);
    let code = error_code(&output);
    assert_eq!((output.status.code(), code.as_str()), (Some(1), "collector_refused"));
    assert_eq!(collector.calls().len(), 1);
}

#[test]
fn attack_31_the_token_comes_from_a_private_file_or_the_environment_and_is_nowhere_else() {
    let world = story();
    let collector = Collector::start(vec![Does::Answers(TAKEN)]);
    let secret = "collector-token-5d1c";
    let write = |name: &str, mode: u32| {
        let path = world.path(name);
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(mode).open(&path).unwrap();
        writeln!(file, "{secret}").unwrap();
        path.display().to_string()
    };
    let output = ship(&world, &collector, &["--token-file", &write("open", 0o644)]);
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(1), "token"));
    let output = ship(&world, &collector, &["--token-file", &write("private", 0o600)]);
    assert!(output.status.success(), "{output:?}");
    let bearer = Some(format!("Bearer {secret}"));
    assert_eq!(collector.calls()[0].header("authorization"), bearer);
    for (path, bytes) in common::files(&world.path("enforcer")) {
        assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{path:?}");
    }
    // Where the settings say where to, and the environment has the token.
    let settings = format!("[ship]\nto = \"{}?x=1\"\n", collector.url);
    std::fs::write(world.path("enforcer").join("config.toml"), settings).unwrap();
    let mut command = world.command("enforcer", &["audit", "ship"]);
    let output = command.env("COUNTERSIGN_SHIP_TOKEN", secret).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(collector.calls()[1].header("authorization"), bearer);
}

#[test]
fn attack_31_lines_go_to_another_machine_only_under_tls() {
    let world = story();
    for to in ["http://collector.example/", "https://me:secret@collector.example/", "nowhere"] {
        let output = world.run("enforcer", &["audit", "ship", "--to", to, "--json"]);
        let code = error_code(&output);
        assert_eq!((output.status.code(), code.as_str()), (Some(2), "collector"), "{to}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"));
    }
    let output = world.run("enforcer", &["audit", "ship", "--json"]);
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(2), "usage"));
}

#[test]
fn attack_28_a_ledger_that_lost_what_was_sent_is_told_apart() {
    let world = World::paired();
    let home = world.path("enforcer");
    let early = world.path("early");
    std::fs::create_dir(&early).unwrap();
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm", "head.json"] {
            let _ = std::fs::remove_file(to.join(name));
            let _ = std::fs::copy(from.join(name), to.join(name));
        }
    };
    copy(&home, &early);
    let mut run = world.gate(&[], &["true"]);
    world.answer("approve");
    assert!(run.wait().success());
    let collector = Collector::start(vec![Does::Answers(TAKEN)]);
    assert!(ship(&world, &collector, &[]).status.success());
    copy(&early, &home);
    let output = ship(&world, &collector, &[]);
    let code = error_code(&output);
    assert_eq!((output.status.code(), code.as_str()), (Some(13), "ledger_contradicted"));
    assert_eq!(collector.calls().len(), 1);
}

#[test]
fn following_sends_what_is_written_until_it_is_asked_to_end() {
    let world = story();
    let collector = Collector::start(vec![Does::Answers(TAKEN)]);
    let args = ["audit", "ship", "--follow", "--to", &collector.url, "--json"];
    let follower = world.spawn("enforcer", &args);
    collector.hears();
    // A second one at the same time would send everything twice.
    let output = ship(&world, &collector, &[]);
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(1), "busy"));
    let run = world.gate(&[], &["false"]);
    let id = world.waiting("approver");
    collector.hears();
    world.json("approver", &["deny", &id]);
    run.output();
    collector.hears();
    follower.signal("TERM");
    let output = follower.output();
    assert!(output.status.success(), "{output:?}");
    complete(&world, &collector);
    let told = collector.calls().iter().flat_map(Call::ids).count();
    assert_eq!(told, ids(&world).len());
}
