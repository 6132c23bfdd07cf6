//! What an approval must satisfy: who, how many, how long, and then what.

use super::node::{Kind, Node, Span};
use super::reader::{Fields, Reader, Style};
use super::source::shown;
use super::words::{ASSURANCES, ON_TIMEOUT};
use crate::model::Obligations;
use crate::verdict::{AlwaysAllow, Escalation, Roster};
use std::collections::HashSet;

/// The keys that say what an approval must satisfy.
pub(super) const KEYS: [&str; 12] = [
    "approvers",
    "quorum",
    "veto",
    "timeout",
    "sla_minutes",
    "escalation",
    "on_timeout",
    "require_reason",
    "always_allow",
    "allow_skip",
    "min_assurance",
    "max_uses",
];

/// The longest wait for an answer, in seconds.
pub(super) const DAY: u32 = 86_400;
/// The longest standing permission, in seconds.
const MONTH: u32 = 30 * DAY;
/// How long a standing permission lasts where nothing says so, in seconds.
const SHIFT: u32 = 8 * 3_600;
/// How many may be asked one after another.
const MAX_ESCALATION: usize = 4;
/// How many may be asked at once.
const MAX_QUORUM: i64 = 100;

/// Reads all that a table says of it.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>) -> Obligations {
    fn flag(reader: &mut Reader, node: Option<&Node>) -> Option<bool> {
        node.and_then(|node| reader.flag(node))
    }
    Obligations {
        rosters: rosters(reader, fields),
        veto: flag(reader, fields.get("veto")),
        timeout: timeout(reader, fields),
        escalation: fields
            .get("escalation")
            .map(|node| escalation(reader, node))
            .unwrap_or_default(),
        on_timeout: fields.get("on_timeout").and_then(|node| on_timeout(reader, node)),
        require_reason: flag(reader, fields.get("require_reason")),
        always_allow: always_allow(reader, fields),
        min_assurance: fields
            .get("min_assurance")
            .and_then(|node| reader.word(node, "assurance", &ASSURANCES)),
        max_uses: fields
            .get("max_uses")
            .and_then(|node| reader.whole(node, 1, 1_000_000))
            .and_then(|uses| u32::try_from(uses).ok()),
    }
}

/// Two keys that mean the same, in one table.
pub(super) fn only_one(reader: &mut Reader, fields: &Fields<'_>, one: &str, other: &str) {
    if let (Some((first, _)), Some((second, _))) = (fields.entry(one), fields.entry(other)) {
        let span = first.span.max(second.span);
        reader.wrong_hint(span, format!("`{one}` and `{other}` mean the same"), "remove one");
    }
}

fn timeout(reader: &mut Reader, fields: &Fields<'_>) -> Option<u32> {
    only_one(reader, fields, "timeout", "sla_minutes");
    if let Some(node) = fields.get("sla_minutes") {
        let minutes = reader.whole(node, 1, i64::from(DAY / 60))?;
        return u32::try_from(minutes * 60).ok();
    }
    duration(reader, fields.get("timeout")?, DAY)
}

/// Seconds as a number, or a number with a unit, from a second to `most`.
pub(super) fn duration(reader: &mut Reader, node: &Node, most: u32) -> Option<u32> {
    let seconds = match &node.kind {
        Kind::Number(text) => super::number::whole(text),
        Kind::Text(text) => with_unit(text),
        _ => {
            reader.wrong_type(node, "a time such as `90`, `\"5m\"` or `\"8h\"`");
            return None;
        }
    };
    let fits = seconds.and_then(|s| u32::try_from(s).ok()).filter(|s| (1..=most).contains(s));
    if fits.is_none() {
        let (Kind::Number(text) | Kind::Text(text)) = &node.kind else { return None };
        let message = format!("`{}` is no time from 1 second to {}", shown(text), longest(most));
        let hint =
            "write seconds, such as `90`, or a number and a unit: `\"90s\"`, `\"5m\"`, `\"8h\"`";
        reader.wrong_hint(node.span, message, hint);
    }
    fits
}

