//! Nothing of what people and agents write reaches the gateway in a form that it could read.

use crate::common::{Process, World, files, json};
use countersign_testkit::{Recorder, canary};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

/// Where each canary sings: nothing of it may reach the gateway's ears, memory or diary.
const CANARIES: [(&str, &str); 9] = [
    ("argument", "canaryArgument4711"),
    ("directory", "canaryDirectory4711"),
    ("variable", "canaryVariable4711"),
    ("secret variable", "ghp_canarySecret4711canarySecret4711"),
    ("standard input", "canaryInput4711"),
    ("description", "canaryDescription4711"),
    ("reasoning", "canaryReasoning4711"),
    ("denial", "canaryDenial4711"),
    ("approval", "canaryApproval4711"),
];

fn text(of: &str) -> &'static str {
    CANARIES.iter().find(|(name, _)| *name == of).unwrap().1
}

/// The real gateway behind a wire that keeps every byte; what it says goes to a file.
struct Ear {
    recorder: Recorder,
    child: Child,
}

impl Ear {
    fn listen(world: &mut World) -> Self {
        let recorder = Recorder::start();
        let log = fs::File::create(world.path("gateway.log")).unwrap();
        let args = ["gateway", "--json", "--listen", "127.0.0.1:0", "--origin", &recorder.url()];
        let mut command = world.command("gateway", &args);
        let mut child = command.env("RUST_LOG", "trace").stderr(Stdio::from(log)).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = json(line.as_bytes())["listening"].as_str().unwrap().to_owned();
        recorder.forward_to(url.trim_start_matches("http://").parse().unwrap());
        world.set_url(&recorder.url());
        Self { recorder, child }
    }

    /// Everything that the gateway heard, and said over the wire.
    fn heard(&self) -> Vec<Vec<u8>> {
        self.recorder.streams()
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the command with a canary in every part of it, and has it answered.
fn sing(world: &World, answer: &[&str]) {
    let cwd = world.work().join(text("directory"));
    let feed = world.path("feed");
    fs::create_dir_all(&cwd).unwrap();
    fs::write(&feed, format!("{}\n", text("standard input"))).unwrap();
    let feed = feed.display().to_string();
    // What was denied is asked about again only with other words.
    let description = format!("{} before {}", text("description"), answer[0]);
    let args = [
        "run",
        "--env",
        "CANARY",
        "--env",
        "CANARY_TOKEN",
        "--stdin",
        &feed,
        "--description",
        &description,
        "--reasoning",
        text("reasoning"),
        "--",
        "sh",
        "-c",
        "cat; echo \"$0 $CANARY $CANARY_TOKEN\"",
        text("argument"),
    ];
    let mut command = world.command("enforcer", &args);
    command.current_dir(&cwd);
    command.env("CANARY", text("variable")).env("CANARY_TOKEN", text("secret variable"));
    let run = Process::start(command);
    let id = world.waiting("approver");
    let shown = world.run("approver", &["show", &id]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    for of in ["argument", "directory", "variable", "description", "reasoning"] {
        assert!(shown.contains(text(of)), "the person does see the {of}");
    }
    let args: Vec<&str> = [answer[0], &id].into_iter().chain(answer[1..].iter().copied()).collect();
    world.json("approver", &args);
    let output = run.output();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let sung = if answer[0] == "deny" { "denial" } else { "secret variable" };
    assert!(said.contains(text(sung)), "the agent does hear the {sung}: {said}");
}

#[test]
fn attack_24_the_gateway_hears_stores_and_logs_no_plain_text() {
    let mut world = World::empty();
    let ear = Ear::listen(&mut world);
    world.pair("enforcer", "approver", "ann", "device");
    sing(&world, &["deny", "-m", text("denial")]);
    sing(&world, &["approve", "-m", text("approval")]);
    let mut places: Vec<(String, Vec<u8>)> =
        ear.heard().into_iter().map(|bytes| ("the wire".to_owned(), bytes)).collect();
    let stored = files(&world.path("gateway"));
    assert!(stored.iter().any(|(path, _)| path.ends_with("gateway.db")));
    places.extend(stored.into_iter().map(|(path, bytes)| (path.display().to_string(), bytes)));
    places.push(("its log".into(), fs::read(world.path("gateway.log")).unwrap()));
    // The search itself works: what must pass in the clear is found.
    let device = json(&fs::read(world.path("enforcer").join("pairings/ann.json")).unwrap());
    let device = device["approverId"].as_str().unwrap().to_owned();
    let heard_of =
        |name: &str| places.iter().filter(|(_, b)| canary::find(b, name).is_some()).count();
    assert!(heard_of(&device) >= 2, "on the wire and in the database");
    for (place, bytes) in &places {
        for (name, canary) in CANARIES {
            let found = canary::find(bytes, canary);
            assert_eq!(found, None, "the {name} reached {place}");
        }
    }
}

#[test]
fn attack_24_the_links_secret_never_reaches_the_gateway() {
    let mut world = World::empty();
    let ear = Ear::listen(&mut world);
    let (mut pairing, link) = world.invite("enforcer", "ann", "device");
    world.json("approver", &["join", &link]);
    assert!(pairing.wait().success());
    let secret = link.rsplit_once("s=").unwrap().1;
    assert_eq!(secret.len(), 43);
    for bytes in ear.heard() {
        assert_eq!(canary::find(&bytes, secret), None);
    }
    for (path, bytes) in files(&world.path("gateway")) {
        assert_eq!(canary::find(&bytes, secret), None, "{}", path.display());
    }
}
