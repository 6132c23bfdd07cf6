//! How much may wait, in which order, and what is found of earlier answers.

use super::Checked;
use super::fixture::{DAY, Fixture, NOW, of_request};
use crate::ledger::{Ending, LedgerError, LedgerStore, Room, Suspended, Turn};
use countersign_core::decision::Word;
use countersign_core::receipt::Event;
use countersign_core::time::Instant;
use std::error::Error;

const ROOM: Room = Room { each: 2, whole: 3 };

async fn ask(
    ledger: &dyn LedgerStore,
    (id, principal): (&str, &str),
    now: Instant,
) -> Result<Suspended, Box<dyn Error + Send + Sync>> {
    let fixture = Fixture { path: format!("/{id}"), ..Fixture::new()? };
    let mut request = fixture.request(id, now)?;
    request.key.principal = principal.into();
    let entry = of_request(fixture.entry(Event::Suspended), &request);
    let suspended = ledger.suspend_within(request, entry, ROOM, now).await;
    Ok(suspended?)
}

pub(super) async fn attack_26_one_asker_starves_nobody(ledger: &dyn LedgerStore) -> Checked {
    for id in ["a1", "a2", "a3", "a4"] {
        ask(ledger, (id, "uid:1"), NOW).await?;
    }
    let over = ask(ledger, ("a5", "uid:1"), NOW).await;
    let full = over.err().and_then(|e| e.downcast::<LedgerError>().ok());
    assert!(matches!(full.as_deref(), Some(LedgerError::Full { most: 2, .. })), "{full:?}");
    assert!(ledger.request("a5").await?.is_none(), "what is refused leaves nothing waiting");
    // The same call that waits is no further one.
    assert!(matches!(ask(ledger, ("a1", "uid:1"), NOW).await?, Suspended::Joined(_)));
    for id in ["a1", "a2"] {
        assert_eq!(ledger.turn(id, ROOM, NOW).await?, Turn::Now);
    }
    assert_eq!(ledger.turn("a3", ROOM, NOW).await?, Turn::After(0));
    assert_eq!(ledger.turn("a4", ROOM, NOW).await?, Turn::After(1));
    // Another one goes at once, past those whose own places are taken.
    ask(ledger, ("b1", "uid:2"), NOW.plus_millis(1)).await?;
    assert_eq!(ledger.turn("b1", ROOM, NOW.plus_millis(1)).await?, Turn::Now);
    Ok(())
}

pub(super) async fn attack_26_all_together_have_so_much_room(ledger: &dyn LedgerStore) -> Checked {
    for (id, principal) in [("a1", "uid:1"), ("a2", "uid:1"), ("b1", "uid:2"), ("c1", "uid:3")] {
        ask(ledger, (id, principal), NOW).await?;
    }
    assert_eq!(ledger.turn("b1", ROOM, NOW).await?, Turn::Now);
    assert_eq!(ledger.turn("c1", ROOM, NOW).await?, Turn::After(0), "three are put");
    for (id, principal) in [("d1", "uid:4"), ("e1", "uid:5")] {
        ask(ledger, (id, principal), NOW).await?;
    }
    let over = ask(ledger, ("f1", "uid:6"), NOW).await;
    let full = over.err().and_then(|e| e.downcast::<LedgerError>().ok());
    assert!(matches!(full.as_deref(), Some(LedgerError::Full { most: 3, .. })), "{full:?}");
    Ok(())
}

pub(super) async fn the_queue_moves_in_order(ledger: &dyn LedgerStore) -> Checked {
    let fixture = Fixture::new()?;
    for id in ["a1", "a2", "a3", "a4"] {
        ask(ledger, (id, "uid:1"), NOW).await?;
    }
    ledger.close("a1", Ending::Withdrawn, fixture.entry(Event::Withdrawn), NOW).await?;
    assert_eq!(ledger.turn("a4", ROOM, NOW).await?, Turn::After(1));
    // A place that is free is not for one that comes later.
    ledger.close("a4", Ending::Withdrawn, fixture.entry(Event::Withdrawn), NOW).await?;
    ask(ledger, ("a4b", "uid:1"), NOW).await?;
    assert_eq!(ledger.turn("a4b", ROOM, NOW).await?, Turn::After(1));
    assert_eq!(ledger.turn("a3", ROOM, NOW).await?, Turn::Now);
    assert_eq!(ledger.turn("a3", ROOM, NOW).await?, Turn::Now);
    assert_eq!(ledger.turn("a4b", ROOM, NOW).await?, Turn::After(0));
    // What was approved waits no more, and neither does what ran out of time.
    let late = NOW.plus_millis(DAY);
    ask(ledger, ("a6", "uid:1"), late).await?;
    assert_eq!(ledger.turn("a6", ROOM, late).await?, Turn::Now);
    let unknown = ledger.turn("a9", ROOM, NOW).await;
    assert_eq!(unknown.err(), Some(LedgerError::Unknown("a9".into())));
    Ok(())
}

pub(super) async fn attack_46_denials_of_one_asker_are_found(ledger: &dyn LedgerStore) -> Checked {
    let mut key = None;
    for (nonce, word) in [(1, Word::Deny), (2, Word::Allow), (3, Word::Deny)] {
        let fixture = Fixture { path: format!("/{nonce}"), nonce, ..Fixture::new()? };
        let id = format!("r{nonce}");
        fixture.suspend(ledger, &id, NOW).await?;
        ledger.accept(fixture.acceptance(ledger, &id, word).await?).await?;
        key = Some(fixture.request(&id, NOW)?.key);
    }
    let key = key.ok_or("no key")?;
    let ids = |found: Vec<crate::ledger::RequestRecord>| -> Vec<String> {
        found.into_iter().map(|r| r.id).collect()
    };
    assert_eq!(ids(ledger.denied(&key, NOW).await?), ["r1", "r3"]);
    assert_eq!(ids(ledger.allowed(&key, NOW).await?), ["r2"]);
    assert_eq!(ids(ledger.denied(&key, NOW.plus_millis(1)).await?), [""; 0]);
    let other = crate::ledger::RequestKey { session: "s2".into(), ..key };
    assert_eq!(ids(ledger.denied(&other, NOW).await?), [""; 0]);
    Ok(())
}
