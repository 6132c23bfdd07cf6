//! What holds for longer than one request: keys, grants, the stop.

use super::play::{Held, Play, ensure};
use super::rules::{Call, Grant};
use super::steps::{Newest, Person};

/// How long a grant lasts that nobody asked to be shorter.
const GRANTED: i64 = 8 * 3_600_000;

impl Play {
    /// One of the grants that cover a call was used once more, if any was.
    pub(crate) fn count_uses(&mut self, granted: bool, call: u8, session: u8) -> Held {
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

    pub(crate) fn revoke(&mut self, person: Person) -> Held {
        let revoked = self.real.revoke(person);
        let was = self.rules.active.remove(&person);
        // What was cut off before may be done once more.
        ensure!(revoked.is_ok() || !was, "{person:?} counted; {revoked:?}");
        Ok(())
    }

    /// Whether something of the enforcer's own waits from before: an answer to it decides.
    pub(crate) fn own_waits(&self) -> bool {
        self.rules.requests.iter().any(|r| r.is_open() && r.call == Call::Other)
    }

    pub(crate) fn thaw(&mut self, by: Person) -> Held {
        let may = self.rules.frozen && self.rules.active.contains(&by);
        let certain = !self.own_waits() && !self.denied_lately();
        let thawed = self.real.thaw(by);
        let could = self.rules.frozen && !self.rules.active.is_empty();
        ensure!(thawed.is_err() || could, "{by:?} let go: {thawed:?}");
        ensure!(thawed.is_ok() == may || !certain, "{by:?} may: {may}; {thawed:?}");
        if thawed.is_ok() {
            self.happens("thawed");
        }
        self.rules.frozen &= thawed.is_err();
        self.learn(Call::Other);
        Ok(())
    }

    pub(crate) fn grant(
        &mut self,
        call: u8,
        session: Option<u8>,
        count: Option<u8>,
        by: Person,
    ) -> Held {
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
    pub(crate) fn learn_grants(&mut self, call: u8, session: Option<u8>) -> Held {
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

    pub(crate) fn take_back(&mut self, which: Newest) -> Held {
        let Some(grant) = which.of(&self.rules.grants).cloned() else { return Ok(()) };
        let taken = self.real.take_back(&grant.id);
        ensure!(taken.is_ok() != grant.taken_back, "{grant:?}: {taken:?}");
        let same = self.rules.grants.iter_mut().filter(|one| one.id == grant.id);
        same.for_each(|one| one.taken_back = true);
        Ok(())
    }
}
