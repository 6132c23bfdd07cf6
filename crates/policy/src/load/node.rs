//! A policy's text as a tree, the same for both dialects.

use std::ops::Range;

/// How deep a policy may be.
pub(super) const MAX_DEPTH: usize = 32;

/// Where something stands, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) kind: Kind,
}

/// A value.
#[derive(Debug)]
pub(super) enum Kind {
    /// Nothing: YAML's `null`, or a key without a value.
    Null,
    Bool(bool),
    /// A number as written, in decimal.
    Number(String),
    Text(String),
    /// A text in YAML that other readers of YAML hold for something else, and what to do.
    Doubtful(String, &'static str),
    /// A date and time of TOML, as written.
    Date(String),
    List(Vec<Node>),
    Table(Vec<(Key, Node)>),
}

/// A key and its place.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) span: Span,
    pub(super) name: String,
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

impl Node {
    /// What it is, for a message.
    pub(super) fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::Doubtful(..) => "a word of two meanings",
            Kind::Date(_) => "a date",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
        }
    }

    /// The member of a table.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        let Kind::Table(entries) = &self.kind else { return None };
        entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }
}
