//! An action as rules see it: its class, set right by what accepted policies know of its names.

use super::Engine;
use crate::condition::Sense;
use crate::facts::{Facts, Floor, Names};
use crate::model::Reclass;
use crate::verb::{Lane, Verb};
use countersign_core::artifact::Risk;
use serde_json::Value;
use std::borrow::Cow;

/// Facts, and what `[[classify]]` makes of them.
pub(crate) struct View<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) verbs: Cow<'a, Names<Verb>>,
    pub(crate) risk: Risk,
    pub(crate) floors: Cow<'a, [Floor]>,
    /// The arguments of a tool, the parameters of a request.
    pub(crate) arguments: Option<&'a Value>,
    /// What a bare name looks into: these, or the whole of any other action.
    pub(crate) fields: Option<&'a Value>,
}

impl<'a> View<'a> {
    /// As the action was classified.
    pub(crate) fn plain(facts: &'a Facts) -> Self {
        Self {
            facts,
            verbs: Cow::Borrowed(&facts.class.verbs),
            risk: facts.class.risk,
            floors: Cow::Borrowed(&facts.class.floors),
            arguments: arguments(facts),
            fields: match facts.kind {
                "tool" | "request" => arguments(facts),
                _ => Some(&facts.payload),
            },
        }
    }

    /// The most dangerous verb.
    pub(super) fn verb(&self) -> Verb {
        let own = self.verbs.own.iter().rev().max_by_key(|verb| verb.weight());
        own.cloned().unwrap_or_else(|| Verb::fixed("tool_call"))
    }

    /// The most dangerous lane.
    pub(super) fn lane(&self) -> Option<Lane> {
        let floors = self.floors.iter().filter_map(|floor| match floor {
            Floor::Lane(lane) => Some(*lane),
            Floor::Protected | Floor::Unreadable => None,
        });
        floors.max()
    }

    /// One more finding: another verb, and the floor of its lane.
    fn add(&mut self, verb: &Verb) {
        if !self.verbs.own.contains(verb) {
            self.verbs.to_mut().own.push(verb.clone());
        }
        self.guard(verb);
    }

    /// A verb in a lane is a floor, however it got here.
    fn guard(&mut self, verb: &Verb) {
        let Some(floor) = verb.lane().map(Floor::Lane) else { return };
        if !self.floors.contains(&floor) {
            let floors = self.floors.to_mut();
            floors.push(floor);
            floors.sort();
        }
    }
}

fn arguments(facts: &Facts) -> Option<&Value> {
    let name = match facts.kind {
        "tool" => "arguments",
        "request" => "parameters",
        _ => return None,
    };
    facts.payload.get(name)
}

impl Engine {
    /// The action as rules see it.
    pub(super) fn view<'a>(&self, facts: &'a Facts) -> View<'a> {
        let mut view = View::plain(facts);
        for verb in facts.class.verbs.own.iter().chain(&facts.class.verbs.also) {
            view.guard(verb);
        }
        let entries = || self.accepted().flat_map(|layer| &layer.policy.classify);
        if entries().next().is_none() {
            return view;
        }
        // Entries look at what was found, not at one another.
        let found = View::plain(facts);
        let meant = |sense| entries().filter(|entry| fits(entry, &found, sense)).collect();
        let (raising, setting): (Vec<&Reclass>, Vec<&Reclass>) =
            (meant(Sense::Restricts), meant(Sense::Loosens));
        if !facts.class.known {
            set(&mut view, &setting);
        }
        for entry in raising {
            view.risk = view.risk.max(entry.risk.unwrap_or(Risk::Low));
            if let Some(verb) = &entry.verb {
                view.add(verb);
            }
        }
        view
    }
}

/// Of what is unknown a person may know better; the most dangerous entry counts.
fn set(view: &mut View<'_>, entries: &[&Reclass]) {
    if let Some(risk) = entries.iter().filter_map(|entry| entry.risk).max() {
        view.risk = risk;
    }
    if entries.iter().any(|entry| entry.verb.is_some()) {
        let verbs = view.verbs.to_mut();
        let unknown = std::mem::take(&mut verbs.own);
        verbs.also.extend(unknown);
    }
}

fn fits(entry: &Reclass, view: &View<'_>, sense: Sense) -> bool {
    let class = &view.facts.class;
    let tools = entry.tools.is_empty()
        || names_fit(&class.tools, sense, |name| entry.tools.iter().any(|glob| glob.fits(name)));
    let server = view.facts.server.as_deref();
    let servers = entry.servers.is_empty()
        || server.is_some_and(|server| entry.servers.iter().any(|glob| glob.fits(server)));
    let any_host = entry.hosts.iter().any(|pattern| pattern.is_any());
    let hosts = entry.hosts.is_empty()
        || any_host
        || names_fit(&class.hosts, sense, |host| entry.hosts.iter().any(|p| p.fits(host)));
    let seen =
        |condition: &crate::condition::Condition| condition.see(view, sense).satisfies(sense);
    tools && servers && hosts && entry.conditions.iter().all(seen)
}

/// Any name for what restricts; every own one, and at least one, for what loosens.
pub(super) fn names_fit<T>(names: &Names<T>, sense: Sense, fits: impl Fn(&T) -> bool) -> bool {
    match sense {
        Sense::Restricts => names.own.iter().chain(&names.also).any(fits),
        Sense::Loosens => !names.own.is_empty() && names.own.iter().all(fits),
    }
}
