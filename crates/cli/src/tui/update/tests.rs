//! What a person does, and what may follow from it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

use super::*;
use crate::tui::event::Key;
use crate::tui::fixture::{Ask, ask, batch, key, now, refused, screen, types, wait};
use crate::tui::model::{Place, SMALLEST};
use crate::tui::past::PastRow;
use crate::tui::reading::Asking;
use countersign_approver::{Review, Verdict};
use countersign_core::answer::Meaning;
use countersign_core::artifact::{GrantOffer, Risk};
use std::sync::Arc;

mod attacks;

/// The one answer among these effects.
fn answer(effects: Vec<Effect>) -> Answer {
    let mut answers: Vec<Answer> = effects
        .into_iter()
        .filter_map(|effect| if let Effect::Answer(answer) = effect { Some(*answer) } else { None })
        .collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers.remove(0)
}

/// A screen with one critical call, and its digits.
fn critical() -> (Model, String) {
    let entry = ask("REQ-1", Risk::Critical, &["rm", "-rf", "/"]).entry();
    let digits = entry.content.as_ref().unwrap().review.artifact_hash.look_digits();
    (screen(vec![entry]), digits)
}

fn low() -> Ask {
    ask("REQ-1", Risk::Low, &["ls"])
}

fn note(model: &Model) -> &str {
    model.note.as_ref().map_or("", |note| &note.text)
}

/// The same request as a record of the past.
fn past(ask: &Ask, verdict: Option<Verdict>) -> PastRow {
    let review = Review::of(&ask.item().content.unwrap());
    PastRow {
        request: ask.id.into(),
        pairing: "work".into(),
        when: "2026-02-21T11:00:00Z".into(),
        word: verdict.map_or("unanswered", Verdict::word),
        verdict,
        reason: None,
        review: Arc::new(review),
    }
}

#[test]
fn at_low_risk_one_key_and_a_bar_allow_it_and_it_is_signed_after_three_seconds() {
    for risk in [Risk::Low, Risk::Medium] {
        let mut model = screen(vec![ask("REQ-1", risk, &["ls"]).entry()]);
        assert!(types(&mut model, "ay").is_empty());
        assert_eq!((model.pending.len(), model.reading.is_none()), (1, true));
        assert!(wait(&mut model, 2_900).is_empty(), "it can still be taken back");
        let answer = answer(wait(&mut model, 200));
        assert_eq!((answer.reply.said, answer.id.request.as_str()), (Meaning::Allow, "REQ-1"));
        assert!(wait(&mut model, 10_000).is_empty(), "and once only");
    }
}

#[test]
fn what_waits_no_more_says_why_and_signs_nothing() {
    let ended = || low().ends("2026-02-21T12:01:10Z");
    for (entry, why) in [
        (low().answered(Verdict::Deny), "this device answered it"),
        (ended().entry(), "its time is over"),
        (ended().answered(Verdict::Allow), "this device answered it"),
    ] {
        let mut model = screen(vec![entry]);
        wait(&mut model, 20_000);
        types(&mut model, "\na");
        assert!(note(&model).starts_with("it waits no more: "), "{}", note(&model));
        assert!(note(&model).contains(why), "{}", note(&model));
        types(&mut model, "y");
        assert!(model.pending.is_empty() && wait(&mut model, 10_000).is_empty());
    }
}

#[test]
fn what_was_said_of_a_request_goes_with_it_and_news_stay() {
    let two = || {
        let high = |id| ask(id, Risk::High, &["rm", "-rf", "x"]).entry();
        screen(vec![high("REQ-1"), high("REQ-2")])
    };
    for said in ["\na", "\ne"] {
        let mut model = two();
        types(&mut model, said);
        assert_ne!(note(&model), "");
        types(&mut model, "\x1b");
        assert_eq!(note(&model), "", "it is left");
        types(&mut model, "j\n");
        assert_eq!(note(&model), "", "the next one is opened");
    }
    let mut model = two();
    update(&mut model, Event::Frozen { desk: 0, sent: Err("no connection".into()) });
    types(&mut model, "\n\x1b");
    assert!(note(&model).starts_with("NOT stopped"), "{}", note(&model));
}

#[test]
fn an_answer_is_taken_back_before_it_is_signed() {
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "ay");
    types(&mut model, "u");
    assert!(model.pending.is_empty() && note(&model).contains("nothing was signed"));
    assert!(model.reading.is_some(), "the request is read again");
    assert!(wait(&mut model, 10_000).is_empty());
    assert!(model.waiting[0].is_open(model.now));
}

