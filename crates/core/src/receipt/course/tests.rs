use super::step::{Given, Of, Use};
use super::*;
use crate::action::ActionHash;
use crate::encoding::Hash;
use crate::freeze::THAW;
use crate::receipt::{Boundary, Content, Entry, Event, PolicyNote};
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

fn of(request: &str) -> Of {
    Of { request: request.into(), round: Round::made(1, 1) }
}

fn suspended(request: &str) -> What {
    What::Suspended(of(request))
}

fn approved(request: &str) -> What {
    What::Approved(of(request))
}

fn released(request: &str, items: Option<&[usize]>) -> What {
    What::Released(of(request), items.map(<[usize]>::to_vec))
}

fn ended(request: &str) -> What {
    What::Ended(request.into(), true)
}

/// After these requests were put to people and allowed. Each takes two receipts.
fn after(requests: &[&str], then: Vec<What>) -> Vec<What> {
    let allowed = requests.iter().flat_map(|request| [suspended(request), approved(request)]);
    allowed.chain(then).collect()
}

fn granted() -> What {
    gives(of("giver"), false)
}

fn gives(of: Of, whole: bool) -> What {
    let at = Instant(1_770_000_000_000).timestamp();
    What::Granted(Box::new(Given { of, whole, at, signed: None }))
}

fn terms(count: Option<u32>) -> Terms {
    let (principal, workspace) = ("uid:1".into(), "/w".into());
    let action_hash = ActionHash(Hash([1; 32]));
    let expires_at = Instant(1_780_000_000_000).timestamp();
    Terms { action_hash, principal, session: None, workspace, expires_at, count }
}

fn uses(request: &str, grant: &str, count: Option<u32>) -> What {
    let (request, giver, grant) = (request.into(), "giver".into(), grant.into());
    What::Uses(Box::new(Use { request, giver, grant, signed: terms(count) }))
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
    What::Thaws(of(request), Some(1))
}

#[test]
fn attack_18_an_approval_is_used_once() {
    let breaks = |whats| breaks(after(&["a", "b"], whats)).saturating_sub(4);
    assert_eq!(breaks(vec![released("a", None), released("b", None), released("a", None)]), 3);
    let (first, second) = (Some([0_usize].as_slice()), Some([1_usize].as_slice()));
    assert_eq!(breaks(vec![released("a", first), released("a", second)]), 0);
    assert_eq!(breaks(vec![released("a", first), released("a", second), released("a", first)]), 3);
    assert_eq!(breaks(vec![released("a", first), released("a", None)]), 2);
    assert_eq!(breaks(vec![released("a", None), released("a", first)]), 2);
    // Nor is it asked about, or allowed, again.
    for again in [suspended("a"), approved("a"), What::Escalated(of("a"))] {
        assert_eq!(breaks(vec![again]), 1);
    }
    assert_eq!(breaks(vec![released("a", None), suspended("a")]), 2);
    assert_eq!(breaks(vec![gives(of("a"), true), released("a", None)]), 2);
}

#[test]
fn attack_18_what_is_used_was_asked_and_allowed_before_with_the_same_artifacts() {
    let allowed = |then| breaks(vec![suspended("a"), then, released("a", None)]);
    assert_eq!(allowed(approved("a")), 0);
    for not in [What::Nothing, suspended("a"), approved("b")] {
        assert_ne!(allowed(not), 0);
    }
    assert_eq!(breaks(vec![released("a", None)]), 1);
    assert_eq!(breaks(vec![thaws("a")]), 1);
    assert_eq!(breaks(vec![approved("a")]), 1);
    assert_eq!(breaks(vec![granted()]), 1);
    assert_eq!(breaks(vec![suspended("giver"), granted()]), 2);
    let other = || Of { round: Round::made(1, 2), ..of("a") };
    assert_eq!(breaks(after(&["a"], vec![What::Released(other(), None)])), 3);
    assert_eq!(breaks(after(&["a"], vec![What::Released(other(), Some(vec![0]))])), 3);
    assert_eq!(breaks(after(&["a"], vec![What::Thaws(other(), None)])), 3);
    assert_eq!(breaks(after(&["a"], vec![gives(other(), false)])), 3);
    assert_eq!(breaks(vec![suspended("a"), What::Suspended(other())]), 2);
    assert_eq!(breaks(vec![suspended("a"), What::Approved(other())]), 2);
    assert_eq!(breaks(vec![suspended("a"), What::Escalated(other())]), 2);
    let second = Of { round: Round::made(1, 2), ..of("a") };
    let items = vec![released("a", Some(&[0])), What::Released(second, Some(vec![1]))];
    assert_eq!(breaks(after(&["a"], items)), 4);
}

