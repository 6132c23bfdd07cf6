//! A call as the text of a rule.

use countersign_core::action::Action;
use serde_json::{Map, Value};

/// A rule that allows exactly this call; `None` where its words cannot all be written down.
pub(super) fn rule(id: &str, action: &Action) -> Option<String> {
    let payload = action.to_payload().ok()?;
    let of = |name: &str| payload.get(name);
    let conditions = match action {
        Action::Command(_) => vec![("argv", of("argv")?), ("cwd", of("cwd")?)],
        Action::Tool(_) => {
            vec![("server", of("server")?), ("tool", of("tool")?), ("args", of("arguments")?)]
        }
        Action::Request(_) => vec![("tool", of("action")?), ("args", of("parameters")?)],
        _ => return None,
    };
    let kind = Value::from(of("kind")?.as_str()?);
    let all = std::iter::once(("kind", &kind)).chain(conditions);
    let lines: Option<Vec<String>> = all
        .map(|(field, value)| Some(format!("    {{ field = \"{field}\", eq = {} }},", toml(value)?)))
        .collect();
    Some(format!(
        "[[rule]]\nid = {}\nconditions = [\n{}\n]\ndecision = \"allow\"\n",
        text(id),
        lines?.join("\n")
    ))
}

/// A value in TOML. There is no nothing in it, and what is committed to is not known.
fn toml(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::String(words) => Some(text(words)),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(toml).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Value::Object(members) => table(members),
    }
}

fn table(members: &Map<String, Value>) -> Option<String> {
    if members.contains_key("_sd") {
        return None;
    }
    let member = |(name, value): (&String, &Value)| Some(format!("{} = {}", text(name), toml(value)?));
    let members: Option<Vec<String>> = members.iter().map(member).collect();
    Some(format!("{{ {} }}", members?.join(", ")))
}

/// A text in quotes. Everything but plain characters is an escape, so that it can be looked at and
/// pasted without surprises.
fn text(words: &str) -> String {
    let mut out = String::from("\"");
    for c in words.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c if u32::from(c) <= 0xffff => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_policy::load;
    use countersign_policy::load::Dialect;
    use serde_json::json;

    fn of(payload: Value) -> Option<String> {
        rule("r", &Action::from_payload(&payload).unwrap())
    }

    #[test]
    fn every_word_of_a_call_survives_in_its_rule() {
        let odd = "a\"b\\c\n\u{202e}\u{1f600}\u{7f}'";
        let parameters = json!({"to x": [odd, 1, 1.5, true, {"deep": {}}]});
        let request = json!({"kind": "request", "action": "deploy", "parameters": parameters});
        let rule = of(request).unwrap();
        assert!(rule.is_ascii(), "{rule}");
        let text = format!("version = 1\n{rule}");
        load(text.as_bytes(), Dialect::Toml).unwrap();
        let read: toml::Table = text.parse().unwrap();
        let conditions = read["rule"][0]["conditions"].as_array().unwrap();
        let args = serde_json::to_value(&conditions[2]["eq"]).unwrap();
        assert_eq!(args, parameters);
    }

    #[test]
    fn what_cannot_be_written_down_is_no_rule() {
        for parameters in [json!({"a": null}), json!({"a": {"_sd": "00"}})] {
            let request = json!({"kind": "request", "action": "x", "parameters": parameters});
            if let Some(action) = Action::from_payload(&request) {
                assert_eq!(rule("r", &action), None);
            }
        }
        assert_eq!(of(json!({"kind": "plan", "title": "t", "steps": ["a"]})), None);
    }
}
