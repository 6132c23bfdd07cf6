//! Reads values out of the tree and notes whatever is wrong with them.

use super::node::{Key, Kind, Node, Span};
use super::number::{self, Exact};
use super::source::shown;
use super::words::nearest;
use crate::verdict::Roster;
use serde_json::{Map, Value};

/// Something wrong, and where.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Wrong {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// Whose grammar a file follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Style {
    /// Our own.
    #[default]
    Ours,
    /// The receipts document's.
    Receipts,
    /// The HITL document's.
    Hitl,
}

/// What is known so far of a file.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) wrongs: Vec<Wrong>,
    pub(super) labels: Vec<(Span, String)>,
    pub(super) style: Style,
    /// What all expressions so far weigh.
    pub(super) weight: usize,
    /// The roster of `[defaults]`, for whoever names a quorum and nobody.
    pub(super) roster: Option<Roster>,
    /// Rosters of which it is not known yet whether enough people are in them.
    pub(super) rosters: Vec<(Span, Roster)>,
}

/// A table whose keys are all known.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n> {
    /// The whole table.
    pub(super) span: Span,
    entries: &'n [(Key, Node)],
}

impl<'n> Fields<'n> {
    /// A key and its value.
    pub(super) fn entry(&self, name: &str) -> Option<(&'n Key, &'n Node)> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(key, node)| (key, node))
    }

    /// A value.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        self.entry(name).map(|(_, node)| node)
    }

    /// The first of these keys that is there.
    pub(super) fn first(&self, names: &[&str]) -> Option<&'n Key> {
        self.entries.iter().map(|(key, _)| key).find(|key| names.contains(&key.name.as_str()))
    }

    /// The keys.
    pub(super) fn entries(&self) -> &'n [(Key, Node)] {
        self.entries
    }
}

impl Reader {
    /// Notes a mistake.
    pub(super) fn wrong(&mut self, span: Span, message: impl Into<String>, hint: Option<String>) {
        self.wrongs.push(Wrong { span, message: message.into(), hint });
    }

    /// Notes a mistake that says itself what to do.
    pub(super) fn wrong_hint(&mut self, span: Span, message: impl Into<String>, hint: &str) {
        self.wrong(span, message, Some(hint.to_owned()));
    }

    /// Notes a value of another type.
    pub(super) fn wrong_type(&mut self, node: &Node, wanted: &str) {
        let hint = match (&node.kind, wanted) {
            (Kind::Doubtful(_, hint), _) => Some((*hint).to_owned()),
            (Kind::Number(_) | Kind::Bool(_), "a text") => Some("put it in quotes".to_owned()),
            (Kind::Text(text), "a number" | "a whole number" | "a boolean") => {
                let bare = number::is_plain(text) || text == "true" || text == "false";
                bare.then(|| "write it without quotes".to_owned())
            }
            _ => None,
        };
        let what = node.kind_name();
        self.wrong(node.span, format!("{what} where {wanted} is expected"), hint);
    }

