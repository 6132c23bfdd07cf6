//! Work that may hang or panic, and takes the rest of the checks with it in neither case.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// The longest that looking at files may take: a pipe in the place of a file never answers.
pub(super) const FILES: Duration = Duration::from_secs(10);

/// The result of `work`, which runs on a thread of its own; a thread that hangs is left behind,
/// and ends with the process.
///
/// # Errors
/// Where there is none in time, or `work` panicked.
pub(super) async fn bounded<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (say, said) = tokio::sync::oneshot::channel();
    let spawned = std::thread::Builder::new().name("doctor".into()).spawn(move || {
        if let Ok(result) = catch_unwind(AssertUnwindSafe(work)) {
            let _ = say.send(result);
        }
    });
    spawned.map_err(|e| format!("cannot be looked at: {e}"))?;
    match tokio::time::timeout(limit, said).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(_)) => Err("cannot be looked at: the check itself broke".to_owned()),
        Err(_) => Err(format!("no answer within {} s", limit.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_hangs_is_left_behind() {
        let (_open, never) = std::sync::mpsc::channel::<()>();
        let limit = Duration::from_millis(20);
        assert!(bounded(limit, move || never.recv()).await.is_err());
        assert_eq!(bounded(FILES, || 7).await, Ok(7));
    }
}
