//! What people say, when, and to whom they hand a question on.

use super::play::{Held, Play, ensure};
use super::rules::{Call, Fate, Request, Terms};
use super::steps::{Newest, Person, Says};
use countersign_core::decision::Answer;
use countersign_store::ledger::RequestRecord;

impl Play {
    pub(crate) fn answer(&mut self, which: Newest, by: Person, says: Says) -> Held {
        let Some(request) = self.pick(which) else { return Ok(()) };
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

    pub(crate) fn again(&mut self, which: Newest) -> Held {
        let Some((id, by, says, answer)) = which.of(&self.answers).cloned() else { return Ok(()) };
        let request = self.rules.requests.iter().find(|request| request.id == id).cloned();
        let (Some(request), Some(record)) = (request, self.real.stored(&id)) else {
            return Err(format!("request {id} is gone"));
        };
        self.given(&request, &record, (by, says), &answer)
    }

    /// An answer arrives, which may be the second time.
    pub(crate) fn given(
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

    pub(crate) fn votes(&mut self, id: &str, by: Person, yes: bool) {
        let rules = self.rules.clone();
        let found = self.rules.requests.iter_mut().find(|request| request.id == id).unwrap();
        found.votes.insert(by, yes);
        found.fate = rules.come_to(found, &found.votes);
        let told = match found.fate {
            Fate::Waits => "counted",
            Fate::Approved => "approved",
            _ => "denied",
        };
        let denied = found.fate == Fate::Denied;
        self.happens(told);
        self.denied.extend(denied.then_some(self.rules.now));
    }

    /// The question of a request as it would be put now.
    pub(crate) fn question(&self, request: &Request) -> Option<countersign_enforcer::Question> {
        let Call::Tool { call, session } = request.call else { return None };
        self.real.block_on(self.real.question(call, session)).ok()
    }

    pub(crate) fn escalate(&mut self, request: Request) -> Held {
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

    pub(crate) fn terms_of(&self, request: &Request) -> Result<Option<Terms>, String> {
        match request.call {
            Call::Tool { call, .. } => self.terms(call, request.round),
            Call::Other => Ok(None),
        }
    }

    pub(crate) fn hand_on(&mut self, request: Request, by: Person) -> Held {
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
    pub(crate) fn begins(&mut self, id: &str) {
        self.happens("went on");
        let record = self.real.stored(id).unwrap();
        let known = self.rules.requests.iter().position(|known| known.id == id).unwrap();
        let call = self.rules.requests[known].call;
        self.rules.requests[known] = self.read(&record, call);
    }
}
