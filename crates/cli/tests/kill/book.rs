//! What must be true of ledger, files and history, whatever was killed.

use crate::common::World;
use countersign_core::receipt::Receipt;
use countersign_core::receipt::check::Verdict;
use countersign_core::trust::TrustStore;
use countersign_enforcer::Edge;
use countersign_store::ledger::read::Receipts as _;
use countersign_store_sqlite::LedgerFile;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Says what is wrong, unless it is right.
macro_rules! ensure {
    ($good:expr, $($words:tt)+) => {
        if !$good {
            return Err(format!($($words)+));
        }
    };
}

pub(crate) type Checked = Result<(), String>;

/// The receipts of an enforcer, each read and verified as soon as it is there.
pub(crate) struct Book {
    trust: TrustStore,
    receipts: Vec<Value>,
}

/// What the receipts say of one request.
struct Request<'b> {
    id: &'b str,
    action: &'b str,
    receipts: Vec<&'b Value>,
}

impl Request<'_> {
    fn events(&self) -> Vec<&str> {
        self.receipts.iter().map(|r| text(r, "event")).collect()
    }

    fn ended_as(&self) -> &str {
        self.receipts.last().map(|r| text(r, "event")).unwrap_or_default()
    }
}

/// The receipts after a number, as they stand in the file.
fn written_after(world: &World, seq: u64) -> Vec<Receipt> {
    let path = world.path("enforcer").join("ledger.db");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let file = LedgerFile::open(&path).await.unwrap();
        file.receipts_from(seq + 1, usize::MAX).await.unwrap()
    })
}

fn text<'v>(receipt: &'v Value, name: &str) -> &'v str {
    receipt["content"][name].as_str().unwrap_or_default()
}

fn decision(receipt: &Value) -> &Value {
    &receipt["content"]["decisions"][0]
}

impl Book {
    pub(crate) fn open(world: &World) -> Self {
        let trust = std::fs::read(world.trust()).unwrap();
        Self { trust: TrustStore::parse(&trust).unwrap(), receipts: Vec::new() }
    }

    /// Reads what is new. Nothing waits, nothing runs, the chain has no gap, and each receipt
    /// verifies.
    pub(crate) fn catch_up(&mut self, world: &World) -> Checked {
        let status = world.json("enforcer", &["status"]);
        let nothing = Value::Array(vec![]);
        ensure!(status["waiting"] == nothing, "still waiting: {}", status["waiting"]);
        ensure!(status["running"] == nothing, "still running: {}", status["running"]);
        let newest = status["ledger"]["receipts"].as_u64().ok_or("no number of receipts")?;
        ensure!(newest >= self.receipts.len() as u64, "receipts are lost: {newest} are left");
        for receipt in written_after(world, self.receipts.len() as u64) {
            let (seq, now) = (receipt.content.seq, Edge::system().now());
            let verdict = receipt.check(&self.trust, now);
            ensure!(matches!(verdict, Verdict::Valid { .. }), "receipt {seq}: {verdict:?}");
            self.append(serde_json::to_value(&receipt).unwrap())?;
        }
        ensure!(self.receipts.len() as u64 >= newest, "receipts are missing: {newest} were there");
        Ok(())
    }

    /// The binary finds the whole ledger sound too.
    pub(crate) fn check_chain(&self, world: &World) -> Checked {
        let verdict = world.json("enforcer", &["audit", "verify"]);
        ensure!(verdict["verdict"] == "Valid", "the ledger: {verdict}");
        Ok(())
    }

    fn append(&mut self, receipt: Value) -> Checked {
        let (content, seq) = (&receipt["content"], self.receipts.len() + 1);
        ensure!(content["seq"] == seq, "receipt {seq} says {}", content["seq"]);
        let before = self.receipts.last().map_or(&Value::Null, |last| &last["contentHash"]);
        ensure!(content["prev"] == *before, "receipt {seq} does not follow: {}", content["prev"]);
        self.receipts.push(receipt);
        Ok(())
    }

    /// Every request is suspended, answered once, and ends once: denied, or approved, claimed and
    /// used. The same call is asked about again only after that, and no decision counts twice.
    pub(crate) fn check_requests(&self) -> Checked {
        let (mut nonces, mut ended) = (BTreeSet::new(), BTreeMap::new());
        for request in self.requests() {
            let events = request.events();
            let word = match events.as_slice() {
                ["suspended", "approved", "released", "executed" | "failed" | "uncertain"] => {
                    "allow"
                }
                ["suspended", "denied"] => "deny",
                _ => return Err(format!("request {} went {events:?}", request.id)),
            };
            let made = decision(request.receipts[1]);
            ensure!(made["decision"] == word, "request {}: {made}", request.id);
            let same = request.receipts[2..].iter().all(|receipt| decision(receipt) == made);
            ensure!(same, "{}: two decisions", request.id);
            ensure!(nonces.insert(made["nonce"].to_string()), "{}: a nonce again", request.id);
            let (first, last) = (seq(request.receipts[0]), seq(request.receipts[events.len() - 1]));
            let before = ended.insert(request.action, last).unwrap_or(0);
            ensure!(first > before, "{} was asked while it was open already", request.id);
        }
        Ok(())
    }

