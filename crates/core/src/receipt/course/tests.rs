use super::step::Use;
use super::*;
use crate::action::ActionHash;
use crate::encoding::Hash;
use crate::freeze::THAW;
use crate::receipt::{Basis, Boundary, Content, Entry, Event, Level};
use crate::time::Instant;
use serde_json::{Map, Value, json};

fn follow(course: &mut Course, whats: Vec<What>) -> Result<(), (u64, String)> {
    for (seq, what) in (1..).zip(whats) {
        course.follow(&Step { seq, what }).map_err(|why| (seq, why))?;
    }
    Ok(())
}

/// Where the first receipt stands that cannot be; 0 where all can.
fn breaks(whats: Vec<What>) -> u64 {
    follow(&mut Course::default(), whats).err().map_or(0, |(seq, _)| seq)
}

fn released(request: &str, items: Option<&[usize]>) -> What {
    What::Released(request.into(), items.map(<[usize]>::to_vec))
}

fn granted() -> What {
    What::Granted("giver".into())
}

fn uses(request: &str, grant: &str, count: Option<u32>) -> What {
    let (request, giver, grant) = (request.into(), "giver".into(), grant.into());
    What::Uses(Box::new(Use { request, giver, grant, count }))
}

/// What a stop says of itself whose receipt is the first.
fn stop() -> Stopped {
    let since = Instant(1_770_000_000_000).timestamp();
    Stopped { seq: 1, by: "ann".into(), why: Some("why".into()), since }
}

fn frozen() -> What {
    What::Frozen(Box::new(stop()))
}

/// The end of that stop.
fn thaws(request: &str) -> What {
    What::Thaws(request.into(), Some(1))
}

#[test]
fn attack_18_an_approval_is_used_once() {
    assert_eq!(breaks(vec![released("a", None), released("b", None), released("a", None)]), 3);
    let (first, second) = (Some([0_usize].as_slice()), Some([1_usize].as_slice()));
    assert_eq!(breaks(vec![released("a", first), released("a", second)]), 0);
    assert_eq!(breaks(vec![released("a", first), released("a", second), released("a", first)]), 3);
    assert_eq!(breaks(vec![released("a", first), released("a", None)]), 2);
    assert_eq!(breaks(vec![released("a", None), released("a", first)]), 2);
}

#[test]
fn attack_19_what_ended_is_not_used() {
    assert_eq!(breaks(vec![What::Ended("a".into()), released("a", None)]), 2);
    // A call that was answered, used and then put away is what it was.
    assert_eq!(breaks(vec![released("a", None), What::Ended("a".into())]), 0);
    let mut course = Course::default();
    follow(&mut course, vec![What::Ended("a".into()), released("b", None)]).unwrap();
    assert_eq!(course.is_over("a"), Some("it ended"));
    assert_eq!(course.is_over("b"), Some("it was used"));
    assert_eq!(course.is_over("c"), None);
}

#[test]
fn attack_19_a_grant_is_used_as_often_as_people_signed_and_not_after_it_was_taken_back() {
    let twice = || vec![granted(), uses("a", "g", Some(2)), uses("b", "g", Some(2))];
    assert_eq!(breaks(twice()), 0);
    let more = |last| twice().into_iter().chain([last]).collect();
    assert_eq!(breaks(more(uses("c", "g", Some(2)))), 4);
    // Under another name it is the same grant.
    assert_eq!(breaks(more(uses("c", "other", Some(2)))), 4);
    let revoked = |request: Option<&str>| What::Revoked("g".into(), request.map(str::to_owned));
    assert_eq!(breaks(vec![granted(), revoked(None), uses("a", "g", None)]), 3);
    assert_eq!(breaks(vec![granted(), revoked(Some("giver")), uses("a", "other", None)]), 3);
    assert_eq!(breaks(vec![granted(), granted()]), 2);
    assert_eq!(breaks(vec![uses("a", "g", None)]), 1);
    let mut course = Course::default();
    follow(&mut course, more(revoked(None))).unwrap();
    let seen = course.uses("giver", "g");
    assert_eq!((seen.used, seen.revoked), (2, Some(4)));
}

#[test]
fn attack_28_nothing_goes_between_a_stop_and_its_end() {
    let good = |id: &str| vec![frozen(), thaws(id), What::Thawed(id.into())];
    assert_eq!(breaks(good("t").into_iter().chain([What::Allowed]).collect()), 0);
    for gone in [What::Allowed, released("a", None), granted(), uses("a", "g", None)] {
        assert_eq!(breaks(vec![frozen(), gone]), 2);
    }
    // What lets go again is the end of the stop, and the stop's own.
    assert_eq!(breaks(vec![frozen(), thaws("t"), What::Allowed]), 3);
    assert_eq!(breaks(vec![frozen(), thaws("t"), What::Thawed("u".into())]), 3);
    assert_eq!(breaks(vec![frozen(), What::Thawed("t".into())]), 2);
    assert_eq!(breaks(vec![thaws("t"), What::Thawed("t".into())]), 2);
    assert_eq!(breaks(good("t").into_iter().chain(good("u")).collect()), 0);
    assert_eq!(breaks(good("t").into_iter().chain(good("u").split_off(1)).collect()), 5);
    let mut course = Course::default();
    follow(&mut course, vec![frozen()]).unwrap();
    assert_eq!(course.stopped(), Some(&stop()));
}

