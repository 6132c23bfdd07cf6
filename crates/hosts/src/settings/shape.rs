//! The hooks of a file: events, groups and handlers, each with its place.

use super::spans::{Member, elements, members};
use super::{BadSettings, line, strict};
use crate::Host;
use serde_json::{Map, Value};
use std::ops::Range;

/// A host's file of hooks that has the shape which the host reads.
pub(super) struct Document<'a> {
    pub(super) text: &'a str,
    pub(super) root: Range<usize>,
    pub(super) members: Vec<Member>,
    /// The object of hooks, where there is one.
    pub(super) hooks: Option<Hooks>,
}

pub(super) struct Hooks {
    pub(super) at: Range<usize>,
    /// Its place among the members of the root.
    pub(super) index: usize,
    pub(super) events: Vec<Event>,
}

pub(super) struct Event {
    pub(super) member: Member,
    pub(super) groups: Vec<Group>,
}

/// Handlers that stand before the same tools.
pub(super) struct Group {
    pub(super) at: Range<usize>,
    /// The list of its handlers.
    pub(super) list: Range<usize>,
    pub(super) handlers: Vec<Handler>,
    /// Whether it stands before every tool, and says nothing else.
    pub(super) whole: bool,
}

pub(super) struct Handler {
    pub(super) at: Range<usize>,
    pub(super) members: Map<String, Value>,
}

/// Where one handler stands: the indexes of its event, group and itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) event: usize,
    pub(super) group: usize,
    pub(super) handler: usize,
}

impl<'a> Document<'a> {
    /// Reads a text as the host reads it.
    pub(super) fn read(host: Host, text: &'a str) -> Result<Self, BadSettings> {
        let root = strict::root(host, text)?;
        is(text, &root, "{", "the file", "an object")?;
        let members = once(text, &root, "")?;
        let hooks = match members.iter().position(|m| m.name == "hooks") {
            Some(index) => Some(Hooks::read(text, &members, index)?),
            None => None,
        };
        Ok(Self { text, root, members, hooks })
    }

    /// The member of the root by this name.
    pub(super) fn member(&self, name: &str) -> Option<&str> {
        let member = self.members.iter().find(|m| m.name == name)?;
        self.text.get(member.value.clone())
    }

    /// The event by this name.
    pub(super) fn event(&self, name: &str) -> Option<(usize, &Event)> {
        let hooks = self.hooks.as_ref()?;
        hooks.events.iter().enumerate().find(|(_, event)| event.member.name == name)
    }

    /// Where our handlers stand, in order.
    pub(super) fn ours(&self) -> Vec<Place> {
        let mut found = Vec::new();
        for (event, e) in self.hooks.iter().flat_map(|h| h.events.iter().enumerate()) {
            for (group, g) in e.groups.iter().enumerate() {
                let ours = g.handlers.iter().enumerate().filter(|(_, h)| h.is_ours());
                found.extend(ours.map(|(handler, _)| Place { event, group, handler }));
            }
        }
        found
    }

    /// The parts around a handler.
    pub(super) fn at(&self, place: Place) -> Option<(&Hooks, &Event, &Group, &Handler)> {
        let hooks = self.hooks.as_ref()?;
        let event = hooks.events.get(place.event)?;
        let group = event.groups.get(place.group)?;
        Some((hooks, event, group, group.handlers.get(place.handler)?))
    }
}

impl Hooks {
    fn read(text: &str, members: &[Member], index: usize) -> Result<Self, BadSettings> {
        let at = members.get(index).map(|m| m.value.clone()).unwrap_or_default();
        is(text, &at, "{", "hooks", "an object")?;
        let mut events = Vec::new();
        for member in once(text, &at, "hooks")? {
            let path = format!("hooks.{}", member.name);
            is(text, &member.value, "[", &path, "a list")?;
            let mut groups = Vec::new();
            for (n, group) in elements(text, &member.value).into_iter().enumerate() {
                groups.push(Group::read(text, group, &format!("{path}[{n}]"))?);
            }
            events.push(Event { member, groups });
        }
        Ok(Self { at, index, events })
    }
}

