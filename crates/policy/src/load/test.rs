//! Cases: what the writer of a policy expects of it.

use super::node::Node;
use super::reader::{Fields, Reader};
use super::rule::read_verb;
use super::words::{DECISIONS, RISKS};
use crate::model::{Case, CaseWhat, Expect};
use serde_json::{Map, Value};

const KEYS: [&str; 6] = ["name", "action", "shell", "argv", "context", "expect"];
const CONTEXT: [&str; 6] = ["agent", "session", "workflow", "account", "cwd", "host"];

/// Reads all of a list.
pub(super) fn read_all(reader: &mut Reader, node: &Node) -> Vec<Case> {
    let items = reader.list(node).unwrap_or_default();
    items.iter().filter_map(|item| read(reader, item)).collect()
}

fn read(reader: &mut Reader, node: &Node) -> Option<Case> {
    let fields = reader.fields(node, "a test", &KEYS)?;
    let name = fields.get("name").and_then(|node| reader.text(node)).map(str::to_owned);
    let what = what(reader, &fields);
    let context = fields.get("context").map(|node| context(reader, node)).unwrap_or_default();
    let expect = match fields.get("expect") {
        Some(node) => expect(reader, node),
        None => {
            let hint = "add `expect`, such as `expect = \"block\"`";
            reader.wrong_hint(fields.span, "a test that expects nothing", hint);
            None
        }
    };
    Some(Case { name, what: what?, context, expect: expect? })
}

fn what(reader: &mut Reader, fields: &Fields<'_>) -> Option<CaseWhat> {
    let words = ["action", "shell", "argv"];
    let mut found = fields.entries().iter().filter(|(key, _)| words.contains(&key.name.as_str()));
    let Some((key, node)) = found.next() else {
        let hint = "add `shell`, `argv` or `action`";
        reader.wrong_hint(fields.span, "a test of nothing", hint);
        return None;
    };
    if let Some((second, _)) = found.next() {
        let message = format!("`{}` beside `{}` in one test", second.name, key.name);
        reader.wrong_hint(second.span, message, "give each a test of its own");
        return None;
    }
    match key.name.as_str() {
        "action" => reader.json_table(node).map(Value::Object).map(CaseWhat::Action),
        "shell" => reader.text(node).map(|line| CaseWhat::Shell(line.to_owned())),
        _ => argv(reader, node).map(CaseWhat::Argv),
    }
}

/// Words of a command; only the first must not be empty.
fn argv(reader: &mut Reader, node: &Node) -> Option<Vec<String>> {
    let items = reader.list(node)?;
    let mut words = Vec::new();
    for (position, item) in items.iter().enumerate() {
        match &item.kind {
            super::node::Kind::Text(text) if position > 0 => words.push(text.clone()),
            _ => words.push(reader.text(item)?.to_owned()),
        }
    }
    Some(words)
}

fn context(reader: &mut Reader, node: &Node) -> Map<String, Value> {
    let Some(fields) = reader.fields(node, "a context", &CONTEXT) else { return Map::new() };
    let read = |(key, node): &(super::node::Key, Node)| {
        reader.text(node).map(|text| (key.name.clone(), Value::from(text)))
    };
    fields.entries().iter().filter_map(read).collect()
}

fn expect(reader: &mut Reader, node: &Node) -> Option<Expect> {
    if !matches!(node.kind, super::node::Kind::Table(_)) {
        let decision = reader.word(node, "decision", &DECISIONS)?;
        return Some(Expect { decision: Some(decision), ..Expect::default() });
    }
    let fields = reader.fields(node, "an expectation", &["decision", "risk", "verb", "rule"])?;
    if fields.entries().is_empty() {
        reader.wrong_hint(node.span, "an empty expectation", "add `decision`");
        return None;
    }
    Some(Expect {
        decision: fields.get("decision").and_then(|n| reader.word(n, "decision", &DECISIONS)),
        risk: fields.get("risk").and_then(|n| reader.word(n, "risk", &RISKS)),
        verb: fields.get("verb").and_then(|n| read_verb(reader, n)),
        rule: fields.get("rule").and_then(|n| reader.text(n)).map(str::to_owned),
    })
}
