//! The console on an approver's own machine, as its user and as strangers see it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

mod common;

use common::screen::Screen;
use common::{Process, World, error_code, json};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::ChildStdout;

/// A console that runs, and what else it prints.
struct Console {
    process: Process,
    address: String,
    said: Value,
    printed: BufReader<ChildStdout>,
}

impl Console {
    fn start(world: &World, args: &[&str]) -> Self {
        let args = [&["console", "--port", "0", "--no-browser", "--json"], args].concat();
        let mut process = world.spawn("approver", &args);
        let mut printed = BufReader::new(process.printed());
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        let said = json(line.as_bytes());
        let address = said["console"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        Self { process, address, said, printed }
    }

    /// What it answers, under this name and with these lines.
    fn ask(&self, path: &str, host: &str, more: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let call =
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{more}\r\n");
        stream.write_all(call.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
    }

    fn stop(mut self) {
        self.process.signal("INT");
        assert_eq!(self.process.wait().code(), Some(0));
        let mut rest = String::new();
        self.printed.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
}

#[test]
fn it_serves_its_own_page_over_one_gateway_and_stops_when_asked() {
    let world = World::with_gateway();
    let console = Console::start(&world, &["--gateway", world.url()]);
    assert_eq!(console.said["gateway"], world.url());
    let (status, page) = console.ask("/", &console.address, "");
    assert_eq!(status, 200);
    assert!(page.contains("<title>Countersign</title>"), "{page}");
    let (status, health) = console.ask("/v1/health", &console.address, "");
    assert_eq!(status, 200);
    assert!(health.contains("\"ok\":true"), "{health}");
    console.stop();
}

#[test]
fn attack_48_strangers_reach_neither_page_nor_gateway_through_it() {
    let world = World::with_gateway();
    let console = Console::start(&world, &["--gateway", world.url()]);
    let own = console.address.clone();
    for (path, host, more) in [
        ("/", "evil.example", ""),
        ("/v1/health", "evil.example", ""),
        ("/v1/health", "localhost", ""),
        ("http://evil.example/v1/health", own.as_str(), ""),
        ("/v1/health", &own, "origin: https://evil.example\r\n"),
        ("/v1/health", &own, "sec-fetch-site: cross-site\r\n"),
        ("/v1/health", &own, "sec-fetch-mode: navigate\r\n"),
    ] {
        let (status, text) = console.ask(path, host, more);
        assert_eq!(status, 403, "{path} {host} {more}: {text}");
        assert!(!text.contains("<title>") && !text.contains("\"ok\""), "{text}");
    }
    let other = "countersign-gateway: https://relay.example\r\n";
    assert_eq!(console.ask("/v1/health", &own, other).0, 421);
    assert_eq!(console.ask("/v1/..%2fadmin", &own, "").0, 404);
    console.stop();
}

#[test]
fn a_gateway_that_cannot_be_used_is_one_line() {
    let world = World::with_gateway();
    for (args, code, exit) in [
        (&["--gateway", "http://127.0.0.1:1"][..], "no_route", 14),
        (&["--gateway", "https://127.0.0.1:1"], "no_route", 14),
        (&["--gateway", "http://10.0.0.1"], "gateway", 2),
        (&["--gateway", "relay.example"], "usage", 2),
        (&["--gateway", "https://relay.example/path"], "usage", 2),
        (&[], "gateway", 2),
    ] {
        let args = [&["console", "--port", "0", "--no-browser", "--json"], args].concat();
        let output = world.run("approver", &args);
        assert_eq!(
            (error_code(&output).as_str(), output.status.code()),
            (code, Some(exit)),
            "{args:?}"
        );
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    let args = ["console", "--port", "0", "--no-browser", "--gateway", "http://127.0.0.1:1"];
    let output = world.run("approver", &args);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("no connection to `http://127.0.0.1:1`"), "{text}");
}

#[test]
fn a_port_that_is_taken_is_said_and_no_other_is_used() {
    let world = World::with_gateway();
    let console = Console::start(&world, &["--gateway", world.url()]);
    let port = console.address.rsplit(':').next().unwrap();
    let args = ["console", "--gateway", world.url(), "--port", port, "--no-browser", "--json"];
    let output = world.run("approver", &args);
    assert_eq!((error_code(&output).as_str(), output.status.code()), ("listen", Some(1)));
    console.stop();
}

#[test]
fn the_gateway_that_a_home_is_paired_through_need_not_be_named() {
    let world = World::paired();
    let console = Console::start(&world, &[]);
    assert_eq!(console.said["gateway"], world.url());
    console.stop();
}

#[test]
fn pair_says_how_a_device_of_this_kind_joins() {
    let mut world = World::with_gateway();
    let says = |world: &World, level: &str| {
        let args = ["pair", "--name", "ann", "--relay", world.url(), "--assurance", level];
        let mut pair = Screen::of(&world.command("enforcer", &args));
        pair.sees("Waiting ...");
        let text = pair.text();
        pair.types("\u{3}");
        pair.end();
        text
    };
    let own = format!("countersign console --gateway {}", world.url());
    let device = says(&world, "device");
    assert!(device.contains(&own) && device.contains("countersign join '"), "{device}");
    let web = says(&world, "web");
    assert!(web.contains("open the link in its browser") && !web.contains(&own), "{web}");
    world.kill_gateway();
    world.start_gateway_as(|mut command| {
        command.arg("--no-console");
        command
    });
    let none = says(&world, "web");
    assert!(!none.contains("browser") && none.contains("countersign join '"), "{none}");
}

#[test]
fn who_must_allow_is_said_and_who_is_not_asked() {
    let world = World::with_gateway();
    world.pair("enforcer", "approver", "browser", "web");
    let mut pair = world.spawn(
        "enforcer",
        &["pair", "--name", "phone", "--relay", world.url(), "--assurance", "device", "--json"],
    );
    let mut printed = BufReader::new(pair.printed());
    let mut line = String::new();
    printed.read_line(&mut line).unwrap();
    let link = json(line.as_bytes())["link"].as_str().unwrap().to_owned();
    world.json("approver-2", &["join", &link]);
    let id = world.waiting("approver");
    world.json("approver", &["approve", &id]);
    assert!(pair.wait().success());
    world.json("enforcer", &["freeze"]);
    let thaw = world.spawn("enforcer", &["thaw"]);
    let id = world.waiting("approver-2");
    world.json("approver-2", &["approve", &id]);
    let output = thaw.output();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("waits for phone (device)"), "{said}");
    assert!(said.contains("not asked: browser (web); it takes the highest assurance"), "{said}");
}
