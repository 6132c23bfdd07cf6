//! Pictures of the screen, as text. `COUNTERSIGN_SNAPSHOTS=write` draws them anew.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

use super::view;
use crate::tui::event::Event;
use crate::tui::fixture::{ask, batch, refused, screen, types, wait};
use crate::tui::model::{Fate, Link, Model, Party};
use crate::tui::past::PastRow;
use crate::tui::update::update;
use countersign_approver::{Review, Verdict};
use countersign_core::artifact::Risk;
use countersign_core::display::has_deceptive;
use ratatui_core::backend::TestBackend;
use ratatui_core::terminal::Terminal;
use std::path::PathBuf;
use std::sync::Arc;

/// The rows of a screen of a size.
fn picture(model: &mut Model, columns: u16, rows: u16) -> Vec<String> {
    update(model, Event::Resize { columns, rows });
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| view(model, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y: u16| {
        let (mut text, mut skip) = (String::new(), 0);
        for x in 0..columns {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                text.push_str(symbol);
                skip = super::cells::columns(symbol).max(1);
            }
            skip -= 1;
        }
        text.trim_end().to_owned()
    };
    (0..rows).map(row).collect()
}

/// Compares a picture with the one that is kept.
fn looks_like(name: &str, model: &mut Model, columns: u16, rows: u16) {
    let text = picture(model, columns, rows).join("\n") + "\n";
    let name = format!("{name}-{columns}x{rows}.txt");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/tui/snapshots").join(name);
    if std::env::var_os("COUNTERSIGN_SNAPSHOTS").is_some_and(|how| how == "write") {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{} is not what is drawn:\n{text}", path.display());
}

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

fn looks(name: &str, mut model: Model) {
    for (columns, rows) in SIZES {
        looks_like(name, &mut model, columns, rows);
    }
}

fn full() -> Model {
    let mut model = screen(vec![
        ask("01KAHQ2S8N0000000000000001", Risk::Low, &["ls", "-la"]).entry(),
        ask("01KAHQ2S8N0000000000000002", Risk::High, &["rm", "-rf", "build"]).one_of_two(),
        ask("01KAHQ2S8N0000000000000003", Risk::Critical, &["psql", "-c", "drop table users"])
            .at("/home/ada/bank")
            .ends("2026-02-21T12:02:10Z")
            .entry(),
        ask("01KAHQ2S8N0000000000000004", Risk::Medium, &["git", "push"]).answered(Verdict::Deny),
        refused("01KAHQ2S8N0000000000000005"),
    ]);
    let home = Party { name: "home".into(), link: Link::Opening, is_listed: false };
    model.parties.push(home);
    model
}

fn deletes() -> Model {
    let ask = ask("REQ-1", Risk::High, &["rm", "-rf", "build"]);
    screen(vec![ask.offers_always().may_go_to(&["role:lead"]).entry()])
}

fn row(id: &'static str, argv: &[&str], when: &str, verdict: Option<Verdict>) -> PastRow {
    let review = Review::of(&ask(id, Risk::High, argv).item().content.unwrap());
    PastRow {
        request: id.into(),
        pairing: "work".into(),
        when: when.into(),
        word: verdict.map_or("unanswered", Verdict::word),
        verdict,
        reason: verdict.map(|_| "not on a Friday".to_owned()),
        review: Arc::new(review),
    }
}

#[test]
fn the_inbox() {
    looks("inbox", full());
}

#[test]
fn an_empty_inbox() {
    looks("empty", screen(vec![]));
}

#[test]
fn a_gateway_that_is_away() {
    let mut model = screen(vec![]);
    let why = "the relay cannot be used now: no connection".to_owned();
    update(&mut model, Event::Link { desk: 0, link: Link::Away(why) });
    looks("away", model);
}

#[test]
fn a_request() {
    let mut model = deletes();
    types(&mut model, "\n");
    looks_like("review", &mut model, 40, 10);
    looks("review", model);
}

#[test]
fn a_request_that_this_device_answered() {
    let ask = ask("REQ-1", Risk::High, &["rm", "-rf", "build"]).may_go_to(&["role:lead"]);
    let mut model = screen(vec![ask.answered(Verdict::Deny)]);
    types(&mut model, "\n");
    let shown = picture(&mut model, 80, 24).join("\n");
    assert!(shown.contains("it waits no more: this device answered it"), "{shown}");
    for wrong in [" left", "To allow it", "a allow", "d deny", "hand on"] {
        assert!(!shown.contains(wrong), "{wrong}: {shown}");
    }
    looks("answered", model);
}

#[test]
fn the_question_at_low_risk() {
    let mut model = screen(vec![ask("REQ-1", Risk::Low, &["ls"]).entry()]);
    types(&mut model, "a");
    looks("confirm", model);
}

#[test]
fn the_question_at_high_risk() {
    let mut model = deletes();
    types(&mut model, "\nGaye");
    looks("word", model);
}

#[test]
fn the_rule_that_is_always_allowed() {
    let mut model = deletes();
    types(&mut model, "w\nalw");
    looks("always", model);
}

#[test]
fn how_far_a_permission_reaches() {
    let ask = ask("REQ-1", Risk::High, &["rm", "-rf", "build"]).offers_always().within("night");
    let mut model = screen(vec![ask.entry()]);
    types(&mut model, "w 20j");
    looks("terms", model);
}

#[test]
fn the_question_at_critical_risk() {
    let mut model = screen(vec![ask("REQ-1", Risk::Critical, &["rm", "-rf", "/"]).entry()]);
    types(&mut model, "\nGa47");
    looks_like("digits", &mut model, 40, 10);
    looks("digits", model);
}

#[test]
fn the_items_of_a_batch() {
    let long =
        ["cp", "/home/ada/shop/a/long/way/to/a/file", "/srv/backup/a/long/way/to/another/file"];
    let commands: [&[&str]; 3] = [&["ls"], &["rm", "x"], &long];
    let mut model = screen(vec![batch("REQ-1", Risk::High, &commands).entry()]);
    types(&mut model, "ij j");
    looks("batch", model);
}

#[test]
fn the_question_about_a_part_of_a_batch() {
    let mut model = screen(vec![batch("REQ-1", Risk::Low, &[&["ls"], &["df"]]).entry()]);
    types(&mut model, "ij a");
    let message = picture(&mut model, 80, 24)[22].clone();
    assert!(message.starts_with(" Allow 1 of 2 items once?"), "{message}");
}

#[test]
fn whom_to_ask_next() {
    let mut model = deletes();
    types(&mut model, "e");
    looks("next", model);
}

#[test]
fn a_reason() {
    let mut model = deletes();
    types(&mut model, "donly build/tmp, not all of it");
    looks("reason", model);
}

#[test]
fn an_answer_that_can_be_taken_back() {
    let mut model = full();
    types(&mut model, "d\n");
    wait(&mut model, 1_200);
    looks("pending", model);
}

#[test]
fn how_long_an_answer_can_be_taken_back_is_said_once() {
    let mut model = screen(vec![ask("REQ-1", Risk::Low, &["ls"]).entry()]);
    types(&mut model, "ay");
    let shown = picture(&mut model, 80, 24).join("\n");
    assert_eq!(shown.matches("signed in").count(), 1, "{shown}");
    assert!(shown.contains("You answered: allowed. Not signed yet."), "{shown}");
}

#[test]
fn an_answer_that_was_not_taken() {
    let mut model = deletes();
    types(&mut model, "d\n");
    wait(&mut model, 3_000);
    let (id, why) = (model.waiting[0].entry.id.clone(), "exchange_over".to_owned());
    update(&mut model, Event::Answered { id, fate: Fate::NotTaken(why) });
    looks("error", model);
}

#[test]
fn the_history() {
    let mut model = screen(vec![]);
    let rows = vec![
        row("REQ-1", &["rm", "-rf", "build"], "2026-02-21T11:00:00Z", Some(Verdict::Deny)),
        row("REQ-2", &["ls"], "2026-02-20T09:30:00Z", Some(Verdict::Allow)),
        row("REQ-3", &["git", "push"], "2026-02-19T17:05:00Z", None),
    ];
    update(&mut model, Event::Past(Ok(rows)));
    types(&mut model, "h");
    looks("history", model);
}

#[test]
fn the_keys() {
    let mut model = screen(vec![]);
    types(&mut model, "?");
    looks("help", model);
}

#[test]
fn a_stop() {
    let mut model = full();
    types(&mut model, "F\t");
    looks("stop", model);
}

#[test]
fn too_small_a_terminal_says_so() {
    looks_like("small", &mut full(), 38, 9);
    looks_like("small", &mut full(), 40, 10);
}

/// Everything that misleads, in all the places where others may write.
fn hostile() -> Model {
    let words = "\u{1b}[2J\u{1b}]0;x\u{7}a\u{202e}b\u{200b}\u{9b}31m\u{e0041}\r\u{8}\u{2028}c";
    let wide = "\u{8a00}\u{8a9e}e\u{301}".repeat(60);
    let mut ask = ask("REQ-1", Risk::High, &["echo", words, &wide]).may_go_to(&[words]).at(words);
    ask.context.reasoning = Some(format!("{words}\n! Low risk\nWhat exactly\n{wide}"));
    ask.route.rule_id = words.into();
    screen(vec![ask.offers_always().within("x\u{202e}\u{1b}[2Jy").entry()])
}

#[test]
fn attack_06_nothing_that_steers_a_terminal_reaches_it() {
    for keys in ["", "\n", "e", "w", "w\n", "e\n", "d\u{202e}\u{200b}"] {
        for (columns, rows) in [(40, 10), (80, 24), (120, 40)] {
            let mut model = hostile();
            types(&mut model, keys);
            for _ in 0..40 {
                let rows = picture(&mut model, columns, rows);
                let bad = rows.iter().find(|row| has_deceptive(row));
                assert_eq!(bad, None, "{keys:?}");
                assert!(rows.iter().all(|row| super::cells::columns(row) <= usize::from(columns)));
                update(&mut model, Event::Key(crate::tui::event::Key::PageDown));
            }
        }
    }
}

#[test]
fn attack_06_no_line_of_others_begins_where_ours_do() {
    let mut model = hostile();
    update(&mut model, Event::Resize { columns: 60, rows: 24 });
    types(&mut model, "\n");
    let lines = &model.reading.as_ref().unwrap().page.lines;
    let ours = |line: &&String| !line.is_empty() && !line.starts_with(' ');
    let at_the_edge: Vec<&String> = lines.iter().filter(ours).collect();
    let known = [
        "HIGH RISK",
        "What exactly",
        "Who asks",
        "On which terms",
        "The agent says",
        "Signed over",
    ];
    assert_eq!(at_the_edge.len(), known.len(), "{at_the_edge:?}");
    assert!(at_the_edge.iter().zip(known).all(|(line, known)| line.starts_with(known)));
}

#[test]
fn attack_06_every_character_of_a_request_is_seen_while_it_is_read() {
    for columns in [40, 80] {
        let long: String = (0..3_000).map(|n| format!("{n:04}.")).collect();
        let mut model = screen(vec![ask("REQ-1", Risk::High, &["echo", &long]).entry()]);
        types(&mut model, "\n");
        let mut seen: Vec<String> = Vec::new();
        loop {
            let rows = picture(&mut model, columns, 24);
            seen.extend(
                rows[1..22].iter().map(|row| row.trim().trim_start_matches("| ").to_owned()),
            );
            let reading = model.reading.as_mut().unwrap();
            if reading.page.is_read() {
                break;
            }
            reading.page.down(21);
        }
        assert!(seen.concat().contains(&long), "{columns}");
    }
}

#[test]
fn ten_thousand_lines_are_drawn_as_fast_as_ten() {
    let long = "x\n".repeat(10_000);
    let mut model = screen(vec![ask("REQ-1", Risk::High, &["echo", &long]).entry()]);
    types(&mut model, "\n");
    picture(&mut model, 80, 24);
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let start = std::time::Instant::now();
    for _ in 0..200 {
        update(&mut model, Event::Key(crate::tui::event::Key::PageDown));
        terminal.draw(|frame| view(&model, frame)).unwrap();
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(2), "{:?}", start.elapsed());
}
