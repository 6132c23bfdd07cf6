//! Tells gateways that nobody needs to answer any more. They may not hear it: the enforcer refuses
//! what comes later in any case.

use super::{BRIEFLY, Relays, way};
use crate::gate::{Enforcer, GateError};
use countersign_store::ledger::RequestRecord;
use tokio::time::timeout;

impl Enforcer {
    /// Tells the gateways that nobody needs to answer any more, and that this is in the ledger.
    pub(super) async fn tell_ended(
        &self,
        request: &RequestRecord,
        relays: &Relays,
        why: &str,
    ) -> Result<(), GateError> {
        tell_withdrawn(request, request, relays, why).await;
        self.witnessed_at_rest(request, relays).await
    }
}

/// Tells the gateways that nobody of a round needs to answer any more, but for those who did, as
/// `now` knows.
pub(super) async fn tell_withdrawn(
    round: &RequestRecord,
    now: &RequestRecord,
    relays: &Relays,
    why: &str,
) {
    for asked in round.asked_now().filter(|asked| !now.has_answer_to(asked)) {
        if let Some(relay) = way(asked, relays) {
            let told = relay.client.withdraw(&asked.artifact.head.request_id, Some(why));
            let _ = timeout(BRIEFLY, told).await;
        }
    }
}
