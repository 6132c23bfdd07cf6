//! Where in an action a condition looks.

use super::{FieldPath, Sense, Step};
use crate::engine::View;
use crate::facts::{Asker, Names};
use countersign_core::artifact::Risk;
use serde_json::Value;
use std::borrow::Cow;

/// One part of an action.
pub(super) enum Part<'a> {
    /// It is not there.
    Missing,
    /// It cannot be looked at, and why.
    Fault(&'static str),
    /// A value of the action's own text.
    Json(&'a Value),
    /// A word that is known of the action.
    Text(Cow<'a, str>),
    /// How dangerous it is.
    Risk(Risk),
    /// The minute of the day.
    Time(u16),
    /// Several names.
    Names(Names<&'a str>),
}

impl Part<'_> {
    /// What stands here, for people.
    pub(super) fn in_words(&self) -> Option<String> {
        Some(match self {
            Self::Missing | Self::Fault(_) => return None,
            Self::Json(value) => value.to_string(),
            Self::Text(text) => text.to_string(),
            Self::Risk(risk) => super::compare::level(*risk).to_owned(),
            Self::Time(minute) => super::compare::clock(*minute),
            Self::Names(names) => {
                let all: Vec<&str> = names.own.iter().chain(&names.also).copied().collect();
                all.join(", ")
            }
        })
    }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The part that a path names. What the caller says of itself cannot be looked at by a rule that
/// loosens.
pub(super) fn find<'a>(field: &'a FieldPath, view: &'a View<'_>, sense: Sense) -> Part<'a> {
    let Some((Step::Key(first), rest)) = field.steps.split_first() else {
        return Part::Fault("the path begins with no name");
    };
    match first.as_str() {
        "args" => walk(arguments(view), rest),
        "argv" | "cwd" | "env" | "method" | "url" => walk(own_part(first, view), rest),
        "context" => context(rest, &view.facts.asker, sense),
        name => match known(name, view, sense) {
            Some(part) => whole(part, rest),
            None => bare(view, &field.steps),
        },
    }
}

/// What is known of an action besides its own text.
fn known<'a>(name: &str, view: &'a View<'_>, sense: Sense) -> Option<Part<'a>> {
    let facts = view.facts;
    let asker = &facts.asker;
    Some(match name {
        "tool" => texts(&facts.class.tools),
        "host" => texts(&facts.class.hosts),
        "verb" => Part::Names(names(&view.verbs, |verb| verb.as_str())),
        "server" => text(facts.server.as_deref()),
        "account" => text(asker.account.as_deref()),
        "subject" => subject(asker),
        "agent" => claimed(asker.agent.as_deref(), sense),
        "session" => claimed(asker.session.as_deref(), sense),
        "workflow" => claimed(asker.workflow.as_deref(), sense),
        "kind" => text(Some(facts.kind)),
        "risk" => Part::Risk(view.risk),
        "time" => Part::Time(facts.at.minute),
        "weekday" => text(DAYS.get(usize::from(facts.at.weekday)).copied()),
        _ => return None,
    })
}

fn names<T>(names: &Names<T>, text: impl Fn(&T) -> &str) -> Names<&str> {
    let all = |list| -> Vec<&str> { <[T]>::iter(list).map(&text).collect() };
    Names { own: all(&names.own), also: all(&names.also) }
}

fn texts(list: &Names<String>) -> Part<'_> {
    Part::Names(names(list, String::as_str))
}

fn text(text: Option<&str>) -> Part<'_> {
    text.map_or(Part::Missing, |text| Part::Text(text.into()))
}

fn claimed(name: Option<&str>, sense: Sense) -> Part<'_> {
    match sense {
        Sense::Loosens => Part::Fault("what the caller says of itself loosens nothing"),
        Sense::Restricts => text(name),
    }
}

fn subject(asker: &Asker) -> Part<'_> {
    let claimed = [&asker.agent, &asker.session, &asker.workflow];
    Part::Names(Names {
        own: asker.account.as_deref().into_iter().collect(),
        also: claimed.into_iter().filter_map(|name| name.as_deref()).collect(),
    })
}

fn context<'a>(steps: &[Step], asker: &'a Asker, sense: Sense) -> Part<'a> {
    let name = match steps {
        [Step::Key(name)] if name == "agent" => asker.agent.as_deref(),
        [Step::Key(name)] if name == "session" => asker.session.as_deref(),
        [Step::Key(name)] if name == "workflow" => asker.workflow.as_deref(),
        _ => None,
    };
    claimed(name, sense)
}

/// A word has no parts.
fn whole<'a>(part: Part<'a>, rest: &[Step]) -> Part<'a> {
    if rest.is_empty() { part } else { Part::Fault("it has no parts") }
}

/// The arguments of a tool, the parameters of a request.
fn arguments<'a>(view: &'a View<'_>) -> Option<&'a Value> {
    let name = match view.facts.kind {
        "tool" => "arguments",
        "request" => "parameters",
        _ => return None,
    };
    view.facts.payload.get(name)
}

/// A part of a command or an HTTP call; other actions may have an argument of that name.
fn own_part<'a>(name: &str, view: &'a View<'_>) -> Option<&'a Value> {
    let root = match view.facts.kind {
        "tool" | "request" => arguments(view)?,
        _ => &view.facts.payload,
    };
    root.get(name)
}

fn bare<'a>(view: &'a View<'_>, steps: &[Step]) -> Part<'a> {
    match view.facts.kind {
        "tool" | "request" => walk(arguments(view), steps),
        _ => walk(Some(&view.facts.payload), steps),
    }
}

/// A step into something of another type is not a missing part: nobody knows what stands there.
fn walk<'a>(from: Option<&'a Value>, steps: &[Step]) -> Part<'a> {
    let Some(mut at) = from else { return Part::Missing };
    for step in steps {
        if super::compare::is_commitment(at) {
            return Part::Fault("it is committed to");
        }
        let next = match (step, at) {
            (Step::Key(key), Value::Object(members)) => members.get(key),
            (Step::Index(index), Value::Array(elements)) => elements.get(*index),
            (Step::Key(_), _) => return Part::Fault("what should hold it is no object"),
            (Step::Index(_), _) => return Part::Fault("what should hold it is no array"),
        };
        let Some(next) = next else { return Part::Missing };
        at = next;
    }
    Part::Json(at)
}
