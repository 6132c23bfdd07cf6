//! The codes that a command can end with are those that docs/commands.md lists for scripts.

#![allow(clippy::unwrap_used, reason = "a file that is missing fails the test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What stands before a code in the source of a command.
const BEFORE: [&str; 13] = [
    "Exit::Failed,",
    "Exit::Usage,",
    "Exit::Denied,",
    "Exit::Expired,",
    "Exit::Blocked,",
    "Exit::Verification,",
    "Exit::NoRoute,",
    "Exit::Pending,",
    "Exit::Uncertain,",
    "Exit::RunFailed,",
    "Exit::RunRefused,",
    "Exit::RunNotFound,",
    "code: ",
];

/// And of what makes a failure of a code for its callers.
const MAKERS: [&str; 4] = ["unusable(", "no_grant(", "failed(", "void("];

/// Where a code is chosen by what went wrong.
const CHOICES: [&str; 3] =
    ["src/failure/causes.rs", "src/reviewer.rs", "../enforcer/src/gate/error.rs"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let tests = path.file_stem().is_some_and(|name| name == "tests" || name == "codes");
        match path.is_dir() {
            true => sources(&path, found),
            false if !tests && path.extension().is_some_and(|end| end == "rs") => found.push(path),
            false => {}
        }
    }
}

fn program(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned()
}

/// The words in quotes that stand right after `before`, whatever brackets are between.
fn quoted_after(text: &str, before: &str) -> BTreeSet<String> {
    let code = |rest: &str| {
        let rest = rest.trim_start_matches([' ', '\n', '(', '{']).strip_prefix('"')?;
        let (word, after) = rest.split_once('"')?;
        let ends_a_pair = before.starts_with("Exit::") && after.starts_with(')');
        let is_code = ends_a_pair || after.starts_with(',') || after.starts_with(".into()");
        is_code.then_some(())?;
        word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_').then(|| word.to_owned())
    };
    text.split(before).skip(1).filter_map(code).collect()
}

/// The nine codes of HARP.
fn of_harp(text: &str) -> BTreeSet<String> {
    let code = |rest: &str| rest.split_once('"').map(|(code, _)| code.to_owned());
    text.split("rename = \"")
        .skip(1)
        .filter_map(code)
        .filter(|code| code.starts_with("HARP"))
        .collect()
}

/// What the page lists, in backticks.
fn listed() -> BTreeSet<String> {
    let page = std::fs::read_to_string(root().join("../../docs/commands.md")).unwrap();
    let (_, list) = page.split_once("### Codes of errors").unwrap();
    let (list, _) = list.split_once("Something named on the command line").unwrap();
    let words = list.split('`').skip(1).step_by(2);
    // All but the first code of HARP stand there without what they begin with.
    words
        .map(|word| word.strip_prefix('_').map_or(word.to_owned(), |end| format!("HARP_ERR_{end}")))
        .collect()
}

#[test]
fn the_page_lists_every_code_and_no_other() {
    let (mut files, mut codes) = (Vec::new(), BTreeSet::new());
    sources(&root().join("src"), &mut files);
    for text in files.iter().map(|path| program(path)) {
        BEFORE.iter().chain(&MAKERS).for_each(|before| codes.extend(quoted_after(&text, before)));
    }
    for path in CHOICES {
        codes.extend(quoted_after(&program(&root().join(path)), "=>"));
    }
    codes.extend(of_harp(&program(&root().join("../core/src/error.rs"))));
    let listed = listed();
    let missing: Vec<_> = codes.difference(&listed).collect();
    let foreign: Vec<_> = listed.difference(&codes).collect();
    assert!(missing.is_empty() && foreign.is_empty(), "missing {missing:?}, foreign {foreign:?}");
}
