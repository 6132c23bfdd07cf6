//! Several actions asked about at once.
//!
//! The policy judges each by itself: what it blocks is refused before anybody is asked, and the
//! strictest of the others decides who is asked, and how.

use super::input::{file, named, not_json, unusable};
use crate::asking::{Caller, Document, RouteArgs};
use crate::failure::{Exit, Failure};
use countersign_core::action::{Action, Batch};
use countersign_core::json::{self, limit};
use countersign_core::receipt::PolicyNote;
use countersign_enforcer::{Enforcer, Ruling};
use serde_json::Value;

/// The most lines of one batch: more than a person reads.
const MOST: usize = 1_000;

/// The actions of a file, one on each line that is not empty.
pub(super) fn read(path: &str) -> Result<Vec<Action>, Failure> {
    let bytes = file(path)?;
    if bytes.len() > limit::ARTIFACT {
        return Err(unusable("a batch has at most 2 MiB"));
    }
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let filled = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    let actions = filled.map(|(at, line)| action(at + 1, line)).collect::<Result<Vec<_>, _>>()?;
    match actions.len() {
        0 => Err(unusable("the batch is empty: nothing is asked for")),
        count if count > MOST => Err(unusable(&format!("a batch has at most {MOST} lines"))),
        _ => Ok(actions),
    }
}

fn action(number: usize, line: &[u8]) -> Result<Action, Failure> {
    let what = format!("line {number}");
    let value = json::parse(line, limit::ARTIFACT).map_err(|error| not_json(&what, &error))?;
    let Value::Object(mut members) = value else {
        return Err(unusable(&format!("{what}: an action is an object")));
    };
    if members.contains_key("kind") {
        let whole = Action::from_payload(&Value::Object(members));
        let single = whole.filter(|action| action.items().is_none());
        return single.ok_or_else(|| {
            unusable(&format!("{what}: with a `kind` it is a whole action, and this is none"))
        });
    }
    let Some(Value::String(name)) = members.remove("action") else {
        return Err(unusable(&format!("{what}: `action` says what is asked for, as a text")));
    };
    let parameters = match members.get("parameters") {
        Some(parameters) if members.len() == 1 => parameters.clone(),
        _ => Value::Object(members),
    };
    let failed =
        |failure: Failure| Failure { message: format!("{what}: {}", failure.message), ..failure };
    named(&name, parameters).map_err(failed)
}

/// The batch that is put to people, and what the policy says of each item: without what it blocks,
/// each of which is recorded.
pub(super) async fn to_ask(
    enforcer: &Enforcer,
    (caller, route): (&Caller, &RouteArgs),
    given: Vec<Action>,
    document: &mut Document,
) -> Result<(Action, Vec<String>), Failure> {
    let (mut asked, mut notes) = (Vec::new(), Vec::new());
    for (at, action) in given.into_iter().enumerate() {
        let judged = caller.judged(enforcer, &action).await;
        // A policy that cannot be judged under is found once more, and recorded, for the whole.
        let shown = judged.as_ref().ok().map(|judged| judged.shown().clone());
        match judged.map(|judged| route.ruling(&judged, false)) {
            Ok(Ruling::Blocked(grounds)) => {
                let shown = shown.map_or_else(|| enforcer.unjudged(&action), Ok)?;
                enforcer.keep(&shown)?;
                let receipt = enforcer.block(shown.action(), grounds.note().clone()).await?;
                document.item_blocked(enforcer, at, &receipt);
                continue;
            }
            Ok(Ruling::Asks(grounds)) => {
                notes.push(note(asked.len(), grounds.note(), grounds.because()));
            }
            Ok(Ruling::Runs(allowed)) => {
                let note_of = allowed.note();
                notes.push(note(asked.len(), note_of, &note_of.display));
            }
            Err(_) => {}
        }
        document.item_asked(at, asked.len());
        asked.push(action);
    }
    if asked.is_empty() {
        document.verdict = "blocked";
        return Err(Failure::new(Exit::Blocked, "HARP_ERR_POLICY_DENY", "every item is blocked")
            .hint("nobody was asked; `countersign policy explain` says why"));
    }
    let batch = Batch::new(asked, None);
    let batch = batch.map(Action::Batch).map_err(|error| unusable(&error.to_string()))?;
    Ok((batch, notes))
}

/// What the policy says of one item, for the person who is asked.
fn note(index: usize, note: &PolicyNote, because: &str) -> String {
    let risk = format!("{:?}", note.risk).to_lowercase();
    format!("item {}: {risk} risk, by `{}`: {because}", index + 1, note.rule_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(line: &str) -> Result<Value, Failure> {
        action(3, line.as_bytes()).map(|action| action.to_payload().unwrap())
    }

    #[test]
    fn a_line_is_an_action_with_its_parameters_or_a_whole_action() {
        let delete =
            json!({"kind": "request", "action": "file_delete", "parameters": {"path": "/tmp/x"}});
        assert_eq!(of(r#"{"action":"file_delete","path":"/tmp/x"}"#).unwrap(), delete);
        assert_eq!(
            of(r#"{"action":"file_delete","parameters":{"path":"/tmp/x"}}"#).unwrap(),
            delete
        );
        assert_eq!(of(&delete.to_string()).unwrap(), delete);
        let both = of(r#"{"action":"a","parameters":1,"more":2}"#).unwrap();
        assert_eq!(both["parameters"], json!({"parameters": 1, "more": 2}));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for bad in [
            "{",
            "[]",
            r#"{"path":"/tmp"}"#,
            r#"{"action":5}"#,
            r#"{"action":""}"#,
            r#"{"action":"countersign.pair"}"#,
            r#"{"kind":"poem"}"#,
            r#"{"kind":"batch","items":[{"kind":"task","title":"t","steps":[]}]}"#,
        ] {
            let refused = of(bad).unwrap_err();
            assert_eq!(refused.exit, Exit::Usage, "{bad}");
            assert!(refused.message.starts_with("line 3"), "{}", refused.message);
        }
    }
}
