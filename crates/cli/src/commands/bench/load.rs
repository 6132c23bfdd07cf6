//! The gate under load: one caller and many, over ledgers of different lengths.
//!
//! Two paths through the gate are measured. An action that a policy allows leaves one receipt. An
//! action that a person allows is suspended, put, answered, claimed and handed over: five commits,
//! of which three leave a receipt each. Ledgers of all lengths are measured in turns, so that what
//! else the machine does weighs on all of them alike.

use super::crowd::crowd_for;
use super::limit::{Inserts, signatures, verifications};
use super::office::{Office, Offices, SIZES, Size};
use super::row::{Better, Row};
use super::samples::median;
use super::{Effort, failed, gate};
use crate::failure::Failure;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub(super) const ROWS: &[&str] = &[
    "gate-allow-1-1k",
    "gate-allow-64-1k",
    "gate-allow-256-1k",
    "gate-allow-1-100k",
    "gate-allow-64-100k",
    "gate-allow-256-100k",
    "gate-allow-1-1m",
    "gate-allow-64-1m",
    "gate-allow-256-1m",
    "gate-allow-flat-100k",
    "gate-allow-flat-1m",
    "gate-approve-1-1k",
    "gate-approve-64-1k",
    "gate-approve-256-1k",
    "gate-approve-1-100k",
    "gate-approve-64-100k",
    "gate-approve-256-100k",
    "gate-approve-1-1m",
    "gate-approve-64-1m",
    "gate-approve-256-1m",
    "gate-approve-flat-100k",
    "gate-approve-flat-1m",
];

/// Callers at the same time.
const CALLERS: [usize; 3] = [1, 64, 256];

/// Rounds beyond these say no more.
const ROUNDS: usize = 5;

/// Commits of one approval.
const COMMITS: usize = 5;

/// Signatures of one approval: the person's own, and one for each receipt.
const SIGNED: f64 = 4.0;

/// Verifications of one approval: when the answer comes, and again when it is used.
const VERIFIED: f64 = 2.0;

/// A way through the gate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Path {
    Allow,
    Approve,
}

impl Path {
    fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Approve => "approve",
        }
    }

    /// What the design asks of it with a short ledger.
    fn budget(self, callers: usize) -> Option<f64> {
        match (self, callers) {
            (Self::Allow, 1) => Some(3_000.0),
            (Self::Allow, 64) => Some(25_000.0),
            _ => None,
        }
    }

    async fn once(self, office: &Office, n: u64) -> Result<(), Failure> {
        match self {
            Self::Allow => {
                let number = usize::try_from(n).unwrap_or(usize::MAX);
                office.gate.allow(&gate::action(number)).await.map(|_| ())
            }
            Self::Approve => office.approve(n).await.map(|_| ()),
        }
    }

    /// The bytes of the receipts that it leaves, for each of its commits.
    async fn line(self, office: &Office) -> Result<String, Failure> {
        let ledger = office.gate.enforcer().ledger();
        let (receipts, commits) = match self {
            Self::Allow => (vec![office.gate.allow(&gate::action(0)).await?], 1),
            Self::Approve => (ledger.receipts_of(&office.approve(0).await?).await?, COMMITS),
        };
        let mut bytes = 0;
        for receipt in receipts {
            bytes += receipt.canonical_bytes().map_err(failed)?.len();
        }
        Ok("x".repeat(bytes / commits))
    }
}

/// Rates in a second by path, callers and the length of the ledger.
type Rates = BTreeMap<(Path, usize, u64), Vec<f64>>;

/// The figures of one run.
#[derive(Default)]
struct Figures {
    rates: Rates,
    /// Bare inserts in a second, by path and how many are committed together.
    inserts: BTreeMap<(Path, usize), Vec<f64>>,
    signatures: Vec<f64>,
    verifications: Vec<f64>,
}

