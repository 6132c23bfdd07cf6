//! One sequence, on the page and in reality, step by step.

use super::real::{Backing, Died, Gated, Real, START, is_about_denials, is_frozen};
use super::rules::{Call, Fate, Grant, Request, Rules, Terms};
use super::steps::{Clock, Newest, Person, Says, Step};
use countersign_core::decision::Answer;
use countersign_core::receipt::Event;
use countersign_core::request::State;
use countersign_core::time::Instant;
use countersign_store::ledger::{Asked, Ending, RequestRecord};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

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

/// How long a grant lasts that nobody asked to be shorter.
const GRANTED: i64 = 8 * 3_600_000;

pub(crate) struct Play {
    pub(crate) real: Real,
    pub(crate) rules: Rules,
    /// How often each request ran.
    pub(crate) ran: BTreeMap<String, usize>,
    answers: Vec<(String, Person, Says, Answer)>,
    denied: Vec<Instant>,
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
        let (ran, answers, denied) = (BTreeMap::new(), vec![], vec![]);
        let mut play = Self { real, rules, ran, answers, denied };
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

    fn whole(&mut self, step: &Step) -> Held {
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
    fn with(&mut self, which: Newest, act: impl FnOnce(&mut Self, Request) -> Held) -> Held {
        match which.of(&self.rules.requests).cloned() {
            Some(request) => act(self, request),
            None => Ok(()),
        }
    }

    fn becomes(&mut self, id: &str, fate: Fate) {
        let found = self.rules.requests.iter_mut().filter(|request| request.id == id);
        found.for_each(|request| request.fate = fate);
    }

    pub(crate) fn runs(&mut self, id: &str) {
        *self.ran.entry(id.to_owned()).or_default() += 1;
        self.becomes(id, Fate::Used);
    }

    pub(crate) fn fate_of(&self, id: &str) -> Fate {
        let found = self.rules.requests.iter().find(|request| request.id == id);
        found.map(|request| request.fate).unwrap()
    }

    fn denied_lately(&self) -> bool {
        self.denied.iter().any(|at| *at >= self.rules.now.plus_millis(-REMEMBERED))
    }

    fn gate(&mut self, call: u8, session: u8) -> Held {
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
            (Gated::Joined(r), Some(open)) => open.fate == Fate::Waits && open.id == r.id,
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
            Gated::Opened => self.learn(key),
            _ => {}
        }
        // Put to other people, or under another policy, it is another question.
        if let (Some(open), None, false, false) = (open, same, self.rules.frozen, granted) {
            self.becomes(&open.id, Fate::Withdrawn);
        }
        self.count_uses(granted, call, session)
    }

