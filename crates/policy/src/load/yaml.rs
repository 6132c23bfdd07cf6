//! YAML as a tree: one document, no key twice, and nothing that stands for something else.

use super::node::{Key, Kind, MAX_DEPTH, Node, Span};
use super::reader::Reader;
use super::source::Source;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use std::collections::HashSet;

/// Builds the tree as events come in, without recursion.
struct Builder<'r> {
    reader: &'r mut Reader,
    /// For each character the byte that it begins at; empty where every character is one byte.
    bytes: Vec<usize>,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
}

/// A list or table whose end has not come.
struct Open {
    span: Span,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    /// The entries, the key that waits for its value, and the names so far.
    Table(Vec<(Key, Node)>, Option<Key>, HashSet<String>),
}

/// The tree of a text, unless its grammar is broken.
pub(super) fn parse(source: &Source<'_>, reader: &mut Reader) -> Option<Node> {
    let bytes = match source.text.is_ascii() {
        true => Vec::new(),
        false => source.text.char_indices().map(|(at, _)| at).collect(),
    };
    let mut builder = Builder { reader, bytes, open: Vec::new(), root: None, documents: 0 };
    for event in Parser::new_from_str(source.text) {
        match event {
            Ok((event, span)) => {
                let place = builder.place(source, span.start, span.end);
                builder.take(event, place)?;
            }
            Err(error) => {
                let at = builder.byte(source, *error.marker());
                builder.reader.wrong(
                    Span { start: at, end: at },
                    error.info().to_lowercase(),
                    None,
                );
                return None;
            }
        }
    }
    let root = builder.root.take();
    if root.is_none() {
        builder.reader.wrong(Span::default(), "the file is empty", Some(super::hitl::SHAPE.into()));
    }
    root
}

impl Builder<'_> {
    fn byte(&self, source: &Source<'_>, mark: Marker) -> usize {
        let end = source.text.len();
        match self.bytes.is_empty() {
            true => mark.index().min(end),
            false => self.bytes.get(mark.index()).copied().unwrap_or(end),
        }
    }

    fn place(&self, source: &Source<'_>, start: Marker, end: Marker) -> Span {
        Span { start: self.byte(source, start), end: self.byte(source, end) }
    }

    /// Takes one event in; nothing where it is useless to go on.
    fn take(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        match event {
            Event::DocumentStart(_) => self.document(span)?,
            Event::Alias(_) => {
                self.refuse(span, "an alias stands for something that is written elsewhere");
                self.add(Node { span, kind: Kind::Null });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.plain(span, anchor, tag.is_some());
                let kind = match style {
                    ScalarStyle::Plain if tag.is_none() => resolve(&text),
                    _ => Kind::Text(text.into_owned()),
                };
                self.add(Node { span, kind });
            }
            Event::SequenceStart(anchor, tag) => {
                self.plain(span, anchor, tag.is_some());
                self.begin(span, Items::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                self.plain(span, anchor, tag.is_some());
                self.begin(span, Items::Table(Vec::new(), None, HashSet::new()))?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Some(())
    }

    fn document(&mut self, span: Span) -> Option<()> {
        self.documents += 1;
        if self.documents > 1 {
            self.refuse(span, "a policy is one document, and here a second begins");
            return None;
        }
        Some(())
    }

    fn refuse(&mut self, span: Span, message: &str) {
        self.reader.wrong(span, message, Some("write it out, once".into()));
    }

    /// Neither a name for something nor a type of its own.
    fn plain(&mut self, span: Span, anchor: usize, tagged: bool) {
        if anchor != 0 {
            self.refuse(span, "an anchor names something so that it can stand elsewhere");
        }
        if tagged {
            self.refuse(span, "a tag gives a value another type");
        }
    }

    fn begin(&mut self, span: Span, items: Items) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            self.reader.wrong(span, "nested too deep", None);
            return None;
        }
        self.open.push(Open { span, items });
        Some(())
    }

    fn end(&mut self) {
        let Some(Open { span, items }) = self.open.pop() else { return };
        let kind = match items {
            Items::List(nodes) => Kind::List(nodes),
            Items::Table(entries, ..) => Kind::Table(entries),
        };
        self.add(Node { span, kind });
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(node),
            Some(Items::List(nodes)) => nodes.push(node),
            Some(Items::Table(entries, waiting, names)) => match waiting.take() {
                Some(key) => {
                    // The first stands, so that each mistake in it is told once.
                    if names.insert(key.name.clone()) {
                        entries.push((key, node));
                    } else {
                        let message = format!("the key `{}` stands twice", key.name);
                        self.reader.wrong(key.span, message, Some("remove one".into()));
                    }
                }
                None => *waiting = Some(key_of(self.reader, node)),
            },
        }
    }
}

fn key_of(reader: &mut Reader, node: Node) -> Key {
    let span = node.span;
    let name = match node.kind {
        Kind::Text(name) | Kind::Number(name) | Kind::Doubtful(name, _) => name,
        Kind::Bool(flag) => flag.to_string(),
        _ => {
            reader.wrong(span, "a key is a text", None);
            String::new()
        }
    };
    if name == "<<" {
        reader.wrong(span, "a merge key stands for keys that are written elsewhere", None);
    }
    Key { span, name }
}

/// What a text without quotes is.
fn resolve(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ if is_number(text) => Kind::Number(text.to_owned()),
        _ => match doubt(text) {
            Some(hint) => Kind::Doubtful(text.to_owned(), hint),
            None => Kind::Text(text.to_owned()),
        },
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|text| !text.is_empty() && digits(text))
}

/// What to do about a word that older readers of YAML hold for a boolean or number.
fn doubt(text: &str) -> Option<&'static str> {
    let word = text.to_ascii_lowercase();
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(&word);
    let begins = unsigned.starts_with(|c: char| c.is_ascii_digit());
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '_' | '.' | 'e' | '+' | '-');
    match word.as_str() {
        "yes" | "on" => Some("write `true`, or put it in quotes"),
        "no" | "off" => Some("write `false`, or put it in quotes"),
        _ if matches!(unsigned, ".inf" | ".nan") => Some("write a number, or put it in quotes"),
        _ if unsigned.starts_with("0x") || unsigned.starts_with("0o") => {
            Some("write it in decimal, or put it in quotes")
        }
        _ if begins && unsigned.contains('_') && unsigned.chars().all(numeric) => {
            Some("write the number without `_`, or put it in quotes")
        }
        _ => None,
    }
}
