//! The patches of Codex: `*** Begin Patch`, files each under a line of its own, `*** End Patch`.
//!
//! Every line that could name a file counts as one that does, also where only the spaces before it
//! differ. What has any other form is unreadable: whoever applies it may be more patient.

use crate::classify::judge::Judge;
use crate::classify::path::Use;

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";

/// Whether a text is meant as such a patch.
pub(in crate::classify) fn is_meant(text: &str) -> bool {
    text.trim_start().starts_with(BEGIN)
}

/// Judges each file of a patch; `written` is what is made of one that is written.
pub(in crate::classify) fn judge(
    judge: &mut Judge<'_>,
    text: &str,
    written: fn(&mut Judge<'_>, &str),
) {
    let body = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
    let body = body.and_then(|body| body.strip_prefix(['\n', '\r']));
    let Some(body) = body else {
        judge.report.unreadable(text, "it is no patch that can be read");
        return;
    };
    let mut files = 0_u32;
    for line in body.lines() {
        match part(line) {
            Part::Written(path) => {
                files += 1;
                written(judge, path);
            }
            Part::Deleted(path) => {
                files += 1;
                judge.opened(path, Use::Delete);
            }
            Part::Text => {}
            Part::Unknown => judge.report.unreadable(line, "a line of a patch that nobody knows"),
        }
    }
    if files == 0 {
        judge.report.unreadable(text, "it names no file that it changes");
    }
}

/// What a line of a patch is.
enum Part<'t> {
    Written(&'t str),
    Deleted(&'t str),
    Text,
    Unknown,
}

fn part(line: &str) -> Part<'_> {
    let plain = line.trim();
    let Some(said) = plain.strip_prefix("***") else {
        let text =
            line.is_empty() || line.starts_with(['+', '-', ' ', '\t']) || plain.starts_with("@@");
        return if text { Part::Text } else { Part::Unknown };
    };
    let file =
        |start: &str| said.strip_prefix(start).map(str::trim).filter(|name| !name.is_empty());
    if let Some(path) = file(" Delete File:") {
        return Part::Deleted(path);
    }
    let written = [" Add File:", " Update File:", " Move to:"].into_iter().find_map(file);
    match written {
        Some(path) => Part::Written(path),
        None if said == " End of File" => Part::Text,
        None => Part::Unknown,
    }
}
