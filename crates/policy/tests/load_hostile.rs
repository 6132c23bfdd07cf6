//! Whatever the bytes: an answer, in a moment, and never a panic.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use countersign_policy::load::{Dialect, MAX_BYTES, Mistakes, load};
use countersign_policy::{STARTER, builtin};
use proptest::prelude::*;
use std::time::{Duration, Instant};

const BOTH: [Dialect; 2] = [Dialect::Toml, Dialect::Yaml];

/// Files that load, to be broken.
const GOOD: [(&str, Dialect); 4] = [
    (STARTER, Dialect::Toml),
    (include_str!("data/receipts.toml"), Dialect::Toml),
    (include_str!("data/hitl-rules.yaml"), Dialect::Yaml),
    (include_str!("data/hitl-policies.yaml"), Dialect::Yaml),
];

/// A text of the greatest length, of one head and one part again and again.
fn filled(head: &str, part: &str) -> String {
    let times = (MAX_BYTES - head.len()) / part.len();
    format!("{head}{}", part.repeat(times))
}

/// Every mistake has a place within the text.
fn placed(text: &str, mistakes: &Mistakes) {
    assert!(!mistakes.0.is_empty());
    let lines = text.split('\n').count();
    for mistake in &mistakes.0 {
        assert!(mistake.line >= 1 && mistake.column >= 1 && mistake.line <= lines, "{mistake:?}");
        let line = text.split('\n').nth(mistake.line - 1).unwrap_or_default();
        assert!(mistake.column <= line.chars().count() + 1, "{mistake:?} in {line:?}");
        let one_line = |text: &str| !text.contains('\n');
        assert!(one_line(&mistake.text) && one_line(&mistake.message), "{mistake:?}");
        let shown = mistake.text.trim_end_matches('…');
        assert!(line.contains(shown) || shown.is_empty(), "{mistake:?} in {line:?}");
    }
}

/// Loads it, with time to spare for a slow build.
fn in_a_moment(text: &str, dialect: Dialect) {
    let begun = Instant::now();
    if let Err(mistakes) = load(text.as_bytes(), dialect) {
        assert!((1..=201).contains(&mistakes.0.len()));
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", text.get(..60));
}

#[test]
fn a_megabyte_of_anything_is_answered_in_a_moment() {
    for (head, part) in [
        ("a = ", "["),
        ("a = ", "{a="),
        ("a", ".a"),
        ("", "\n[[rule]]"),
        ("", "a=1\n"),
        ("", "="),
        ("rule = [", "{id=1},"),
        ("version = 1\n", "[[rule]]\nid='a'\n"),
        ("", "\u{0}"),
    ] {
        in_a_moment(&filled(head, part), Dialect::Toml);
    }
    for (head, part) in [
        ("a: ", "["),
        ("a: ", "{a: "),
        ("", "- "),
        ("", "? "),
        ("", "a: b\n"),
        ("a: [&a b, ", "*a, "),
        ("a: \"", "\\x41"),
        ("", "---\n"),
        ("[", "ä "),
    ] {
        in_a_moment(&filled(head, part), Dialect::Yaml);
    }
}

#[test]
fn the_deepest_tables_that_are_short_to_write_do_not_end_the_thread() {
    for dots in [8, 79] {
        let key = vec!["a"; dots + 1].join(".");
        let text = format!("{}1{}", format!("{key} = {{").repeat(79), "}".repeat(79));
        for text in [&text, &filled("", &format!("{key} = {{\n"))] {
            assert!(load(text.as_bytes(), Dialect::Toml).is_err());
        }
    }
    let deep = ["a"; 10].join(" . ");
    let error = load(format!("{deep} = 1").as_bytes(), Dialect::Toml).unwrap_err();
    assert_eq!(error.0.first().unwrap().message, "nested too deep");
}

#[test]
fn expressions_that_are_short_to_write_and_long_to_compile_are_refused_together() {
    let rules: Vec<String> = (0..1_500)
        .map(|i| format!("[[rule]]\nid = 'r{i}'\ndecision = 'block'\nconditions = [{{ field = 'x', matches = '(\\w{{30}}){{20}}{i}' }}]\n"))
        .collect();
    let text = format!("version = 1\n{}", rules.concat());
    let mistakes = load(text.as_bytes(), Dialect::Toml).unwrap_err();
    assert!(mistakes.0.iter().any(|mistake| mistake.message.contains("too large together")));
}

#[test]
fn one_group_in_thousands_of_rules_is_not_counted_for_each() {
    let members: Vec<String> = (0..2_000).map(|i| format!("'a{i}'")).collect();
    let rules: Vec<String> = (0..2_000)
        .map(|i| format!("[[rule]]\nid = 'r{i}'\napprovers = ['g']\nquorum = 2\n"))
        .collect();
    let group = format!("[[approver]]\nname = 'g'\nmembers = [{}]\n", members.join(","));
    in_a_moment(&format!("version = 1\n{group}{}", rules.concat()), Dialect::Toml);
}

#[test]
fn a_file_of_the_wrong_dialect_is_refused() {
    for (text, dialect) in GOOD {
        let other = if dialect == Dialect::Toml { Dialect::Yaml } else { Dialect::Toml };
        assert!(load(text.as_bytes(), other).is_err());
    }
    assert_ne!(builtin().risk.len(), 0);
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for dialect in BOTH {
            let _ = load(&bytes, dialect);
        }
    }

    #[test]
    fn any_text_is_answered_with_places_in_it(text in "[\\[\\]{}=:,.\"'a-c \n0-9#&*!ä-]{0,200}") {
        for dialect in BOTH {
            if let Err(mistakes) = load(text.as_bytes(), dialect) {
                placed(&text, &mistakes);
            }
        }
    }

    #[test]
    fn a_good_file_with_a_wrong_part_is_answered_with_places_in_it(
        which in 0usize..4,
        at in any::<prop::sample::Index>(),
        cut in 0usize..40,
        put in "[\\[\\]{}=:,.\"'a-z \n0-9#&*!ä-]{0,12}",
    ) {
        let Some((good, dialect)) = GOOD.get(which) else { return Ok(()) };
        let chars: Vec<char> = good.chars().collect();
        let at = at.index(chars.len());
        let text: String = chars.iter().take(at).copied()
            .chain(put.chars())
            .chain(chars.iter().skip(at + cut).copied())
            .collect();
        if let Err(mistakes) = load(text.as_bytes(), *dialect) {
            placed(&text, &mistakes);
        }
    }
}