impl Group {
    fn read(text: &str, at: Range<usize>, path: &str) -> Result<Self, BadSettings> {
        is(text, &at, "{", path, "an object")?;
        let members = once(text, &at, path)?;
        let matcher = members.iter().find(|m| m.name == "matcher");
        if let Some(matcher) = matcher {
            is(text, &matcher.value, "\"", &format!("{path}.matcher"), "a text")?;
        }
        let path = format!("{path}.hooks");
        let list = members.iter().find(|m| m.name == "hooks").map(|m| m.value.clone());
        let list = list.ok_or_else(|| shape(&path, "not there", "a list"))?;
        is(text, &list, "[", &path, "a list")?;
        let mut handlers = Vec::new();
        for (n, handler) in elements(text, &list).into_iter().enumerate() {
            handlers.push(Handler::read(text, handler, &format!("{path}[{n}]"))?);
        }
        let every = |m: &Member| matches!(text.get(m.value.clone()), Some(r#""*""# | r#""""#));
        let known = members.iter().all(|m| matches!(m.name.as_str(), "matcher" | "hooks"));
        Ok(Self { at, list, handlers, whole: known && matcher.is_none_or(every) })
    }
}

impl Handler {
    fn read(text: &str, at: Range<usize>, path: &str) -> Result<Self, BadSettings> {
        is(text, &at, "{", path, "an object")?;
        once(text, &at, path)?;
        let members = serde_json::from_str(text.get(at.clone()).unwrap_or_default())
            .map_err(|e| shape(path, &format!("unreadable ({e})"), "an object"))?;
        Ok(Self { at, members })
    }

    pub(super) fn command(&self) -> Option<&str> {
        self.members.get("command").and_then(Value::as_str)
    }

    /// What it runs, or what kind it is.
    pub(super) fn shown(&self) -> &str {
        let kind = || self.members.get("type").and_then(Value::as_str);
        self.command().or_else(kind).unwrap_or_default()
    }

    pub(super) fn is_ours(&self) -> bool {
        self.command().is_some_and(line::is_ours)
    }

    /// Whether it is run for every call, waited for, and no other kind of handler.
    pub(super) fn whole(&self) -> bool {
        const KNOWN: [&str; 5] = ["type", "command", "timeout", "onFailure", "statusMessage"];
        let known = |name: &String| KNOWN.contains(&name.as_str());
        self.members.get("type").and_then(Value::as_str) == Some("command")
            && self.members.keys().all(known)
    }
}

/// The members of an object, in which no name stands twice: of two, one host takes the last, the
/// other none.
fn once(text: &str, object: &Range<usize>, path: &str) -> Result<Vec<Member>, BadSettings> {
    let members = members(text, object);
    let mut names: Vec<&str> = members.iter().map(|m| m.name.as_str()).collect();
    names.sort_unstable();
    if let Some([name, _]) = names.windows(2).find(|pair| pair.first() == pair.last()) {
        let path = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
        return Err(shape(&path, "there twice", "there once"));
    }
    Ok(members)
}

/// Whether a part begins with one of these characters.
pub(super) fn is(
    text: &str,
    at: &Range<usize>,
    first: &str,
    path: &str,
    wanted: &str,
) -> Result<(), BadSettings> {
    let part = text.get(at.clone()).unwrap_or_default();
    match part.starts_with(|c| first.contains(c)) {
        true => Ok(()),
        false => Err(shape(path, kind(part), wanted)),
    }
}

/// What a part is, for people.
pub(super) fn kind(part: &str) -> &'static str {
    match part.chars().next() {
        Some('{') => "an object",
        Some('[') => "a list",
        Some('"') => "a text",
        Some('t' | 'f') => "a boolean",
        Some('n') => "null",
        Some('-') => "a number below 0",
        _ => "a number",
    }
}

pub(super) fn shape(path: &str, found: &str, wanted: &str) -> BadSettings {
    BadSettings::Shape { path: path.into(), found: found.into(), wanted: wanted.into() }
}
