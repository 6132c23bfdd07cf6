//! The gateway's whole day: a request goes in, is pushed to its approver, is decided, is handed
//! to the enforcer that waits, and is acknowledged. Each write is on the disk before its reply.

mod lane;
mod messages;

use super::bare::Bare;
use super::row::{Better, Row};
use super::samples::{median, millis, per_second, quantile};
use super::stage::Stage;
use super::{Effort, failed};
use crate::failure::Failure;
use lane::{BareLane, GatewayLane, Lane};
use messages::Messages;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::task::JoinSet;

pub(super) const ROWS: &[&str] = &["exchange-rate", "exchange-p99"];

/// Exchanges under way at the same time.
const IN_FLIGHT: usize = 256;

pub(super) async fn measure(stage: &Stage, effort: Effort) -> Result<Vec<Row>, Failure> {
    let messages = Arc::new(Messages::new(stage)?);
    let bare = Bare::open(stage.dir.join("bare-exchange")).await?;
    let (mut ours, _pushes) = GatewayLane::open(stage, IN_FLIGHT, &messages).await?;
    let mut theirs = BareLane::open(bare.address, IN_FLIGHT, &messages).await?;
    let (mut exchanges, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let (lanes, figures) = round(ours, effort.exchanges).await?;
        ours = lanes;
        exchanges.push(figures);
        let (lanes, figures) = round(theirs, effort.exchanges).await?;
        theirs = lanes;
        limits.push(figures);
    }
    let rate = |rounds: &[Figures]| median(&rounds.iter().map(|f| f.rate).collect::<Vec<_>>());
    let p99 = |rounds: &[Figures]| median(&rounds.iter().map(|f| f.p99).collect::<Vec<_>>());
    let against = "the same calls to a bare axum handler that syncs bodies in groups";
    Ok(vec![
        Row {
            name: "exchange-rate",
            value: rate(&exchanges),
            unit: "per s",
            better: Better::Higher,
            limit: rate(&limits),
            against: against.into(),
            budget: 3_000.0,
        },
        Row {
            name: "exchange-p99",
            value: p99(&exchanges),
            unit: "ms",
            better: Better::Lower,
            limit: p99(&limits),
            against: format!("{against}, {IN_FLIGHT} at a time"),
            budget: 25.0,
        },
    ])
}

struct Figures {
    rate: f64,
    p99: f64,
}

/// Every lane goes on until `count` exchanges are done together; returns the lanes for the next
/// round.
async fn round<L: Lane>(lanes: Vec<L>, count: usize) -> Result<(Vec<L>, Figures), Failure> {
    let (began, begun) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut running = JoinSet::new();
    for mut lane in lanes {
        let begun = Arc::clone(&begun);
        running.spawn(async move {
            let mut figures = Vec::new();
            while begun.fetch_add(1, Ordering::Relaxed) < count {
                let began = Instant::now();
                lane.exchange().await?;
                figures.push(millis(began));
            }
            Ok::<_, Failure>((lane, figures))
        });
    }
    let (mut lanes, mut figures) = (Vec::new(), Vec::new());
    while let Some(ended) = running.join_next().await {
        let (lane, own) = ended.map_err(failed)??;
        lanes.push(lane);
        figures.extend(own);
    }
    let rate = per_second(figures.len(), began.elapsed());
    Ok((lanes, Figures { rate, p99: quantile(&figures, 0.99) }))
}
