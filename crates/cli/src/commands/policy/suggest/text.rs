//! A call as the text of a rule.

use countersign_core::action::Action;
use countersign_core::redact::Text;

/// A rule that allows exactly this command in its directory. `None` for every other kind, of whose
/// arguments a rule cannot say that there are no more, and where a word is committed to.
pub(super) fn rule(id: &str, action: &Action) -> Option<String> {
    let Action::Command(command) = action else { return None };
    let mut conditions = vec![equals("kind", "command")];
    for (at, word) in command.argv.iter().enumerate() {
        let Text::Plain(word) = word else { return None };
        conditions.push(equals(&format!("argv[{at}]"), word));
    }
    let end = command.argv.len();
    conditions.push(format!("    {{ field = \"argv[{end}]\", exists = false }},"));
    conditions.push(equals("cwd", &command.cwd));
    Some(format!(
        "[[rule]]\nid = {}\nconditions = [\n{}\n]\ndecision = \"allow\"\n",
        text(id),
        conditions.join("\n")
    ))
}

fn equals(field: &str, value: &str) -> String {
    format!("    {{ field = \"{field}\", eq = {} }},", text(value))
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
    use serde_json::{Value, json};

    fn command(argv: &[&str]) -> Action {
        let payload = json!({"kind": "command", "argv": argv, "cwd": "/w \u{e9}", "env": {},
            "program": {"path": "/usr/bin/frob", "sha256": "0".repeat(64)}});
        Action::from_payload(&payload).unwrap()
    }

    fn judged(rule: &str, action: &Action) -> Decision {
        let policy = load(format!("version = 1\n{rule}").as_bytes(), Dialect::Toml).unwrap();
        let (name, sha256) = (LayerName::Home, Hash([0; 32]));
        let engine = Engine::new(vec![Layer { name, policy, sha256, accepted: true }]).unwrap();
        let place =
            Place { user_home: None, own_state: vec![], workspace: None, links: Links(|_| None) };
        let moment = Moment { minute: 0, weekday: 0, millis: 0 };
        let facts = Facts::of(action, Asker::default(), place, moment).unwrap();
        engine.judge(&facts).decision
    }

    #[test]
    fn a_rule_allows_exactly_the_words_that_it_was_made_of() {
        let odd = "a\"b\\c\n\u{202e}\u{1f600}\u{7f}'";
        let rule = rule("r", &command(&["frob", odd, ""])).unwrap();
        assert!(rule.is_ascii(), "{rule}");
        assert_eq!(judged(&rule, &command(&["frob", odd, ""])), Decision::Allow);
        for other in [&["frob", odd][..], &["frob", odd, "", "x"], &["frob", "a", ""], &["frob"]] {
            assert_eq!(judged(&rule, &command(other)), Decision::RequireApproval, "{other:?}");
        }
    }

    #[test]
    fn what_a_rule_cannot_bound_is_none() {
        let of = |payload: Value| rule("r", &Action::from_payload(&payload).unwrap());
        assert_eq!(of(json!({"kind": "request", "action": "x", "parameters": {}})), None);
        assert_eq!(of(json!({"kind": "plan", "title": "t", "steps": ["a"]})), None);
    }
}
