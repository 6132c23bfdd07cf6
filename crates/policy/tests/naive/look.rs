//! Conditions, as the page says.

use super::{Seen, texts};
use countersign_policy::condition::{Condition, Test};
use serde_json::{Map, Value, json};

enum Part {
    Missing,
    /// For every test, `exists` as well.
    Wrong,
    One(Value),
    Several(Vec<String>, Vec<String>),
    /// One of several words that have an order.
    Placed(Vec<String>, usize),
}

/// `None` is an error.
type Answer = Option<bool>;

pub(crate) fn holds(condition: &Condition, seen: &Seen<'_>, loosens: bool) -> bool {
    let test = &condition.test;
    let strict = |answer: Answer| answer.unwrap_or(!loosens);
    let missing = || matches!(test, Test::Exists(false));
    match part(&condition.field.text, seen, loosens) {
        Part::Missing => missing(),
        Part::Wrong => strict(None),
        Part::One(value) => strict(ask(test, &value)),
        Part::Placed(words, at) => strict(ask_placed(test, &words, at)),
        Part::Several(own, also) if own.is_empty() && also.is_empty() => missing(),
        Part::Several(own, also) => {
            let each = |name: &String| strict(ask(test, &json!(name)));
            if loosens {
                !own.is_empty() && own.iter().all(each)
            } else {
                own.iter().chain(&also).any(each)
            }
        }
    }
}

fn part(path: &str, seen: &Seen<'_>, loosens: bool) -> Part {
    let mut steps: Vec<String> =
        path.replace('[', ".#").replace(']', "").split('.').map(str::to_owned).collect();
    let facts = seen.facts;
    let asker = &facts.asker;
    let has_arguments = facts.kind == "tool" || facts.kind == "request";
    let arguments = match facts.kind {
        "tool" => facts.payload.get("arguments").cloned(),
        "request" => facts.payload.get("parameters").cloned(),
        _ => None,
    };
    let claimed = |name: &Option<String>| match (loosens, name) {
        (true, _) => Part::Wrong,
        (false, None) => Part::Missing,
        (false, Some(name)) => Part::One(json!(name)),
    };
    let known = |name: &Option<String>| match name {
        None => Part::Missing,
        Some(name) => Part::One(json!(name)),
    };
    let texts =
        |all: &[countersign_policy::verb::Verb]| all.iter().map(|v| v.to_string()).collect();
    let first = steps[0].clone();
    let word = match first.as_str() {
        "args" => {
            steps.remove(0);
            return match arguments {
                Some(arguments) => walk(arguments, &steps),
                None => Part::Missing,
            };
        }
        "context" => {
            return match path {
                "context.agent" => claimed(&asker.agent),
                "context.session" => claimed(&asker.session),
                "context.workflow" => claimed(&asker.workflow),
                _ => claimed(&None),
            };
        }
        "argv" | "cwd" | "env" | "method" | "url" => {
            let root = if has_arguments { arguments } else { Some(facts.payload.clone()) };
            steps.remove(0);
            return match root.and_then(|root| root.get(&first).cloned()) {
                Some(value) => walk(value, &steps),
                None => Part::Missing,
            };
        }
        "tool" => Part::Several(facts.class.tools.own.clone(), facts.class.tools.also.clone()),
        "host" => Part::Several(facts.class.hosts.own.clone(), facts.class.hosts.also.clone()),
        "verb" => Part::Several(texts(&seen.own), texts(&seen.also)),
        "subject" => Part::Several(
            asker.account.iter().cloned().collect(),
            [&asker.agent, &asker.session, &asker.workflow]
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
        ),
        "server" => known(&facts.server),
        "account" => known(&asker.account),
        "agent" => claimed(&asker.agent),
        "session" => claimed(&asker.session),
        "workflow" => claimed(&asker.workflow),
        "kind" => Part::One(json!(facts.kind)),
        "risk" => {
            let words = ["low", "medium", "high", "critical"].map(str::to_owned).to_vec();
            let at = format!("{:?}", seen.risk).to_lowercase();
            let at = words.iter().position(|word| *word == at).unwrap();
            Part::Placed(words, at)
        }
        "time" => {
            let clock = |minute: usize| format!("{:0>2}:{:0>2}", minute / 60, minute % 60);
            Part::Placed((0..1440).map(clock).collect(), facts.at.minute.into())
        }
        "weekday" => {
            let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            Part::One(json!(days[usize::from(facts.at.weekday)]))
        }
        _ => {
            let root = if has_arguments { arguments } else { Some(facts.payload.clone()) };
            return match root {
                Some(root) => walk(root, &steps),
                None => Part::Missing,
            };
        }
    };
    if steps.len() == 1 { word } else { Part::Wrong }
}

