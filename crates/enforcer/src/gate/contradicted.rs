//! What a ledger keeps of a request and its receipts do not say: refused, and written down.

use super::Enforcer;
use crate::entry;
use countersign_core::receipt::Event;
use countersign_core::receipt::course::LEDGER;
use countersign_store::ledger::LedgerError;

impl Enforcer {
    /// Records that something was refused because what is kept of a request is not its own, or not
    /// what receipts say of it. The receipt names the request and is none of it: nothing of what
    /// was found stands in it as people's.
    pub(crate) async fn unless_contradicted<T>(
        &self,
        request: &str,
        done: Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        if let Err(LedgerError::Contradicted(why)) = &done {
            let members = [("change", "contradicted"), ("request", request), ("why", why)];
            // It is refused whether or not this can be written.
            if let Ok(entry) = self.change(Event::Observed, entry::note(LEDGER, &members)) {
                let _ = self.ledger.record(entry, self.now()).await;
            }
        }
        done
    }
}
