//! The page that teaches the policy says what the loader and the engine do.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod common;

use common::{World, json};
use countersign_policy::load::{Dialect, load};
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../docs/policy.md");

/// Every fenced text of the page in these languages.
fn fences() -> Vec<(Dialect, &'static str)> {
    let dialect = |word: &str| match word {
        "toml" => Some(Dialect::Toml),
        "yaml" => Some(Dialect::Yaml),
        _ => None,
    };
    let blocks = PAGE.split("```").skip(1).step_by(2);
    let read = |block: &'static str| {
        let (word, text) = block.split_once('\n').unwrap();
        Some((dialect(word)?, text))
    };
    blocks.filter_map(read).collect()
}

#[test]
fn every_example_of_the_page_loads_as_written() {
    let fences = fences();
    assert_eq!(fences.len(), 12, "an example was added or lost: look at this test");
    for (dialect, text) in fences {
        load(text.as_bytes(), dialect).unwrap_or_else(|e| panic!("{text}\n{:#?}", e.0));
    }
}

#[test]
fn every_example_of_the_page_does_what_its_cases_say() {
    let world = World::bare();
    let mut cases = 0;
    for (number, (_, text)) in fences().into_iter().enumerate() {
        if !text.contains("[[test]]") {
            continue;
        }
        let name = format!("{number}.toml");
        std::fs::write(world.work().join(&name), text).unwrap();
        let output = world.run("enforcer", &["policy", "test", &name, "--json"]);
        let said = json(&output.stdout);
        assert!(output.status.success(), "{text}\n{said:#}");
        cases += said["cases"].as_u64().unwrap();
    }
    assert_eq!(cases, 10);
}

/// The keys of the table below a heading, up to the next heading.
fn table(heading: &str) -> BTreeSet<String> {
    let marked = format!("\n### {heading}\n");
    let (_, rest) = PAGE.split_once(&marked).unwrap_or_else(|| panic!("no `{heading}`"));
    let part = rest.split("\n### ").next().unwrap().split("\n## ").next().unwrap();
    let table = part.split("\n\n").find(|part| part.contains("| key |")).unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned()).collect()
}

/// The keys that the loader knows in a table, by its own words about one that it does not know.
fn known(text: &str) -> BTreeSet<String> {
    let mistakes = load(text.as_bytes(), Dialect::Toml).unwrap_err().0;
    let hints = mistakes.iter().filter_map(|mistake| mistake.hint.as_deref());
    let known = hints.filter_map(|hint| hint.strip_prefix("known here: ")).next();
    let known = known.unwrap_or_else(|| panic!("{text}: {mistakes:#?}"));
    known.split(", ").map(str::to_owned).collect()
}

/// A key that resembles none.
const ODD: &str = "qqqqqqqqqqqqqqqqqqqqqqqq";

#[test]
fn the_tables_of_the_page_have_every_key_of_the_loader_and_no_other() {
    for (heading, text) in [
        ("The file", format!("version = 1\n{ODD} = 1\n")),
        ("`[[rule]]`", format!("version = 1\n[[rule]]\n{ODD} = 1\n")),
        ("Conditions", format!("version = 1\n[[rule]]\nconditions = [{{ {ODD} = 1 }}]\n")),
        ("`[[approver]]`", format!("version = 1\n[[approver]]\n{ODD} = 1\n")),
        ("`[[classify]]`", format!("version = 1\n[[classify]]\n{ODD} = 1\n")),
        ("`[limits]`", format!("version = 1\n[limits]\n{ODD} = 1\n")),
        ("`[[test]]`", format!("version = 1\n[[test]]\n{ODD} = 1\n")),
    ] {
        assert_eq!(table(heading), known(&text), "{heading}");
    }
}

#[test]
fn a_level_of_risk_has_its_decision_and_the_keys_of_an_approval() {
    let known_in = |table: &str| known(&format!("version = 1\n[{table}]\n{ODD} = 1\n"));
    let approval: BTreeSet<String> = known_in("defaults");
    let mut level = table("`[risk.LEVEL]`");
    assert_eq!(level.len(), 1);
    level.extend(approval.iter().cloned());
    assert_eq!(level, known_in("risk.high"));
    assert!(approval.is_subset(&table("`[[rule]]`")));
    assert!(approval.contains("approvers") && approval.contains("max_uses"));
}

#[test]
fn the_receipts_document_s_keys_are_those_that_the_page_names() {
    let known = known(&format!("[[rule]]\n{ODD} = 1\n"));
    let (_, rest) = PAGE.split_once("has `[[rule]]` with these keys only: ").unwrap();
    let named = rest.split(". ").next().unwrap().replace('\n', " ");
    let named: BTreeSet<String> =
        named.split(", ").map(|key| key.trim().trim_matches('`').to_owned()).collect();
    assert_eq!(named, known);
}

#[test]
fn the_verbs_that_the_page_lists_are_those_that_there_are() {
    let (_, rest) = PAGE.split_once("from least to most dangerous: ").unwrap();
    let sentence = rest.split(". ").next().unwrap();
    let named: Vec<&str> = sentence.split('`').skip(1).step_by(2).collect();
    assert_eq!(named, countersign_policy::verb::COARSE);
}
