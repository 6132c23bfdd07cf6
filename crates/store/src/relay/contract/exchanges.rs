//! Submitting, deciding, delivering and ending.

use super::fixture::{
    Checked, LIFE, NOW, after, completion, confirmation, decision, paired, pairing, submission,
};
use super::{Store, checks};
use crate::error::StoreError;
use crate::relay::device::Role;
use crate::relay::exchange::{
    Acked, Decided, Decision, Delivery, Ended, Party, Request, Route, State, Submitted, Withdrawn,
};
use crate::relay::pairing::Completion;

checks!(
    an_artifact_is_taken_once,
    request_ids_belong_to_their_enforcer,
    an_inbox_holds_a_request_id_once,
    an_expired_artifact_is_refused,
    what_waits_between_two_devices_is_limited,
    an_inbox_is_paged_oldest_first,
    a_dismissed_item_is_hidden_and_still_pending,
    the_first_decision_wins,
    only_the_approver_that_was_asked_decides,
    a_decision_names_its_artifact,
    nobody_decides_after_the_end,
    a_decision_is_redelivered_until_it_is_acknowledged,
    a_request_is_redelivered_until_it_is_acknowledged,
    an_exchange_is_seen_by_its_two_devices,
    a_withdrawal_ends_it,
    time_ends_it,
    forgetting_drops_what_is_over,
);

async fn an_artifact_is_taken_once(store: Store) -> Checked {
    paired(&store, 1).await?;
    let accepted = Submitted::Accepted { approver_id: "app-1".to_owned() };
    assert_eq!(store.submit_artifact(submission(1, "r"), 9, NOW).await?, accepted);
    let mut again = submission(1, "r");
    again.msg_id = "another".to_owned();
    again.content = "another".to_owned();
    assert_eq!(store.submit_artifact(again.clone(), 9, after(LIFE)).await?, Submitted::Again);
    let items = store.inbox("app-1", None, 9, NOW).await?;
    let expected = submission(1, "r");
    let item = Request {
        request_id: expected.request_id,
        msg_id: expected.msg_id,
        content: expected.content,
        received_at: NOW,
        expires_at: expected.expires_at,
        note: None,
    };
    assert_eq!(items, [item], "the first one stays, byte for byte");
    again.artifact_key = "bb".to_owned();
    assert_eq!(store.submit_artifact(again, 9, NOW).await?, Submitted::OtherArtifact);
    Ok(())
}

async fn request_ids_belong_to_their_enforcer(store: Store) -> Checked {
    paired(&store, 1).await?;
    paired(&store, 2).await?;
    for n in [1, 2] {
        let submitted = store.submit_artifact(submission(n, "same"), 9, NOW).await?;
        assert!(matches!(submitted, Submitted::Accepted { .. }), "{n}: {submitted:?}");
    }
    store.decide(decision(1, "same", "yes"), NOW).await?;
    assert_eq!(store.undelivered("enf-2", None, 9).await?, []);
    assert_eq!(store.inbox("app-2", None, 9, NOW).await?.len(), 1);
    Ok(())
}

async fn an_inbox_holds_a_request_id_once(store: Store) -> Checked {
    paired(&store, 1).await?;
    store.open_pairing(pairing(2)?, 9, NOW).await?;
    let same_approver = Completion { proven: true, ..completion(1)? };
    store.complete_pairing("nonce-2", same_approver, NOW).await?;
    store.confirm_pairing("nonce-2", confirmation(Role::Enforcer, "enf-2", true), NOW).await?;
    store.submit_artifact(submission(1, "same"), 9, NOW).await?;
    let mut second = submission(2, "same");
    second.route = Route::Approver("app-1".to_owned());
    let taken = store.submit_artifact(second.clone(), 9, NOW).await?;
    assert_eq!(taken, Submitted::OtherArtifact, "an answer could not say which one it means");
    assert_eq!(store.exchange(Party::Enforcer("enf-2"), "same", NOW).await?, None);
    second.request_id = "other".to_owned();
    let accepted = Submitted::Accepted { approver_id: "app-1".to_owned() };
    assert_eq!(store.submit_artifact(second, 9, NOW).await?, accepted);
    Ok(())
}

async fn an_expired_artifact_is_refused(store: Store) -> Checked {
    paired(&store, 1).await?;
    let late = store.submit_artifact(submission(1, "r"), 9, after(LIFE)).await?;
    assert_eq!(late, Submitted::Expired);
    assert_eq!(store.exchange(Party::Enforcer("enf-1"), "r", NOW).await?, None);
    Ok(())
}

