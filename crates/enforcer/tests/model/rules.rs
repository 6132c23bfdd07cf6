//! The page that says what may run.
//!
//! It knows nothing of ledgers, signatures and receipts: people say yes or no to requests, and time,
//! keys, policies and the stop decide what their word is worth.

use super::steps::Person;
use countersign_core::time::Instant;
use std::collections::BTreeSet;

/// By how much clocks may differ.
const SKEW: i64 = 60_000;

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Waits,
    Approved(Person),
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

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) call: Call,
    pub(crate) created: Instant,
    pub(crate) expires: Instant,
    pub(crate) asked: BTreeSet<Person>,
    /// Whether the policy was the accepted one.
    pub(crate) accepted_policy: bool,
    pub(crate) fate: Fate,
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
    fn lives(&self, request: &Request) -> bool {
        self.now < request.expires && self.begun(request)
    }

    /// A request from the future counts for nothing yet.
    fn begun(&self, request: &Request) -> bool {
        request.created <= self.now.plus_millis(SKEW)
    }

    /// Whether this person's answer counts.
    pub(crate) fn may_answer(&self, request: &Request, by: Person) -> bool {
        request.fate == Fate::Waits
            && self.lives(request)
            && self.active.contains(&by)
            && request.asked.contains(&by)
    }

    /// Whether the approval of a request may be used, once.
    pub(crate) fn may_run(&self, request: &Request) -> bool {
        let Fate::Approved(by) = request.fate else { return false };
        self.lives(request)
            && self.active.contains(&by)
            && request.accepted_policy == self.accepted_policy
            && !self.frozen
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
        self.requests.iter().find(|request| {
            let open = matches!(request.fate, Fate::Waits | Fate::Approved(_));
            request.call == call && open && self.now < request.expires
        })
    }

    /// Whether the same question would be put to the same people now.
    pub(crate) fn asks_the_same(&self, request: &Request) -> bool {
        request.asked == self.active && request.accepted_policy == self.accepted_policy
    }

    /// Whether a request may have come from one fate to another in a step that was cut off.
    pub(crate) fn may_become(&self, request: &Request, fate: Fate) -> bool {
        match fate {
            same if same == request.fate => true,
            Fate::Approved(by) => self.may_answer(request, by),
            Fate::Denied => Person::ALL.iter().any(|by| self.may_answer(request, *by)),
            // What ends the stop is used while it holds.
            Fate::Used if request.call == Call::Other => {
                Self { frozen: false, ..self.clone() }.may_run(request)
            }
            Fate::Used => self.may_run(request),
            Fate::Expired => self.is_open(request) && self.now >= request.expires,
            Fate::Withdrawn => self.is_open(request),
            Fate::Waits => false,
        }
    }

    fn is_open(&self, request: &Request) -> bool {
        matches!(request.fate, Fate::Waits | Fate::Approved(_))
    }
}
