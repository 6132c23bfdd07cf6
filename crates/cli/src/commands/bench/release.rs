//! From the moment in which a device sends its answer to the moment in which the enforcer, which
//! waits idle, has verified it, written it down and lets the action go.

use super::bare::Bare;
use super::limit::Appends;
use super::row::{Better, Row};
use super::samples::{median, millis, quantile};
use super::stage::Stage;
use super::verification::question;
use super::wire::Wire;
use super::{Effort, failed};
use crate::failure::Failure;
use countersign_approver::open::{Delivered, open};
use countersign_approver::sign::{Reply, sign};
use countersign_client::Channel;
use countersign_core::sealing::Entropy;
use countersign_enforcer::{Answered, Progress, Way};
use countersign_wire::artifact::ApprovalRequest;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

pub(super) const ROWS: &[&str] = &["release-p50", "release-p99"];

/// For as long as nothing happens before an answer is sent, so that the enforcer's wait is open.
const IDLE: Duration = Duration::from_millis(8);

/// The longest that one release may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn measure(stage: &Stage, effort: Effort) -> Result<Vec<Row>, Failure> {
    let bare = Bare::open(stage.dir.join("bare-release")).await?;
    let mut wire = Wire::connect(bare.address, "").await?;
    let disk = Appends::new(stage.dir.join("appends"), vec![b'x'; 2_048]);
    let mut desk = Desk { stage, channel: stage.approver.client.channel().await? };
    let ways = stage.enforcer.ways()?;
    let (mut releases, mut limits) = (Vec::new(), Vec::new());
    for round in 0..effort.rounds {
        for n in 0..effort.releases {
            let one = desk.release(round * effort.releases + n, ways.clone());
            let late = |_| failed("an enforcer was not released in time");
            releases.push(timeout(PATIENCE, one).await.map_err(late)??);
            sleep(IDLE).await;
            limits.push(least(&mut wire, &disk).await?);
        }
    }
    let row = |name, part: f64, budget| Row {
        name,
        value: quantile(&releases, part),
        unit: "ms",
        better: Better::Lower,
        limit: quantile(&limits, part),
        against: "two bare HTTP round trips and one synced append".into(),
        budget,
    };
    // The design names no middle; what holds for the slowest holds for it.
    Ok(vec![row("release-p50", 0.5, Some(5.0)), row("release-p99", 0.99, Some(5.0))])
}

/// Two bare round trips and one synced append, in milliseconds.
async fn least(wire: &mut Wire, disk: &Appends) -> Result<f64, Failure> {
    let began = Instant::now();
    wire.post("/", &[b'x'; 2_048]).await?;
    wire.get("/").await?;
    let trips = millis(began);
    Ok(trips + median(&disk.round(1).await?))
}

/// The approver's device, on a live channel.
struct Desk<'a> {
    stage: &'a Stage,
    channel: Channel,
}

impl Desk<'_> {
    async fn release(&mut self, n: usize, ways: Vec<Way>) -> Result<f64, Failure> {
        let (stage, submitted) = (self.stage, Notify::new());
        let question = question(n, ways);
        let report = |progress| {
            if matches!(progress, Progress::Submitted) {
                submitted.notify_one();
            }
        };
        let asked = async {
            let answered = stage.enforcer.ask(&question, &stage.relays, &report).await?;
            Ok::<_, Failure>((answered, Instant::now()))
        };
        let (asked, sent) = tokio::join!(asked, self.answer(&submitted));
        match asked? {
            (Answered::Approved(_), released) => {
                Ok(released.duration_since(sent?).as_secs_f64() * 1_000.0)
            }
            (other, _) => Err(failed(format!("an answer was not taken: {other:?}"))),
        }
    }

    /// Signs a yes beforehand, and sends it when the enforcer waits; says when.
    async fn answer(&mut self, submitted: &Notify) -> Result<Instant, Failure> {
        let (approver, edge) = (&self.stage.approver, self.stage.enforcer.edge());
        let envelope = self.channel.next().await?.open::<ApprovalRequest>().map_err(failed)?;
        let delivered = Delivered::of(&envelope).map_err(failed)?;
        let (keys, now) = (&*approver.keys, edge.now());
        let opened = open(&delivered, &approver.pairing, keys, now).map_err(failed)?;
        let mut missing = None;
        let mut fill = |bytes: &mut [u8]| missing = edge.fill(bytes).err().or(missing.take());
        let Entropy(random) = Entropy(&mut fill);
        let signed = sign(&opened, &Reply::allow(), keys, now, random).map_err(failed)?;
        if let Some(error) = missing {
            return Err(failed(error));
        }
        submitted.notified().await;
        sleep(IDLE).await;
        let began = Instant::now();
        let (body, trace) = (signed.body, Some(signed.trace));
        approver.client.decide(&envelope.request_id, body, trace).await?;
        Ok(began)
    }
}