pub(super) async fn measure(
    offices: &mut Offices<'_>,
    effort: Effort,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<Row>, Failure> {
    let sizes = SIZES.iter().copied().filter(|size| size.receipts <= effort.receipts);
    let sizes: Vec<Size> = sizes.collect();
    let mut figures = Figures::default();
    for path in [Path::Allow, Path::Approve] {
        for callers in CALLERS {
            let lanes = lanes(path, callers, &sizes, wants);
            if !lanes.is_empty() {
                figures.lane(offices, (path, callers, &lanes), effort).await?;
            }
        }
    }
    Ok(figures.rows(&sizes))
}

/// The lengths at which a path with so many callers is to be measured: where a row of its own is
/// wanted, and where one that compares them is.
fn lanes(path: Path, callers: usize, sizes: &[Size], wants: &dyn Fn(&str) -> bool) -> Vec<Size> {
    let compared: Vec<Size> =
        sizes.iter().copied().filter(|size| wants(flat_name(path, *size))).collect();
    let shortest = sizes.first().filter(|_| !compared.is_empty());
    let is_wanted = |size: &Size| {
        wants(row_name(path, callers, *size)) || compared.contains(size) || shortest == Some(size)
    };
    sizes.iter().copied().filter(is_wanted).collect()
}

impl Figures {
    /// Measures ledgers of several lengths in turns, and then the machine.
    async fn lane(
        &mut self,
        offices: &mut Offices<'_>,
        (path, callers, sizes): (Path, usize, &[Size]),
        effort: Effort,
    ) -> Result<(), Failure> {
        let mut open = Vec::new();
        for size in sizes {
            open.push((*size, offices.with(*size).await?));
        }
        let Some((_, any)) = open.first() else { return Ok(()) };
        let bare = Inserts::new(offices.path("bare.db"), path.line(any).await?);
        let numbers = Arc::new(AtomicU64::new(1));
        for _ in 0..effort.rounds.min(ROUNDS) {
            for (size, office) in &open {
                let office = office.clone();
                let once = move |n| {
                    let office = office.clone();
                    async move { path.once(&office, n).await }
                };
                let rate = crowd_for(callers, effort.slice, &numbers, once).await?;
                self.rates.entry((path, callers, size.receipts)).or_default().push(rate);
            }
            let inserts = bare.grouped(callers, effort.slice / 4).await?;
            self.inserts.entry((path, callers)).or_default().push(inserts);
            self.signatures.push(signatures(effort.slice / 8).await?);
            self.verifications.push(verifications(effort.slice / 8).await?);
        }
        Ok(())
    }

    fn rows(&self, sizes: &[Size]) -> Vec<Row> {
        let mut rows = Vec::new();
        for path in [Path::Allow, Path::Approve] {
            for size in sizes {
                rows.extend(CALLERS.iter().filter_map(|callers| self.row(path, *callers, *size)));
            }
            rows.extend(sizes.iter().skip(1).filter_map(|size| self.flat(path, *size)));
        }
        rows
    }

    fn row(&self, path: Path, callers: usize, size: Size) -> Option<Row> {
        let rates = self.rates.get(&(path, callers, size.receipts))?;
        let (limit, against) = self.limit(path, callers);
        Some(Row {
            name: row_name(path, callers, size),
            value: median(rates),
            unit: "per s",
            better: Better::Higher,
            limit,
            against,
            budget: path.budget(callers),
        })
    }

    /// What binds: the disk or the cores.
    fn limit(&self, path: Path, callers: usize) -> (f64, String) {
        let inserts = self.inserts.get(&(path, callers)).map_or(0.0, |rates| median(rates));
        let (sign, verify) = (median(&self.signatures), median(&self.verifications));
        let (disk, cores, many) = match path {
            Path::Allow => (inserts, sign, "a bare SQLite commit".to_owned()),
            Path::Approve => {
                let cores = 1.0 / (SIGNED / sign.max(1e-9) + VERIFIED / verify.max(1e-9));
                (inserts / COMMITS as f64, cores, format!("{COMMITS} bare SQLite commits"))
            }
        };
        if disk <= cores {
            return (disk, format!("{many} of the same bytes for {callers} at a time"));
        }
        let what = match path {
            Path::Allow => "a bare Ed25519 signature".to_owned(),
            Path::Approve => format!("{SIGNED} bare signatures and {VERIFIED} verifications"),
        };
        (cores, format!("{what} on one core, which bind here"))
    }

    /// How much of its rate with a short ledger a path keeps, at the number of callers at which it
    /// keeps the least.
    fn flat(&self, path: Path, size: Size) -> Option<Row> {
        let shortest = SIZES.first()?.receipts;
        let mut kept = Vec::new();
        for callers in CALLERS {
            let short = self.rates.get(&(path, callers, shortest))?;
            let long = self.rates.get(&(path, callers, size.receipts))?;
            let ratios = long.iter().zip(short).map(|(long, short)| long / short.max(1e-9));
            kept.push(median(&ratios.collect::<Vec<f64>>()));
        }
        Some(Row {
            name: flat_name(path, size),
            value: kept.into_iter().min_by(f64::total_cmp)?,
            unit: "ratio",
            better: Better::Higher,
            limit: 1.0,
            against: format!("1: as fast after {} receipts as after {shortest}", size.receipts),
            budget: Some(0.9),
        })
    }
}

/// INVARIANT: every path, number of callers and length has its name in [`ROWS`]; a test holds it.
fn row_name(path: Path, callers: usize, size: Size) -> &'static str {
    named(&format!("gate-{}-{callers}-{}", path.name(), size.name))
}

/// Nothing is named where a ledger would be compared with itself.
fn flat_name(path: Path, size: Size) -> &'static str {
    named(&format!("gate-{}-flat-{}", path.name(), size.name))
}

fn named(name: &str) -> &'static str {
    ROWS.iter().find(|row| **row == name).copied().unwrap_or_default()
}

/// The size of the ledger that a row of this group names.
pub(super) fn size_of(row: &str) -> Option<u64> {
    let named = |size: &&Size| row.strip_suffix(size.name).is_some_and(|row| row.ends_with('-'));
    ROWS.contains(&row).then(|| SIZES.iter().find(named).map(|size| size.receipts)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_name_and_every_name_its_size() {
        for path in [Path::Allow, Path::Approve] {
            for size in SIZES {
                for callers in CALLERS {
                    assert_eq!(size_of(row_name(path, callers, size)), Some(size.receipts));
                }
            }
            assert_eq!(flat_name(path, SIZES[0]), "");
            assert_eq!(flat_name(path, SIZES[2]), format!("gate-{}-flat-1m", path.name()));
        }
        assert_eq!(ROWS.len(), 22);
        assert_eq!(size_of("policy-load-1000"), None);
    }

    #[test]
    fn a_comparison_brings_the_lanes_that_it_compares() {
        let wants = |row: &str| row == "gate-allow-flat-1m";
        let names = |lanes: Vec<Size>| lanes.iter().map(|size| size.name).collect::<Vec<_>>();
        assert_eq!(names(lanes(Path::Allow, 64, &SIZES, &wants)), ["1k", "1m"]);
        assert_eq!(names(lanes(Path::Approve, 64, &SIZES, &wants)), [""; 0]);
        assert_eq!(names(lanes(Path::Allow, 64, &SIZES[..2], &wants)), [""; 0]);
    }
}
