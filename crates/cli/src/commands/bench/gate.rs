//! Actions that a ready verdict lets through: each one leaves a signed receipt on the disk before
//! it may run.

use super::crowd::crowd_for;
use super::ground::Ground;
use super::limit::{Appends, signatures};
use super::row::{Better, Row};
use super::samples::{median, millis, per_second};
use super::{Effort, failed};
use crate::failure::Failure;
use crate::parties;
use countersign_core::action::{Action, Tool};
use countersign_core::encoding::Hash;
use countersign_core::receipt::Receipt;
use countersign_enforcer::{Enforcer, Judged, Ruling};
use countersign_policy::Asker;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) const ROWS: &[&str] = &["gate-one-p50", "gate-one-rate", "gate-many-rate"];

/// Callers at the same time.
const MANY: usize = 64;

pub(super) async fn measure(
    ground: &Ground,
    effort: Effort,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<Row>, Failure> {
    let gate = Gate::open(ground, "gate").await?;
    let line = gate.pass(0).await?;
    let mut rows = Vec::new();
    if wants("gate-one-p50") || wants("gate-one-rate") {
        rows.extend(one(&gate, ground, &line, effort).await?);
    }
    if wants("gate-many-rate") {
        rows.push(many(&gate, ground, &line, effort).await?);
    }
    Ok(rows)
}

/// An enforcer, and what its policy says of one kind of action.
#[derive(Clone)]
pub(super) struct Gate(Arc<(Enforcer, Judged)>);

impl Gate {
    pub(super) async fn open(ground: &Ground, name: &str) -> Result<Self, Failure> {
        let enforcer = parties::enforcer(&ground.path(name)).await?;
        let judged = enforcer.judge(&action(0), Asker::default(), "/").await?;
        Ok(Self(Arc::new((enforcer, judged))))
    }

    pub(super) async fn allow(&self, action: &Action) -> Result<Receipt, Failure> {
        let (enforcer, judged) = &*self.0;
        match judged.ruling(false) {
            Ruling::Runs(allowed) => Ok(enforcer.allow(action, allowed).await?),
            Ruling::Asks(_) | Ruling::Blocked(_) => {
                Err(failed("the policy of this machine does not let a file be read"))
            }
        }
    }

    pub(super) fn enforcer(&self) -> &Enforcer {
        &self.0.0
    }

    /// Lets one action through; returns the text of its receipt.
    async fn pass(&self, n: usize) -> Result<Vec<u8>, Failure> {
        let receipt = self.allow(&action(n)).await?;
        receipt.canonical_bytes().map_err(failed)
    }

    /// One caller after another: the milliseconds of each call.
    async fn one_by_one(&self, count: usize) -> Result<Vec<f64>, Failure> {
        let mut figures = Vec::with_capacity(count);
        for n in 0..count {
            let action = action(n);
            let began = Instant::now();
            self.allow(&action).await?;
            figures.push(millis(began));
        }
        Ok(figures)
    }

    /// Many callers for as long as `slice`: calls in a second.
    async fn crowd_for(&self, slice: Duration) -> Result<f64, Failure> {
        let (gate, numbers) = (self.clone(), Arc::default());
        let once = move |n| {
            let gate = gate.clone();
            async move {
                let number = usize::try_from(n).unwrap_or(usize::MAX);
                gate.allow(&action(number)).await.map(|_| ())
            }
        };
        crowd_for(MANY, slice, &numbers, once).await
    }
}

async fn one(
    gate: &Gate,
    ground: &Ground,
    line: &[u8],
    effort: Effort,
) -> Result<[Row; 2], Failure> {
    let disk = Appends::new(ground.path("appends"), line.to_vec());
    let (mut gates, mut disks) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        gates.push(gate.one_by_one(effort.calls).await?);
        disks.push(disk.round(effort.calls).await?);
    }
    let against = || format!("synced appends of the same {} bytes, one at a time", line.len());
    let p50 = |rounds: &[Vec<f64>]| median(&each(rounds, median));
    let rate = |rounds: &[Vec<f64>]| median(&each(rounds, rate));
    Ok([
        Row {
            name: "gate-one-p50",
            value: p50(&gates),
            unit: "ms",
            better: Better::Lower,
            limit: p50(&disks),
            against: against(),
            budget: Some(0.3),
        },
        Row {
            name: "gate-one-rate",
            value: rate(&gates),
            unit: "per s",
            better: Better::Higher,
            limit: rate(&disks),
            against: against(),
            budget: Some(3_000.0),
        },
    ])
}

async fn many(gate: &Gate, ground: &Ground, line: &[u8], effort: Effort) -> Result<Row, Failure> {
    let disk = Appends::new(ground.path("appends"), line.to_vec());
    let (mut gates, mut pens, mut disks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        gates.push(gate.crowd_for(effort.slice).await?);
        pens.push(signatures(effort.slice / 2).await?);
        disks.push(disk.grouped(MANY, effort.slice / 2).await?);
    }
    let (pen, disk) = (median(&pens), median(&disks));
    let against = if pen <= disk {
        "bare Ed25519 signatures on one core, which bind here".to_owned()
    } else {
        format!("synced appends of {MANY} receipts each, which bind here")
    };
    Ok(Row {
        name: "gate-many-rate",
        value: median(&gates),
        unit: "per s",
        better: Better::Higher,
        limit: pen.min(disk),
        against,
        budget: Some(25_000.0),
    })
}

fn each(rounds: &[Vec<f64>], figure: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    rounds.iter().map(|round| figure(round)).collect()
}

/// Calls in a second, out of the milliseconds of each.
fn rate(round: &[f64]) -> f64 {
    per_second(round.len(), Duration::from_secs_f64(round.iter().sum::<f64>() / 1_000.0))
}

pub(super) fn action(n: usize) -> Action {
    Action::Tool(Tool {
        server: "https://files.example/mcp".into(),
        description_sha256: Some(Hash([9; 32])),
        tool: "read_file".into(),
        arguments: json!({
            "path": "/srv/work/notes/the-house-by-the-sea.txt",
            "offset": n,
            "limit": 2_000,
            "encoding": "utf-8, and whatever else is found in there",
        }),
        verb: None,
    })
}
