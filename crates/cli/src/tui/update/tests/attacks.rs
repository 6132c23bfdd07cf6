//! What an agent, a relay or a stray key would need to get past a person.

use super::*;
use crate::tui::reading::Reading;
use std::time::Duration;

#[test]
fn attack_09_keys_that_were_typed_before_the_question_answer_nothing() {
    let mut model = screen(vec![low().entry()]);
    for c in ['a', 'y', 'y'] {
        update(&mut model, Event::Key(key(c)));
    }
    assert!(model.pending.is_empty(), "all of it came in one breath");
    assert!(matches!(model.reading.as_ref().unwrap().asking, Asking::Confirm { .. }));
}

#[test]
fn attack_09_what_is_pasted_is_no_key_and_no_word() {
    let mut model = screen(vec![ask("REQ-1", Risk::High, &["rm", "x"]).entry()]);
    update(&mut model, Event::Paste("ay".into()));
    types(&mut model, "\nGa");
    update(&mut model, Event::Paste("yes\n".into()));
    types(&mut model, "\n");
    assert!(model.pending.is_empty());
    types(&mut model, "d");
    update(&mut model, Event::Paste("two\nlines\u{1b}[2J".into()));
    types(&mut model, "\n");
    assert_eq!(answer(wait(&mut model, 3_000)).reply.reason.as_deref(), Some("two lines[2J"));
}

/// The digits of another call, as of one that was answered a moment ago, the word that is enough at
/// less risk, and what is pasted.
#[test]
fn attack_09_at_critical_risk_nothing_but_the_digits_of_this_call_is_a_yes() {
    let other = ask("REQ-2", Risk::Critical, &["rm", "-rf", "/"]).entry();
    let other = other.content.as_ref().unwrap().review.artifact_hash.look_digits();
    for typed in ["yes", "y", "", "always", other.as_str()] {
        let (mut model, digits) = critical();
        assert_ne!(other, digits);
        types(&mut model, &format!("\nGa{typed}\n"));
        assert!(model.pending.is_empty(), "{typed}");
        assert!(note(&model).contains("not its digits"), "{typed}: {}", note(&model));
        assert!(wait(&mut model, 60_000).is_empty());
    }
    let (mut model, digits) = critical();
    types(&mut model, "\nGa");
    update(&mut model, Event::Paste(digits));
    types(&mut model, "\n");
    assert!(model.pending.is_empty(), "what is pasted was not read where the call waits");
}

#[test]
fn attack_09_a_part_of_a_critical_batch_takes_the_digits_too() {
    let entry = batch("REQ-1", Risk::Critical, &[&["ls"], &["rm", "x"]]).entry();
    let digits = entry.content.as_ref().unwrap().review.artifact_hash.look_digits();
    let mut model = screen(vec![entry]);
    types(&mut model, "\nGi ayes\n");
    assert!(model.pending.is_empty() && note(&model).contains("not its digits"));
    types(&mut model, &format!("a{digits}\n"));
    assert!(matches!(answer(wait(&mut model, 3_000)).reply.said, Meaning::Partial(_)));
}

/// Digits that were read are of the round that they were read for.
#[test]
fn attack_43_after_a_step_of_an_escalation_other_digits_count() {
    let first = ask("REQ-1", Risk::Critical, &["rm", "-rf", "/"]);
    let digits = |entry: &crate::tui::model::Entry| {
        entry.content.as_ref().unwrap().review.artifact_hash.look_digits()
    };
    let mut second = first.clone();
    second.route.round = 2;
    let (first, second) = (first.entry(), second.entry());
    let old = digits(&first);
    let mut model = screen(vec![first]);
    update(&mut model, Event::Listed { desk: 0, entries: vec![second] });
    types(&mut model, &format!("g\nGa{old}\n"));
    assert!(model.pending.is_empty() && note(&model).contains("not its digits"));
}

#[test]
fn attack_45_no_key_makes_a_permission_wider_than_the_offer() {
    for keys in ["w   000000\n", "w    \n", "wjj  \n", "w9999999999\n"] {
        let mut model = screen(vec![low().offers_always().within("night").entry()]);
        types(&mut model, keys);
        update(&mut model, Event::Key(Key::End));
        types(&mut model, "always\n");
        let taken = answer(wait(&mut model, 3_000)).reply.always.unwrap();
        assert!(taken.expires_at.to_string().as_str() <= "2026-02-21T13:00:00Z", "{taken:?}");
        assert!(taken.count.is_none_or(|count| (1..=999_999).contains(&count)), "{taken:?}");
    }
    let (mut model, _) = critical();
    types(&mut model, "\nGw");
    assert!(note(&model).contains("offers no"), "{}", note(&model));
}

