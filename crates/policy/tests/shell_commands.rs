//! A table of shell lines, each with the verb that leads and the risk that it must have.
//!
//! Each line is read as `bash -c LINE`, the way in which a line reaches a gate.

mod common;

use common::{class, line, place};
use countersign_core::artifact::Risk;
use countersign_policy::facts::{Class, Floor};
use countersign_policy::verb::Verb;

const TABLE: &str = include_str!("shell_commands.txt");

struct Row {
    attack: bool,
    verb: &'static str,
    risk: Risk,
    floors: Vec<&'static str>,
    line: String,
}

fn rows() -> Vec<Row> {
    let mut attack = false;
    let mut rows = Vec::new();
    for text in TABLE.lines() {
        match text {
            "## attacks" => attack = true,
            "## plain" => attack = false,
            _ if text.starts_with('#') || text.is_empty() => {}
            _ => rows.push(row(text, attack)),
        }
    }
    rows
}

fn row(text: &'static str, attack: bool) -> Row {
    let (left, line) = text.split_once(" | ").unwrap_or_else(|| panic!("{text}"));
    let mut words = left.split_whitespace();
    let verb = words.next().unwrap();
    let risk = match words.next().unwrap() {
        "low" => Risk::Low,
        "medium" => Risk::Medium,
        "high" => Risk::High,
        "critical" => Risk::Critical,
        other => panic!("{other}"),
    };
    Row { attack, verb, risk, floors: words.collect(), line: line.replace('⏎', "\n") }
}

fn wrong(row: &Row, class: &Class) -> Option<String> {
    let lead = class.verbs.own.first().map_or("", Verb::as_str);
    let has = |name: &&str| match *name {
        "protected" => class.floors.contains(&Floor::Protected),
        "unreadable" => class.floors.contains(&Floor::Unreadable),
        other => panic!("{other}"),
    };
    let same = lead == row.verb && class.risk == row.risk && row.floors.iter().all(has);
    (!same).then(|| {
        format!("{lead} {:?} {:?} | {}", class.risk, class.floors, row.line.replace('\n', "⏎"))
    })
}

fn judge(attack: bool) {
    let place = place();
    let rows: Vec<Row> = rows().into_iter().filter(|row| row.attack == attack).collect();
    let wrong: Vec<String> =
        rows.iter().filter_map(|row| wrong(row, &class(&line(&row.line), &place))).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn plain_lines_have_the_verb_and_risk_that_they_deserve() {
    judge(false);
}

#[test]
fn attack_16_no_line_slips_through() {
    judge(true);
}

#[test]
fn the_table_is_long_enough_and_most_of_it_are_attempts() {
    let rows = rows();
    let attacks = rows.iter().filter(|row| row.attack).count();
    assert!(rows.len() >= 300, "{}", rows.len());
    assert!(attacks * 2 >= rows.len(), "{attacks} of {}", rows.len());
    assert!(rows.iter().filter(|row| row.attack).all(|row| row.risk >= Risk::Medium));
}

#[test]
fn every_verb_that_is_found_is_one() {
    for row in rows() {
        for finding in class(&line(&row.line), &place()).findings {
            assert!(Verb::new(finding.verb.as_str()).is_some(), "{finding:?}");
        }
    }
}
