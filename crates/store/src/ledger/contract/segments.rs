//! Holds are there until they are released, each once, and each leaves its receipt.

use super::Checked;
use super::fixture::{DAY, Fixture, NOW};
use crate::ledger::LedgerStore;
use crate::ledger::segments::{Hold, SegmentError};
use countersign_core::receipt::Event;

pub(super) async fn a_hold_is_there_until_it_is_released(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    let entry = || fixture.entry(Event::Observed);
    let hold = |name: &str, days: i64| Hold {
        name: name.to_owned(),
        why: Some("a lawsuit".to_owned()),
        since: NOW.plus_millis(days * DAY),
    };
    assert_eq!(ledger.holds().await?, []);
    ledger.hold(hold("b", 0), entry()).await?;
    ledger.hold(hold("a", 1), entry()).await?;
    let again = ledger.hold(hold("a", 2), entry()).await;
    assert_eq!(again, Err(SegmentError::Exists("a".to_owned())));
    assert_eq!(ledger.holds().await?, [hold("b", 0), hold("a", 1)]);
    ledger.release("b", entry(), NOW).await?;
    let again = ledger.release("b", entry(), NOW).await;
    assert_eq!(again, Err(SegmentError::Unknown("b".to_owned())));
    assert_eq!(ledger.holds().await?, [hold("a", 1)]);
    assert_eq!(ledger.newest().await?.map(|(seq, _)| seq), Some(3), "what fails leaves nothing");
    Ok(())
}
