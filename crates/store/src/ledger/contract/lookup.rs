//! Requests are found by what a person remembers of their ids, and by their call.

use super::Checked;
use super::fixture::{Fixture, NOW, of_request};
use crate::ledger::{Ending, LedgerStore, RequestKey};
use countersign_core::action::ActionHash;
use countersign_core::encoding::Hash;
use countersign_core::receipt::Event;

pub(super) async fn requests_are_found_by_the_beginning_of_their_ids(
    ledger: &dyn LedgerStore,
) -> Checked {
    let fixture = Fixture::new()?;
    for (id, session) in [("01A1", "a"), ("01A2", "b"), ("01B", "c"), ("0%A", "d")] {
        let mut request = fixture.request(id, NOW)?;
        request.key.session = session.into();
        let entry = of_request(fixture.entry(Event::Suspended), &request);
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

pub(super) async fn a_call_that_waits_is_found_by_all_of_its_key(
    ledger: &dyn LedgerStore,
) -> Checked {
    let fixture = Fixture::new()?;
    let key = fixture.request("01A", NOW)?.key;
    assert!(!ledger.waits(&key, NOW).await?);
    fixture.suspend(ledger, "01A", NOW).await?;
    assert!(ledger.waits(&key, NOW).await?);
    let others = [
        RequestKey { principal: "uid:2".into(), ..key.clone() },
        RequestKey { session: "s2".into(), ..key.clone() },
        RequestKey { workspace: "/v".into(), ..key.clone() },
        RequestKey { action_hash: ActionHash(Hash([7; 32])), ..key.clone() },
    ];
    for other in others {
        assert!(!ledger.waits(&other, NOW).await?, "{other:?}");
    }
    let expires_at = fixture.request("01A", NOW)?.expires_at;
    assert!(ledger.waits(&key, expires_at.plus_millis(-1)).await?);
    assert!(!ledger.waits(&key, expires_at).await?, "its time is over");
    let entry = fixture.entry(Event::Withdrawn);
    ledger.close("01A", Ending::Withdrawn, entry, NOW).await?;
    assert!(!ledger.waits(&key, NOW).await?, "it is final");
    Ok(())
}
