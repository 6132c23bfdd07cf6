//! The page that says what may run.
//!
//! It knows nothing of ledgers, signatures and receipts: people say yes or no to requests, and time,
//! keys, policies and the stop decide what their word is worth.

use super::steps::Person;
use countersign_core::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// By how much clocks may differ.
const SKEW: i64 = 60_000;

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Waits,
    Approved,
    Denied,
    Withdrawn,
    Expired,
    Used,
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    /// A call of an agent's, in one of its sessions.
    Tool { call: u8, session: u8 },
    /// A standing permission, or the end of a stop: used by what asked for it, and by nothing else.
    Other,
}

/// Who is asked, of how many a yes is needed, who is asked next, and whether the policy was the
/// accepted one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Terms {
    pub(crate) asked: BTreeSet<Person>,
    pub(crate) need: usize,
    pub(crate) next: Vec<String>,
    pub(crate) accepted_policy: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) call: Call,
    pub(crate) expires: Instant,
    pub(crate) fate: Fate,
    /// Those who are asked now, since when, and until when their word counts.
    pub(crate) round: usize,
    pub(crate) terms: Terms,
    pub(crate) asked_at: Instant,
    pub(crate) counts_until: Instant,
    /// When others are asked.
    pub(crate) step_ends: Option<Instant>,
    /// What they said, once each.
    pub(crate) votes: BTreeMap<Person, bool>,
}

#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) call: u8,
    pub(crate) session: Option<u8>,
    pub(crate) count: Option<u8>,
    pub(crate) by: Person,
    pub(crate) given: Instant,
    pub(crate) expires: Instant,
    pub(crate) used: u8,
    pub(crate) taken_back: bool,
}

/// The whole state of the page.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) now: Instant,
    /// The latest moment that anything was recorded.
    pub(crate) seen: Instant,
    pub(crate) frozen: bool,
    pub(crate) accepted_policy: bool,
    pub(crate) active: BTreeSet<Person>,
    pub(crate) requests: Vec<Request>,
    pub(crate) grants: Vec<Grant>,
}

impl Rules {
    /// Whether answers to a request may be given and used. One from the future counts for nothing
    /// yet.
    fn lives(&self, request: &Request) -> bool {
        self.now < request.expires
            && self.now < request.counts_until.plus_millis(SKEW)
            && request.asked_at <= self.now.plus_millis(SKEW)
    }

    /// What the votes come to, by those whose keys count.
    pub(crate) fn come_to(&self, request: &Request, votes: &BTreeMap<Person, bool>) -> Fate {
        let counted = || votes.iter().filter(|(person, _)| self.active.contains(person));
        let (yes, no) = (counted().filter(|v| *v.1).count(), counted().filter(|v| !*v.1).count());
        let Terms { asked, need, .. } = &request.terms;
        if no > 0 && *need == 1 || asked.len() - no < *need {
            Fate::Denied
        } else if yes >= *need {
            Fate::Approved
        } else {
            Fate::Waits
        }
    }

    /// Whether this person's answer counts.
    pub(crate) fn may_answer(&self, request: &Request, by: Person) -> bool {
        request.fate == Fate::Waits
            && self.lives(request)
            && self.active.contains(&by)
            && request.terms.asked.contains(&by)
            && !request.votes.contains_key(&by)
    }

    /// Whether the approval of a request may be used, once.
    pub(crate) fn may_run(&self, request: &Request) -> bool {
        request.fate == Fate::Approved
            && self.lives(request)
            && self.come_to(request, &request.votes) == Fate::Approved
            && request.terms.accepted_policy == self.accepted_policy
            && self.can_be_put(request.call)
            && !self.frozen
    }

    /// A policy that names somebody who is nobody any more lets nothing of that run, whoever was
    /// asked next.
    fn can_be_put(&self, call: Call) -> bool {
        !matches!(call, Call::Tool { call: 3, .. }) || self.active.contains(&Person::Ann)
    }

    /// Whether others are asked by now.
    pub(crate) fn is_next(&self, request: &Request) -> bool {
        request.fate == Fate::Waits
            && self.now < request.expires
            && request.step_ends.is_some_and(|end| self.now >= end)
    }

    /// Whether a grant lets a call go.
    pub(crate) fn may_go(&self, grant: &Grant, call: u8, session: u8) -> bool {
        let over = self.now.max(self.seen) >= grant.expires;
        let used_up = grant.count.is_some_and(|count| grant.used >= count);
        grant.call == call
            && grant.session.is_none_or(|own| own == session)
            && grant.given <= self.now
            && self.active.contains(&grant.by)
            && self.accepted_policy
            && !(over || used_up || grant.taken_back || self.frozen)
    }

    /// The request that the same call joins or uses.
    pub(crate) fn open(&self, call: Call) -> Option<&Request> {
        let open = |r: &&Request| r.call == call && r.is_open() && self.now < r.expires;
        self.requests.iter().find(open)
    }

    /// Whether a request may have come from one fate to another in a step that was cut off.
    pub(crate) fn may_become(&self, request: &Request, fate: Fate) -> bool {
        let by = |yes| {
            let votes =
                |by| BTreeMap::from_iter(request.votes.clone().into_iter().chain([(by, yes)]));
            let may = |by: &&Person| self.may_answer(request, **by);
            Person::ALL.iter().filter(may).any(|by| self.come_to(request, &votes(*by)) == fate)
        };
        match fate {
            same if same == request.fate => true,
            Fate::Approved => by(true),
            Fate::Denied => by(false),
            // What ends the stop is used while it holds.
            Fate::Used if request.call == Call::Other => {
                Self { frozen: false, ..self.clone() }.may_run(request)
            }
            Fate::Used => self.may_run(request),
            Fate::Expired => request.is_open() && self.now >= request.expires,
            Fate::Withdrawn => request.is_open(),
            Fate::Waits => false,
        }
    }
}

impl Request {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.fate, Fate::Waits | Fate::Approved)
    }
}