#[test]
fn attack_43_an_earlier_round_is_not_used_after_a_later_one_began() {
    let next = |number, artifacts| Of { round: Round::made(number, artifacts), ..of("a") };
    let handed_on = |then: Vec<What>| {
        breaks([suspended("a"), What::Escalated(of("a"))].into_iter().chain(then).collect())
    };
    let good = vec![What::Approved(next(2, 2)), What::Released(next(2, 2), None)];
    assert_eq!(handed_on(good), 0);
    assert_eq!(handed_on(vec![approved("a")]), 3);
    assert_eq!(handed_on(vec![What::Approved(next(3, 2))]), 3);
    assert_eq!(handed_on(vec![What::Suspended(next(2, 2)), What::Approved(next(2, 3))]), 4);
    assert_eq!(handed_on(vec![What::Approved(next(2, 2)), released("a", None)]), 4);
    assert_eq!(handed_on(vec![What::Escalated(next(2, 2)), What::Approved(next(3, 3))]), 0);
}

#[test]
fn attack_19_what_ended_is_not_used() {
    assert_eq!(breaks(after(&["a"], vec![ended("a"), released("a", None)])), 4);
    // What became of it stays so: it does not end once more, unused.
    let expired = || What::Ended("a".into(), false);
    assert_eq!(breaks(after(&["a"], vec![released("a", None), expired()])), 4);
    assert_eq!(breaks(after(&["a"], vec![ended("a"), expired()])), 4);
    assert_eq!(breaks(vec![What::Allowed(Some("a".into())), expired()]), 2);
    let twice = vec![released("a", Some(&[0])), expired(), expired()];
    assert_eq!(breaks(after(&["a"], twice)), 5);
    let batch = vec![released("a", Some(&[0])), ended("a"), released("a", Some(&[1]))];
    assert_eq!(breaks(after(&["a"], batch)), 5);
    let mut course = Course::default();
    follow(&mut course, after(&["a", "b"], vec![ended("a"), released("b", None)])).unwrap();
    assert_eq!(course.is_over("a"), Some("it ended"));
    assert_eq!(course.is_over("b"), Some("it was used"));
    assert_eq!(course.is_over("c"), None);
    let batch = after(&["a"], vec![released("a", Some(&[0])), ended("a")]);
    let mut course = Course::default();
    follow(&mut course, batch).unwrap();
    assert_eq!(course.is_over("a"), Some("it ended"), "what is left of it is not used");
}

#[test]
fn attack_18_what_came_of_it_is_told_once() {
    let told = |items: Option<&[usize]>| What::Told("a".into(), items.map(<[usize]>::to_vec));
    let runs = || What::Allowed(Some("a".into()));
    assert_eq!(breaks(vec![runs(), told(None)]), 0);
    assert_eq!(breaks(vec![runs(), told(None), told(None)]), 3);
    assert_eq!(breaks(vec![runs(), runs()]), 2);
    assert_eq!(breaks(vec![told(None)]), 1);
    assert_eq!(breaks(after(&["a"], vec![told(None)])), 3);
    assert_eq!(breaks(after(&["a"], vec![released("a", None), told(None)])), 0);
    assert_eq!(breaks(after(&["a"], vec![released("a", None), told(None), told(None)])), 5);
    let items = |then| {
        let used = [released("a", Some(&[0])), released("a", Some(&[1]))];
        breaks(after(&["a"], used.into_iter().chain(then).collect()))
    };
    assert_eq!(items(vec![told(Some(&[1])), told(Some(&[0]))]), 0);
    assert_eq!(items(vec![told(Some(&[1])), told(Some(&[1]))]), 6);
    assert_eq!(items(vec![told(Some(&[2]))]), 5);
    assert_eq!(items(vec![told(None)]), 5);
    assert_eq!(items(vec![told(Some(&[]))]), 5);
    assert_eq!(items(vec![ended("a"), told(Some(&[1]))]), 0);
}

#[test]
fn attack_19_a_grant_is_used_as_often_as_people_signed_and_not_after_it_was_taken_back() {
    let breaks = |whats| breaks(after(&["giver"], whats)).saturating_sub(2);
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
    assert_eq!(breaks(vec![granted(), released("giver", None)]), 0);
    // Beside its one use, and not by an approval that asked for nothing else.
    assert_eq!(breaks(vec![released("giver", None), granted()]), 0);
    let whole = || gives(of("giver"), true);
    assert_eq!(breaks(vec![released("giver", None), whole()]), 2);
    assert_eq!(breaks(vec![uses("a", "g", None)]), 1);
    assert_eq!(breaks(vec![granted(), uses("a", "g", None), uses("a", "g", None)]), 3);
    let mut course = Course::default();
    follow(&mut course, after(&["giver"], more(revoked(None)))).unwrap();
    let seen = course.uses("giver", "g");
    assert_eq!((seen.used, seen.revoked), (2, Some(6)));
}