#[test]
fn attack_46_what_was_denied_before_is_marked_and_takes_the_word() {
    let mut model = screen(vec![ask("REQ-2", Risk::Low, &["ls"]).entry()]);
    update(&mut model, Event::Past(Ok(vec![past(&low(), Some(Verdict::Deny))])));
    types(&mut model, "\n");
    let marked =
        |reading: &Reading| reading.page.lines[0].contains("You said no to this very call");
    assert!(marked(model.reading.as_ref().unwrap()));
    types(&mut model, "ay");
    assert!(model.pending.is_empty(), "one key is not enough");
    types(&mut model, "Gayes\n");
    assert_eq!(model.pending.len(), 1);
}

#[test]
fn attack_46_a_no_of_this_very_session_counts_and_a_late_history_too() {
    let mut model = screen(vec![ask("REQ-2", Risk::Low, &["ls"]).entry()]);
    types(&mut model, "a");
    update(&mut model, Event::Past(Ok(vec![past(&low(), Some(Verdict::Deny))])));
    types(&mut model, "y");
    assert!(model.pending.is_empty(), "the question was asked before the history was read");
    let line = &model.reading.as_ref().unwrap().page.lines[0];
    assert!(line.contains("You said no to this very call"), "{line}");
}

#[test]
fn attack_46_the_same_request_listed_again_is_no_denial_of_itself() {
    let mut model = screen(vec![low().entry()]);
    update(&mut model, Event::Past(Ok(vec![past(&low(), Some(Verdict::Deny))])));
    assert!(!model.takes_a_word(model.waiting[0].review().unwrap()));
}

#[test]
fn attack_46_a_flood_moves_nothing_under_a_finger() {
    let mut model = screen(vec![low().entry()]);
    let chosen = model.cursor.clone();
    types(&mut model, "a");
    for _ in 0..3 {
        let urgent = ["A", "B", "C"].map(|id| ask(id, Risk::Critical, &["rm", id]).entry());
        urgent.into_iter().for_each(|entry| {
            update(&mut model, Event::Arrived(Box::new(entry)));
        });
    }
    assert_eq!((model.waiting.len(), &model.cursor), (4, &chosen));
    types(&mut model, "y");
    assert_eq!(answer(wait(&mut model, 3_000)).id.request, "REQ-1");
}

#[test]
fn attack_03_another_request_under_the_same_name_is_not_answered_in_its_place() {
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "a");
    let other = ask("REQ-1", Risk::Low, &["rm", "-rf", "/"]);
    update(&mut model, Event::Listed { desk: 0, entries: vec![other.entry()] });
    types(&mut model, "y");
    assert!(model.pending.is_empty(), "{:?}", model.pending);
    let mut model = screen(vec![low().entry(), other.entry()]);
    types(&mut model, "gay");
    let answer = answer(wait(&mut model, 3_000));
    assert_eq!(answer.opened.artifact().head.artifact_hash.to_string(), answer.id.hash);
}

#[test]
fn attack_06_what_cannot_be_read_is_not_answered() {
    let mut model = screen(vec![low().entry()]);
    let (columns, rows) = SMALLEST;
    update(&mut model, Event::Resize { columns: columns - 1, rows });
    types(&mut model, "ay");
    assert!(model.pending.is_empty() && model.reading.is_none());
    types(&mut model, "q");
    assert!(model.over);
}

#[test]
fn attack_18_a_double_tap_answers_once() {
    let mut model = screen(vec![low().entry()]);
    types(&mut model, "ayyy\ny");
    assert_eq!(model.pending.len(), 1);
    let effects = wait(&mut model, 60_000);
    answer(effects);
    assert!(types(&mut model, "ay").is_empty() && wait(&mut model, 60_000).is_empty());
}

#[test]
fn a_request_of_ten_thousand_lines_is_read_without_delay() {
    let long = "x\n".repeat(10_000);
    let mut model = screen(vec![ask("REQ-1", Risk::High, &["echo", &long]).entry()]);
    let start = std::time::Instant::now();
    types(&mut model, "\n");
    assert!(model.reading.as_ref().unwrap().page.lines.len() > 10_000);
    for _ in 0..1_000 {
        update(&mut model, Event::Key(Key::PageDown));
    }
    assert!(model.reading.as_ref().unwrap().page.is_read());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
