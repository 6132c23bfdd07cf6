//! `bench`: what this machine does, beside what it could do at best.
//!
//! Every row has its limit measured in the same run, round by round in turns, because machines
//! are noisy and differ: a figure alone says as much about the disk as about the program.

mod audit;
mod bare;
mod canonical;
mod crowd;
mod exchange;
mod gate;
mod ground;
mod hook;
mod limit;
mod load;
mod machine;
mod office;
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
use machine::Machine;
use office::Offices;
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
    countersign bench --only gate-approve --receipts 1000000\n  \
    countersign bench --quick --only exchange --only release"
)]
pub(crate) struct Bench {
    /// Take seconds instead of a minute, and know less
    #[arg(long)]
    quick: bool,

    /// Measure only the rows whose name begins like this; may be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// The longest ledger that is written and measured: 1000, 100000 or 1000000 receipts; a million
    /// takes minutes and gigabytes
    #[arg(long, value_name = "N", value_parser = receipts)]
    receipts: Option<u64>,
}

/// The length of a ledger that there are rows for.
fn receipts(text: &str) -> Result<u64, String> {
    let known = || office::SIZES.map(|size| size.receipts.to_string()).join(", ");
    let size = office::SIZES.iter().find(|size| size.receipts.to_string() == text);
    size.map(|size| size.receipts).ok_or_else(|| format!("there are {}", known()))
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
    /// Exchanges in a round.
    exchanges: usize,
    /// Releases in a round.
    releases: usize,
    /// Receipts of the ledgers that are checked.
    checked: u64,
    /// Receipts of the longest ledger.
    receipts: u64,
}

const FULL: Effort = Effort {
    rounds: 7,
    slice: Duration::from_millis(500),
    calls: 600,
    exchanges: 2_048,
    releases: 50,
    checked: 50_000,
    receipts: 100_000,
};

const QUICK: Effort = Effort {
    rounds: 2,
    slice: Duration::from_millis(40),
    calls: 40,
    exchanges: 256,
    releases: 5,
    checked: 1_000,
    receipts: 1_000,
};

/// The groups of rows that are measured together.
const PARTS: [&[&str]; 9] = [
    gate::ROWS,
    load::ROWS,
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
        let (rows, machine) = tokio::select! {
            measured = self.measure(here, &ground) => measured?,
            () = asked_to_end() => {
                return Err(Failure::new(Exit::Failed, "interrupted", "stopped by a signal"));
            }
        };
        let text = report::text(&rows, &machine, ground.is_in_memory());
        here.output.result(&text, &report::document(&rows, &machine))?;
        Ok(Exit::Ok)
    }

    /// A name that names nothing would measure nothing and look like success.
    fn check(&self) -> Result<(), Failure> {
        let most = self.effort().receipts;
        let all = || PARTS.iter().copied().flatten();
        let short = |row: &&&str| load::size_of(row).is_none_or(|size| size <= most);
        let unknown = |name: &&String| !all().filter(short).any(|row| row.starts_with(*name));
        let Some(name) = self.only.iter().find(unknown) else { return Ok(()) };
        let message = format!("no row begins with `{}`", name.escape_debug());
        let failure = Failure::new(Exit::Usage, "row", message);
        if all().any(|row| row.starts_with(name.as_str())) {
            return Err(failure.hint("longer ledgers are measured with --receipts 1000000"));
        }
        let names: Vec<&str> = all().copied().collect();
        Err(failure.hint(format!("the rows are {}", names.join(", "))))
    }

    fn effort(&self) -> Effort {
        let effort = if self.quick { QUICK } else { FULL };
        Effort { receipts: self.receipts.unwrap_or(effort.receipts), ..effort }
    }

    fn wants(&self, row: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| row.starts_with(name.as_str()))
    }

    async fn measure(
        &self,
        here: &Here<'_>,
        ground: &Ground,
    ) -> Result<(Vec<Row>, Machine), Failure> {
        let effort = self.effort();
        let any = |rows: &[&str]| rows.iter().any(|row| self.wants(row));
        let shown = std::io::stderr().is_terminal();
        let say = |text: &str| {
            if shown {
                here.output.progress(text);
            }
        };
        say("the machine …");
        let machine = Machine::measure(ground, effort).await?;
        let (mut rows, mut offices) = (Vec::new(), Offices::new(ground));
        if any(gate::ROWS) {
            say("the gate, under a ready verdict …");
            rows.extend(gate::measure(ground, effort, &|row| self.wants(row)).await?);
        }
        if any(load::ROWS) {
            say("the gate under load, over ledgers of several lengths …");
            rows.extend(load::measure(&mut offices, effort, &|row| self.wants(row)).await?);
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
            rows.extend(
                audit::measure(ground, &mut offices, effort, &|row| self.wants(row)).await?,
            );
        }
        rows.retain(|row| self.wants(row.name));
        Ok((rows, machine))
    }
}

fn failed(what: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, "bench", what.to_string())
}
