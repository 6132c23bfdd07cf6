//! Bytes that differ each time and are the same in each run.

use countersign_core::encoding::Hash;
use countersign_core::keys::SecretKeys;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

static DRAWN: AtomicU64 = AtomicU64::new(0);

/// Fills `bytes`. Nothing here protects anything, so a counter is chance enough.
pub(crate) fn fill(bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(32) {
        let hash = Hash::of(&DRAWN.fetch_add(1, Ordering::Relaxed).to_be_bytes()).0;
        chunk.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    }
}

pub(crate) fn draw<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

pub(crate) fn keys() -> Arc<SecretKeys> {
    Arc::new(SecretKeys::from_bytes(&draw()).expect("any 64 bytes are keys"))
}

/// The system's clock.
pub(crate) fn now() -> countersign_core::time::Instant {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = now.expect("the clock is set").as_millis();
    countersign_core::time::Instant(i64::try_from(millis).expect("the clock is set"))
}

/// Runs something that waits, from a test that does not.
pub(crate) fn block_on<T>(waiting: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(waiting)
}