#[test]
fn attack_28_nothing_goes_between_a_stop_and_its_end() {
    let breaks = |whats| breaks(after(&["a", "giver", "t", "u"], whats)).saturating_sub(8);
    let allowed = || What::Allowed(None);
    let good = |id: &str| vec![frozen(), thaws(id), What::Thawed(id.into())];
    assert_eq!(breaks(good("t").into_iter().chain([allowed()]).collect()), 0);
    for gone in [allowed(), released("a", None), granted(), uses("b", "g", None)] {
        assert_eq!(breaks(vec![frozen(), gone]), 2);
    }
    assert_eq!(breaks(vec![granted(), frozen(), uses("b", "g", None)]), 3);
    // What lets go again is the end of the stop, and the stop's own.
    assert_eq!(breaks(vec![frozen(), thaws("t"), allowed()]), 3);
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
    let breaks = |whats| breaks(after(&["t"], whats)).saturating_sub(2);
    let ends = |stop| later().into_iter().chain([What::Thaws(of("t"), stop)]).collect();
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
    assert!(course.follow(&Step { seq: 9, what: What::Allowed(None) }).is_err());
    assert!(course.follow(&Step { seq: 9, what: What::Dropped }).is_err());
    course.recall(&Step { seq: 3, what: What::Thawed("t".into()) });
    course.recall(&Step { seq: 4, what: What::Unheld("a".into()) });
    assert_eq!(course.follow(&Step { seq: 9, what: What::Allowed(None) }), Ok(()));
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
    let told = || What::Told("a".into(), None);
    assert_eq!(follow(&mut course(), vec![told()]), Ok(()));
    assert_eq!(follow(&mut course(), vec![released("a", Some(&[1])), granted()]), Ok(()));
    assert_eq!(follow(&mut course(), vec![What::Escalated(of("a"))]), Ok(()));
    // What began after it is followed as in a whole one.
    assert!(follow(&mut course(), vec![suspended("a"), released("a", None)]).is_err());
    assert!(!course().is_whole() && Course::default().is_whole());
}

/// A receipt with these members.
fn content(event: Event, request: Option<&str>, action: Value) -> Content {
    let action: Map<String, Value> = action.as_object().cloned().unwrap();
    let entry = Entry {
        request_id: request.map(str::to_owned),
        action_hash: Some(ActionHash(Hash::of(b""))),
        action: Some(action),
        ..Entry::bare(event, Boundary::Unprotected)
    };
    let recorded_at = Instant(1_770_000_000_000).timestamp();
    Content { ledger: "l".into(), seq: 2, prev: None, recorded_at, entry }
}

/// What a receipt with these members changes, in a course that was stopped where `stopped`.
fn read(event: Event, request: Option<&str>, action: Value, stopped: bool) -> Result<(), String> {
    let content = content(event, request, action);
    let mut course = Course::default();
    if stopped {
        follow(&mut course, vec![frozen()]).unwrap();
    }
    course.follow(&Step::of(&content))
}

/// The changes that make a request of somebody's be allowed, and then the receipt.
fn read_after(event: Event, action: Value, stopped: bool) -> Result<(), String> {
    let round = Round::of(&[], None);
    let of = || Of { request: "a".into(), round };
    let mut course = Course::default();
    follow(&mut course, vec![What::Suspended(of()), What::Approved(of())]).unwrap();
    if stopped {
        follow(&mut course, vec![frozen()]).unwrap();
    }
    course.follow(&Step::of(&content(event, Some("a"), action)))
}

#[test]
fn receipts_are_read_for_what_they_change() {
    let call = || json!({"kind": "request", "action": "deploy", "parameters": null});
    let thaw = || json!({"kind": "request", "action": THAW, "parameters": {"receipt": 1}});
    assert!(read(Event::Released, Some("a"), call(), false).unwrap_err().contains("was asked"));
    assert_eq!(read_after(Event::Released, call(), false), Ok(()));
    assert_eq!(read(Event::Allowed, Some("a"), call(), false), Ok(()));
    assert!(read(Event::Allowed, Some("a"), call(), true).is_err());
    assert!(read(Event::Allowed, None, call(), true).is_err());
    assert!(read_after(Event::Released, call(), true).unwrap_err().contains("stopped"));
    assert_eq!(read_after(Event::Released, thaw(), true), Ok(()));
    // What is watched is let go as well.
    assert!(read(Event::Observed, Some("a"), call(), true).is_err());
    for event in [Event::Suspended, Event::Blocked] {
        assert_eq!(read(event, Some("a"), call(), true), Ok(()), "{event:?}");
    }
    for event in [Event::Executed, Event::Failed, Event::Uncertain] {
        assert!(read(event, Some("a"), call(), true).unwrap_err().contains("ended"), "{event:?}");
    }
    for event in [Event::Denied, Event::Withdrawn, Event::Expired] {
        assert_eq!(read_after(event, call(), true), Ok(()), "{event:?}");
        let mut course = Course::default();
        course.follow(&Step::of(&content(event, Some("a"), call()))).unwrap();
        assert_eq!(course.is_over("a"), Some("it ended"), "{event:?}");
        assert_eq!(course.denied() == 0, event == Event::Expired, "{event:?}");
    }
    let held = json!({"kind": LEDGER, "change": "held", "hold": "h"});
    assert_eq!(read(Event::Observed, None, held, false), Ok(()));
    let thawed = json!({"kind": FREEZE, "change": "thawed", "request": "t"});
    assert!(read(Event::Frozen, None, thawed.clone(), true).is_err());
    // A call of somebody's that looks like it is none of the ledger's own.
    assert_eq!(read(Event::Suspended, Some("a"), thawed, true), Ok(()));
}