#[test]
fn a_no_takes_a_reason_or_none() {
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "dnot thiss\x7f today\n");
    let no = answer(wait(&mut model, 3_000));
    assert_eq!(
        (no.reply.said, no.reply.reason.as_deref()),
        (Meaning::Deny, Some("not this today"))
    );
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "d\n");
    assert_eq!(answer(wait(&mut model, 3_000)).reply.reason, None);
}

#[test]
fn at_high_and_unknown_risk_it_takes_reading_to_the_end_and_the_word() {
    let mut model = screen(vec![ask("REQ-1", Risk::High, &["rm", "-rf", "x"]).entry()]);
    types(&mut model, "a");
    assert!(note(&model).contains("read it to its end"), "{}", note(&model));
    types(&mut model, "y");
    assert!(model.pending.is_empty());
    types(&mut model, "Ga");
    assert!(matches!(model.reading.as_ref().unwrap().asking, Asking::Yes(_)));
    types(&mut model, "y\n");
    assert!(model.pending.is_empty() && note(&model).contains("only the word"));
    types(&mut model, "aYes\n");
    assert_eq!(answer(wait(&mut model, 3_000)).reply.said, Meaning::Allow);
}

#[test]
fn at_critical_risk_it_takes_reading_to_the_end_and_the_digits() {
    let (mut model, digits) = critical();
    types(&mut model, "a");
    assert!(note(&model).contains("read it to its end"), "{}", note(&model));
    types(&mut model, &format!("Ga{digits}\x7f{}\n", &digits[3..]));
    assert_eq!(answer(wait(&mut model, 3_000)).reply.said, Meaning::Allow);
    // A no takes none.
    let (mut model, _) = critical();
    types(&mut model, "dno\n");
    assert_eq!(answer(wait(&mut model, 3_000)).reply.said, Meaning::Deny);
}

#[test]
fn how_long_how_often_and_where_are_chosen_of_what_is_on_offer() {
    let of = |keys: &str| {
        let mut model = screen(vec![low().offers_always().within("night").entry()]);
        types(&mut model, keys);
        update(&mut model, Event::Key(Key::End));
        types(&mut model, "always\n");
        let reply = answer(wait(&mut model, 3_000)).reply;
        reply.always.unwrap()
    };
    let usual = of("w\n");
    // An hour is on offer, and the request is a minute old.
    assert_eq!(usual.expires_at.to_string(), "2026-02-21T13:00:00Z");
    assert_eq!((usual.count, usual.session.as_deref()), (None, None));
    let narrow = of("w 020\x7f5jj \n");
    assert!(narrow.expires_at.to_string().starts_with("2026-02-21T12:16:0"), "{narrow:?}");
    assert_eq!((narrow.count, narrow.session.as_deref()), (Some(25), Some("night")));
    let cleared = of("w7jk\x7f \n");
    assert_eq!(cleared.count, None);
}

#[test]
fn what_is_for_one_session_only_stays_so() {
    let mut ask = low().offers_always().within("night");
    ask.route.grant = ask.route.grant.map(|offer| GrantOffer { session: true, ..offer });
    let mut model = screen(vec![ask.entry()]);
    types(&mut model, "wjj  \n");
    update(&mut model, Event::Key(Key::End));
    types(&mut model, "always\n");
    let taken = answer(wait(&mut model, 3_000)).reply.always.unwrap();
    assert_eq!(taken.session.as_deref(), Some("night"));
}

#[test]
fn a_yes_waits_for_its_reason_where_one_must_be_given() {
    let mut model = screen(vec![low().wants_reason().entry()]);
    types(&mut model, "a\n");
    assert!(note(&model).contains("without a reason"));
    types(&mut model, "agreed\ny");
    let answer = answer(wait(&mut model, 3_000));
    assert_eq!(answer.reply.reason.as_deref(), Some("agreed"));
}

#[test]
fn a_reason_that_was_written_before_goes_with_the_answer() {
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "rin standup\nay");
    assert_eq!(answer(wait(&mut model, 3_000)).reply.reason.as_deref(), Some("in standup"));
}

#[test]
fn it_is_handed_to_one_whom_the_rule_names() {
    let mut model = screen(vec![low().may_go_to(&["role:lead", "role:cto"]).entry()]);
    types(&mut model, "ej\nnot mine\n");
    let answer = answer(wait(&mut model, 3_000));
    let to = Meaning::Escalate { to: Some("role:cto".into()) };
    assert_eq!((answer.reply.said, answer.reply.reason.as_deref()), (to, Some("not mine")));
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "e");
    assert!(note(&model).contains("nobody"));
}

