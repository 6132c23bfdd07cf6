//! What has been found out about an action so far. Findings are only ever added.

use super::shell::shown;
use crate::facts::{Class, Finding, Floor, Names};
use crate::verb::Verb;
use countersign_core::artifact::Risk;
use std::collections::BTreeSet;

/// The longest part that is quoted in a finding, in bytes.
const QUOTED: usize = 200;
/// How many findings are kept. What a dropped one says still counts.
const KEPT: usize = 200;

/// Findings, and the names that rules may use.
#[derive(Debug)]
pub(super) struct Report {
    /// The coarse verb of the action's kind.
    kind: &'static str,
    findings: Vec<Finding>,
    seen: BTreeSet<(Verb, Risk, String)>,
    verbs: BTreeSet<Verb>,
    risk: Risk,
    /// Whether something is known that is more than reading.
    known: bool,
    /// Whether there is something of which nothing is known.
    unknown: bool,
    floors: BTreeSet<Floor>,
    /// The parts that hold the gate, with the words for each: they lead, so that whoever is asked
    /// reads of them first.
    holding: BTreeSet<String>,
    tools: Names<String>,
    hosts: Names<String>,
}

impl Report {
    /// Nothing found yet.
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            findings: Vec::new(),
            seen: BTreeSet::new(),
            verbs: BTreeSet::new(),
            risk: Risk::Low,
            known: false,
            unknown: false,
            floors: BTreeSet::new(),
            holding: BTreeSet::new(),
            tools: Names { own: Vec::new(), also: Vec::new() },
            hosts: Names { own: Vec::new(), also: Vec::new() },
        }
    }

    /// Something that is known.
    pub(super) fn find(&mut self, part: &str, why: &str, verb: &'static str, risk: Risk) {
        self.known |= risk > Risk::Low;
        self.add(part, why, Verb::fixed(verb), risk);
    }

    /// The same for a verb that was declared.
    pub(super) fn declared(&mut self, part: &str, verb: Verb, risk: Risk) {
        self.add(part, "whoever asks says so", verb, risk);
    }

    /// Something of which nothing is known.
    pub(super) fn unknown(&mut self, part: &str, why: &str, verb: &'static str) {
        self.unknown = true;
        self.add(part, why, Verb::fixed(verb), Risk::High);
    }

    /// Something that nobody can read.
    pub(super) fn unreadable(&mut self, part: &str, why: &str) {
        self.floors.insert(Floor::Unreadable);
        self.find(part, why, self.kind, Risk::Critical);
    }

    /// What was found last may lead anywhere.
    pub(super) fn doubtful(&mut self) {
        self.floors.insert(Floor::Unreadable);
    }

    /// Something that holds the gate.
    pub(super) fn protected(&mut self, part: &str, why: &str, verb: &'static str) {
        self.floors.insert(Floor::Protected);
        let why = match why.contains("gate") {
            true => why.to_owned(),
            false => format!("it changes what holds the gate: {why}"),
        };
        self.find(part, &why, verb, Risk::Critical);
        if self.holding.len() < KEPT {
            self.holding.insert(why);
        }
    }

    fn add(&mut self, part: &str, why: &str, verb: Verb, risk: Risk) {
        self.risk = self.risk.max(risk);
        self.floors.extend(verb.lane().map(Floor::Lane));
        if !self.verbs.contains(&verb) {
            self.verbs.insert(verb.clone());
        }
        if self.findings.len() >= KEPT && risk <= Risk::Medium {
            return;
        }
        let part = shown(clip(part)).into_owned();
        if self.findings.len() < 2 * KEPT && self.seen.insert((verb.clone(), risk, part.clone())) {
            self.findings.push(Finding { part, why: why.to_owned(), verb, risk });
        }
    }

    /// A tool, program or function that it names.
    pub(super) fn tool(&mut self, name: &str) {
        once(&mut self.tools.own, shown(clip(name)).into_owned());
    }

    /// One that only wraps others, or another name of one that it names.
    pub(super) fn wrapper(&mut self, name: &str) {
        once(&mut self.tools.also, shown(clip(name)).into_owned());
    }

    /// A host that it reaches.
    pub(super) fn host(&mut self, name: &str) {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        once(&mut self.hosts.own, shown(clip(&name)).into_owned());
    }

    /// A host that nobody named by the address: no pattern but `*` fits it.
    pub(super) fn another_host(&mut self) {
        self.host("?");
    }

    /// What all of it comes to.
    pub(super) fn finish(mut self) -> Class {
        if self.findings.is_empty() {
            let kind = self.kind;
            self.unknown(kind, "nothing is known of it", kind);
        }
        let holding = std::mem::take(&mut self.holding);
        self.findings.sort_by_key(|found| {
            let leads = found.risk == Risk::Critical && holding.contains(&found.why);
            std::cmp::Reverse((found.risk, leads, found.verb.weight()))
        });
        let mut own: Vec<Verb> = self.verbs.into_iter().collect();
        own.sort_by_key(|verb| std::cmp::Reverse(verb.weight()));
        let kind = Verb::fixed(self.kind);
        let also = if own.contains(&kind) { Vec::new() } else { vec![kind] };
        self.tools.also.retain(|name| !self.tools.own.contains(name));
        Class {
            verbs: Names { own, also },
            risk: self.risk,
            // What only reads beside it makes nothing better known.
            known: self.known || !self.unknown,
            floors: self.floors.into_iter().collect(),
            tools: self.tools,
            hosts: self.hosts,
            findings: self.findings,
        }
    }
}

fn once(names: &mut Vec<String>, name: String) {
    if !name.is_empty() && !names.contains(&name) {
        names.push(name);
    }
}

/// The beginning of a text, at most [`QUOTED`] bytes.
pub(super) fn clip(text: &str) -> &str {
    cut(text, QUOTED)
}

/// The beginning of a text, at most this many bytes.
pub(super) fn cut(text: &str, length: usize) -> &str {
    let fits = |end: &usize| text.is_char_boundary(*end);
    let end = (0..=length.min(text.len())).rev().find(fits).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}
