//! The binary's enforcer between a gateway that a test scripts and an approver's device whose
//! keys the test holds.

#![allow(dead_code, reason = "each test binary uses its own part of this stage")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use crate::common::{PATIENCE, Process, World};
use countersign_core::artifact::Artifact;
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_testkit::{HostileDevice, HostileGateway, Kind, Reply};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What every attack wants to run. It leaves a line for each time that it ran.
pub(crate) const PRIZE: [&str; 3] = ["sh", "-c", "echo ran >> ran"];

/// An enforcer, its gateway, and the one approver.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) gateway: HostileGateway,
    pub(crate) ann: HostileDevice,
}

impl Stage {
    /// Pairs `ann` with the enforcer through a gateway that is honest so far.
    pub(crate) fn set() -> Self {
        let (world, gateway) = between();
        let ann = device(&world, "ann");
        Self { world, gateway, ann }
    }

    /// Starts the prize behind the gate.
    pub(crate) fn go(&self, args: &[&str]) -> Process {
        self.world.gate(args, &PRIZE)
    }

    /// The same from another process, with its own report.
    pub(crate) fn go_too(&self, args: &[&str]) -> Process {
        let report = self.world.path("second.json").display().to_string();
        let run = ["run", "--report", &report];
        let all: Vec<&str> =
            run.into_iter().chain(args.iter().copied()).chain(["--"]).chain(PRIZE).collect();
        self.world.spawn("enforcer", &all)
    }

    /// The report of the other process.
    pub(crate) fn second_report(&self) -> Value {
        crate::common::json(&std::fs::read(self.world.path("second.json")).unwrap())
    }

    /// How often the prize ran.
    pub(crate) fn runs(&self) -> usize {
        let text = std::fs::read_to_string(self.world.work().join("ran"));
        text.unwrap_or_default().lines().count()
    }

    /// From now on the gateway answers by itself, knowing everything that `ann` knows but her key:
    /// the most that it could ever learn.
    pub(crate) fn answer_with(&self, forge: impl Fn(&Artifact) -> Value + Send + Sync + 'static) {
        let (ann, known) = (self.ann.clone(), Mutex::new(BTreeMap::new()));
        self.gateway.script(move |call, honest| {
            let mut known = known.lock().unwrap();
            if call.kind == Kind::Submit {
                known.insert(call.request_id(), ann.read(&call));
            }
            let asked = known.get(&call.request_id()).filter(|_| call.kind == Kind::Wait);
            let forged = asked.map(&forge);
            async move {
                match forged {
                    Some(forged) => Reply::json(200, &forged),
                    None => honest.answer(call).await,
                }
            }
        });
    }

    /// A run that was refused: nothing ran, the exit code and the report say so, and the ledger
    /// holds a signed receipt of it. Returns the report.
    pub(crate) fn refused(&self, run: Process, verdict: &str, code: &str) -> Value {
        let output = run.output();
        assert_eq!(self.runs(), 0, "it ran: {output:?}");
        assert_eq!(output.status.code(), Some(126), "{output:?}");
        let report = self.world.report();
        assert_eq!(report["verdict"], verdict, "{report}");
        assert_eq!(report["error"]["code"], code, "{report}");
        let receipt = report["receipt"].as_str().unwrap_or_else(|| panic!("no receipt: {report}"));
        let (judged, _) = self.world.verify(receipt, &[]);
        assert_eq!((&judged["verdict"], &judged["level"]), (&"Valid".into(), &"L0".into()));
        report
    }

    /// A run whose answer did not verify: refused, with the refused answers in the ledger.
    pub(crate) fn unverified(&self, run: Process, code: &str) {
        self.refused(run, "refused", code);
        let noted = self.refusals();
        assert!(noted.iter().any(|note| note.starts_with(code)), "{code} is not in {noted:?}");
    }

    /// What the ledger says of answers that were refused.
    pub(crate) fn refusals(&self) -> Vec<String> {
        let observed = |r: &Value| r["content"]["event"] == "observed";
        let display = |r: Value| r["content"]["policy"]["display"].as_str().map(str::to_owned);
        receipts(&self.world, "enforcer").into_iter().filter(observed).filter_map(display).collect()
    }

    /// How many receipts of the ledger record this event.
    pub(crate) fn count(&self, event: &str) -> usize {
        let all = receipts(&self.world, "enforcer");
        all.iter().filter(|receipt| receipt["content"]["event"] == event).count()
    }
}

/// The operator's device id and key, which lie readable in the enforcer's home.
pub(crate) fn operator(world: &World) -> (String, SecretKeys) {
    let path = world.path("enforcer").join("keys/operator.json");
    let file = crate::common::json(&std::fs::read(path).unwrap());
    let secret: Fixed<64> = serde_json::from_value(file["secret"].clone()).unwrap();
    let id = file["deviceId"].as_str().unwrap().to_owned();
    (id, SecretKeys::from_bytes(&secret.0).unwrap())
}

/// Empty homes and a gateway that is honest so far.
pub(crate) fn between() -> (World, HostileGateway) {
    let gateway = HostileGateway::start();
    let mut world = World::empty();
    world.set_url(gateway.url());
    (world, gateway)
}

/// Pairs a device with the enforcer.
pub(crate) fn device(world: &World, name: &str) -> HostileDevice {
    let (mut pairing, link) = world.invite("enforcer", name, "device");
    let device = HostileDevice::join(&link);
    assert!(pairing.wait().success());
    device
}

/// The same command in a session of its own, where no terminal can be opened.
pub(crate) fn without_terminal(command: &Command) -> Command {
    let mut outer = Command::new("setsid");
    outer.arg("--wait").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer.current_dir(command.get_current_dir().unwrap());
    outer.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    outer
}

/// Every receipt of a ledger, oldest first.
pub(crate) fn receipts(world: &World, party: &str) -> Vec<Value> {
    let newest = world.json(party, &["receipt", "show", "last"]);
    let last = newest["content"]["seq"].as_u64().unwrap();
    let one = |seq: u64| world.json(party, &["receipt", "show", &seq.to_string()]);
    (1..last).map(one).chain([newest.clone()]).collect()
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "{what} did not come about");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// What a script and its test share.
pub(crate) fn shared<T>(value: T) -> (Arc<Mutex<T>>, Arc<Mutex<T>>) {
    let shared = Arc::new(Mutex::new(value));
    (Arc::clone(&shared), shared)
}