#[test]
fn always_takes_the_rule_read_to_its_end_and_the_word() {
    let mut model = screen(vec![low().offers_always().entry()]);
    types(&mut model, "w\nalways\n");
    assert!(model.pending.is_empty() && note(&model).contains("to its end"), "{}", note(&model));
    let reading = model.reading.as_ref().unwrap();
    assert!(
        !reading.review.granted.is_empty() && reading.page.seen().any(|l| l.contains("always"))
    );
    update(&mut model, Event::Key(Key::End));
    types(&mut model, "\n");
    let answer = answer(wait(&mut model, 3_000));
    assert!(answer.reply.always.is_some());
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "w");
    assert!(note(&model).contains("offers no"));
}

#[test]
fn what_always_shows_is_gone_once_it_is_left() {
    let mut model = screen(vec![low().offers_always().entry()]);
    types(&mut model, "w\n\x1b");
    assert!(model.reading.as_ref().unwrap().review.granted.is_empty());
    types(&mut model, "ay");
    assert_eq!(answer(wait(&mut model, 3_000)).reply.always, None);
}

#[test]
fn of_a_batch_the_chosen_items_are_allowed() {
    let commands: [&[&str]; 3] = [&["ls"], &["rm", "x"], &["df"]];
    let mut model = screen(vec![batch("REQ-1", Risk::Low, &commands).entry()]);
    types(&mut model, "ij ay");
    let answer = answer(wait(&mut model, 3_000));
    let Meaning::Partial(items) = answer.reply.said else { panic!("{:?}", answer.reply) };
    assert_eq!(items.indices(), [0, 2]);
    let mut model = screen(vec![batch("REQ-1", Risk::Low, &commands).entry()]);
    types(&mut model, "in\na");
    assert!(note(&model).contains("no item is chosen"));
    types(&mut model, "iA\nay");
    assert_eq!(super::tests::answer(wait(&mut model, 3_000)).reply.said, Meaning::Allow);
}

#[test]
fn what_is_over_is_answered_no_more() {
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "\n");
    wait(&mut model, 600_000);
    types(&mut model, "a");
    assert!(note(&model).contains("too late"), "{}", note(&model));
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "a");
    update(&mut model, Event::Listed { desk: 0, entries: vec![] });
    types(&mut model, "y");
    assert!(model.pending.is_empty() && note(&model).contains("waits no more"));
}

#[test]
fn what_was_answered_is_answered_once() {
    let mut model = screen(vec![low().answered(Verdict::Deny)]);
    types(&mut model, "\na");
    assert!(model.pending.is_empty() && note(&model).contains("waits no more"));
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "ay\na");
    assert!(note(&model).contains("not signed yet") && model.pending.len() == 1);
}

#[test]
fn what_became_of_an_answer_is_told() {
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "ay");
    let id = answer(wait(&mut model, 3_000)).id;
    assert_eq!(model.row(&id).unwrap().said, Some((Verdict::Allow, Fate::Sending)));
    let fate = Fate::Kept("no gateway".into());
    update(&mut model, Event::Answered { id: id.clone(), fate });
    assert!(note(&model).contains("sent later"));
    // Back again: it is sent, and nobody has to ask.
    let back = update(&mut model, Event::Link { desk: 0, link: Link::Live });
    assert!(matches!(back[..], [Effect::Refresh(0)]), "{back:?}");
    let unsent = PastRow { word: "not sent", ..past(&low(), Some(Verdict::Allow)) };
    update(&mut model, Event::Past(Ok(vec![unsent])));
    assert!(matches!(model.row(&id).unwrap().said, Some((_, Fate::Kept(_)))));
    update(&mut model, Event::Past(Ok(vec![past(&low(), Some(Verdict::Allow))])));
    assert_eq!(model.row(&id).unwrap().said, Some((Verdict::Allow, Fate::Delivered)));
    update(&mut model, Event::Listed { desk: 0, entries: vec![] });
    assert!(model.row(&id).is_some(), "it stays in sight");
}

/// By `countersign approve` in another window, say.
#[test]
fn what_this_device_answered_elsewhere_is_said_to_be_its_own_answer() {
    let mut model = screen(vec![low().entry()]);
    let news = update(&mut model, Event::Listed { desk: 0, entries: vec![] });
    assert!(matches!(news[..], [Effect::LoadPast]), "{news:?}");
    update(&mut model, Event::Past(Ok(vec![past(&low(), Some(Verdict::Allow))])));
    assert_eq!(model.waiting[0].entry.answered, Some(Verdict::Allow));
    types(&mut model, "\na");
    assert!(note(&model).contains("this device answered"), "{}", note(&model));
    let again = update(&mut model, Event::Listed { desk: 0, entries: vec![] });
    assert!(again.is_empty(), "asked once");
}

