//! `bench`: what this machine does, beside what it could do at best.
//!
//! Every row has its limit measured in the same run, round by round in turns, because machines
//! are noisy and differ: a figure alone says as much about the disk as about the program.

mod audit;
mod bare;
mod canonical;
mod exchange;
mod gate;
mod ground;
mod hook;
mod limit;
mod policy;
mod release;
mod report;
mod row;
mod samples;
mod stage;
mod verification;
mod wire;

use super::{Here, asked_to_end};
use crate::failure::{Exit, Failure, Outcome};
use ground::Ground;
use row::Row;
use std::io::IsTerminal as _;
use std::time::Duration;

/// Measure this machine against the budgets, beside its own limits.
///
/// Everything runs in a directory of its own, below `TMPDIR` where that is set and else beside the
/// home, and is removed at the end. Durable rows measure that directory's disk.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  countersign bench\n  countersign bench --only gate --json\n  \
    countersign bench --quick --only exchange --only release"
)]
pub(crate) struct Bench {
    /// Take seconds instead of a minute, and know less
    #[arg(long)]
    quick: bool,

    /// Measure only the rows whose name begins like this; may be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

/// How much is measured.
#[derive(Clone, Copy)]
struct Effort {
    /// Rounds of measurement and limit in turns.
    rounds: usize,
    /// How long one round of something that is counted takes.
    slice: Duration,
    /// Calls of one caller in a round.
    calls: usize,
    /// Receipts in the long ledger.
    long: u64,
    /// Exchanges in a round.
    exchanges: usize,
    /// Releases in a round.
    releases: usize,
    /// Receipts of the ledgers that are checked.
    checked: u64,
    /// Receipts of the ledger that is searched.
    searched: u64,
}

const FULL: Effort = Effort {
    rounds: 7,
    slice: Duration::from_millis(500),
    calls: 600,
    long: 50_000,
    exchanges: 2_048,
    releases: 50,
    checked: 50_000,
    searched: 1_000_000,
};

const QUICK: Effort = Effort {
    rounds: 2,
    slice: Duration::from_millis(40),
    calls: 40,
    long: 1_500,
    exchanges: 256,
    releases: 5,
    checked: 1_000,
    searched: 2_000,
};

/// The groups of rows that are measured together.
const PARTS: [&[&str]; 8] = [
    gate::ROWS,
    canonical::ROWS,
    verification::ROWS,
    policy::ROWS,
    hook::ROWS,
    exchange::ROWS,
    release::ROWS,
    audit::ROWS,
];

impl Bench {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        self.check()?;
        let ground = Ground::make(&here.root)?;
        let rows = tokio::select! {
            rows = self.measure(here, &ground) => rows?,
            () = asked_to_end() => {
                return Err(Failure::new(Exit::Failed, "interrupted", "stopped by a signal"));
            }
        };
        let text = report::text(&rows, ground.is_in_memory());
        here.output.result(&text, &report::document(&rows))?;
        Ok(Exit::Ok)
    }

    /// A name that names nothing would measure nothing and look like success.
    fn check(&self) -> Result<(), Failure> {
        let all = || PARTS.iter().copied().flatten();
        let unknown = |name: &&String| !all().any(|row| row.starts_with(name.as_str()));
        let Some(name) = self.only.iter().find(unknown) else { return Ok(()) };
        let names: Vec<&str> = all().copied().collect();
        let message = format!("no row begins with `{}`", name.escape_debug());
        Err(Failure::new(Exit::Usage, "row", message)
            .hint(format!("the rows are {}", names.join(", "))))
    }

    fn wants(&self, row: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| row.starts_with(name.as_str()))
    }

    async fn measure(&self, here: &Here<'_>, ground: &Ground) -> Result<Vec<Row>, Failure> {
        let effort = if self.quick { QUICK } else { FULL };
        let any = |rows: &[&str]| rows.iter().any(|row| self.wants(row));
        let shown = std::io::stderr().is_terminal();
        let say = |text: &str| {
            if shown {
                here.output.progress(text);
            }
        };
        let mut rows = Vec::new();
        if any(gate::ROWS) {
            say("the gate, under a ready verdict …");
            rows.extend(gate::measure(ground, effort, &|row| self.wants(row)).await?);
        }
        if any(canonical::ROWS) {
            say("the canonical form …");
            rows.extend(canonical::measure(effort, &|row| self.wants(row)).await?);
        }
        if any(verification::ROWS) {
            say("verification …");
            rows.extend(verification::measure(ground, effort).await?);
        }
        if any(policy::ROWS) {
            say("a policy of a thousand rules …");
            rows.extend(policy::measure(effort, &|row| self.wants(row)).await?);
        }
        if any(hook::ROWS) {
            say("hooks of an agent host …");
            rows.extend(hook::measure(ground, effort).await?);
        }
        if any(exchange::ROWS) || any(release::ROWS) {
            say("setting up a gateway and two homes …");
            let stage = stage::Stage::set(ground).await?;
            if any(exchange::ROWS) {
                say("whole exchanges …");
                rows.extend(exchange::measure(&stage, effort).await?);
            }
            if any(release::ROWS) {
                say("from a decision to the release …");
                rows.extend(release::measure(&stage, effort).await?);
            }
        }
        if any(audit::ROWS) {
            say("a ledger, checked and searched …");
            rows.extend(audit::measure(ground, effort, &|row| self.wants(row)).await?);
        }
        rows.retain(|row| self.wants(row.name));
        Ok(rows)
    }
}

fn failed(what: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, "bench", what.to_string())
}