#[test]
fn attack_19_what_ends_one_stop_ends_no_other() {
    let later = || vec![What::Nothing, What::Frozen(Box::new(Stopped { seq: 2, ..stop() }))];
    let ends = |stop| later().into_iter().chain([What::Thaws("t".into(), stop)]).collect();
    assert_eq!(breaks(ends(Some(1))), 3);
    assert_eq!(breaks(ends(None)), 3, "it names none");
    assert_eq!(breaks(ends(Some(2))), 0);
}

#[test]
fn attack_28_a_hold_and_a_stop_are_known_whose_neighbours_are_gone() {
    let mut course = Course::partial();
    course.recall(&Step { seq: 1, what: frozen() });
    course.recall(&Step { seq: 2, what: What::Held("a".into()) });
    assert_eq!((course.stopped(), course.held().len()), (Some(&stop()), 1));
    assert!(course.follow(&Step { seq: 9, what: What::Allowed }).is_err());
    assert!(course.follow(&Step { seq: 9, what: What::Dropped }).is_err());
    course.recall(&Step { seq: 3, what: What::Thawed("t".into()) });
    course.recall(&Step { seq: 4, what: What::Unheld("a".into()) });
    assert_eq!(course.follow(&Step { seq: 9, what: What::Allowed }), Ok(()));
    assert_eq!(course.follow(&Step { seq: 9, what: What::Dropped }), Ok(()));
}

#[test]
fn attack_28_nothing_is_dropped_under_a_hold() {
    let held = |name: &str| What::Held(name.into());
    let unheld = |name: &str| What::Unheld(name.into());
    assert_eq!(breaks(vec![held("a"), What::Dropped]), 2);
    assert_eq!(breaks(vec![held("a"), held("b"), unheld("a"), What::Dropped]), 4);
    assert_eq!(breaks(vec![held("a"), unheld("a"), What::Dropped]), 0);
}

#[test]
fn what_was_before_the_first_receipt_is_nothing_that_cannot_be() {
    let course = || Course::partial();
    let ended = vec![thaws("t"), What::Thawed("t".into())];
    assert_eq!(follow(&mut course(), ended), Ok(()));
    // The approval of a stop's end may be the last receipt that is gone, and no other is.
    assert_eq!(follow(&mut course(), vec![What::Thawed("t".into())]), Ok(()));
    let late = vec![What::Nothing, What::Thawed("t".into())];
    assert_eq!(follow(&mut course(), late).map_err(|(seq, _)| seq), Err(2));
    assert_eq!(follow(&mut course(), vec![uses("a", "g", Some(1))]), Ok(()));
    assert!(follow(&mut course(), vec![released("a", None), released("a", None)]).is_err());
    assert!(!course().is_whole() && Course::default().is_whole());
}

/// What a receipt with these members changes, in a course that was stopped where `stopped`.
fn read(event: Event, request: Option<&str>, action: Value, stopped: bool) -> Result<(), String> {
    let action: Map<String, Value> = action.as_object().cloned().unwrap();
    let entry = Entry {
        boundary: Boundary::Unprotected,
        binding: None,
        event,
        request_id: request.map(str::to_owned),
        action_hash: Some(ActionHash(Hash::of(b""))),
        action: Some(action),
        items: None,
        artifacts: Vec::new(),
        policy: None,
        decisions: Vec::new(),
        approver_decision: None,
        multi_approval: None,
        basis: Basis::Policy,
        grant: None,
        trust_level: Level::L0,
        outcome: None,
    };
    let recorded_at = Instant(1_770_000_000_000).timestamp();
    let content = Content { ledger: "l".into(), seq: 2, prev: None, recorded_at, entry };
    let mut course = Course::default();
    if stopped {
        follow(&mut course, vec![frozen()]).unwrap();
    }
    course.follow(&Step::of(&content))?;
    // A second time is one too often for what is used up.
    course.follow(&Step::of(&content))
}

#[test]
fn receipts_are_read_for_what_they_change() {
    let call = || json!({"kind": "request", "action": "deploy", "parameters": null});
    let thaw = || json!({"kind": "request", "action": THAW, "parameters": {"receipt": 1}});
    assert!(read(Event::Released, Some("a"), call(), false).is_err());
    assert!(read(Event::Allowed, Some("a"), call(), false).is_ok());
    assert!(read(Event::Allowed, Some("a"), call(), true).is_err());
    assert!(read(Event::Allowed, None, call(), true).is_err());
    assert!(read(Event::Released, Some("a"), call(), true).unwrap_err().contains("stopped"));
    assert!(
        read(Event::Released, Some("a"), thaw(), true).unwrap_err().contains("does not follow")
    );
    // What only speaks of a request lets nothing go.
    assert!(read(Event::Observed, Some("a"), call(), true).is_err());
    for event in [Event::Suspended, Event::Blocked, Event::Executed] {
        assert_eq!(read(event, Some("a"), call(), true), Ok(()), "{event:?}");
    }
    let held = json!({"kind": LEDGER, "change": "held", "hold": "h"});
    assert_eq!(read(Event::Observed, None, held, false), Ok(()));
    let thawed = json!({"kind": FREEZE, "change": "thawed", "request": "t"});
    assert!(read(Event::Frozen, None, thawed.clone(), true).is_err());
    // A call of somebody's that looks like it is none of the ledger's own.
    assert_eq!(read(Event::Suspended, Some("a"), thawed, true), Ok(()));
}