/// What the rows of a ledger say beside these changes, of a request that waits.
fn beside(whats: Vec<What>, approved: bool) -> Option<String> {
    let mut course = Course::default();
    follow(&mut course, whats).unwrap();
    course.differs("a", Round::made(1, 1), approved)
}

#[test]
fn attack_18_what_is_kept_of_a_request_that_waits_is_what_receipts_say() {
    assert_eq!(beside(vec![suspended("a")], false), None);
    assert_eq!(beside(after(&["a"], vec![]), true), None);
    assert_eq!(beside(after(&["a"], vec![released("a", Some(&[0]))]), true), None);
    let said = |whats, approved| beside(whats, approved).unwrap();
    assert!(said(vec![], false).contains("no receipt says that anybody was asked"));
    assert!(said(vec![suspended("a")], true).contains("counts as approved"));
    assert!(said(after(&["a"], vec![]), false).contains("waits for answers"));
    assert!(said(after(&["a"], vec![released("a", None)]), true).contains("it was used"));
    assert!(said(vec![suspended("a"), ended("a")], true).contains("it ended"));
    let other = || Of { round: Round::made(1, 2), ..of("a") };
    assert!(said(vec![What::Suspended(other())], false).contains("other artifacts"));
    let handed_on = vec![suspended("a"), What::Escalated(of("a"))];
    assert!(said(handed_on, false).contains("other artifacts"));
}

#[test]
fn attack_21_a_request_that_is_gone_from_beside_the_receipts_is_named() {
    let mut course = Course::default();
    follow(&mut course, after(&["a"], vec![suspended("b"), suspended("c")])).unwrap();
    assert_eq!(course.gone(["a", "b", "c"]), None);
    assert_eq!((course.gone(["a", "b"]), course.gone(["c"])), (Some(4), Some(1)));
    course.follow(&Step { seq: 5, what: ended("a") }).unwrap();
    course.follow(&Step { seq: 6, what: What::Ended("c".into(), false) }).unwrap();
    assert_eq!(course.gone(["b"]), None);
    assert_eq!((course.denied(), sum(["a", "b"])), (sum(["a"]), sum(["b", "a"])));
    assert_ne!(sum(["a"]), sum(["a", "c"]));
}

#[test]
fn what_came_of_a_request_is_still_to_be_told_until_it_is() {
    let told = |whats| {
        let mut course = Course::default();
        follow(&mut course, whats).unwrap();
        course.is_told("a")
    };
    let (runs, end) = (|| What::Allowed(Some("a".into())), || What::Told("a".into(), None));
    assert!(!told(vec![runs()]) && told(vec![runs(), end()]) && told(vec![suspended("a")]));
    assert!(!told(after(&["a"], vec![released("a", None)])));
    assert!(told(after(&["a"], vec![released("a", None), end()])));
    assert!(!told(after(&["a"], vec![released("a", Some(&[0]))])));
    let item = What::Told("a".into(), Some(vec![0]));
    assert!(told(after(&["a"], vec![released("a", Some(&[0])), item])));
}

#[test]
fn attack_28_what_a_policy_said_of_a_request_stays_the_same() {
    let note = |display: &str| PolicyNote {
        rule_id: "r".into(),
        display: display.into(),
        policy_hash: Hash([1; 32]),
        risk: crate::artifact::Risk::High,
        verb: "delete".into(),
        matched: vec![],
    };
    let said = |display| Round::of(&[], Some(&note(display)));
    assert_eq!(said("a"), said("a"));
    assert_ne!(said("a"), said("b"));
    assert_ne!(said("a"), Round::of(&[], None));
    let of = |display| Of { request: "q".into(), round: said(display) };
    let follows = |display| {
        follow(&mut Course::default(), vec![What::Suspended(of("a")), What::Approved(of(display))])
    };
    follows("a").unwrap();
    assert_eq!(follows("b").unwrap_err().0, 2);
}
