//! People and groups that a policy names.

use super::node::{Kind, Node, Span};
use super::reader::{Fields, Reader};
use super::source::shown;
use super::words::{RISKS, nearest};
use crate::model::{Approver, Delegation};
use countersign_core::time::Timestamp;
use std::collections::{HashMap, HashSet};

const KEYS: [&str; 6] = ["name", "members", "roles", "fingerprints", "max_risk", "may_delegate_to"];

/// How many labels are counted for all quorums of a file together.
const MAX_STEPS: usize = 1_000_000;

/// An approver and where its parts stand.
struct Placed {
    approver: Approver,
    name: Span,
    members: Vec<Span>,
}

/// Reads all of a list.
pub(super) fn read_all(reader: &mut Reader, node: &Node) -> Vec<Approver> {
    let items = reader.list(node).unwrap_or_default();
    let all: Vec<Placed> = items.iter().filter_map(|item| read(reader, item)).collect();
    unique(reader, &all);
    members_known(reader, &all);
    cycles(reader, &all, "is a member of itself", |approver| approver.members.iter().collect());
    cycles(reader, &all, "may be stood in for by itself", |approver| {
        approver.may_delegate_to.iter().map(|delegation| &delegation.to).collect()
    });
    all.into_iter().map(|placed| placed.approver).collect()
}

fn read(reader: &mut Reader, node: &Node) -> Option<Placed> {
    let fields = reader.fields(node, "an approver", &KEYS)?;
    let name = name(reader, &fields);
    let (members, places) = members(reader, &fields);
    let roles = fields.get("roles").map(|node| roles(reader, node)).unwrap_or_default();
    let fingerprints =
        fields.get("fingerprints").map(|node| fingerprints(reader, node)).unwrap_or_default();
    if let (false, Some((key, _))) = (members.is_empty(), fields.entry("fingerprints")) {
        let hint = "give each member an `[[approver]]` with its own";
        reader.wrong_hint(key.span, "a group has no keys of its own", hint);
    }
    let max_risk = fields.get("max_risk").and_then(|node| reader.word(node, "risk", &RISKS));
    let may_delegate_to =
        fields.get("may_delegate_to").map(|node| delegations(reader, node)).unwrap_or_default();
    let (name, span) = name?;
    let approver = Approver { name, members, roles, fingerprints, max_risk, may_delegate_to };
    Some(Placed { approver, name: span, members: places })
}

fn name(reader: &mut Reader, fields: &Fields<'_>) -> Option<(String, Span)> {
    let Some(node) = fields.get("name") else {
        reader.wrong_hint(fields.span, "an approver without a name", "add `name`");
        return None;
    };
    // Whoever is in a group of the policy's own is known by it; a person must be known elsewhere.
    let group = fields.get("members").is_some();
    let name = if group { reader.label(node) } else { reader.used_label(node) }?;
    if name == "anyone" {
        let hint = "choose another: `anyone` stands for every pinned approver";
        reader.wrong_hint(node.span, "nobody is named `anyone`", hint);
    }
    Some((name, node.span))
}

fn members(reader: &mut Reader, fields: &Fields<'_>) -> (Vec<String>, Vec<Span>) {
    let Some(node) = fields.get("members") else { return Default::default() };
    let items = reader.list(node).unwrap_or_default();
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    for item in items {
        let Some(label) = reader.used_label(item) else { continue };
        if seen.insert(label.clone()) {
            all.push((label, item.span));
        } else {
            let message = format!("the member `{label}` is named twice");
            reader.wrong_hint(item.span, message, "each counts once; remove one");
        }
    }
    all.into_iter().unzip()
}

fn roles(reader: &mut Reader, node: &Node) -> Vec<String> {
    reader.one_or_more(node, |reader, node| {
        let text = reader.text(node)?;
        let bare = text.strip_prefix("role:").unwrap_or(text);
        let odd = bare.is_empty() || bare.chars().any(|c| c.is_control() || c.is_whitespace());
        if odd || bare.len() > 64 {
            reader.wrong_hint(node.span, "this is no role", "one word, such as `sre`");
            return None;
        }
        Some(bare.to_owned())
    })
}