    /// On which terms a call would be put now. What the page knows of them, it demands.
    fn terms(&self, call: u8, round: usize) -> Result<Option<Terms>, String> {
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

    /// One of the grants that cover a call was used once more, if any was.
    fn count_uses(&mut self, granted: bool, call: u8, session: u8) -> Held {
        let before = self.rules.clone();
        let mut uses = 0;
        for (row, grant) in self.real.grants().iter().zip(&mut self.rules.grants) {
            let more = u8::try_from(row.used).unwrap_or(u8::MAX) - grant.used;
            ensure!(more == 0 || before.may_go(grant, call, session), "{grant:?} was used");
            (uses, grant.used) = (uses + more, grant.used + more);
        }
        ensure!(uses == u8::from(granted), "{uses} uses of grants");
        self.learn(Call::Other);
        Ok(())
    }

    fn answer(&mut self, which: Newest, by: Person, says: Says) -> Held {
        let Some(request) = which.of(&self.rules.requests).cloned() else { return Ok(()) };
        let Some(record) = self.real.stored(&request.id) else { return Ok(()) };
        // What was let go by a grant was put to nobody.
        if record.asked.is_empty() {
            return Ok(());
        }
        let answer = self.real.signed(&record, by, says);
        self.given(&request, &record, (by, says), &answer)?;
        self.answers.push((request.id, by, says, answer));
        Ok(())
    }

    fn again(&mut self, which: Newest) -> Held {
        let Some((id, by, says, answer)) = which.of(&self.answers).cloned() else { return Ok(()) };
        let request = self.rules.requests.iter().find(|request| request.id == id).cloned();
        let (Some(request), Some(record)) = (request, self.real.stored(&id)) else {
            return Err(format!("request {id} is gone"));
        };
        self.given(&request, &record, (by, says), &answer)
    }

    /// An answer arrives, which may be the second time.
    fn given(
        &mut self,
        request: &Request,
        record: &RequestRecord,
        (by, says): (Person, Says),
        answer: &Answer,
    ) -> Held {
        let counts = self.rules.may_answer(request, by);
        let known = record.accepted.iter().any(|one| one.decision == answer.decision);
        let accepted = self.real.accept(record, answer.clone());
        ensure!(accepted.is_ok() || !counts, "{request:?}: {accepted:?}");
        ensure!(accepted.is_err() || counts || known, "{request:?}: {accepted:?}");
        if counts {
            self.votes(&request.id, by, says == Says::Yes);
        }
        Ok(())
    }

    fn votes(&mut self, id: &str, by: Person, yes: bool) {
        let rules = self.rules.clone();
        let found = self.rules.requests.iter_mut().find(|request| request.id == id).unwrap();
        found.votes.insert(by, yes);
        found.fate = rules.come_to(found, &found.votes);
        let denied = found.fate == Fate::Denied;
        self.denied.extend(denied.then_some(self.rules.now));
    }

    /// The question of a request as it would be put now.
    fn question(&self, request: &Request) -> Option<countersign_enforcer::Question> {
        let Call::Tool { call, session } = request.call else { return None };
        self.real.block_on(self.real.question(call, session)).ok()
    }

    fn escalate(&mut self, request: Request) -> Held {
        let (Some(question), Some(record)) =
            (self.question(&request), self.real.stored(&request.id))
        else {
            return Ok(());
        };
        let may = self.rules.is_next(&request) && !request.terms.next.is_empty();
        // Those who are asked now may have nobody after them any more.
        let certain = self.terms_of(&request)? == Some(request.terms.clone());
        let next = self.real.escalate(&record, &question);
        let began = matches!(&next, Ok(Some(next)) if next.round() > record.round());
        ensure!(!began || may, "{request:?} went on: {next:?}");
        ensure!(began == may || !certain, "{request:?} goes on: {may}; {next:?}");
        if began {
            self.begins(&request.id);
        }
        Ok(())
    }

    fn terms_of(&self, request: &Request) -> Result<Option<Terms>, String> {
        match request.call {
            Call::Tool { call, .. } => self.terms(call, request.round),
            Call::Other => Ok(None),
        }
    }

    fn hand_on(&mut self, request: Request, by: Person) -> Held {
        let (Some(question), Some(record)) =
            (self.question(&request), self.real.stored(&request.id))
        else {
            return Ok(());
        };
        let counts = self.rules.may_answer(&request, by);
        let certain = self.terms_of(&request)? == Some(request.terms.clone());
        let handed = self.real.hand_on(&record, by, &question);
        let began = matches!(&handed, Ok(next) if next.round() > record.round());
        let offered = request.terms.next.iter().any(|next| next == "bob");
        ensure!(!began || counts && offered, "{request:?} was handed on: {handed:?}");
        ensure!(handed.is_ok() == counts, "{by:?} hands on {request:?}: {counts}; {handed:?}");
        ensure!(began == (counts && offered) || !certain, "{request:?}: {handed:?}");
        if began {
            self.begins(&request.id);
        } else if counts {
            self.votes(&request.id, by, false);
        }
        Ok(())
    }

    /// Others are asked, and nobody has said anything yet.
    fn begins(&mut self, id: &str) {
        let record = self.real.stored(id).unwrap();
        let known = self.rules.requests.iter().position(|known| known.id == id).unwrap();
        let call = self.rules.requests[known].call;
        self.rules.requests[known] = self.read(&record, call);
    }

    fn resume(&mut self, request: Request) -> Held {
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

    fn race(&mut self, request: Request) -> Held {
        let (Call::Tool { .. }, Some(record)) = (request.call, self.real.stored(&request.id))
        else {
            return Ok(());
        };
        let may = self.rules.may_run(&request);
        let won = self.real.race(&record);
        ensure!(won == usize::from(may), "{won} of two ran it; it may run: {may}; {request:?}");
        if may {
            self.runs(&request.id);
        }
        Ok(())
    }

    fn later(&mut self, clock: Clock) {
        self.real.later(clock.millis());
        self.rules.now = self.rules.now.plus_millis(clock.millis());
    }

    fn die(&mut self, request: Request, until: Clock) -> Held {
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
            self.becomes(&request.id, Fate::Used);
        }
        Ok(())
    }

    fn close(&mut self, request: Request, ending: Ending) -> Held {
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

    fn revoke(&mut self, person: Person) -> Held {
        let revoked = self.real.revoke(person);
        let was = self.rules.active.remove(&person);
        ensure!(revoked.is_ok() == was, "{person:?} counted: {was}; {revoked:?}");
        Ok(())
    }

    /// Whether something of the enforcer's own waits from before: an answer to it decides.
    fn own_waits(&self) -> bool {
        self.rules.requests.iter().any(|r| r.is_open() && r.call == Call::Other)
    }

    fn thaw(&mut self, by: Person) -> Held {
        let may = self.rules.frozen && self.rules.active.contains(&by);
        let certain = !self.own_waits() && !self.denied_lately();
        let thawed = self.real.thaw(by);
        let could = self.rules.frozen && !self.rules.active.is_empty();
        ensure!(thawed.is_err() || could, "{by:?} let go: {thawed:?}");
        ensure!(thawed.is_ok() == may || !certain, "{by:?} may: {may}; {thawed:?}");
        self.rules.frozen &= thawed.is_err();
        self.learn(Call::Other);
        Ok(())
    }

    fn grant(&mut self, call: u8, session: Option<u8>, count: Option<u8>, by: Person) -> Held {
        let rules = &self.rules;
        let could = !rules.frozen && rules.accepted_policy && !rules.active.is_empty();
        let soon = rules.seen < rules.now.plus_millis(GRANTED);
        let may = could && soon && rules.active.contains(&by);
        let certain = !self.own_waits() && !self.denied_lately();
        let given = self.real.grant(call, session, count, by);
        ensure!(given.is_err() || could && soon, "{by:?} gave {given:?}");
        ensure!(given.is_ok() == may || !certain, "{by:?} may: {may}; {given:?}");
        self.learn(Call::Other);
        self.learn_grants(call, session)
    }

    /// Grants that the page does not know yet.
    fn learn_grants(&mut self, call: u8, session: Option<u8>) -> Held {
        let known = self.rules.grants.len();
        let rows = self.real.grants();
        ensure!(rows.len() <= known + 1, "more than one grant was given");
        let new = rows.iter().find(|row| self.rules.grants.iter().all(|g| g.id != row.id));
        let Some(row) = new else { return Ok(()) };
        let giver = self.real.stored(&row.request_id).ok_or("nobody was asked for a grant")?;
        let by = self.real.person(&giver.accepted[0].decision.signer_key_id);
        self.rules.grants.push(Grant {
            id: row.id.clone(),
            call,
            session,
            count: row.count.map(|count| u8::try_from(count).unwrap()),
            by,
            given: row.granted_at,
            expires: row.expires_at,
            used: 0,
            taken_back: false,
        });
        self.rules.grants.sort_by_key(|grant| rows.iter().position(|row| row.id == grant.id));
        Ok(())
    }

    fn take_back(&mut self, which: Newest) -> Held {
        let Some(grant) = which.of(&self.rules.grants).cloned() else { return Ok(()) };
        let taken = self.real.take_back(&grant.id);
        ensure!(taken.is_ok() != grant.taken_back, "{grant:?}: {taken:?}");
        let same = self.rules.grants.iter_mut().filter(|one| one.id == grant.id);
        same.for_each(|one| one.taken_back = true);
        Ok(())
    }

    /// Requests that the page does not know yet. What nobody was asked about is no call's.
    fn learn(&mut self, call: Call) {
        for record in self.real.all() {
            if self.rules.requests.iter().any(|known| known.id == record.id) {
                continue;
            }
            let new = self.read(&record, call);
            self.rules.requests.push(new);
        }
    }

    /// What the ledger says of a request.
    fn read(&self, record: &RequestRecord, call: Call) -> Request {
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
    fn said(&self, record: &RequestRecord) -> BTreeMap<Person, bool> {
        let said = record.accepted_now().map(|one| &one.decision);
        said.map(|d| (self.real.person(&d.signer_key_id), d.decision.allows())).collect()
    }

    fn fate(&self, record: &RequestRecord) -> Fate {
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

    /// A step that the process does not survive: each of its parts happened whole or not at all,
    /// and only what might have happened anyway.
    fn cut_off(&mut self, step: &Step, after: u8) -> Held {
        self.real.dies_after(after);
        let done = catch_unwind(AssertUnwindSafe(|| self.whole(step)));
        self.real.dies_no_more();
        match done {
            Ok(held) => return held,
            Err(died) if died.is::<Died>() => self.real.restart(),
            Err(other) => resume_unwind(other),
        }
        for at in 0..self.rules.requests.len() {
            let request = self.rules.requests[at].clone();
            let record = self.real.stored(&request.id).ok_or("a request is gone")?;
            let fate = self.fate(&record);
            let could =
                can_cause(step, request.call, fate) && self.rules.may_become(&request, fate);
            ensure!(fate == request.fate || could, "{request:?} became {fate:?}");
            if fate == Fate::Denied && fate != request.fate {
                self.denied.push(self.rules.now);
            }
            self.rules.requests[at].fate = fate;
            self.adopt_votes(step, &request, &record)?;
        }
        self.adopt(step)
    }

    /// A vote more, or another round, where the step could bring it.
    fn adopt_votes(&mut self, step: &Step, before: &Request, record: &RequestRecord) -> Held {
        let (said, round) = (self.said(record), usize::try_from(record.round()).unwrap());
        if round > before.round {
            let could = match *step {
                Step::Escalate { .. } => self.rules.is_next(before),
                Step::HandOn { by, .. } => self.rules.may_answer(before, by),
                _ => false,
            };
            ensure!(could, "{before:?} went on to round {round}");
            self.begins(&before.id);
            return Ok(());
        }
        let new: Vec<_> = said.keys().filter(|who| !before.votes.contains_key(who)).collect();
        let by = match *step {
            Step::Answer { by, .. } | Step::HandOn { by, .. } => Some(by),
            Step::Thaw { by } | Step::Grant { by, .. } => Some(by),
            _ => None,
        };
        let could = |who: &&&Person| by == Some(***who) && self.rules.may_answer(before, ***who);
        ensure!(new.iter().filter(could).count() == new.len(), "{before:?}: {said:?}");
        let known = self.rules.requests.iter_mut().filter(|known| known.id == before.id);
        known.for_each(|known| known.votes.clone_from(&said));
        Ok(())
    }

    fn adopt(&mut self, step: &Step) -> Held {
        match *step {
            Step::Gate { call, session } => {
                self.learn(Call::Tool { call, session });
                let granted = self.rules.grants.iter().any(|g| self.rules.may_go(g, call, session));
                let used = self.real.grants().iter().map(|row| row.used).sum::<u32>();
                let before = self.rules.grants.iter().map(|g| u32::from(g.used)).sum::<u32>();
                self.count_uses(granted && used > before, call, session)?;
            }
            Step::Grant { call, session, .. } => {
                let could = !self.rules.frozen && self.rules.accepted_policy;
                self.learn(Call::Other);
                let before = self.rules.grants.len();
                self.learn_grants(call, session)?;
                ensure!(could || before == self.rules.grants.len(), "a grant was given");
            }
            Step::Freeze => self.rules.frozen = self.real.stands_still(),
            Step::Thaw { .. } => {
                self.learn(Call::Other);
                self.rules.frozen &= self.real.stands_still();
            }
            Step::Revoke(person) => {
                if !self.real.active().contains(&person) {
                    self.rules.active.remove(&person);
                }
            }
            Step::TakeBack { .. } => {
                for (row, grant) in self.real.grants().iter().zip(&mut self.rules.grants) {
                    grant.taken_back |= row.revoked_at.is_some();
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether a step may make this of a request.
fn can_cause(step: &Step, call: Call, fate: Fate) -> bool {
    let own = call == Call::Other;
    match step {
        Step::Gate { .. } => !own && matches!(fate, Fate::Used | Fate::Withdrawn | Fate::Expired),
        Step::Answer { .. } => matches!(fate, Fate::Approved | Fate::Denied | Fate::Expired),
        Step::HandOn { .. } => matches!(fate, Fate::Denied | Fate::Expired),
        Step::Resume { .. } => !own && matches!(fate, Fate::Used | Fate::Expired),
        Step::Withdraw { .. } => matches!(fate, Fate::Withdrawn | Fate::Expired),
        Step::Thaw { .. } | Step::Grant { .. } => own || fate == Fate::Expired,
        _ => fate == Fate::Expired,
    }
}