    fn requests(&self) -> Vec<Request<'_>> {
        let mut found: Vec<Request<'_>> = Vec::new();
        for receipt in self.receipts.iter().filter(|r| r["content"]["requestId"].is_string()) {
            let id = text(receipt, "requestId");
            match found.iter_mut().find(|request| request.id == id) {
                Some(request) => request.receipts.push(receipt),
                None => {
                    let action = text(receipt, "actionHash");
                    found.push(Request { id, action, receipts: vec![receipt] });
                }
            }
        }
        found
    }

    /// A line stands in the file for every executed request, at most one for every uncertain one,
    /// and none without either. No process ran it twice.
    pub(crate) fn check_lines(&self, world: &World, last: &Value, runs: &[u32]) -> Checked {
        let action = last["actionHash"].as_str().unwrap_or_default();
        let file = self.file(action);
        let text = std::fs::read_to_string(world.work().join(&file)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let ended = |how| {
            self.requests().iter().filter(|r| r.action == action && r.ended_as() == how).count()
        };
        let (executed, uncertain) = (ended("executed"), ended("uncertain"));
        let bounds = executed..=executed + uncertain;
        ensure!(bounds.contains(&lines.len()), "{file}: {lines:?}, not in {bounds:?}");
        let told = if last["verdict"] == "approved" { (1, "executed") } else { (0, "denied") };
        for run in runs {
            let own = lines.iter().filter(|line| **line == run.to_string()).count();
            let is_last = runs.last() == Some(run);
            let good = if is_last { own == told.0 } else { own <= 1 };
            ensure!(good, "{file}: process {run} wrote {own} lines of {lines:?}");
        }
        let end = self.requests().into_iter().find(|r| last["requestId"] == r.id);
        let end = end.ok_or("the report names no request of the ledger")?;
        ensure!(end.ended_as() == told.1, "the report says {last}, the ledger {}", end.ended_as());
        Ok(())
    }

    /// Who said that nothing ran wrote nothing.
    #[allow(dead_code, reason = "not every test hears what was said")]
    pub(crate) fn check_refused(&self, world: &World, last: &Value, refused: &[u32]) -> Checked {
        let file = self.file(last["actionHash"].as_str().unwrap_or_default());
        let text = std::fs::read_to_string(world.work().join(&file)).unwrap_or_default();
        let wrote = |run: &&u32| text.lines().any(|line| line == run.to_string());
        let liar = refused.iter().find(wrote);
        ensure!(liar.is_none(), "{file}: process {liar:?} said that nothing ran");
        Ok(())
    }

    /// The file of a call, from its last argument.
    fn file(&self, action: &str) -> String {
        let receipt = self.receipts.iter().find(|r| text(r, "actionHash") == action);
        let script = receipt.and_then(|r| r["content"]["action"]["argv"][2].as_str());
        let after = script.and_then(|s| s.split(">> ").nth(1)).unwrap_or_default();
        after.split(';').next().unwrap_or_default().to_owned()
    }

    /// The approver remembers of each decision what the enforcer's receipts hold.
    pub(crate) fn check_history(&self, world: &World) -> Checked {
        let history = world.json("approver", &["history"]);
        let items = history["items"].as_array().ok_or("no history")?;
        for request in self.requests() {
            let item = items.iter().find(|item| item["requestId"] == request.id);
            let item = item.ok_or(format!("{} is not in the history", request.id))?;
            let remembered = &item["answered"]["signed"]["answer"]["decision"];
            let held = decision(request.receipts[1]);
            let word = if held["decision"] == "allow" { "allowed" } else { "denied" };
            ensure!(item["answer"] == word, "{}: {}", request.id, item["answer"]);
            ensure!(remembered == held, "{}: {remembered} is not {held}", request.id);
        }
        Ok(())
    }

    /// How many requests ended in each way.
    pub(crate) fn endings(&self) -> BTreeMap<String, usize> {
        let mut endings = BTreeMap::new();
        for request in self.requests() {
            *endings.entry(request.ended_as().to_owned()).or_default() += 1;
        }
        endings
    }

    /// The receipts in a few words each.
    pub(crate) fn story(&self) -> String {
        let line = |r: &Value| {
            let (event, id) = (text(r, "event"), text(r, "requestId"));
            format!("{:>4} {event:<10} {id} {}", seq(r), r["content"]["outcome"])
        };
        self.receipts.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn seq(receipt: &Value) -> u64 {
    receipt["content"]["seq"].as_u64().unwrap_or_default()
}
