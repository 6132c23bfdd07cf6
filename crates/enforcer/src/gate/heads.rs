//! The newest head, remembered in the home.
//!
//! The ledger hands its heads on by itself; what hangs on one asks for it here. To ask costs a lock
//! between processes and a file, and covers every receipt before it. So of the many who wait for it
//! at the same time, one asks for the newest head that the ledger has by then, and serves all whose
//! receipts stand before it.

use super::{Enforcer, GateError};
use crate::home::Home;
use crate::witness;
use countersign_core::checkpoint::Checkpoint;
use countersign_store::error::StoreError;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Mutex;

/// The number of the newest receipt that this process knows to be covered; 0 before the first.
///
/// It only ever spares what was done already: whatever the file holds, a newer receipt is
/// remembered anew.
#[derive(Default)]
pub(super) struct Heads(Mutex<u64>);

impl Enforcer {
    /// Returns when a head stands in the home that covers every receipt there is now.
    pub(super) async fn remember_head(&self) -> Result<(), GateError> {
        let Some((needed, _)) = self.ledger.newest().await? else { return Ok(()) };
        let mut covered = self.heads.0.lock().await;
        if *covered >= needed {
            return Ok(());
        }
        // Read after the wait: it covers whatever was written meanwhile, too.
        let Some(head) = self.ledger.checkpoint().await? else { return Ok(()) };
        let seq = head.head.seq;
        remember(&self.home, head).await?;
        *covered = seq;
        Ok(())
    }
}

/// Remembers it on a thread of its own, where the program has several: a sync takes its time.
async fn remember(home: &Home, head: Checkpoint) -> Result<(), GateError> {
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        return Ok(witness::remember(home, &head)?);
    }
    let home = home.clone();
    let remembering = tokio::task::spawn_blocking(move || witness::remember(&home, &head));
    Ok(remembering.await.map_err(|error| StoreError::Unavailable(error.to_string()))??)
}
