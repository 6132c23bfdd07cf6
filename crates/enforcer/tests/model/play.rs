//! One sequence, on the page and in reality, step by step.

use super::real::{Backing, Gated, Real, START, is_about_denials, is_frozen};
use super::rules::{Call, Fate, Request, Rules, Terms};
use super::steps::{Clock, Newest, Person, Says, Step};
use countersign_core::decision::Answer;
use countersign_core::receipt::Event;
use countersign_core::request::State;
use countersign_core::time::Instant;
use countersign_store::ledger::{Asked, Ending, RequestRecord};
use std::collections::BTreeMap;

/// Says what is wrong, unless it is right.
macro_rules! ensure {
    ($good:expr, $($words:tt)+) => {
        if !$good {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use ensure;

pub(crate) type Held = Result<(), String>;

/// How long a denial is remembered.
const REMEMBERED: i64 = 600_000;

pub(crate) struct Play {
    pub(crate) real: Real,
    pub(crate) rules: Rules,
    /// How often each request ran.
    pub(crate) ran: BTreeMap<String, usize>,
    /// What happened, and how often: sequences in which nothing does say nothing.
    pub(crate) happened: BTreeMap<&'static str, usize>,
    pub(crate) answers: Vec<(String, Person, Says, Answer)>,
    pub(crate) denied: Vec<Instant>,
}

impl Play {
    pub(crate) fn new(backing: Backing) -> Self {
        let real = Real::new(backing);
        let rules = Rules {
            now: Instant(START),
            seen: Instant(START),
            frozen: false,
            accepted_policy: true,
            active: Person::ALL.into(),
            requests: vec![],
            grants: vec![],
        };
        let (ran, happened) = (BTreeMap::new(), BTreeMap::new());
        let (answers, denied) = (vec![], vec![]);
        let mut play = Self { real, rules, ran, happened, answers, denied };
        play.learn(Call::Other);
        play
    }

    /// Takes a step; whatever it was, page and reality agree afterwards.
    pub(crate) fn step(&mut self, step: &Step) -> Held {
        match step {
            Step::Crash { during, after } => self.cut_off(during, *after)?,
            step => self.whole(step)?,
        }
        self.agree()
    }

    pub(crate) fn whole(&mut self, step: &Step) -> Held {
        self.rules.seen = self.real.latest();
        match *step {
            Step::Gate { call, session } => self.gate(call, session),
            Step::Answer { request, by, says } => self.answer(request, by, says),
            Step::Again { answer } => self.again(answer),
            Step::Escalate { request } => self.with(request, Self::escalate),
            Step::HandOn { request, by } => self.with(request, |p, r| p.hand_on(r, by)),
            Step::Resume { request } => self.with(request, Self::resume),
            Step::Race { request } => self.with(request, Self::race),
            Step::Die { request, until } => self.with(request, |p, r| p.die(r, until)),
            Step::Withdraw { request } => self.with(request, |p, r| p.close(r, Ending::Withdrawn)),
            Step::Expire { request } => self.with(request, |p, r| p.close(r, Ending::Expired)),
            Step::Time(clock) => {
                self.later(clock);
                Ok(())
            }
            Step::Revoke(person) => self.revoke(person),
            Step::Policy { accepted } => {
                self.real.policy(accepted);
                self.rules.accepted_policy = accepted;
                Ok(())
            }
            Step::Freeze => {
                self.real.freeze().map_err(|e| e.to_string())?;
                self.rules.frozen = true;
                Ok(())
            }
            Step::Thaw { by } => self.thaw(by),
            Step::Grant { call, session, count, by } => self.grant(call, session, count, by),
            Step::TakeBack { grant } => self.take_back(grant),
            Step::Restart => {
                self.real.restart();
                Ok(())
            }
            Step::Crash { .. } => Ok(()),
        }
    }

    /// What is about one request; nothing where there is none.
    pub(crate) fn with(
        &mut self,
        which: Newest,
        act: impl FnOnce(&mut Self, Request) -> Held,
    ) -> Held {
        match self.pick(which) {
            Some(request) => act(self, request),
            None => Ok(()),
        }
    }

    pub(crate) fn pick(&self, which: Newest) -> Option<Request> {
        let mut all: Vec<&Request> = self.rules.requests.iter().collect();
        all.sort_by_key(|request| request.is_open());
        which.of(&all).copied().cloned()
    }

    pub(crate) fn happens(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    pub(crate) fn becomes(&mut self, id: &str, fate: Fate) {
        let found = self.rules.requests.iter_mut().filter(|request| request.id == id);
        found.for_each(|request| request.fate = fate);
    }

    pub(crate) fn runs(&mut self, id: &str) {
        *self.ran.entry(id.to_owned()).or_default() += 1;
        let two = self.rules.requests.iter().any(|r| r.id == id && r.terms.need > 1);
        let next = self.rules.requests.iter().any(|r| r.id == id && r.round > 1);
        self.happens(if two {
            "ran by two"
        } else if next {
            "ran by the next"
        } else {
            "ran"
        });
        self.becomes(id, Fate::Used);
    }

    pub(crate) fn fate_of(&self, id: &str) -> Fate {
        let found = self.rules.requests.iter().find(|request| request.id == id);
        found.map(|request| request.fate).unwrap()
    }

    pub(crate) fn denied_lately(&self) -> bool {
        self.denied.iter().any(|at| *at >= self.rules.now.plus_millis(-REMEMBERED))
    }

    pub(crate) fn gate(&mut self, call: u8, session: u8) -> Held {
        let key = Call::Tool { call, session };
        let granted = self.rules.grants.iter().any(|g| self.rules.may_go(g, call, session));
        let terms = self.terms(call, 1)?;
        let nobody = terms.as_ref().is_none_or(|terms| terms.asked.len() < terms.need);
        let open = self.rules.open(key).filter(|_| !nobody).cloned();
        let now = open.as_ref().map(|open| self.terms(call, open.round)).transpose()?.flatten();
        let same = open.clone().filter(|open| now.as_ref() == Some(&open.terms));
        let gated = self.real.gate(call, session);
        let fits = match (&gated, &same) {
            (Gated::Refused(e), _) if self.rules.frozen => nobody || is_frozen(e),
            _ if self.rules.frozen => false,
            (Gated::Ran(None), _) => granted,
            _ if granted => false,
            (Gated::Refused(_), _) if nobody => true,
            _ if nobody => false,
            (Gated::Joined(id), Some(open)) => open.fate == Fate::Waits && open.id == *id,
            (Gated::Ran(Some(id)), Some(open)) => self.rules.may_run(open) && open.id == *id,
            (Gated::Void, Some(open)) => open.fate == Fate::Approved && !self.rules.may_run(open),
            (_, Some(_)) => false,
            (Gated::Opened, None) => true,
            (Gated::Refused(e), None) => is_about_denials(e) && self.denied_lately(),
            (_, None) => false,
        };
        ensure!(fits, "the gate did {gated:?}, the page has {open:?}, a grant: {granted}");
        match gated {
            Gated::Ran(Some(id)) => self.runs(&id),
            Gated::Ran(None) => self.happens("ran by a grant"),
            Gated::Opened => {
                self.happens("asked");
                self.learn(key);
            }
            Gated::Joined(_) => self.happens("joined"),
            Gated::Void => self.happens("void"),
            Gated::Refused(_) => self.happens("refused"),
        }
        // Put to other people, or under another policy, it is another question.
        if let (Some(open), None, false, false) = (open, same, self.rules.frozen, granted) {
            self.becomes(&open.id, Fate::Withdrawn);
        }
        self.count_uses(granted, call, session)
    }

    /// On which terms a call would be put now. What the page knows of them, it demands.
    pub(crate) fn terms(&self, call: u8, round: usize) -> Result<Option<Terms>, String> {
        let terms = self.real.terms(call, round, self.rules.accepted_policy);
        if let Some(Terms { asked, need, .. }) = &terms {
            ensure!(asked.is_subset(&self.rules.active), "{asked:?} are asked");
            let (ours, wanted) = (self.rules.accepted_policy, if call == 2 { 2 } else { 1 });
            ensure!(!ours || *need == wanted, "{need} of {asked:?} are enough for {call}");
            let first = if round == 1 { Person::Ann } else { Person::Bob };
            ensure!(!ours || call != 3 || *asked == [first].into(), "{asked:?} are asked");
        }
        Ok(terms)
    }

    pub(crate) fn resume(&mut self, request: Request) -> Held {
        let (Call::Tool { .. }, Some(record)) = (request.call, self.real.stored(&request.id))
        else {
            return Ok(());
        };
        let may = self.rules.may_run(&request);
        let ran = self.real.runs(&record);
        ensure!(ran.is_ok() == may, "it may run: {may}; {ran:?}; {request:?}");
        if may {
            self.runs(&request.id);
        }
        Ok(())
    }

    pub(crate) fn race(&mut self, request: Request) -> Held {
        let (Call::Tool { .. }, Some(record)) = (request.call, self.real.stored(&request.id))
        else {
            return Ok(());
        };
        let may = self.rules.may_run(&request);
        let won = self.real.race(&record);
        ensure!(won == usize::from(may), "{won} of two ran it; it may run: {may}; {request:?}");
        if may {
            self.happens("raced");
            self.runs(&request.id);
        }
        Ok(())
    }

    pub(crate) fn later(&mut self, clock: Clock) {
        self.real.later(clock.millis());
        self.rules.now = self.rules.now.plus_millis(clock.millis());
    }

    pub(crate) fn die(&mut self, request: Request, until: Clock) -> Held {
        let (Call::Tool { .. }, Some(record)) = (request.call, self.real.stored(&request.id))
        else {
            return Ok(());
        };
        let may = self.rules.may_run(&request);
        let claimed = self.real.claim(&record);
        ensure!(claimed.is_ok() == may, "it may run: {may}; {claimed:?}; {request:?}");
        drop(claimed);
        self.later(until);
        self.real.restart();
        if may {
            self.happens("died");
            self.becomes(&request.id, Fate::Used);
        }
        Ok(())
    }

    pub(crate) fn close(&mut self, request: Request, ending: Ending) -> Held {
        let Some(record) = self.real.stored(&request.id) else { return Ok(()) };
        let closed = self.real.close(&record, ending);
        let open = request.is_open();
        let over = self.rules.now >= request.expires;
        ensure!(
            closed.is_ok() || ending == Ending::Expired && !over,
            "{ending:?} of {request:?}: {closed:?}"
        );
        match ending {
            Ending::Withdrawn if open && !over => self.becomes(&request.id, Fate::Withdrawn),
            _ if open && over => self.becomes(&request.id, Fate::Expired),
            _ => {}
        }
        Ok(())
    }

    /// Requests that the page does not know yet. What nobody was asked about is no call's.
    pub(crate) fn learn(&mut self, call: Call) {
        let known: Vec<&str> = self.rules.requests.iter().map(|r| r.id.as_str()).collect();
        for record in self.real.all_but(&known) {
            let new = self.read(&record, call);
            self.rules.requests.push(new);
        }
    }

    /// What the ledger says of a request.
    pub(crate) fn read(&self, record: &RequestRecord, call: Call) -> Request {
        let person = |asked: &Asked| self.real.person(&asked.key_id);
        let (route, last) = (record.route(), record.asked.last());
        let head = last.map(|asked| &asked.artifact.head);
        let need = route.as_ref().map_or(1, |route| usize::try_from(route.threshold).unwrap());
        Request {
            id: record.id.clone(),
            call: if record.asked.is_empty() { Call::Other } else { call },
            expires: record.expires_at,
            fate: self.fate(record),
            round: usize::try_from(record.round()).unwrap(),
            terms: Terms {
                asked: record.asked_now().map(person).collect(),
                need,
                next: route.map(|route| route.escalate_to).unwrap_or_default(),
                accepted_policy: self.rules.accepted_policy,
            },
            asked_at: head.map_or(record.created_at, |head| head.created_at.instant()),
            counts_until: head.map_or(record.expires_at, |head| head.expires_at.instant()),
            step_ends: record.step_ends,
            votes: self.said(record),
        }
    }

    /// What those who are asked now said.
    pub(crate) fn said(&self, record: &RequestRecord) -> BTreeMap<Person, bool> {
        let said = record.accepted_now().map(|one| &one.decision);
        said.map(|d| (self.real.person(&d.signer_key_id), d.decision.allows())).collect()
    }

    pub(crate) fn fate(&self, record: &RequestRecord) -> Fate {
        match record.state {
            State::Created | State::AwaitingDecision => Fate::Waits,
            State::Approved => Fate::Approved,
            State::Denied if self.real.is_told(record, Event::Denied) => Fate::Denied,
            State::Denied => Fate::Withdrawn,
            State::Expired => Fate::Expired,
            State::Executed => Fate::Used,
        }
    }

    /// The page says what the ledger says, of everything.
    pub(crate) fn agree(&mut self) -> Held {
        for at in 0..self.rules.requests.len() {
            let request = self.rules.requests[at].clone();
            let record = self.real.stored(&request.id).ok_or("a request is gone")?;
            let fate = self.fate(&record);
            // Whoever looks closes what is over.
            let closed = fate == Fate::Expired && self.rules.may_become(&request, fate);
            ensure!(fate == request.fate || closed, "{request:?} is {fate:?}");
            let said = self.said(&record);
            ensure!(said == request.votes, "{request:?}: they said {said:?}");
            ensure!(record.round() as usize == request.round, "round {}", record.round());
            self.rules.requests[at].fate = fate;
        }
        let known = self.rules.requests.len();
        self.learn(Call::Other);
        ensure!(known == self.rules.requests.len(), "there are requests that nobody made");
        ensure!(self.real.stands_still() == self.rules.frozen, "stop: {}", !self.rules.frozen);
        ensure!(self.real.active() == self.rules.active, "keys: {:?}", self.real.active());
        Ok(())
    }
}
