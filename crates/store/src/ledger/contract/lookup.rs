//! Requests are found by what a person remembers of their ids.

use super::Checked;
use super::fixture::{Fixture, NOW};
use crate::ledger::LedgerStore;

pub(super) async fn requests_are_found_by_the_beginning_of_their_ids(
    ledger: &dyn LedgerStore,
) -> Checked {
    let fixture = Fixture::new()?;
    for (id, session) in [("01A1", "a"), ("01A2", "b"), ("01B", "c"), ("0%A", "d")] {
        let mut request = fixture.request(id, NOW)?;
        request.key.session = session.into();
        let entry = fixture.entry(countersign_core::receipt::Event::Suspended);
        ledger.suspend(request, entry, NOW).await?;
    }
    assert_eq!(ledger.named("01B", 2).await?, ["01B"]);
    assert_eq!(ledger.named("01A", 9).await?, ["01A1", "01A2"]);
    assert_eq!(ledger.named("01", 2).await?, ["01A1", "01A2"]);
    assert_eq!(ledger.named("01A", 0).await?, [""; 0]);
    // What is typed is text and no pattern.
    for nothing in ["01a", "%", "_1", "01C", "01BX"] {
        assert_eq!(ledger.named(nothing, 9).await?, [""; 0], "{nothing}");
    }
    Ok(())
}
