//! What is kept beside the receipts, each part by itself, where all receipts are there and where the
//! first ones are not.

use super::super::tests::{stored, trust};
use super::*;
use crate::entry;
use countersign_core::action::ActionHash;
use countersign_core::encoding::Hash;
use countersign_core::receipt::course::{FREEZE, LEDGER, Round, Step, sum};
use countersign_core::receipt::{Boundary, Entry, Event};
use countersign_core::time::Instant;
use countersign_store::ledger::read::Open;
use countersign_store::ledger::{LedgerStore as _, MemoryLedger, contract};
use std::sync::Arc;

const NOW: Instant = Instant(1_775_989_800_000);

/// The event, the kind and the members of a change.
type Change<'a> = (Event, &'a str, &'a [(&'a str, &'a str)]);

/// What receipts of these changes say, after others that are not there where `partial`.
async fn course(partial: bool, changes: &[Change<'_>]) -> Course {
    let ledger = MemoryLedger::new("l1", [7; 32], contract::notary().unwrap());
    let mut course = if partial { Course::partial() } else { Course::default() };
    for (event, kind, members) in changes {
        let mut entry = Entry::bare(*event, Boundary::Unprotected);
        entry.action = Some(entry::note(kind, members));
        let receipt = ledger.record(entry, NOW).await.unwrap();
        course.follow(&Step::of(&receipt.content)).unwrap();
    }
    course
}

fn grant() -> GrantRecord {
    GrantRecord {
        id: "g".into(),
        request_id: "r".into(),
        principal: "uid:1".into(),
        session: None,
        workspace: "/w".into(),
        action_hash: ActionHash(Hash([1; 32])),
        granted_at: NOW,
        expires_at: NOW.plus_millis(1),
        count: None,
        used: 0,
        revoked_at: None,
    }
}

fn open() -> Open {
    Open { id: "q".into(), approved: false, round: Round::of([], None), strange: None }
}

fn frozen() -> Frozen {
    Frozen { by: "ann".into(), why: Some("look".into()), since: NOW.timestamp() }
}

/// What only a receipt that is not there may explain.
#[tokio::test]
async fn attack_28_what_no_receipt_tells_of_is_named_where_all_are_there() {
    let claimed = vec!["q".to_owned()];
    let all = [
        (Beside { frozen: Some(frozen()), ..Beside::default() }, "no receipt says so"),
        (Beside { holds: ["h".to_owned()].into(), ..Beside::default() }, "that no receipt began"),
        (Beside { grants: vec![grant()], ..Beside::default() }, "and no receipt gives it"),
        (Beside { open: vec![open()], ..Beside::default() }, "no receipt says that anybody"),
        (Beside { claimed, ..Beside::default() }, "counts as running"),
        (Beside { denied: sum(["q"]), ..Beside::default() }, "denied or withdrawn"),
    ];
    let (whole, partial) = (course(false, &[]).await, course(true, &[]).await);
    assert_eq!(differs(&whole, &Beside::default()), None);
    for (beside, named) in all {
        let because = differs(&whole, &beside).unwrap();
        assert!(because.contains(named), "{because}");
        assert_eq!(differs(&partial, &beside), None, "{named}");
    }
    let used = GrantRecord { used: 3, revoked_at: Some(NOW), ..grant() };
    let beside = Beside { grants: vec![used], ..Beside::default() };
    assert_eq!(differs(&partial, &beside), None, "what was used or taken back before");
}

/// What is strange by itself is so whatever receipts are there.
#[tokio::test]
async fn attack_28_what_is_kept_and_not_its_own_is_named() {
    let odd = Open { strange: Some("is kept under another name".into()), ..open() };
    for partial in [false, true] {
        let course = course(partial, &[]).await;
        let miscounted = Beside { miscounted: true, ..Beside::default() };
        assert!(differs(&course, &miscounted).unwrap().contains("what the newest head counts"));
        let beside = Beside { open: vec![odd.clone()], ..Beside::default() };
        let because = differs(&course, &beside).unwrap();
        let named = if partial { "is kept under another name" } else { "no receipt says" };
        assert!(because.contains(named), "{because}");
    }
}

#[tokio::test]
async fn attack_28_a_stop_is_the_one_of_its_receipt_in_every_part() {
    let members = [("change", "frozen"), ("by", "ann"), ("why", "look")];
    for partial in [false, true] {
        let course = course(partial, &[(Event::Frozen, FREEZE, &members)]).await;
        let kept = |frozen| differs(&course, &Beside { frozen, ..Beside::default() });
        assert_eq!(kept(Some(frozen())), None);
        assert!(kept(None).unwrap().contains("the stop is gone"));
        for other in [
            Frozen { by: "bob".into(), ..frozen() },
            Frozen { why: None, ..frozen() },
            Frozen { since: NOW.plus_millis(1).timestamp(), ..frozen() },
        ] {
            let because = kept(Some(other)).unwrap();
            assert!(because.contains("not the one of receipt 1"), "{because}");
        }
    }
}

#[tokio::test]
async fn attack_28_a_hold_that_is_gone_is_named_also_where_receipts_are() {
    let members = [("change", "held"), ("hold", "case-17")];
    for partial in [false, true] {
        let course = course(partial, &[(Event::Observed, LEDGER, &members)]).await;
        let kept = |holds: &[&str]| {
            let holds = holds.iter().map(|hold| (*hold).to_owned()).collect();
            differs(&course, &Beside { holds, ..Beside::default() })
        };
        assert_eq!(kept(&["case-17"]), None);
        assert!(kept(&[]).unwrap().contains("`case-17` is gone"));
        assert!(kept(&["other"]).unwrap().contains("`case-17` is gone"));
        let more = kept(&["case-17", "other"]);
        assert_eq!(more.is_some(), !partial, "{more:?}");
    }
}

/// A grant that was taken back stands no more, also where the receipt that gave it is gone.
#[tokio::test]
async fn attack_19_a_grant_that_a_receipt_took_back_does_not_stand() {
    let members = [("change", "revoked"), ("grant", "g"), ("request", "r")];
    let course = course(true, &[(Event::Revoked, "grant", &members)]).await;
    let kept = |grant| differs(&course, &Beside { grants: vec![grant], ..Beside::default() });
    assert!(kept(grant()).unwrap().contains("which stands again"));
    let renamed = GrantRecord { id: "new".into(), ..grant() };
    assert!(kept(renamed).unwrap().contains("which stands again"));
    assert_eq!(kept(GrantRecord { revoked_at: Some(NOW), ..grant() }), None);
}

/// What the store says of what it keeps beside the receipts.
#[tokio::test]
async fn attack_28_a_store_that_cannot_tell_is_no_store_that_agrees() {
    let look = async |says| {
        let stored = stored(2).await.saying(says);
        let mut audit = Audit::new(Arc::new(stored), "l1", trust(), NOW);
        let walked = audit.walk(&|_| {}).await;
        walked.map(|()| audit.report())
    };
    let whole = look(|| Ok(Some(Beside { newest: 2, ..Beside::default() }))).await.unwrap();
    assert_eq!((whole.broken, whole.not_checked.len()), (None, 0));
    let earlier = look(|| Ok(None)).await.unwrap();
    assert_eq!(earlier.broken, None);
    assert!(earlier.not_checked[0].contains("an earlier version wrote it"));
    let torn = look(|| Err(StoreError::Corrupt("torn".into()))).await.unwrap().broken.unwrap();
    assert_eq!((torn.verdict, torn.because.as_str()), (Verdict::Malformed, "torn"));
    let away = look(|| Err(StoreError::Unavailable("away".into()))).await;
    assert!(matches!(away, Err(StoreError::Unavailable(_))), "{away:?}");
    // Of another moment than the receipts: nothing is found, and that is said.
    let other =
        look(|| Ok(Some(Beside { newest: 3, miscounted: true, ..Beside::default() }))).await;
    let other = other.unwrap();
    assert_eq!(other.broken, None);
    assert!(other.not_checked[0].contains("others went on writing"), "{:?}", other.not_checked);
}

#[tokio::test]
async fn attack_28_a_store_that_is_not_as_it_was_made_is_named() {
    let look = async |unsound| {
        let mut stored = stored(2).await;
        stored.unsound = unsound;
        let mut audit = Audit::new(Arc::new(stored), "l1", trust(), NOW);
        let walked = audit.walk(&|_| {}).await;
        walked.map(|()| audit.report().broken.map(|broken| (broken.verdict, broken.because)))
    };
    assert_eq!(look(|| Ok(None)).await.unwrap(), None);
    let foreign = look(|| Ok(Some("a foreign index".into()))).await.unwrap();
    assert_eq!(foreign, Some((Verdict::HashMismatch, "a foreign index".into())));
    let torn = look(|| Err(StoreError::Corrupt("torn".into()))).await.unwrap();
    assert_eq!(torn, Some((Verdict::Malformed, "torn".into())));
    let away = look(|| Err(StoreError::Unavailable("away".into()))).await;
    assert!(matches!(away, Err(StoreError::Unavailable(_))), "{away:?}");
}
