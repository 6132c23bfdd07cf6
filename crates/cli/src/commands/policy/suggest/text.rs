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
        .map(|(field, value)| {
            Some(format!("    {{ field = \"{field}\", eq = {} }},", toml(value)?))
        })
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
    let member =
        |(name, value): (&String, &Value)| Some(format!("{} = {}", text(name), toml(value)?));
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
    use countersign_core::encoding::Hash;
    use countersign_policy::facts::Links;
    use countersign_policy::load::Dialect;
    use countersign_policy::{
        Asker, Decision, Engine, Facts, Layer, LayerName, Moment, Place, load,
    };
    use serde_json::json;

    fn of(payload: Value) -> Option<String> {
        rule("r", &Action::from_payload(&payload).unwrap())
    }

    #[test]
    fn every_word_of_a_call_survives_in_its_rule() {
        let odd = "a\"b\\c\n\u{202e}\u{1f600}\u{7f}'";
        let parameters = json!({"to x": [odd, 1, 1.5, true, {"deep": {}}]});
        let request = json!({"kind": "request", "action": "deploy", "parameters": parameters});
        let rule = of(request.clone()).unwrap();
        assert!(rule.is_ascii(), "{rule}");
        assert_eq!(judged(&rule, &request), Decision::Allow);
        let mut other = request;
        other["parameters"]["to x"][0] = json!("a\"b\\c\n\u{202e}\u{1f600}'");
        assert_eq!(judged(&rule, &other), Decision::RequireApproval);
    }

    fn judged(rule: &str, payload: &Value) -> Decision {
        let text = format!("version = 1\n{rule}");
        let policy = load(text.as_bytes(), Dialect::Toml).unwrap();
        let (name, sha256) = (LayerName::Home, Hash([0; 32]));
        let engine = Engine::new(vec![Layer { name, policy, sha256, accepted: true }]).unwrap();
        let place =
            Place { user_home: None, own_state: vec![], workspace: None, links: Links(|_| None) };
        let action = Action::from_payload(payload).unwrap();
        let moment = Moment { minute: 0, weekday: 0, millis: 0 };
        let facts = Facts::of(&action, Asker::default(), place, moment).unwrap();
        engine.judge(&facts).decision
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
