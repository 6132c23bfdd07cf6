//! Changes that are not carried out by a program that is named: patches and checkpoints.

pub(super) mod envelope;

use super::call::url_host;
use super::judge::Judge;
use super::path::Use;
use countersign_core::action::{Operation, Patch, Push};
use countersign_core::artifact::Risk;

/// A unified diff: the files that it names. Lines within hunks that look like a file's name count
/// as one, since nobody should have to count lines right to be safe.
///
/// A file that it removes from the workspace is part of the patch and no deletion: the revision
/// that the patch is against still holds it. Outside the workspace nothing does.
pub(super) fn patch(judge: &mut Judge<'_>, patch: &Patch) {
    let mut names = 0_u32;
    let mut before = "";
    for line in patch.diff.as_str().lines() {
        if let Some(name) = line.strip_prefix("--- ") {
            before = name;
            names += 1;
            file(judge, name, Use::Write);
        } else if let Some(name) = line.strip_prefix("+++ ") {
            names += 1;
            let gone = plain(name) == "/dev/null";
            file(
                judge,
                if gone { before } else { name },
                if gone { Use::Delete } else { Use::Write },
            );
        } else {
            names += header(judge, line);
        }
    }
    if names == 0 {
        judge.report.unreadable(patch.diff.as_str(), "it names no file that it changes");
    }
}

/// The other lines of a header. Says how many files it names.
fn header(judge: &mut Judge<'_>, line: &str) -> u32 {
    // The two older spellings of a rename are still read by git.
    for start in [
        "rename from ",
        "rename to ",
        "rename old ",
        "rename new ",
        "copy from ",
        "copy to ",
        "Index: ",
    ] {
        if let Some(name) = line.strip_prefix(start) {
            file(judge, name, Use::Write);
            return 1;
        }
    }
    if let Some(both) = line.strip_prefix("diff --git ") {
        both.split(' ').for_each(|name| file(judge, name, Use::Write));
        return 1;
    }
    if line.starts_with("new file mode 12")
        || line.starts_with("new file mode 16")
        || line.starts_with("new mode 12")
    {
        judge.report.find(
            line,
            "it makes a link, and what is written there goes elsewhere",
            "file_write",
            Risk::High,
        );
    }
    0
}

fn plain(name: &str) -> &str {
    name.split('\t').next().unwrap_or(name).trim_end()
}

fn file(judge: &mut Judge<'_>, name: &str, usage: Use) {
    let name = plain(name);
    if name == "/dev/null" || name.is_empty() {
        return;
    }
    if name.starts_with('"') || name.contains('\\') {
        judge.report.unreadable(name, "the name of a file is written in another form");
    }
    let name = name.trim_matches('"');
    let stripped = name.strip_prefix("a/").or_else(|| name.strip_prefix("b/")).unwrap_or(name);
    if judge.write_risk(stripped) <= Risk::Medium {
        judge.report.find(stripped, "it changes a file of the workspace", "patch", Risk::Medium);
    } else {
        judge.opened(stripped, usage);
    }
}

/// A boundary.
pub(super) fn checkpoint(judge: &mut Judge<'_>, operation: &Operation) {
    let (part, why, verb, risk) = match operation {
        Operation::Commit(commit) => {
            (commit.message.as_str(), "it commits", "checkpoint.commit", Risk::Medium)
        }
        Operation::Push(push) => return pushed(judge, push),
        Operation::Tag(to) => (to.target.as_str(), "it sets a tag", "checkpoint.tag", Risk::High),
        Operation::Deploy(to) => {
            (to.target.as_str(), "it deploys", "checkpoint.deploy", Risk::High)
        }
        Operation::Release(to) => {
            (to.target.as_str(), "it releases", "checkpoint.release", Risk::High)
        }
        Operation::Migration(to) => (
            to.target.as_str(),
            "it changes the shape of a database",
            "checkpoint.migration",
            Risk::High,
        ),
    };
    judge.report.find(part, why, verb, risk);
}

fn pushed(judge: &mut Judge<'_>, push: &Push) {
    judge.report.find(push.remote(), "it publishes commits", "checkpoint.push", Risk::High);
    if push.remote().contains("::") {
        judge.report.unreadable(push.remote(), "an address that runs a program");
    }
    if let Some(host) = url_host(push.remote()) {
        judge.report.host(&host);
    }
    if push.force() {
        judge.report.find(
            push.remote(),
            "it may throw away what the remote holds",
            "delete.ref",
            Risk::Critical,
        );
    }
    for moved in push.refs().iter().filter(|moved| moved.new.is_none()) {
        judge.report.find(moved.name.as_str(), "it deletes a ref", "delete.ref", Risk::Critical);
    }
}

#[cfg(test)]
mod tests;
