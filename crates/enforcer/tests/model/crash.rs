//! Steps that a process does not survive.

use super::play::{Held, Play, ensure};
use super::real::Died;
use super::rules::{Call, Fate, Request};
use super::steps::{Person, Step};
use countersign_store::ledger::RequestRecord;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

impl Play {
    /// A step that the process does not survive: each of its parts happened whole or not at all,
    /// and only what might have happened anyway.
    pub(crate) fn cut_off(&mut self, step: &Step, after: u8) -> Held {
        self.real.dies_after(after);
        let done = catch_unwind(AssertUnwindSafe(|| self.whole(step)));
        self.real.dies_no_more();
        match done {
            Ok(held) => return held,
            Err(died) if died.is::<Died>() => {
                self.happens("cut off");
                self.real.restart();
            }
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
    pub(crate) fn adopt_votes(
        &mut self,
        step: &Step,
        before: &Request,
        record: &RequestRecord,
    ) -> Held {
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

    pub(crate) fn adopt(&mut self, step: &Step) -> Held {
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
            Step::Revoke(person) if !self.real.active().contains(&person) => {
                self.rules.active.remove(&person);
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
