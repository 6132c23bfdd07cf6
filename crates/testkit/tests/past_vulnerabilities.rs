//! `docs/past-vulnerabilities.md` names every attack, every link in it leads to its test, and every
//! test of an attack is linked: in Rust, in the console and in the protocol's TypeScript.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// How many attacks are known.
const ROWS: usize = 49;

/// Where tests of attacks are, from the root.
const SUITES: [&str; 3] = ["crates", "web/console/test", "sdk/typescript/test"];

/// Which attacks each file has a test of, by its path from the root.
type Tests = BTreeMap<PathBuf, BTreeSet<usize>>;

#[test]
fn every_attack_has_its_row_and_every_test_of_it_is_linked() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/past-vulnerabilities.md")).unwrap();
    let mut tests = Tests::new();
    for suite in SUITES {
        assert!(walk(&root, Path::new(suite), &mut tests) > 0, "`{suite}` holds no test");
    }
    let wrong = wrong_in(&page, ROWS, &tests);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What does not hold, a line each.
fn wrong_in(page: &str, count: usize, tests: &Tests) -> Vec<String> {
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| #"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let mut wrong = Vec::new();
    if rows.len() != count {
        wrong.push(format!("{} rows, not {count}", rows.len()));
    }
    let mut linked = Tests::new();
    for (row, cells) in (1..).zip(&rows) {
        wrong.extend(wrong_in_row(row, cells, tests, &mut linked));
    }
    for (file, rows) in tests {
        let known = linked.remove(file).unwrap_or_default();
        let missing = rows.difference(&known);
        wrong.extend(missing.map(|row| format!("row {row}: `{}` is not linked", file.display())));
    }
    wrong
}

fn wrong_in_row(row: usize, cells: &[&str], tests: &Tests, linked: &mut Tests) -> Vec<String> {
    let mut wrong = Vec::new();
    if cells.get(1) != Some(&row.to_string().as_str()) {
        wrong.push(format!("row {row} has another number"));
    }
    let links: Vec<&str> = cells.iter().flat_map(|cell| links(cell)).collect();
    if links.is_empty() && !cells.iter().any(|cell| cell.contains("Not yet")) {
        wrong.push(format!("row {row} has no test and does not say so"));
    }
    for link in links {
        let file = PathBuf::from(link.strip_prefix("../").unwrap_or(link));
        if !tests.get(&file).is_some_and(|rows| rows.contains(&row)) {
            wrong.push(format!("row {row}: no test of it in `{link}`"));
        }
        linked.entry(file).or_default().insert(row);
    }
    wrong
}

/// The targets of the links in a piece of Markdown.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|after| after.split(')').next())
}

/// Adds what the files below a folder test, and says how many files were read.
fn walk(root: &Path, folder: &Path, found: &mut Tests) -> usize {
    let mut read = 0;
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            read += walk(root, &path, found);
        } else if let Some(before) = before_a_name(&path) {
            let rows = attacks(&fs::read_to_string(root.join(&path)).unwrap(), before);
            found.insert(path, rows);
            read += 1;
        }
    }
    read
}

/// What stands before the name of a test: in Rust it is a function, in TypeScript a text.
fn before_a_name(path: &Path) -> Option<&'static [&'static str]> {
    match path.extension()?.to_str()? {
        "rs" => Some(&["fn attack_"]),
        "ts" | "js" => Some(&["\"attack_", "`attack_", "'attack_"]),
        _ => None,
    }
}

/// The attacks that a text has tests of.
fn attacks(text: &str, before: &[&str]) -> BTreeSet<usize> {
    let names = before.iter().flat_map(|before| text.split(before).skip(1));
    names.filter_map(|name| name.get(..2)?.parse().ok()).collect()
}

/// The names are in capitals here: this file has no test of an attack.
#[test]
fn a_missing_test_and_a_missing_link_are_told() {
    let tests = |of: &[(&str, &str)]| -> Tests {
        let read = |(path, text): &(&str, &str)| {
            let text = text.replace("ATTACK", "attack");
            (PathBuf::from(path), attacks(&text, before_a_name(Path::new(path)).unwrap()))
        };
        of.iter().map(read).collect()
    };
    let page = "| # | x |\n| 1 | a | [t](../web/t.test.ts) | – |\n| 2 | b *Not yet.* | – | – |";
    let good = ("web/t.test.ts", "test(\"ATTACK_01 it holds\", () => {});");
    assert_eq!(wrong_in(page, 2, &tests(&[good])), [""; 0]);
    // A word about an attack is no test of it, nor is another attack's.
    for text in ["// ATTACK_01 is elsewhere", "test(`ATTACK_02 it holds`, f);", ""] {
        let wrong = wrong_in(page, 2, &tests(&[("web/t.test.ts", text)]));
        assert_eq!(wrong[0], "row 1: no test of it in `../web/t.test.ts`", "{text}");
    }
    assert_eq!(wrong_in(page, 2, &tests(&[])), ["row 1: no test of it in `../web/t.test.ts`"]);
    let more = ("web/u.test.js", "test(`ATTACK_02 ${name}`, f)");
    assert_eq!(wrong_in(page, 2, &tests(&[good, more])), ["row 2: `web/u.test.js` is not linked"]);
    let rust = ("crates/x/src/y.rs", "fn ATTACK_01_it_holds() {");
    assert_eq!(
        wrong_in(page, 2, &tests(&[good, rust])),
        ["row 1: `crates/x/src/y.rs` is not linked"]
    );
    assert_eq!(wrong_in(page, 3, &tests(&[good])), ["2 rows, not 3"]);
}
