//! Callers who do the same thing at the same time, each one again as soon as it is done.

use super::failed;
use super::samples::per_second;
use crate::failure::Failure;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// For as long as `slice`: how often it was done in a second, whoever did it.
///
/// `once` is given a number that no other call is given. Every caller does it at least once, and
/// what was begun is ended and counted.
pub(super) async fn crowd_for<F>(
    callers: usize,
    slice: Duration,
    numbers: &Arc<AtomicU64>,
    once: impl Fn(u64) -> F + Clone + Send + 'static,
) -> Result<f64, Failure>
where
    F: Future<Output = Result<(), Failure>> + Send,
{
    let began = Instant::now();
    let first = numbers.load(Ordering::Relaxed);
    crowd(callers, numbers, move |_| began.elapsed() >= slice, once).await?;
    let done = numbers.load(Ordering::Relaxed) - first;
    Ok(per_second(usize::try_from(done).unwrap_or(usize::MAX), began.elapsed()))
}

/// Until every number below `end` was given out.
pub(super) async fn crowd_until<F>(
    callers: usize,
    end: u64,
    numbers: &Arc<AtomicU64>,
    once: impl Fn(u64) -> F + Clone + Send + 'static,
) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>> + Send,
{
    crowd(callers, numbers, move |next| next >= end, once).await
}

async fn crowd<F>(
    callers: usize,
    numbers: &Arc<AtomicU64>,
    enough: impl Fn(u64) -> bool + Clone + Send + 'static,
    once: impl Fn(u64) -> F + Clone + Send + 'static,
) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>> + Send,
{
    let mut working = JoinSet::new();
    for _ in 0..callers {
        let (numbers, enough, once) = (Arc::clone(numbers), enough.clone(), once.clone());
        working.spawn(async move {
            loop {
                once(numbers.fetch_add(1, Ordering::Relaxed)).await?;
                if enough(numbers.load(Ordering::Relaxed)) {
                    return Ok::<_, Failure>(());
                }
            }
        });
    }
    while let Some(ended) = working.join_next().await {
        ended.map_err(failed)??;
    }
    Ok(())
}
