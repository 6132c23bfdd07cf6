//! The root of a policy in YAML: the `security.hitl` section of a configuration whose other
//! sections are not ours to judge.

use super::duty;
use super::node::{Kind, Node};
use super::reader::{Reader, Style};
use super::{person, root, rule, sense};
use crate::model::{Mode, Obligations, Policy};

/// What a file of this dialect looks like.
pub(super) const SHAPE: &str = "a policy in YAML is under `security:` and there under `hitl:`";

const KEYS: [&str; 4] = ["enabled", "default_timeout", "rules", "policies"];

/// Reads the section.
pub(super) fn read(reader: &mut Reader, node: &Node) -> Policy {
    reader.style = Style::Hitl;
    let section = node.member("security").and_then(|security| security.member("hitl"));
    let Some(section) = section else {
        reader.wrong_hint(place(node), "no section `security.hitl`", SHAPE);
        return Policy::default();
    };
    let Some(fields) = reader.fields(section, "`security.hitl`", &KEYS) else {
        return Policy::default();
    };
    if fields.entries().is_empty() {
        reader.wrong_hint(fields.span, "an empty section", "add `rules` or `policies`");
    }
    let enabled = fields.get("enabled").and_then(|node| reader.flag(node));
    let timeout =
        fields.get("default_timeout").and_then(|node| duty::duration(reader, node, duty::DAY));
    let placed = fields.get("rules").map(|node| rule::read_all(reader, node)).unwrap_or_default();
    sense::covered(reader, &placed);
    let risk = fields.get("policies").map(|node| root::levels(reader, node)).unwrap_or_default();
    person::quorums(reader, &[]);
    Policy {
        mode: if enabled == Some(false) { Mode::Off } else { Mode::Enforce },
        rules: placed.into_iter().map(|placed| placed.rule).collect(),
        risk,
        defaults: Obligations { timeout, ..Obligations::default() },
        ..Policy::default()
    }
}

/// Where the section is missed: at the key `security`, else at the head of the file.
fn place(node: &Node) -> super::node::Span {
    let Kind::Table(entries) = &node.kind else { return node.span };
    let security = entries.iter().find(|(key, _)| key.name == "security");
    security.or(entries.first()).map_or(node.span, |(key, _)| key.span)
}
