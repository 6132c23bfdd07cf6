//! A sieve before the exact comparison: a few bits that no rule that matches can lack.
//!
//! Of a thousand rules it leaves a few. It only ever says "cannot match"; whether one does match
//! is for the criteria to say, so an error here could make no rule match that should not.

use super::view::View;
use crate::model::Rule;
use crate::pattern::Glob;
use crate::verb::{COARSE, Verb};

/// What a rule asks, or what an action has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sieve {
    /// One bit for each coarse verb.
    verbs: u16,
    /// One bit for whole names, by their hash.
    tools: u64,
    /// One bit for the first byte of a name.
    first: u64,
    /// Whether there must be, or is, a host, a server.
    host: bool,
    server: bool,
}

impl Sieve {
    /// All bits where the rule asks nothing.
    pub(super) fn of_rule(rule: &Rule) -> Self {
        let asks = !rule.tools.is_empty();
        let joined = |bit: fn(&Glob) -> u64| rule.tools.iter().map(bit).fold(0, |a, b| a | b);
        Self {
            verbs: if rule.verbs.is_empty() { u16::MAX } else { coarse(rule.verbs.iter()) },
            tools: if asks { joined(|g| g.literal().map_or(u64::MAX, hash)) } else { u64::MAX },
            first: if asks { joined(|g| first(g.beginning())) } else { u64::MAX },
            host: !rule.hosts.is_empty() && !rule.hosts.iter().any(|pattern| pattern.is_any()),
            server: !rule.servers.is_empty(),
        }
    }

    pub(super) fn of_view(view: &View<'_>) -> Self {
        let (tools, hosts) = (&view.facts.class.tools, &view.facts.class.hosts);
        let names = || tools.own.iter().chain(&tools.also);
        Self {
            verbs: coarse(view.verbs.own.iter().chain(&view.verbs.also)),
            tools: names().map(|name| hash(name)).fold(0, |a, b| a | b),
            first: names().map(|name| first(name)).fold(0, |a, b| a | b),
            host: !hosts.own.is_empty() || !hosts.also.is_empty(),
            server: view.facts.server.is_some(),
        }
    }

    /// Whether a rule with this sieve may match an action with that one.
    pub(super) fn lets(&self, action: &Self) -> bool {
        let fits = |asked: u64, there: u64| asked == u64::MAX || asked & there != 0;
        (self.verbs == u16::MAX || self.verbs & action.verbs != 0)
            && fits(self.tools, action.tools)
            && fits(self.first, action.first)
            && (!self.host || action.host)
            && (!self.server || action.server)
    }
}

fn coarse<'a>(verbs: impl Iterator<Item = &'a Verb>) -> u16 {
    let bit = |verb: &Verb| 1u16 << verb.weight().min(COARSE.len());
    verbs.map(bit).fold(0, |a, b| a | b)
}

/// FNV-1a, folded to one bit of 64.
fn hash(name: &str) -> u64 {
    let step = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    1 << (hash >> 58)
}

/// All bits for a beginning that is empty: it fits whatever the name begins with, and no name too.
fn first(name: &str) -> u64 {
    name.bytes().next().map_or(u64::MAX, |byte| 1 << (byte & 63))
}
