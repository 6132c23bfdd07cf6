//! Tells those of a round who have not answered how far the others are, as well as it goes: nobody
//! waits for a note, and one that is lost changes nothing. Whoever looks at the request next sends
//! it again.

use super::{BRIEFLY, Relays, way};
use crate::gate::Enforcer;
use countersign_store::ledger::RequestRecord;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Notes on their way. What has not arrived is given up with this.
#[derive(Default)]
pub(super) struct Notes(JoinSet<()>);

impl Notes {
    /// Sends what the answers so far come to, in place of what is still on its way.
    pub(super) fn tell(&mut self, enforcer: &Enforcer, request: &RequestRecord, relays: &Relays) {
        self.0 = JoinSet::new();
        // What cannot be made is told to nobody.
        for (asked, note) in enforcer.notes(request).unwrap_or_default() {
            let Some(relay) = way(asked, relays) else { continue };
            let (client, id) = (relay.client.clone(), asked.artifact.head.request_id.clone());
            self.0.spawn(async move {
                let _ = timeout(BRIEFLY, client.submit_note(&id, note)).await;
            });
        }
    }

    /// Lets them arrive where nothing else is waited for.
    pub(super) async fn arrive(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}