fn walk(mut at: Value, steps: &[String]) -> Part {
    for step in steps {
        if at.get("_sd").is_some() {
            return Part::Wrong;
        }
        let next = match (step.strip_prefix('#'), &at) {
            (Some(index), Value::Array(list)) => list.get(index.parse::<usize>().unwrap()),
            (None, Value::Object(members)) => members.get(step),
            _ => return Part::Wrong,
        };
        match next {
            Some(next) => at = next.clone(),
            None => return Part::Missing,
        }
    }
    Part::One(at)
}

fn ask_placed(test: &Test, words: &[String], at: usize) -> Answer {
    let place = |value: &Value| words.iter().position(|word| json!(word) == *value);
    Some(match test {
        Test::Eq(value) => at == place(value)?,
        Test::Neq(value) => at != place(value)?,
        Test::Gt(value) => at > place(value)?,
        Test::Gte(value) => at >= place(value)?,
        Test::Lt(value) => at < place(value)?,
        Test::Lte(value) => at <= place(value)?,
        _ => return ask(test, &json!(words[at])),
    })
}

fn ask(test: &Test, here: &Value) -> Answer {
    if let Test::Exists(wanted) = test {
        return Some(*wanted);
    }
    if let Test::Contains(value) = test {
        return contains(here, value);
    }
    if hides(here) {
        return None;
    }
    match test {
        Test::Eq(value) => equal(here, value),
        Test::Neq(value) => equal(here, value).map(|equal| !equal),
        Test::In(values) => among(here, values),
        Test::NotIn(values) => among(here, values).map(|among| !among),
        Test::Gt(value) => number(here, value).map(|order| order > 0),
        Test::Gte(value) => number(here, value).map(|order| order >= 0),
        Test::Lt(value) => number(here, value).map(|order| order < 0),
        Test::Lte(value) => number(here, value).map(|order| order <= 0),
        Test::Matches(expression) => {
            here.as_str().map(|text| texts::regex(expression.as_str(), text))
        }
        Test::StartsWith(start) => here.as_str().map(|text| text.starts_with(start)),
        Test::Exists(_) | Test::Contains(_) => unreachable!(),
    }
}

/// Whether something within is committed to.
fn hides(value: &Value) -> bool {
    serde_json::to_string(value).unwrap().contains("\"_sd\":")
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

fn equal(here: &Value, value: &Value) -> Answer {
    (kind(here) == kind(value)).then(|| spelt(here) == spelt(value))
}

/// A value in which equal numbers are written alike.
fn spelt(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!({"number": texts::spelling(number)}),
        Value::Array(list) => Value::Array(list.iter().map(spelt).collect()),
        Value::Object(members) => {
            let each = members.iter().map(|(name, value)| (format!("member {name}"), spelt(value)));
            Value::Object(each.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn among(here: &Value, values: &[Value]) -> Answer {
    if values.iter().any(|value| equal(here, value) == Some(true)) {
        return Some(true);
    }
    if values.is_empty() || values.iter().any(|value| kind(value) == kind(here)) {
        return Some(false);
    }
    None
}

fn number(here: &Value, value: &Value) -> Option<i32> {
    match (here, value) {
        (Value::Number(here), Value::Number(value)) => Some(texts::order(here, value)),
        _ => None,
    }
}

fn contains(here: &Value, value: &Value) -> Answer {
    match (here, value) {
        (Value::String(text), Value::String(part)) => Some(text.contains(part.as_str())),
        (Value::Array(list), _) => {
            let equals = |element: &&Value| !hides(element) && equal(element, value) == Some(true);
            if list.iter().any(|element| equals(&element)) {
                return Some(true);
            }
            let odd = |element: &Value| hides(element) || kind(element) != kind(value);
            if list.iter().any(odd) { None } else { Some(false) }
        }
        _ => None,
    }
}
