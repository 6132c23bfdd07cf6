//! A note stands beside an exchange that waits, the last one only, and goes with it.

use super::fixture::{Checked, LIFE, NOW, after, decision, paired, submission};
use super::{Store, checks};
use crate::error::StoreError;
use crate::relay::exchange::State;
use crate::relay::note::Noted;

checks! {
    the_last_note_comes_with_the_exchange,
    attack_25_only_the_enforcer_of_an_exchange_leaves_a_note,
    attack_19_no_note_is_taken_after_the_end,
}

/// The notes in an inbox, by request.
async fn notes(store: &Store, approver: &str) -> Result<Vec<(String, String)>, StoreError> {
    let listed = store.inbox(approver, None, 9, NOW).await?;
    assert_eq!(store.unacked_requests(approver, None, 9, NOW).await?, listed);
    let noted = |r: crate::relay::exchange::Request| r.note.map(|note| (r.request_id, note));
    Ok(listed.into_iter().filter_map(noted).collect())
}

async fn keep(store: &Store, who: &str, request: &str, note: &str) -> Result<Noted, StoreError> {
    store.keep_note(who, request, note.to_owned(), NOW).await
}

async fn the_last_note_comes_with_the_exchange(store: Store) -> Checked {
    paired(&store, 1).await?;
    for request in ["r", "s"] {
        store.submit_artifact(submission(1, request), 9, NOW).await?;
    }
    assert_eq!(notes(&store, "app-1").await?, []);
    let kept = Noted::Kept { approver_id: "app-1".to_owned() };
    for note in ["first", "second"] {
        assert_eq!(keep(&store, "enf-1", "r", note).await?, kept);
        assert_eq!(notes(&store, "app-1").await?, [("r".to_owned(), note.to_owned())]);
    }
    store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    let still = [("r".to_owned(), "second".to_owned())];
    assert_eq!(notes(&store, "app-1").await?, still, "submitting again changes nothing");
    let listed = store.inbox("app-1", None, 9, NOW).await?;
    assert_eq!(listed.len(), 2, "a note adds no item and hides none");
    Ok(())
}

async fn attack_25_only_the_enforcer_of_an_exchange_leaves_a_note(store: Store) -> Checked {
    paired(&store, 1).await?;
    paired(&store, 2).await?;
    store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    for (who, request) in [("enf-2", "r"), ("app-1", "r"), ("enf-1", "s")] {
        assert_eq!(keep(&store, who, request, "x").await?, Noted::Unknown, "{who} {request}");
    }
    assert_eq!(notes(&store, "app-1").await?, []);
    store.submit_artifact(submission(2, "r"), 9, NOW).await?;
    keep(&store, "enf-2", "r", "theirs").await?;
    assert_eq!(notes(&store, "app-1").await?, [], "ids belong to their enforcer");
    Ok(())
}

async fn attack_19_no_note_is_taken_after_the_end(store: Store) -> Checked {
    paired(&store, 1).await?;
    for request in ["decided", "withdrawn", "late", "swept", "cancelled"] {
        store.submit_artifact(submission(1, request), 9, NOW).await?;
        keep(&store, "enf-1", request, "early").await?;
    }
    store.decide(decision(1, "decided", "yes"), NOW).await?;
    store.withdraw("enf-1", "withdrawn", NOW).await?;
    for (request, state) in [("decided", State::Decided), ("withdrawn", State::Withdrawn)] {
        assert_eq!(keep(&store, "enf-1", request, "x").await?, Noted::Over(state));
    }
    let late = store.keep_note("enf-1", "late", "x".to_owned(), after(LIFE)).await?;
    assert_eq!(late, Noted::Over(State::Expired), "before anyone swept");
    store.revoke_route("enf-1", "app-1", NOW).await?;
    let cancelled = keep(&store, "enf-1", "cancelled", "x").await?;
    assert_eq!(cancelled, Noted::Over(State::Cancelled));
    assert_eq!(store.inbox("app-1", None, 9, NOW).await?, []);
    store.forget(after(LIFE + 1)).await?;
    assert_eq!(keep(&store, "enf-1", "decided", "x").await?, Noted::Unknown, "gone with it");
    Ok(())
}