fn fingerprints(reader: &mut Reader, node: &Node) -> Vec<String> {
    reader.one_or_more(node, |reader, node| {
        let text = reader.text(node)?;
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            let hint = "a fingerprint is 64 hexadecimal digits";
            reader.wrong_hint(node.span, "this is no fingerprint of a key", hint);
            return None;
        }
        Some(text.to_ascii_lowercase())
    })
}

fn delegations(reader: &mut Reader, node: &Node) -> Vec<Delegation> {
    let items = reader.list(node).unwrap_or_default();
    items.iter().filter_map(|item| delegation(reader, item)).collect()
}

fn delegation(reader: &mut Reader, node: &Node) -> Option<Delegation> {
    let fields = reader.fields(node, "a delegation", &["to", "from", "until"])?;
    let to = match fields.get("to") {
        Some(node) => reader.used_label(node),
        None => {
            reader.wrong_hint(fields.span, "a delegation to nobody", "add `to`, a label");
            None
        }
    };
    let from = fields.get("from").map(|node| date(reader, node));
    let until = match fields.get("until") {
        Some(node) => date(reader, node),
        None => {
            let hint = "add `until`, such as `2026-12-24T18:00:00Z`";
            reader.wrong_hint(fields.span, "a delegation without an end", hint);
            None
        }
    };
    let (to, until) = (to?, until?);
    let from = match from {
        Some(from) => Some(from?),
        None => None,
    };
    if from.as_ref().is_some_and(|from| from.instant() >= until.instant()) {
        reader.wrong_hint(fields.span, "a delegation that ends before it begins", "swap the dates");
    }
    Some(Delegation { to, from, until })
}

fn date(reader: &mut Reader, node: &Node) -> Option<Timestamp> {
    let (Kind::Text(text) | Kind::Date(text)) = &node.kind else {
        reader.wrong_type(node, "a date and time");
        return None;
    };
    let date = Timestamp::parse(text);
    if date.is_none() {
        let hint = "write it like `2026-12-24T18:00:00Z`";
        reader.wrong_hint(node.span, format!("`{}` is no date and time", shown(text)), hint);
    }
    date
}

/// Names are unique, and so are keys: one person counts once.
fn unique(reader: &mut Reader, all: &[Placed]) {
    let mut names = HashSet::new();
    let mut keys: HashMap<&str, &str> = HashMap::new();
    for Placed { approver, name, .. } in all {
        if !names.insert(approver.name.as_str()) {
            let message = format!("the approver `{}` is named twice", approver.name);
            reader.wrong_hint(*name, message, "merge the two");
        }
        for key in &approver.fingerprints {
            let other = keys.insert(key, &approver.name);
            if let Some(other) = other {
                let message = format!("a key of `{}` is one of `{other}` already", approver.name);
                reader.wrong_hint(*name, message, "a key is one person's; remove it from one");
            }
        }
    }
}

fn members_known(reader: &mut Reader, all: &[Placed]) {
    let names: HashSet<&str> = all.iter().map(|placed| placed.approver.name.as_str()).collect();
    let sorted: Vec<&str> = all.iter().map(|placed| placed.approver.name.as_str()).collect();
    for placed in all {
        for (member, span) in placed.approver.members.iter().zip(&placed.members) {
            if names.contains(member.as_str()) || member.starts_with("role:") {
                continue;
            }
            // Suggestions cost as much as there are names.
            let near = if sorted.len() <= 256 { nearest(member, &sorted) } else { None };
            let hint =
                near.unwrap_or_else(|| format!("add `[[approver]]` with `name = \"{member}\"`"));
            reader.wrong(*span, format!("unknown member `{member}`"), Some(hint));
        }
    }
}