async fn what_waits_between_two_devices_is_limited(store: Store) -> Checked {
    paired(&store, 1).await?;
    paired(&store, 2).await?;
    for request in ["a", "b"] {
        store.submit_artifact(submission(1, request), 2, NOW).await?;
    }
    assert_eq!(store.submit_artifact(submission(1, "c"), 2, NOW).await?, Submitted::Full);
    assert_eq!(store.submit_artifact(submission(1, "a"), 2, NOW).await?, Submitted::Again);
    let other = store.submit_artifact(submission(2, "c"), 2, NOW).await?;
    assert!(matches!(other, Submitted::Accepted { .. }), "others have their own room: {other:?}");
    store.decide(decision(1, "a", "yes"), NOW).await?;
    let free = store.submit_artifact(submission(1, "c"), 2, NOW).await?;
    assert!(matches!(free, Submitted::Accepted { .. }), "a decision makes room: {free:?}");
    let mut later = submission(1, "d");
    later.expires_at = after(2 * LIFE).timestamp();
    let free = store.submit_artifact(later, 2, after(LIFE)).await?;
    assert!(matches!(free, Submitted::Accepted { .. }), "time makes room: {free:?}");
    Ok(())
}

async fn an_inbox_is_paged_oldest_first(store: Store) -> Checked {
    paired(&store, 1).await?;
    for (request, at) in [("c", 0), ("b", 1), ("a", 1), ("d", 2)] {
        store.submit_artifact(submission(1, request), 9, after(at)).await?;
    }
    let ids = |page: &[Request]| page.iter().map(|r| r.request_id.clone()).collect::<Vec<_>>();
    let first = store.inbox("app-1", None, 3, NOW).await?;
    assert_eq!(ids(&first), ["c", "a", "b"]);
    let cursor = first.last().map(Request::cursor);
    store.decide(decision(1, "b", "yes"), NOW).await?;
    let second = store.inbox("app-1", cursor.as_ref(), 3, NOW).await?;
    assert_eq!(ids(&second), ["d"], "the place outlives the item that named it");
    let cursor = second.last().map(Request::cursor);
    assert_eq!(store.inbox("app-1", cursor.as_ref(), 3, NOW).await?, []);
    assert_eq!(store.inbox("app-2", None, 3, NOW).await?, []);
    Ok(())
}

async fn a_dismissed_item_is_hidden_and_still_pending(store: Store) -> Checked {
    paired(&store, 1).await?;
    store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    assert!(!store.dismiss("app-2", "r").await?);
    assert!(!store.dismiss("enf-1", "r").await?);
    assert_eq!(store.inbox("app-1", None, 9, NOW).await?.len(), 1);
    for _ in 0..2 {
        assert!(store.dismiss("app-1", "r").await?);
        assert_eq!(store.inbox("app-1", None, 9, NOW).await?, []);
        assert_eq!(store.unacked_requests("app-1", None, 9, NOW).await?, []);
    }
    let decided = store.decide(decision(1, "r", "yes"), NOW).await?;
    assert!(matches!(decided, Decided::Accepted { .. }), "{decided:?}");
    Ok(())
}

async fn the_first_decision_wins(store: Store) -> Checked {
    paired(&store, 1).await?;
    store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    let first = decision(1, "r", "yes");
    let delivery = Delivery {
        request_id: "r".to_owned(),
        msg_id: first.msg_id.clone(),
        content: first.content.clone(),
        decided_at: after(1),
        expires_at: after(LIFE).timestamp(),
    };
    let accepted =
        Decided::Accepted { enforcer_id: "enf-1".to_owned(), delivery: delivery.clone() };
    assert_eq!(store.decide(first.clone(), after(1)).await?, accepted);
    let again = Decision { msg_id: "another".to_owned(), ..first };
    assert_eq!(store.decide(again.clone(), after(2)).await?, Decided::Again);
    assert_eq!(store.decide(again, after(LIFE)).await?, Decided::Again, "also after the end");
    let other = store.decide(decision(1, "r", "no"), after(2)).await?;
    assert_eq!(other, Decided::DecidedOtherwise);
    assert_eq!(store.undelivered("enf-1", None, 9).await?, [delivery], "byte for byte");
    assert_eq!(store.inbox("app-1", None, 9, NOW).await?, []);
    Ok(())
}

async fn only_the_approver_that_was_asked_decides(store: Store) -> Checked {
    paired(&store, 1).await?;
    paired(&store, 2).await?;
    store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    assert_eq!(store.decide(decision(2, "r", "yes"), NOW).await?, Decided::Unknown);
    let mut enforcer = decision(1, "r", "yes");
    enforcer.approver_id = "enf-1".to_owned();
    assert_eq!(store.decide(enforcer, NOW).await?, Decided::Unknown);
    assert_eq!(store.decide(decision(1, "s", "yes"), NOW).await?, Decided::Unknown);
    assert_eq!(store.inbox("app-1", None, 9, NOW).await?.len(), 1);
    Ok(())
}

