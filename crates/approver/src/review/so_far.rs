//! How far the others are, beside a review and no part of it: a review is what is signed.

use super::Fact;
use super::text::{quoted, word};
use countersign_core::progress::{GroupSoFar, SoFar};

/// How far the others are, on one line.
#[must_use]
pub fn so_far_line(so_far: &SoFar) -> String {
    let groups = so_far.groups().iter().map(of_group);
    std::iter::once(of_all(so_far)).chain(groups).collect::<Vec<_>>().join("; ")
}

pub(super) fn facts(so_far: &SoFar) -> Vec<Fact> {
    let mut facts = vec![Fact::new("all of them", of_all(so_far))];
    let groups: Vec<String> = so_far.groups().iter().map(of_group).collect();
    if !groups.is_empty() {
        facts.push(Fact::of_lines("and of them", groups));
    }
    facts.push(Fact::new("told at", so_far.told_at().as_str()));
    facts
}

fn of_all(so_far: &SoFar) -> String {
    let (have, need) = (so_far.allowed().len(), so_far.needed());
    let names: Vec<String> = so_far.allowed().iter().map(|person| name(person)).collect();
    let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    format!("{have} of {need} approved so far{names}")
}

fn of_group(group: &GroupSoFar) -> String {
    let of = group.name.as_deref().map_or("a list".to_owned(), quoted);
    format!("{} of {} of {of}", group.have, group.need)
}

/// A person without quotes where the name cannot be read as two, or as more of the line.
fn name(person: &str) -> String {
    if person.contains([',', ':']) { quoted(person) } else { word(person) }
}