fn longest(most: u32) -> &'static str {
    if most == DAY { "24 hours" } else { "30 days" }
}

fn with_unit(text: &str) -> Option<i64> {
    let (number, seconds) = match text.as_bytes().last()? {
        b's' => (text.strip_suffix('s')?, 1),
        b'm' => (text.strip_suffix('m')?, 60),
        b'h' => (text.strip_suffix('h')?, 3_600),
        b'd' => (text.strip_suffix('d')?, i64::from(DAY)),
        _ => return None,
    };
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    number.parse::<i64>().ok().filter(|_| digits)?.checked_mul(seconds)
}

fn on_timeout(reader: &mut Reader, node: &Node) -> Option<crate::verdict::OnTimeout> {
    if matches!(&node.kind, Kind::Text(text) if text == "allow" || text == "approve") {
        let hint = "silence is no consent: write `deny` or `escalate`";
        reader.wrong_hint(node.span, "nothing runs because nobody answered", hint);
        return None;
    }
    reader.word(node, "end of the time", &ON_TIMEOUT)
}

fn escalation(reader: &mut Reader, node: &Node) -> Vec<Escalation> {
    let items = reader.list(node).unwrap_or_default();
    if let Some(item) = items.get(MAX_ESCALATION) {
        let message = format!("an escalation of {} steps", items.len());
        reader.wrong(item.span, message, Some(format!("at most {MAX_ESCALATION}")));
    }
    items.iter().filter_map(|item| step(reader, item)).collect()
}

fn step(reader: &mut Reader, node: &Node) -> Option<Escalation> {
    let fields = reader.fields(node, "a step of an escalation", &["to", "after"])?;
    let to = match fields.get("to") {
        Some(node) => reader.used_label(node),
        None => {
            reader.wrong_hint(fields.span, "a step to nobody", "add `to`, a label of an approver");
            None
        }
    };
    let after = match fields.get("after") {
        Some(node) => duration(reader, node, DAY),
        None => {
            reader.wrong_hint(
                fields.span,
                "a step without a time",
                "add `after`, such as `\"5m\"`",
            );
            None
        }
    };
    Some(Escalation { to: to?, after: after? })
}

fn always_allow(reader: &mut Reader, fields: &Fields<'_>) -> Option<Option<AlwaysAllow>> {
    only_one(reader, fields, "always_allow", "allow_skip");
    let usual = AlwaysAllow { max_seconds: SHIFT, session: true };
    if let Some(node) = fields.get("allow_skip") {
        return reader.flag(node).map(|offered| offered.then_some(usual));
    }
    let node = fields.get("always_allow")?;
    if let Kind::Bool(offered) = node.kind {
        return Some(offered.then_some(usual));
    }
    if !matches!(node.kind, Kind::Table(_)) {
        reader.wrong_type(node, "a boolean, or a table of `max` and `session`");
        return None;
    }
    let inner = reader.fields(node, "a standing permission", &["max", "session"])?;
    let max_seconds = match inner.get("max") {
        Some(node) => duration(reader, node, MONTH)?,
        None => SHIFT,
    };
    let session = match inner.get("session") {
        Some(node) => reader.flag(node)?,
        None => true,
    };
    Some(Some(AlwaysAllow { max_seconds, session }))
}