async fn a_decision_names_its_artifact(store: Store) -> Checked {
    paired(&store, 1).await?;
    store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    let mut other = decision(1, "r", "yes");
    other.artifact_key = "bb".to_owned();
    assert_eq!(store.decide(other, NOW).await?, Decided::OtherArtifact);
    let decided = store.decide(decision(1, "r", "yes"), NOW).await?;
    assert!(matches!(decided, Decided::Accepted { .. }), "{decided:?}");
    Ok(())
}

async fn nobody_decides_after_the_end(store: Store) -> Checked {
    paired(&store, 1).await?;
    for request in ["late", "swept", "withdrawn"] {
        store.submit_artifact(submission(1, request), 9, NOW).await?;
    }
    store.withdraw("enf-1", "withdrawn", NOW).await?;
    let decided = store.decide(decision(1, "withdrawn", "yes"), NOW).await?;
    assert_eq!(decided, Decided::Over(State::Withdrawn));
    let decided = store.decide(decision(1, "late", "yes"), after(LIFE)).await?;
    assert_eq!(decided, Decided::Over(State::Expired));
    store.expire_due(after(LIFE), 9).await?;
    let decided = store.decide(decision(1, "swept", "yes"), NOW).await?;
    assert_eq!(decided, Decided::Over(State::Expired), "a clock set back revives nothing");
    assert_eq!(store.undelivered("enf-1", None, 9).await?, []);
    Ok(())
}

async fn a_decision_is_redelivered_until_it_is_acknowledged(store: Store) -> Checked {
    paired(&store, 1).await?;
    for (request, at) in [("b", 1), ("a", 1), ("c", 0)] {
        store.submit_artifact(submission(1, request), 9, NOW).await?;
        store.decide(decision(1, request, "yes"), after(at)).await?;
    }
    let ids = |page: &[Delivery]| page.iter().map(|d| d.request_id.clone()).collect::<Vec<_>>();
    let first = store.undelivered("enf-1", None, 2).await?;
    assert_eq!(ids(&first), ["c", "a"]);
    let cursor = first.last().map(Delivery::cursor);
    assert_eq!(ids(&store.undelivered("enf-1", cursor.as_ref(), 2).await?), ["b"]);
    let enforcer = Party::Enforcer("enf-1");
    for (party, msg) in [
        (enforcer, "say-b-yes"),
        (enforcer, "ask-a"),
        (Party::Approver("app-1"), "say-a-yes"),
        (Party::Enforcer("enf-2"), "say-a-yes"),
    ] {
        assert_eq!(store.ack(party, "a", msg, NOW).await?, Acked::Unknown, "{party:?} {msg}");
    }
    for _ in 0..2 {
        assert_eq!(store.ack(enforcer, "a", "say-a-yes", NOW).await?, Acked::Done);
        assert_eq!(ids(&store.undelivered("enf-1", None, 9).await?), ["c", "b"]);
    }
    let exchange = store.exchange(enforcer, "a", NOW).await?;
    assert_eq!(exchange.as_ref().map(|e| e.state), Some(State::Delivered));
    let kept = exchange.and_then(|e| e.delivery).map(|d| d.msg_id);
    assert_eq!(kept.as_deref(), Some("say-a-yes"), "an acknowledged decision can be read again");
    Ok(())
}

async fn a_request_is_redelivered_until_it_is_acknowledged(store: Store) -> Checked {
    paired(&store, 1).await?;
    for (request, at) in [("a", 0), ("b", 1), ("c", 2)] {
        store.submit_artifact(submission(1, request), 9, after(at)).await?;
    }
    let approver = Party::Approver("app-1");
    for (party, msg) in [
        (approver, "ask-a"),
        (Party::Enforcer("enf-1"), "ask-b"),
        (Party::Approver("app-2"), "ask-b"),
    ] {
        assert_eq!(store.ack(party, "b", msg, NOW).await?, Acked::Unknown, "{party:?} {msg}");
    }
    for _ in 0..2 {
        assert_eq!(store.ack(approver, "b", "ask-b", NOW).await?, Acked::Done);
    }
    let ids = |page: &[Request]| page.iter().map(|r| r.request_id.clone()).collect::<Vec<_>>();
    let first = store.unacked_requests("app-1", None, 1, NOW).await?;
    assert_eq!(ids(&first), ["a"]);
    let cursor = first.last().map(Request::cursor);
    assert_eq!(ids(&store.unacked_requests("app-1", cursor.as_ref(), 9, NOW).await?), ["c"]);
    assert_eq!(store.inbox("app-1", None, 9, NOW).await?.len(), 3, "it still waits");
    Ok(())
}