    /// A table of which every key is among `known`. `what` names it: `a rule`.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        let fields = self.open(node)?;
        for (key, _) in fields.entries.iter().filter(|(key, _)| !known.contains(&key.name.as_str()))
        {
            let hint = nearest(&key.name, known).or_else(|| self.elsewhere(&key.name));
            let hint = hint.unwrap_or_else(|| format!("known here: {}", known.join(", ")));
            self.wrong(
                key.span,
                format!("unknown key `{}` in {what}", shown(&key.name)),
                Some(hint),
            );
        }
        Some(fields)
    }

    /// A key of ours in a file that does not say that it is ours.
    fn elsewhere(&self, name: &str) -> Option<String> {
        let ours = super::root::KEYS.contains(&name) || super::rule::KEYS.contains(&name);
        let hint = format!("a file with `{name}` has `version = 1` at its head");
        (self.style == Style::Receipts && ours).then_some(hint)
    }

    /// A table, whatever its keys are.
    pub(super) fn open<'n>(&mut self, node: &'n Node) -> Option<Fields<'n>> {
        let Kind::Table(entries) = &node.kind else {
            self.wrong_type(node, "a table");
            return None;
        };
        Some(Fields { span: node.span, entries })
    }

    /// A list that has at least one element.
    pub(super) fn list<'n>(&mut self, node: &'n Node) -> Option<&'n [Node]> {
        let Kind::List(items) = &node.kind else {
            self.wrong_type(node, "a list");
            return None;
        };
        if items.is_empty() {
            self.wrong_hint(node.span, "an empty list", "leave the key out, or name something");
            return None;
        }
        Some(items)
    }

    /// One value, or a list of at least one, each read by `read`.
    pub(super) fn one_or_more<T>(
        &mut self,
        node: &Node,
        mut read: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        let items = match &node.kind {
            Kind::List(_) => self.list(node).unwrap_or_default(),
            _ => std::slice::from_ref(node),
        };
        items.iter().filter_map(|item| read(self, item)).collect()
    }

    /// A text that is not empty.
    pub(super) fn text<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        let Kind::Text(text) = &node.kind else {
            self.wrong_type(node, "a text");
            return None;
        };
        if text.trim().is_empty() {
            self.wrong_hint(node.span, "an empty text", "leave the key out, or write something");
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, node: &Node) -> Option<bool> {
        let Kind::Bool(flag) = node.kind else {
            self.wrong_type(node, "a boolean");
            return None;
        };
        Some(flag)
    }

    /// A whole number of this range.
    pub(super) fn whole(&mut self, node: &Node, least: i64, most: i64) -> Option<i64> {
        let Kind::Number(text) = &node.kind else {
            self.wrong_type(node, "a whole number");
            return None;
        };
        let number = number::whole(text).filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let message = format!("`{}` is no whole number from {least} to {most}", shown(text));
            self.wrong(node.span, message, None);
        }
        number
    }

    /// One of some words. `what` is what they are: `risk`.
    pub(super) fn word<T: Copy>(
        &mut self,
        node: &Node,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(node)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let hint =
                nearest(text, &known).unwrap_or_else(|| format!("known: {}", known.join(", ")));
            self.wrong(node.span, format!("unknown {what} `{}`", shown(text)), Some(hint));
        }
        found
    }

    /// Whatever `new` makes of a text.
    pub(super) fn pattern<T, E: std::fmt::Display>(
        &mut self,
        node: &Node,
        new: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(node)?;
        match new(text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let message = error.to_string();
                self.wrong(node.span, shown(message.lines().last().unwrap_or_default()), None);
                None
            }
        }
    }

    /// A text, number or boolean.
    pub(super) fn scalar(&mut self, node: &Node) -> Option<Value> {
        match &node.kind {
            Kind::Text(text) => Some(Value::from(text.as_str())),
            Kind::Bool(flag) => Some(Value::Bool(*flag)),
            Kind::Number(text) => self.number(node, text),
            _ => {
                self.wrong_type(node, "a text, number or boolean");
                None
            }
        }
    }

    fn number(&mut self, node: &Node, text: &str) -> Option<Value> {
        match number::exact(text) {
            Exact::Is(number) => Some(Value::Number(number)),
            Exact::Near(number) => {
                let message = format!("the number `{}` cannot be kept exactly", shown(text));
                self.wrong(node.span, message, Some(format!("the nearest is {number}")));
                None
            }
            Exact::No(why) => {
                self.wrong(node.span, format!("`{}` {why}", shown(text)), None);
                None
            }
        }
    }

    /// Anything that JSON can say.
    pub(super) fn json(&mut self, node: &Node) -> Option<Value> {
        match &node.kind {
            Kind::Null => Some(Value::Null),
            Kind::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.json(item)).collect();
                items.into_iter().collect::<Option<Vec<_>>>().map(Value::Array)
            }
            Kind::Table(_) => self.json_table(node).map(Value::Object),
            _ => self.scalar(node),
        }
    }

    /// A table of anything that JSON can say.
    pub(super) fn json_table(&mut self, node: &Node) -> Option<Map<String, Value>> {
        let fields = self.open(node)?;
        let read = |(key, node): &(Key, Node)| Some((key.name.clone(), self.json(node)?));
        let all: Vec<_> = fields.entries.iter().map(read).collect();
        all.into_iter().collect()
    }

    /// A label of an approver.
    pub(super) fn label(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        let odd = text.chars().any(char::is_control) || text.trim() != text || text.len() > 128;
        if odd || text.strip_prefix("role:").is_some_and(|role| role.trim().is_empty()) {
            let hint = "a person's name or `role:NAME`, on one line, of at most 128 bytes";
            self.wrong_hint(node.span, "this is no label of an approver", hint);
            return None;
        }
        Some(text.to_owned())
    }

    /// The same, kept along with its place: somebody must have it.
    pub(super) fn used_label(&mut self, node: &Node) -> Option<String> {
        let label = self.label(node)?;
        self.labels.push((node.span, label.clone()));
        Some(label)
    }
}
