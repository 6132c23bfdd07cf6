//! The files that git would change, and whether everybody reads them in the diff.

use super::PatchError;
use crate::git::{GitError, WorkTree};
use std::collections::BTreeSet;

/// What git would change, sorted. Asked forwards and backwards: a file that is renamed has two names.
///
/// A policy reads the names with the first directory `a/` or `b/` left out, while git leaves out
/// any: a name that does not stand in the diff in that form is refused.
pub(super) fn changed(tree: &WorkTree, diff: &str) -> Result<Vec<String>, PatchError> {
    let mut names = BTreeSet::new();
    for args in [
        &["apply", "--numstat", "-z", "-p1", "-"][..],
        &["apply", "-R", "--numstat", "-z", "-p1", "-"][..],
    ] {
        let answer = tree.ask_outside(args, diff.as_bytes())?;
        let answer = String::from_utf8(answer)
            .map_err(|_| GitError::Unreadable("apply --numstat".into()))?;
        names.extend(answer.split('\0').filter(|record| !record.is_empty()).filter_map(name));
    }
    let said = said(diff);
    match names.iter().find(|name| !said.contains(name.as_str())) {
        Some(hidden) => Err(PatchError::OtherName(hidden.clone())),
        None if names.is_empty() => Err(PatchError::Empty),
        None => Ok(names.into_iter().collect()),
    }
}

/// `added TAB removed TAB name`
fn name(record: &str) -> Option<String> {
    record.splitn(3, '\t').nth(2).map(str::to_owned)
}

/// The names that a reader takes from the diff, in the forms that policies know.
fn said(diff: &str) -> BTreeSet<&str> {
    let mut said = BTreeSet::new();
    for line in diff.lines() {
        if let Some(both) = line.strip_prefix("diff --git ") {
            said.extend(both.split(' ').filter_map(side));
        }
        for start in ["--- ", "+++ "] {
            let name = line.strip_prefix(start).and_then(|rest| rest.split('\t').next());
            said.extend(name.and_then(|name| side(name.trim_end())));
        }
        for start in ["rename from ", "rename to ", "copy from ", "copy to "] {
            said.extend(line.strip_prefix(start).map(str::trim_end));
        }
    }
    said
}

fn side(name: &str) -> Option<&str> {
    name.strip_prefix("a/").or_else(|| name.strip_prefix("b/"))
}
