//! What time ends.

use crate::gateway::Gateway;
use tokio::time::{MissedTickBehavior, interval};

/// Every so many rounds what is over for long is dropped.
const FORGET_EVERY: u64 = 60;

/// Exchanges that are ended at a time.
const BATCH: usize = 500;

/// Looks again and again; never ends by itself. Nobody depends on it to be right: the store
/// judges every call by the time of the call.
pub(crate) async fn keep_house(gateway: &Gateway) {
    let mut rounds = interval(gateway.config.limits.housekeeping);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 0_u64.. {
        rounds.tick().await;
        expire(gateway).await;
        gateway.sessions.sweep(gateway.now());
        if round.is_multiple_of(FORGET_EVERY) {
            forget(gateway).await;
        }
    }
}

/// A store that fails now is asked again in the next round.
async fn expire(gateway: &Gateway) {
    while let Ok(ended) = gateway.store.expire_due(gateway.now(), BATCH).await {
        ended.iter().for_each(|exchange| gateway.hub.end(exchange));
        if ended.len() < BATCH {
            return;
        }
    }
}

async fn forget(gateway: &Gateway) {
    let retention = gateway.config.limits.retention.as_millis();
    let retention = i64::try_from(retention).unwrap_or(i64::MAX);
    // What could not be dropped now is dropped later.
    let _ = gateway.store.forget(gateway.now().plus_millis(retention.saturating_neg())).await;
}