async fn an_exchange_is_seen_by_its_two_devices(store: Store) -> Checked {
    paired(&store, 1).await?;
    paired(&store, 2).await?;
    store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    for party in [Party::Enforcer("enf-1"), Party::Approver("app-1")] {
        let seen = store.exchange(party, "r", NOW).await?;
        assert_eq!(seen.as_ref().map(|e| e.state), Some(State::PendingApproval));
        assert_eq!(seen.map(|e| e.artifact_hash).as_deref(), Some("sha256:aa"));
    }
    for party in [
        Party::Enforcer("enf-2"),
        Party::Approver("app-2"),
        Party::Enforcer("app-1"),
        Party::Approver("enf-1"),
    ] {
        assert_eq!(store.exchange(party, "r", NOW).await?, None, "{party:?}");
    }
    Ok(())
}

async fn a_withdrawal_ends_it(store: Store) -> Checked {
    paired(&store, 1).await?;
    for request in ["r", "decided"] {
        store.submit_artifact(submission(1, request), 9, NOW).await?;
    }
    store.decide(decision(1, "decided", "no"), NOW).await?;
    for (enforcer, request) in [("enf-2", "r"), ("app-1", "r"), ("enf-1", "s")] {
        assert_eq!(store.withdraw(enforcer, request, NOW).await?, Withdrawn::Unknown);
    }
    let done = Withdrawn::Done { approver_id: "app-1".to_owned() };
    assert_eq!(store.withdraw("enf-1", "r", NOW).await?, done);
    let again = store.withdraw("enf-1", "r", NOW).await?;
    assert_eq!(again, Withdrawn::Over(State::Withdrawn));
    let decided = store.withdraw("enf-1", "decided", NOW).await?;
    assert_eq!(decided, Withdrawn::Over(State::Decided));
    assert_eq!(store.inbox("app-1", None, 9, NOW).await?, []);
    let again = store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    assert_eq!(again, Submitted::Again, "a withdrawn request does not come back");
    assert_eq!(store.inbox("app-1", None, 9, NOW).await?, []);
    Ok(())
}

async fn time_ends_it(store: Store) -> Checked {
    paired(&store, 1).await?;
    for request in ["a", "b", "answered"] {
        store.submit_artifact(submission(1, request), 9, NOW).await?;
    }
    store.decide(decision(1, "answered", "yes"), NOW).await?;
    assert_eq!(store.expire_due(after(LIFE - 1), 9).await?, []);
    let state = async |request: &str, at| {
        let exchange = store.exchange(Party::Enforcer("enf-1"), request, at).await?;
        Ok::<_, StoreError>(exchange.map(|e| e.state))
    };
    assert_eq!(state("a", after(LIFE - 1)).await?, Some(State::PendingApproval));
    assert_eq!(state("a", after(LIFE)).await?, Some(State::Expired), "before anyone swept");
    assert_eq!(store.inbox("app-1", None, 9, after(LIFE)).await?, []);
    assert_eq!(store.unacked_requests("app-1", None, 9, after(LIFE)).await?, []);
    let over = store.withdraw("enf-1", "a", after(LIFE)).await?;
    assert_eq!(over, Withdrawn::Over(State::Expired));
    let mut ended = store.expire_due(after(LIFE), 1).await?;
    assert_eq!(ended.len(), 1);
    ended.extend(store.expire_due(after(LIFE), 9).await?);
    ended.sort_by(|x, y| x.request_id.cmp(&y.request_id));
    let expected = ["a", "b"].map(|request| Ended {
        request_id: request.to_owned(),
        enforcer_id: "enf-1".to_owned(),
        approver_id: "app-1".to_owned(),
    });
    assert_eq!(ended, expected);
    assert_eq!(store.expire_due(after(LIFE), 9).await?, []);
    assert_eq!(state("answered", after(LIFE)).await?, Some(State::Decided), "answers stay");
    Ok(())
}

async fn forgetting_drops_what_is_over(store: Store) -> Checked {
    paired(&store, 1).await?;
    for request in ["over", "waits", "answered"] {
        store.submit_artifact(submission(1, request), 9, NOW).await?;
    }
    store.withdraw("enf-1", "over", NOW).await?;
    store.decide(decision(1, "answered", "yes"), NOW).await?;
    assert_eq!(store.forget(after(LIFE)).await?, 0, "what ends now has not ended before");
    assert_eq!(store.forget(after(LIFE + 1)).await?, 3, "two exchanges and a pairing");
    let seen = async |request: &str| {
        Ok::<_, StoreError>(store.exchange(Party::Approver("app-1"), request, NOW).await?.is_some())
    };
    assert!(!seen("over").await?);
    assert!(!seen("answered").await?);
    assert!(seen("waits").await?, "nothing that is pending is dropped");
    assert_eq!(store.undelivered("enf-1", None, 9).await?, []);
    Ok(())
}
