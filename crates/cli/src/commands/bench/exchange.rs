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
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

pub(super) const ROWS: &[&str] = &["exchange-rate", "exchange-p99", "exchange-paced-p99"];

/// Exchanges under way at the same time.
const IN_FLIGHT: usize = 256;

/// Exchanges that begin in a second, where they come at the pace of the budget and not as fast as
/// the machine takes them. All waiting in one queue, 256 take longer than 25 ms on any machine
/// that makes fewer than 10,000 in a second.
const PACE: f64 = 3_000.0;

pub(super) async fn measure(stage: &Stage, effort: Effort) -> Result<Vec<Row>, Failure> {
    let messages = Arc::new(Messages::new(stage)?);
    let bare = Bare::open(stage.dir.join("bare-exchange")).await?;
    let (mut ours, _pushes) = GatewayLane::open(stage, IN_FLIGHT, &messages).await?;
    let mut theirs = BareLane::open(bare.address, IN_FLIGHT, &messages).await?;
    let (mut full, mut full_limit) = (Vec::new(), Vec::new());
    let (mut paced, mut paced_limit) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        ours = round(ours, effort.exchanges, None, &mut full).await?;
        theirs = round(theirs, effort.exchanges, None, &mut full_limit).await?;
        ours = round(ours, effort.exchanges, Some(PACE), &mut paced).await?;
        theirs = round(theirs, effort.exchanges, Some(PACE), &mut paced_limit).await?;
    }
    let against = "the same calls to a bare axum handler that syncs bodies in groups";
    let p99 = |name, figures: &[Figures], limits: &[Figures], how: String| Row {
        name,
        value: median(&p99s(figures)),
        unit: "ms",
        better: Better::Lower,
        limit: median(&p99s(limits)),
        against: format!("{against}, {how}"),
        budget: Some(25.0),
    };
    Ok(vec![
        Row {
            name: "exchange-rate",
            value: median(&rates(&full)),
            unit: "per s",
            better: Better::Higher,
            limit: median(&rates(&full_limit)),
            against: against.into(),
            budget: Some(3_000.0),
        },
        p99("exchange-p99", &full, &full_limit, format!("always {IN_FLIGHT} at a time")),
        p99("exchange-paced-p99", &paced, &paced_limit, format!("{PACE} begun in a second")),
    ])
}

/// What one round says.
struct Figures {
    rate: f64,
    p99: f64,
}

fn rates(rounds: &[Figures]) -> Vec<f64> {
    rounds.iter().map(|figures| figures.rate).collect()
}

fn p99s(rounds: &[Figures]) -> Vec<f64> {
    rounds.iter().map(|figures| figures.p99).collect()
}

/// Every lane goes on until `count` exchanges are done together; returns the lanes for the next
/// round. At a pace, an exchange counts from when it was to begin, so that one which must wait for
/// a lane is as late as it looks to its caller.
async fn round<L: Lane>(
    lanes: Vec<L>,
    count: usize,
    pace: Option<f64>,
    rounds: &mut Vec<Figures>,
) -> Result<Vec<L>, Failure> {
    let (start, begun) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut running = JoinSet::new();
    for mut lane in lanes {
        let begun = Arc::clone(&begun);
        running.spawn(async move {
            let mut figures = Vec::new();
            loop {
                let number = begun.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, Failure>((lane, figures));
                }
                let mut began = Instant::now();
                if let Some(pace) = pace {
                    began = start + Duration::from_secs_f64(number as f64 / pace);
                    tokio::time::sleep_until(began.into()).await;
                }
                lane.exchange().await?;
                figures.push(millis(began));
            }
        });
    }
    let (mut lanes, mut figures) = (Vec::new(), Vec::new());
    while let Some(ended) = running.join_next().await {
        let (lane, own) = ended.map_err(failed)??;
        lanes.push(lane);
        figures.extend(own);
    }
    let rate = per_second(figures.len(), start.elapsed());
    rounds.push(Figures { rate, p99: quantile(&figures, 0.99) });
    Ok(lanes)
}
