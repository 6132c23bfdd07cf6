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

/// What the first word of a path means.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Root {
    /// The path begins with no name.
    Nameless,
    Args,
    /// A part of a command or an HTTP call.
    Own,
    Context,
    Tool,
    Host,
    Verb,
    Server,
    Account,
    Subject,
    Agent,
    Session,
    Workflow,
    Kind,
    Risk,
    Time,
    Weekday,
    /// Any other word is a name among the arguments.
    Bare,
}

impl Root {
    /// Looked up once for a rule, and not for every action.
    pub(crate) fn of(field: &FieldPath) -> Self {
        let Some(Step::Key(first)) = field.steps.first() else { return Self::Nameless };
        match first.as_str() {
            "args" => Self::Args,
            "argv" | "cwd" | "env" | "method" | "url" => Self::Own,
            "context" => Self::Context,
            "tool" => Self::Tool,
            "host" => Self::Host,
            "verb" => Self::Verb,
            "server" => Self::Server,
            "account" => Self::Account,
            "subject" => Self::Subject,
            "agent" => Self::Agent,
            "session" => Self::Session,
            "workflow" => Self::Workflow,
            "kind" => Self::Kind,
            "risk" => Self::Risk,
            "time" => Self::Time,
            "weekday" => Self::Weekday,
            _ => Self::Bare,
        }
    }
}

/// The part that a path names. What the caller says of itself cannot be looked at by a rule that
/// loosens.
pub(super) fn find<'a>(
    root: Root,
    field: &'a FieldPath,
    view: &'a View<'_>,
    sense: Sense,
) -> Part<'a> {
    let rest = field.steps.get(1..).unwrap_or_default();
    match root {
        Root::Nameless => Part::Fault("the path begins with no name"),
        Root::Args => walk(view.arguments, rest),
        Root::Own | Root::Bare => walk(view.fields, &field.steps),
        Root::Context => context(rest, &view.facts.asker, sense),
        known if rest.is_empty() => word(known, view, sense),
        _ => Part::Fault("it has no parts"),
    }
}

/// What is known of an action besides its own text.
fn word<'a>(root: Root, view: &'a View<'_>, sense: Sense) -> Part<'a> {
    let facts = view.facts;
    let asker = &facts.asker;
    match root {
        Root::Tool => texts(&facts.class.tools),
        Root::Host => texts(&facts.class.hosts),
        Root::Verb => Part::Names(names(&view.verbs, |verb| verb.as_str())),
        Root::Server => text(facts.server.as_deref()),
        Root::Account => text(asker.account.as_deref()),
        Root::Subject => subject(asker),
        Root::Agent => claimed(asker.agent.as_deref(), sense),
        Root::Session => claimed(asker.session.as_deref(), sense),
        Root::Workflow => claimed(asker.workflow.as_deref(), sense),
        Root::Kind => text(Some(facts.kind)),
        Root::Risk => Part::Risk(view.risk),
        Root::Time => Part::Time(facts.at.minute),
        Root::Weekday => text(DAYS.get(usize::from(facts.at.weekday)).copied()),
        Root::Nameless | Root::Args | Root::Own | Root::Context | Root::Bare => Part::Missing,
    }
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