/// Everybody who is asked.
fn rosters(reader: &mut Reader, fields: &Fields<'_>) -> Vec<Roster> {
    let named = fields.get("approvers").and_then(|node| approvers(reader, node));
    let Some(quorum) = fields.get("quorum") else {
        return named.into_iter().map(|approvers| Roster { approvers, quorum: 1 }).collect();
    };
    if matches!(quorum.kind, Kind::Table(_)) {
        let mut all = several(reader, quorum);
        all.extend(named.map(|approvers| Roster { approvers, quorum: 1 }));
        return all;
    }
    let number = count(reader, quorum);
    // A quorum without names is one of those whom the defaults name.
    let fallback = || reader.roster.as_ref().map(|roster| roster.approvers.clone());
    let approvers = match fields.get("approvers") {
        Some(_) => named,
        None => fallback().or(Some(Vec::new())),
    };
    let (Some(quorum_number), Some(approvers)) = (number, approvers) else { return Vec::new() };
    let roster = Roster { approvers, quorum: quorum_number };
    reader.rosters.push((quorum.span, roster.clone()));
    vec![roster]
}

/// Labels of whom one, or as many as the quorum says, must allow; `anyone` is the empty list.
pub(super) fn approvers(reader: &mut Reader, node: &Node) -> Option<Vec<String>> {
    let items = reader.list(node)?;
    let mut seen = HashSet::new();
    let mut labels = Vec::new();
    for item in items {
        if matches!(&item.kind, Kind::Text(text) if text == "anyone") {
            if items.len() > 1 {
                let hint = "`anyone` stands alone, for every pinned approver";
                reader.wrong_hint(item.span, "`anyone` beside others", hint);
            }
            continue;
        }
        let Some(label) = reader.used_label(item) else { continue };
        if !seen.insert(label.clone()) {
            let message = format!("the approver `{label}` is named twice");
            reader.wrong_hint(item.span, message, "each counts once; remove one");
            continue;
        }
        labels.push(label);
    }
    Some(labels)
}

/// Several rosters that each need a number of their own.
fn several(reader: &mut Reader, node: &Node) -> Vec<Roster> {
    let Some(fields) = reader.open(node) else { return Vec::new() };
    if fields.entries().is_empty() {
        let hint = "write a number, or `{ \"role:sre\" = 1 }`";
        reader.wrong_hint(node.span, "an empty quorum", hint);
    }
    let mut all = Vec::new();
    for (key, node) in fields.entries() {
        let kind = Kind::Text(key.name.clone());
        let label = if key.name == "anyone" {
            Some(key.name.clone())
        } else {
            reader.used_label(&Node { span: key.span, kind })
        };
        let (Some(label), Some(quorum)) = (label, count(reader, node)) else { continue };
        let approvers = if label == "anyone" { Vec::new() } else { vec![label] };
        let roster = Roster { approvers, quorum };
        reader.rosters.push((node.span, roster.clone()));
        all.push(roster);
    }
    all
}

fn count(reader: &mut Reader, node: &Node) -> Option<u32> {
    if !matches!(node.kind, Kind::Number(_)) {
        reader.wrong_type(node, "a number, or a table of them by label");
        return None;
    }
    reader.whole(node, 1, MAX_QUORUM).and_then(|number| u32::try_from(number).ok())
}

/// Whether `[defaults]` says who is asked; kept for whoever does not.
pub(super) fn defaults(reader: &mut Reader, node: &Node) -> Obligations {
    let Some(fields) = reader.fields(node, "the defaults", &level_keys(reader.style)) else {
        return Obligations::default();
    };
    let duties = read(reader, &fields);
    reader.roster = duties.rosters.first().cloned();
    duties
}

/// The keys of an entry without a rule around it.
pub(super) fn level_keys(style: Style) -> Vec<&'static str> {
    let keys = KEYS.into_iter();
    keys.filter(|key| style == Style::Hitl || *key != "allow_skip").collect()
}

/// Where something that only an approval needs stands in a table whose actions need none.
pub(super) fn useless(reader: &mut Reader, fields: &Fields<'_>, word: &str) {
    if let Some(key) = fields.first(&KEYS) {
        let span: Span = key.span;
        let message = format!("`{}` in a rule that says `{word}`: nobody is asked", key.name);
        let hint = "remove it, or ask with `decision = \"require_approval\"`";
        reader.wrong_hint(span, message, hint);
    }
}