/// Finds names that lead back to themselves: what is left once everything is taken away that leads
/// nowhere, and then everything that nothing leads to.
fn cycles<'a>(
    reader: &mut Reader,
    all: &'a [Placed],
    words: &str,
    next: impl Fn(&'a Approver) -> Vec<&'a String>,
) {
    let edges = all.iter().flat_map(|placed| {
        let name = placed.approver.name.as_str();
        next(&placed.approver).into_iter().map(move |to| (name, to.as_str()))
    });
    let edges: Vec<(&str, &str)> = edges.collect();
    let forward = trimmed(&edges);
    let back: Vec<(&str, &str)> = forward.iter().map(|(from, to)| (*to, *from)).collect();
    let circle: HashSet<&str> = trimmed(&back).into_iter().map(|(from, _)| from).collect();
    for placed in all.iter().filter(|placed| circle.contains(placed.approver.name.as_str())) {
        let message = format!("`{}` {words}", placed.approver.name);
        reader.wrong_hint(placed.name, message, "break the circle");
    }
}

/// The edges that do not end up nowhere.
fn trimmed<'a>(edges: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut out: HashMap<&str, usize> = HashMap::new();
    let mut into: HashMap<&str, Vec<&str>> = HashMap::new();
    for (from, to) in edges {
        *out.entry(from).or_default() += 1;
        out.entry(to).or_default();
        into.entry(to).or_default().push(from);
    }
    let mut dead: Vec<&str> = out.iter().filter(|(_, n)| **n == 0).map(|(name, _)| *name).collect();
    let mut gone: HashSet<&str> = dead.iter().copied().collect();
    while let Some(name) = dead.pop() {
        for from in into.get(name).into_iter().flatten() {
            let Some(left) = out.get_mut(from) else { continue };
            *left = left.saturating_sub(1);
            if *left == 0 && gone.insert(from) {
                dead.push(from);
            }
        }
    }
    let alive = |(from, to): &&(&str, &str)| !gone.contains(from) && !gone.contains(to);
    edges.iter().filter(alive).copied().collect()
}

/// Holds every quorum against the people whom its roster can have, where that is known.
pub(super) fn quorums(reader: &mut Reader, approvers: &[Approver]) {
    let groups: HashMap<&str, &Approver> =
        approvers.iter().map(|approver| (approver.name.as_str(), approver)).collect();
    let mut steps = MAX_STEPS;
    for (span, roster) in std::mem::take(&mut reader.rosters) {
        let Some(people) = people(&roster.approvers, &groups, &mut steps) else { continue };
        if usize::try_from(roster.quorum).is_ok_and(|quorum| quorum > people) {
            let of =
                if people == 1 { "1 person is".into() } else { format!("{people} people are") };
            let message = format!("a quorum of {} where {of} named", roster.quorum);
            let hint = "lower it, name more, or name a role: `role:NAME`";
            reader.wrong_hint(span, message, hint);
        }
    }
}

/// How many people a list of labels is at most; nothing where it may be any number, or where
/// counting takes too long.
fn people(
    labels: &[String],
    groups: &HashMap<&str, &Approver>,
    steps: &mut usize,
) -> Option<usize> {
    if labels.is_empty() {
        return None;
    }
    let mut open: Vec<&str> = labels.iter().map(String::as_str).collect();
    let mut seen = HashSet::new();
    let mut people = 0;
    while let Some(label) = open.pop() {
        if label.starts_with("role:") {
            return None;
        }
        *steps = steps.checked_sub(1)?;
        if !seen.insert(label) {
            continue;
        }
        match groups.get(label).filter(|approver| !approver.members.is_empty()) {
            Some(group) if group.members.len() > *steps => return None,
            Some(group) => open.extend(group.members.iter().map(String::as_str)),
            None => people += 1,
        }
    }
    Some(people)
}
