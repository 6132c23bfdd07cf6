//! Three parties with a home each, played by the real binary: gateway, enforcer, approver.

#![allow(dead_code, reason = "each test binary uses its own part of this world")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

pub(crate) mod screen;

use countersign_core::artifact::ArtifactHash;
use countersign_core::encoding::Hash;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// The longest that a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A policy that asks about everything.
const HOLD_EVERYTHING: &str = "version = 1\n\n[[rule]]\nid = \"hold-everything\"\n\
    decision = \"require_approval\"\napprovers = [\"anyone\"]\n";

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_countersign");

/// A directory that holds every party's home, and the gateway that runs.
pub(crate) struct World {
    dir: tempfile::TempDir,
    gateway: Option<Process>,
    url: String,
}

/// A child that is ended with its test.
pub(crate) struct Process {
    pub(crate) child: Child,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        Self { child: command.spawn().unwrap() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// What it says on standard output, for a test that listens while it runs.
    pub(crate) fn printed(&mut self) -> std::process::ChildStdout {
        self.child.stdout.take().unwrap()
    }

    /// What it says on standard error, for a test that listens while it runs.
    pub(crate) fn errors(&mut self) -> std::process::ChildStderr {
        self.child.stderr.take().unwrap()
    }

    /// Sends a signal by name: `INT`, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits for the end, within [`PATIENCE`].
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the process did not end in time");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the end and reads what it said.
    pub(crate) fn output(mut self) -> Output {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let errors = self.child.stderr.take().map(|mut pipe| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                pipe.read_to_end(&mut text).map(|_| text)
            })
        });
        if let Some(mut pipe) = self.child.stdout.take() {
            pipe.read_to_end(&mut stdout).unwrap();
        }
        if let Some(errors) = errors {
            stderr = errors.join().unwrap().unwrap();
        }
        Output { status: self.wait(), stdout, stderr }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl World {
    /// Homes without anything in them, but for a policy under which the enforcer asks about
    /// everything, and no gateway.
    pub(crate) fn empty() -> Self {
        let world = Self::bare();
        world.hold_everything("enforcer");
        world
    }

    /// Not even homes.
    pub(crate) fn bare() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("passphrase"), "correct horse\n").unwrap();
        std::fs::create_dir(dir.path().join("work")).unwrap();
        Self { dir, gateway: None, url: String::new() }
    }

    /// Leaves the enforcer's home with the built-in policy.
    pub(crate) fn hold_nothing_more(&self) {
        std::fs::remove_file(self.path("enforcer").join("policy.toml")).unwrap();
    }

    /// Lets a home ask about everything, also about what the built-in policy lets through. Nobody
    /// accepted the file, so it can only tighten.
    pub(crate) fn hold_everything(&self, party: &str) {
        let home = self.path(party);
        std::fs::DirBuilder::new().mode(0o700).create(&home).unwrap();
        let mut file = std::fs::OpenOptions::new();
        let file = file.write(true).create_new(true).mode(0o600).open(home.join("policy.toml"));
        file.unwrap().write_all(HOLD_EVERYTHING.as_bytes()).unwrap();
    }

    /// A gateway that listens on a free port of this machine.
    pub(crate) fn with_gateway() -> Self {
        let mut world = Self::empty();
        world.start_gateway();
        world
    }

    /// A gateway, and an approver `ann` that is paired with the enforcer.
    pub(crate) fn paired() -> Self {
        let world = Self::with_gateway();
        world.pair("enforcer", "approver", "ann", "device");
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The directory in which gated commands run.
    pub(crate) fn work(&self) -> PathBuf {
        self.path("work")
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Another gateway's address, such as a hostile one in between.
    pub(crate) fn set_url(&mut self, url: &str) {
        self.url = url.to_owned();
    }

    /// Starts the gateway, again on the same port where it ran before.
    pub(crate) fn start_gateway(&mut self) {
        self.start_gateway_as(|command| command);
    }

    /// The same, dressed by a test, such as under a tracer.
    pub(crate) fn start_gateway_as(&mut self, dress: impl FnOnce(Command) -> Command) {
        let listen = self.url.strip_prefix("http://").unwrap_or("127.0.0.1:0").to_owned();
        let args = ["gateway", "--json", "--listen", &listen];
        let mut command = dress(self.command("gateway", &args));
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.gateway = Some(Process { child });
        self.url = json(line.as_bytes())["listening"].as_str().unwrap().to_owned();
    }

    pub(crate) fn kill_gateway(&mut self) {
        self.gateway = None;
    }

    pub(crate) fn gateway(&self) -> &Process {
        self.gateway.as_ref().unwrap()
    }

    /// A command of one party, with a clean environment.
    pub(crate) fn command(&self, party: &str, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("COUNTERSIGN_") || text.starts_with("HARP_") {
                command.env_remove(&name);
            }
        }
        command
            .env("NO_COLOR", "1")
            .env("COUNTERSIGN_PASSPHRASE_FILE", self.path("passphrase"))
            .arg("--home")
            .arg(self.path(party))
            .args(args)
            .current_dir(self.work())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts a command of one party.
    pub(crate) fn spawn(&self, party: &str, args: &[&str]) -> Process {
        Process { child: self.command(party, args).spawn().unwrap() }
    }

    /// Runs a command of one party to its end.
    pub(crate) fn run(&self, party: &str, args: &[&str]) -> Output {
        self.spawn(party, args).output()
    }

    /// The one document of a command that must succeed.
    pub(crate) fn json(&self, party: &str, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let output = self.run(party, &args);
        assert!(output.status.success(), "{party} {args:?}: {output:?}");
        json(&output.stdout)
    }

    /// Opens a pairing, which waits for somebody to join by the link.
    pub(crate) fn invite(&self, enforcer: &str, name: &str, assurance: &str) -> (Process, String) {
        let url = self.url.clone();
        let args = ["pair", "--name", name, "--relay", &url, "--assurance", assurance, "--json"];
        let mut pairing = self.spawn(enforcer, &args);
        let mut line = String::new();
        BufReader::new(pairing.printed()).read_line(&mut line).unwrap();
        let link = json(line.as_bytes())["link"].as_str().unwrap().to_owned();
        (pairing, link)
    }

    /// Pairs two homes by link.
    pub(crate) fn pair(&self, enforcer: &str, approver: &str, name: &str, assurance: &str) {
        let (mut pairing, link) = self.invite(enforcer, name, assurance);
        self.json(approver, &["join", &link]);
        assert!(pairing.wait().success());
    }

    /// Starts a gated command that reports to `report.json`; `args` come before the `--`.
    pub(crate) fn gate(&self, args: &[&str], command: &[&str]) -> Process {
        Process::start(self.gate_command(args, command))
    }

    /// A gated command that is not started yet.
    pub(crate) fn gate_command(&self, args: &[&str], command: &[&str]) -> Command {
        let report = self.path("report.json").display().to_string();
        let all: Vec<&str> = ["run", "--report", &report]
            .into_iter()
            .chain(args.iter().copied())
            .chain(["--"])
            .chain(command.iter().copied())
            .collect();
        self.command("enforcer", &all)
    }

    /// The report of the last gated command.
    pub(crate) fn report(&self) -> Value {
        json(&std::fs::read(self.path("report.json")).unwrap())
    }

    /// Waits until the approver's inbox holds a request, and names it.
    pub(crate) fn waiting(&self, approver: &str) -> String {
        self.item(approver)["requestId"].as_str().unwrap().to_owned()
    }

    /// The same, as the inbox has it.
    fn item(&self, approver: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let item = self.json(approver, &["inbox"])["items"][0].clone();
            if item["requestId"].is_string() {
                return item;
            }
            assert!(Instant::now() < deadline, "nothing reached the inbox");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the approver's inbox holds so many requests.
    pub(crate) fn waiting_for(&self, approver: &str, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.json(approver, &["inbox"])["items"].as_array().unwrap().len() != count {
            assert!(Instant::now() < deadline, "not {count} in the inbox");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Another program in the environment and directory of a command.
    pub(crate) fn like(&self, command: &Command, program: &str) -> Command {
        let mut other = Command::new(program);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => other.env(name, value),
                None => other.env_remove(name),
            };
        }
        other
            .current_dir(command.get_current_dir().unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        other
    }

    /// Answers the one request that waits, `approve` or `deny`.
    pub(crate) fn answer(&self, word: &str) -> String {
        self.answer_of("approver", word, &[])
    }

    /// The same in another home and with more words, with the digits that a yes to a critical call
    /// takes.
    pub(crate) fn answer_of(&self, approver: &str, word: &str, more: &[&str]) -> String {
        let item = self.item(approver);
        let id = item["requestId"].as_str().unwrap();
        let digits = digits(&item);
        let look = ["--look", &digits];
        let look = if word == "approve" { &look[..] } else { &[] };
        self.json(approver, &[&[word, id], look, more].concat());
        id.to_owned()
    }

    /// The digits of the one request that waits.
    pub(crate) fn digits(&self, approver: &str) -> String {
        digits(&self.item(approver))
    }

    /// Writes the enforcer's trust store to a file.
    pub(crate) fn trust(&self) -> PathBuf {
        let path = self.path("trust.json");
        self.json("enforcer", &["trust", "export", "-o", path.to_str().unwrap()]);
        path
    }

    /// The verdict over a receipt, and the exit code.
    pub(crate) fn verify(&self, receipt: &str, more: &[&str]) -> (Value, i32) {
        let trust = self.trust().display().to_string();
        let args: Vec<&str> = ["receipt", "verify", receipt, "--trust", &trust, "--json"]
            .into_iter()
            .chain(more.iter().copied())
            .collect();
        let output = self.run("enforcer", &args);
        (json(&output.stdout), output.status.code().unwrap())
    }
}

/// The digits of what an inbox holds, by the hash that the device shows.
fn digits(item: &Value) -> String {
    let hash = item["artifactHash"].as_str().unwrap();
    ArtifactHash(Hash::from_hex(hash).unwrap()).look_digits()
}

/// Reads one document.
pub(crate) fn json(bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    serde_json::from_str(text.trim()).unwrap_or_else(|e| panic!("{e}: `{text}`"))
}

/// The code of the error document on standard error.
pub(crate) fn error_code(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or_default();
    json(last.as_bytes())["error"]["code"].as_str().unwrap_or_default().to_owned()
}

/// Every byte of every file below a directory, by path.
pub(crate) fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found
}
