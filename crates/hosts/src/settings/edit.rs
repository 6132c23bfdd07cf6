//! One part put into a text, replaced or taken out, with every other byte as it was.

use serde_json::Value;
use std::ops::Range;

/// A value that is to be written, its members in this order.
pub(super) enum Node {
    Scalar(Value),
    Object(Vec<(&'static str, Node)>),
    Array(Vec<Node>),
}

impl Node {
    pub(super) fn text(text: &str) -> Self {
        Self::Scalar(Value::from(text))
    }
}

/// How a text is laid out.
pub(super) struct Style {
    newline: &'static str,
    unit: String,
    /// Everything on one line.
    flat: bool,
    /// After commas and colons of one line.
    space: &'static str,
}

impl Style {
    /// That of a text whose root stands at `root` and has its first member, if any, at `first`.
    pub(super) fn of(text: &str, root: &Range<usize>, first: Option<usize>) -> Self {
        let head = first.and_then(|first| text.get(root.start..first));
        let unit = head.and_then(|head| head.rsplit_once('\n')).map(|(_, indent)| indent);
        Self {
            newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
            unit: unit.filter(|unit| !unit.is_empty()).unwrap_or("  ").to_owned(),
            flat: head.is_some_and(|head| !head.contains('\n')),
            space: if head.is_none() || text.contains("\": ") { " " } else { "" },
        }
    }

    /// The value, on lines of their own below a line indented by `indent`; on one line without.
    fn render(&self, node: &Node, indent: Option<&str>) -> String {
        let inner = indent.map(|indent| format!("{indent}{}", self.unit));
        let inner = inner.as_deref();
        match node {
            Node::Scalar(value) => value.to_string(),
            Node::Array(items) => {
                let items = items.iter().map(|item| self.render(item, inner)).collect();
                self.enclosed('[', items, ']', indent)
            }
            Node::Object(members) => {
                let line = |(name, node): &(&str, Node)| self.member(name, node, inner);
                self.enclosed('{', members.iter().map(line).collect(), '}', indent)
            }
        }
    }

    fn member(&self, name: &str, node: &Node, indent: Option<&str>) -> String {
        let space = if indent.is_some() { " " } else { self.space };
        format!("{}:{space}{}", Value::from(name), self.render(node, indent))
    }

    fn enclosed(
        &self,
        open: char,
        items: Vec<String>,
        close: char,
        indent: Option<&str>,
    ) -> String {
        let Some(indent) = indent else {
            return format!("{open}{}{close}", items.join(&format!(",{}", self.space)));
        };
        let (newline, unit) = (self.newline, &self.unit);
        let between = format!(",{newline}{indent}{unit}");
        format!("{open}{newline}{indent}{unit}{}{newline}{indent}{close}", items.join(&between))
    }

    /// What is put after the last of `items`, or into the container that has none.
    pub(super) fn insert(
        &self,
        text: &str,
        container: &Range<usize>,
        last: Option<&Range<usize>>,
        what: (Option<&str>, &Node),
    ) -> String {
        let render = |indent: Option<&str>| match what {
            (Some(name), node) => self.member(name, node, indent),
            (None, node) => self.render(node, indent),
        };
        let Some(last) = last else {
            let (open, close) = (container.start + 1, container.end.saturating_sub(1));
            let inside = match self.flat {
                true => render(None),
                false => {
                    let (outer, newline) = (line_indent(text, container.start), self.newline);
                    let inner = format!("{outer}{}", self.unit);
                    format!("{newline}{inner}{}{newline}{outer}", render(Some(&inner)))
                }
            };
            return replaced(text, &(open..close), &inside);
        };
        let put = match own_line(text, last.start) {
            Some(indent) => format!(",{}{indent}{}", self.newline, render(Some(indent))),
            None => format!(",{}{}", self.space, render(None)),
        };
        replaced(text, &(last.end..last.end), &put)
    }

    /// Puts a value in place of another, on as many lines as that one had.
    pub(super) fn replace(&self, text: &str, old: &Range<usize>, new: &Node) -> String {
        let tall = text.get(old.clone()).is_some_and(|old| old.contains('\n'));
        let indent = tall.then(|| line_indent(text, old.start));
        replaced(text, old, &self.render(new, indent))
    }
}

/// A whole file with nothing else in it.
pub(super) fn fresh(node: &Node) -> String {
    let style = Style { newline: "\n", unit: "  ".into(), flat: false, space: " " };
    format!("{}\n", style.render(node, Some("")))
}

/// The text without one of the parts of a container, and without the comma that was its own.
pub(super) fn removed(
    text: &str,
    container: &Range<usize>,
    parts: &[Range<usize>],
    index: usize,
) -> String {
    let at = |index: usize| parts.get(index);
    let before = index.checked_sub(1).and_then(at);
    let gone = match (before, at(index), at(index + 1)) {
        (Some(before), Some(part), _) => before.end..part.end,
        (None, Some(part), Some(next)) => part.start..next.start,
        _ => container.start + 1..container.end.saturating_sub(1),
    };
    replaced(text, &gone, "")
}

fn replaced(text: &str, at: &Range<usize>, by: &str) -> String {
    let (before, after) = (text.get(..at.start), text.get(at.end..));
    [before.unwrap_or_default(), by, after.unwrap_or_default()].concat()
}

/// The space in front of the line on which a place stands.
fn line_indent(text: &str, at: usize) -> &str {
    let line = text.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    let end = line.find(|c| c != ' ' && c != '\t').unwrap_or(line.len());
    line.get(..end).unwrap_or_default()
}

/// The same, where nothing else stands before it on its line, and it is not the first line.
fn own_line(text: &str, at: usize) -> Option<&str> {
    let (_, line) = text.get(..at)?.rsplit_once('\n')?;
    line.bytes().all(|b| b == b' ' || b == b'\t').then_some(line)
}
