//! The ledger as it is read: checked from end to end, and searched.

use super::ground::Ground;
use super::limit::verifications;
use super::office::{Offices, SIZES, fill, ledger_of};
use super::row::{Better, Row};
use super::samples::{median, millis, per_second};
use super::verification::Case;
use super::{Effort, failed, gate};
use crate::failure::Failure;
use countersign_core::artifact::Risk;
use countersign_core::receipt::{ApproverDecision, Entry, Event};
use countersign_core::time::Instant as Moment;
use countersign_enforcer::audit::Audit;
use countersign_enforcer::{Edge, Enforcer};
use countersign_store::ledger::LedgerStore;
use countersign_store::ledger::read::{Query, Receipts as _};
use countersign_store_sqlite::LedgerFile;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

pub(super) const ROWS: &[&str] = &["audit-verify-l0", "audit-verify-l1", "audit-query"];

/// What the search gives.
const FOUND: usize = 100;

pub(super) async fn measure(
    ground: &Ground,
    offices: &mut Offices<'_>,
    effort: Effort,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Vec<Row>, Failure> {
    let [l0, l1, query] = ROWS else { return Err(failed("a row has no name")) };
    let mut rows = Vec::new();
    if wants(l0) {
        let plain = gate::Gate::open(ground, "audited").await?;
        let entry = plain.allow(&gate::action(0)).await?.content.entry;
        fill(plain.enforcer(), &entry, effort.checked).await?;
        rows.push(verified(plain.enforcer(), effort, (l0, 1.0, 50_000.0)).await?);
    }
    if wants(l1) {
        let case = Case::make(ground, "approved").await?;
        fill(&case.enforcer, &answered(&case).await?, effort.checked).await?;
        rows.push(verified(&case.enforcer, effort, (l1, 2.0, 20_000.0)).await?);
    }
    if wants(query) {
        let longest = SIZES.iter().rev().find(|size| size.receipts <= effort.receipts);
        let longest = longest.ok_or_else(|| failed("no ledger is as short"))?;
        let office = offices.with(*longest).await?;
        rows.push(searched(office.gate.enforcer(), effort).await?);
    }
    Ok(rows)
}

/// The receipt of an answer after which it goes on waiting, as the gate writes it: one that a ledger
/// may hold again and again. It takes as many signatures as an approval.
async fn answered(case: &Case) -> Result<Entry, Failure> {
    let asked = case.enforcer.ledger().receipt(None).await?;
    let mut entry = asked.ok_or_else(|| failed("nothing was asked"))?.content.entry;
    let key_id = case.decision.signer_key_id.clone();
    let person = case.trust.approver(&key_id).map(|a| a.person.clone()).unwrap_or_default();
    entry.event = Event::Suspended;
    entry.decisions = vec![case.decision.clone()];
    entry.approver_decision =
        Some(ApproverDecision { verdict: "approved".into(), person, key_id, reason: None });
    Ok(entry)
}

/// Whole checks of a ledger, beside bare verifications of as many signatures on as many cores.
async fn verified(
    enforcer: &Enforcer,
    effort: Effort,
    (name, signatures, budget): (&'static str, f64, f64),
) -> Result<Row, Failure> {
    let (path, trust) = (enforcer.home().ledger_path(), enforcer.trust()?);
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(2);
    let (mut rates, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds.min(3) {
        let file = LedgerFile::open(&path).await?;
        let ledger = file.ledger_id().to_owned();
        let now: Moment = Edge::system().now();
        let mut audit = Audit::new(Arc::new(file), &ledger, trust.clone(), now);
        let began = Instant::now();
        audit.walk(&|_| {}).await?;
        let took = began.elapsed();
        let report = audit.report();
        if let Some(broken) = report.broken {
            return Err(failed(broken.because));
        }
        rates.push(per_second(usize::try_from(report.receipts).unwrap_or(usize::MAX), took));
        let mut working = JoinSet::new();
        for _ in 0..cores {
            working.spawn(verifications(effort.slice / 2));
        }
        let mut together = 0.0;
        while let Some(rate) = working.join_next().await {
            together += rate.map_err(failed)??;
        }
        bare.push(together / signatures);
    }
    Ok(Row {
        name,
        value: median(&rates),
        unit: "per s",
        better: Better::Higher,
        limit: median(&bare),
        against: format!("bare strict Ed25519 of {signatures} signatures, on {cores} cores"),
        budget: Some(budget),
    })
}

/// The newest of a rare kind, beside reading as many receipts by their number.
async fn searched(enforcer: &Enforcer, effort: Effort) -> Result<Row, Failure> {
    let ledger = ledger_of(enforcer)?;
    let query = Query { risks: vec![Risk::Critical], ..Query::default() };
    let (mut found, mut read) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds * 5 {
        let began = Instant::now();
        if ledger.find(&query, None, FOUND).await?.is_empty() {
            return Err(failed("nothing was found"));
        }
        found.push(millis(began));
        let began = Instant::now();
        ledger.receipts_from(1, FOUND).await?;
        read.push(millis(began));
    }
    Ok(Row {
        name: "audit-query",
        value: median(&found),
        unit: "ms",
        better: Better::Lower,
        limit: median(&read),
        against: format!(
            "reading {FOUND} receipts by their number; found among {} receipts",
            ledger.newest().await?.map_or(0, |(seq, _)| seq)
        ),
        budget: Some(100.0),
    })
}
