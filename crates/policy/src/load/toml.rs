//! TOML as a tree.

use super::node::{Key, Kind, MAX_DEPTH, Node, Span};
use super::reader::Reader;
use super::source::Source;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};
use toml_parser::lexer::TokenKind;

/// The most dots in one key. Tables within tables of long keys are short to write, and so deep
/// that whoever walks them runs out of stack.
const MAX_DOTS: usize = 8;

/// The tree of a text, unless its grammar is broken.
pub(super) fn parse(source: &Source<'_>, reader: &mut Reader) -> Option<Node> {
    if let Some(span) = long_key(source.text) {
        reader.wrong_hint(span, "nested too deep", &format!("at most {MAX_DOTS} dots in a key"));
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(source.text);
    // With a key twice the rest still means what it says; after anything else it may not.
    let readable = errors.iter().all(|e| e.message() == "duplicate key");
    for error in &errors {
        let span = error.span().map(Span::from).unwrap_or_default();
        let message = error.message().lines().next().unwrap_or_default();
        let message = message.trim_end_matches('.').to_lowercase();
        let hint = (message == "duplicate key").then(|| "remove one".to_owned());
        reader.wrong(span, message, hint);
    }
    if !readable {
        return None;
    }
    let kind = convert_table(source, reader, table.into_inner(), 0);
    Some(Node { span: Span::default(), kind })
}

/// The first dot too many, if there is one, before anything is built.
fn long_key(text: &str) -> Option<Span> {
    let mut dots = 0;
    for token in toml_parser::Source::new(text).lex() {
        match token.kind() {
            TokenKind::Dot => dots += 1,
            TokenKind::Atom
            | TokenKind::Whitespace
            | TokenKind::BasicString
            | TokenKind::LiteralString => {}
            _ => dots = 0,
        }
        if dots > MAX_DOTS {
            let span = token.span();
            return Some(Span { start: span.start(), end: span.end() });
        }
    }
    None
}

fn convert(
    source: &Source<'_>,
    reader: &mut Reader,
    value: Spanned<DeValue<'_>>,
    depth: usize,
) -> Node {
    let span = Span::from(value.span());
    if depth > MAX_DEPTH {
        reader.wrong(span, "nested too deep", None);
        return Node { span, kind: Kind::Null };
    }
    let kind = match value.into_inner() {
        DeValue::String(text) => Kind::Text(text.into_owned()),
        DeValue::Integer(number) => Kind::Number(decimal(number.as_str(), number.radix())),
        DeValue::Float(number) => Kind::Number(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Kind::Bool(flag),
        DeValue::Datetime(_) => Kind::Date(source.at(span).to_owned()),
        DeValue::Array(items) => {
            let items = items.into_iter().map(|item| convert(source, reader, item, depth + 1));
            Kind::List(items.collect())
        }
        DeValue::Table(table) => convert_table(source, reader, table, depth),
    };
    Node { span, kind }
}

fn convert_table(
    source: &Source<'_>,
    reader: &mut Reader,
    table: DeTable<'_>,
    depth: usize,
) -> Kind {
    let entries = table.into_iter().map(|(key, value): (Spanned<DeString<'_>>, _)| {
        let key = Key { span: key.span().into(), name: key.into_inner().into_owned() };
        (key, convert(source, reader, value, depth + 1))
    });
    let mut entries: Vec<(Key, Node)> = entries.collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    Kind::Table(entries)
}

/// An integer in decimal, whatever it was written in.
fn decimal(digits: &str, radix: u32) -> String {
    if radix == 10 {
        return digits.to_owned();
    }
    match i128::from_str_radix(digits, radix) {
        Ok(number) => number.to_string(),
        Err(_) => digits.to_owned(),
    }
}