/// A record under the same name that answers another artifact is no answer to this one.
#[test]
fn attack_03_a_record_of_another_artifact_answers_nothing() {
    let mut model = screen(vec![low().entry()]);
    let other = ask("REQ-1", Risk::Low, &["rm", "-rf", "/"]);
    update(&mut model, Event::Past(Ok(vec![past(&other, Some(Verdict::Allow))])));
    assert!(model.waiting[0].is_open(model.now));
}

#[test]
fn what_could_not_be_signed_can_be_answered_again() {
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "ay");
    let id = answer(wait(&mut model, 3_000)).id;
    update(&mut model, Event::Answered { id, fate: Fate::NotSigned("disk full".into()) });
    types(&mut model, "ay");
    answer(wait(&mut model, 3_000));
}

#[test]
fn leaving_waits_for_what_is_not_signed_yet() {
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "ay");
    types(&mut model, "q");
    assert!(!model.over && note(&model).contains("not signed yet"));
    types(&mut model, "q");
    assert!(model.over);
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "q");
    assert!(model.over);
}

#[test]
fn control_c_leaves_from_everywhere_and_signs_nothing() {
    for keys in ["", "\n", "d", "ay", "?", "/x", "F"] {
        let mut model = screen(vec![low().entry()]);
        types(&mut model, keys);
        assert!(update(&mut model, Event::Key(Key::Interrupt)).is_empty());
        assert!(model.over, "{keys}");
    }
}

#[test]
fn a_stop_is_asked_about_and_is_for_all_or_for_one() {
    let mut model = Model::new(vec!["work".into(), "home".into()], now(), false);
    assert!(types(&mut model, "Fn").is_empty());
    let all = types(&mut model, "Fy");
    assert!(matches!(all[..], [Effect::Freeze(0), Effect::Freeze(1)]), "{all:?}");
    let one = types(&mut model, "F\t\ty");
    assert!(matches!(one[..], [Effect::Freeze(1)]), "{one:?}");
    update(&mut model, Event::Frozen { desk: 0, sent: Err("away".into()) });
    assert!(note(&model).contains("NOT stopped work"));
}

#[test]
fn the_history_is_searched_by_all_words() {
    let mut model = screen(vec![]);
    let rows = vec![
        past(&ask("REQ-1", Risk::Low, &["ls"]), Some(Verdict::Allow)),
        past(&ask("REQ-2", Risk::High, &["rm", "-rf", "build"]), Some(Verdict::Deny)),
        past(&ask("REQ-3", Risk::High, &["rm", "x"]), None),
    ];
    update(&mut model, Event::Past(Ok(rows)));
    types(&mut model, "/denied RM\n");
    let found: Vec<&str> = model.history.found().iter().map(|row| row.request.as_str()).collect();
    assert_eq!(found, ["REQ-2"]);
    types(&mut model, "\n");
    assert!(model.reading.as_ref().unwrap().live.is_none());
    types(&mut model, "a");
    assert!(note(&model).contains("of the past"));
    types(&mut model, "qq");
    assert_eq!((model.place, model.over), (Place::Inbox, false));
    update(&mut model, Event::Past(Err("`asked/x.json` is damaged".into())));
    assert!(model.history.damage.is_some());
}

#[test]
fn the_list_is_grouped_and_the_most_urgent_is_first() {
    let asks = [
        ask("LOW", Risk::Low, &["ls"]).at("/a"),
        ask("LATE", Risk::High, &["rm", "a"]).at("/b"),
        ask("SOON", Risk::High, &["rm", "b"]).at("/b").ends("2026-02-21T12:05:00Z"),
        ask("CRIT", Risk::Critical, &["rm", "c"]).at("/a"),
    ];
    let mut model = screen(asks.iter().map(Ask::entry).collect());
    model.go_first();
    let mut order = Vec::new();
    for _ in 0..4 {
        order.push(model.cursor.clone().unwrap().request);
        types(&mut model, "j");
    }
    assert_eq!(order, ["CRIT", "LOW", "SOON", "LATE"]);
}

#[test]
fn what_does_not_open_is_listed_with_its_reason_and_never_answered() {
    let mut model = screen(vec![refused("REQ-9")]);
    types(&mut model, "a");
    assert!(model.reading.is_none() && note(&model).starts_with("not shown: "));
}
