//! What the receipts of one ledger say together (PROTOCOL §9).
//!
//! Each receipt may hold by itself and follow the one before it, and what they tell still be nothing
//! that can happen: an approval used twice, a run while everything was stopped, a grant used after
//! it was taken back. Whoever changes what a ledger keeps beside its receipts (the state of a
//! request, the count of a grant, a stop) makes an enforcer write just that, and sign it. A
//! [`Course`] follows what each receipt changes and names the first one that cannot be.

use crate::display::counted;
use crate::grant::Terms;
use crate::json::clip;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

mod beside;
mod fate;
mod requests;
mod round;
mod step;

pub use beside::sum;
use fate::{Fate, Key};
pub use round::Round;
pub use step::Step;
use step::What;

/// The kind of action in a receipt about the stop of everything.
pub const FREEZE: &str = "freeze";
/// The kind of action in a receipt about a grant.
pub const GRANT: &str = "grant";
/// The kind of action in a receipt about parts of the ledger.
pub const LEDGER: &str = "ledger";

/// That everything was stopped, as its receipt says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stopped {
    /// The receipt.
    pub seq: u64,
    /// By whom.
    pub by: String,
    /// Why, where it was said.
    pub why: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// What became of a grant, as receipts say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Uses {
    /// How often it was used.
    pub used: u64,
    /// The receipt that took it back.
    pub revoked: Option<u64>,
    /// The receipt that gave it, and when, where that was followed.
    pub given: Option<(u64, Timestamp)>,
    /// What people signed, where a receipt that was followed says it.
    pub signed: Option<Terms>,
}

/// What was followed so far. It keeps some 50 bytes for each request that ended and was put to
/// people, and nothing of what a policy let go and is over.
#[derive(Default)]
pub struct Course {
    /// Whether receipts before the first one are not there.
    partial: bool,
    requests: HashMap<Key, Fate>,
    /// The names of requests that ended by a no or were taken back, added up.
    denied: u128,
    grants: HashMap<Key, Uses>,
    /// Grants that were taken back, by their names.
    revoked: BTreeMap<String, u64>,
    stopped: Option<Stopped>,
    /// The request whose approval lets go again, and the receipt that says so.
    thawing: Option<(u64, String)>,
    held: BTreeSet<String>,
    /// Whether a receipt was followed already.
    followed: bool,
}

impl Course {
    /// Begins where receipts before the first one are not there: what they stopped, gave or held is
    /// not known.
    #[must_use]
    pub fn partial() -> Self {
        Self { partial: true, ..Self::default() }
    }

    /// Takes what the next receipt changes.
    ///
    /// # Errors
    /// What it contradicts, in words.
    pub fn follow(&mut self, step: &Step) -> Result<(), String> {
        let (seq, thawing) = (step.seq, self.thawing.take());
        if let Some((before, id)) = &thawing
            && !matches!(&step.what, What::Thawed(request) if request == id)
        {
            return Err(format!(
                "receipt {before} allows the end of a stop, which does not follow"
            ));
        }
        match &step.what {
            What::Nothing => {}
            What::Allowed(request) => {
                self.moves()?;
                request.iter().try_for_each(|request| self.goes(request, Fate::Runs))?;
            }
            What::Suspended(of) => self.suspended(seq, of)?,
            What::Escalated(of) => self.of(seq, of)?.handed_on(of.round)?,
            What::Approved(of) => self.of(seq, of)?.approved(of.round)?,
            What::Released(of, items) => {
                self.moves()?;
                self.released(seq, of, items.as_deref())?;
            }
            What::Thaws(of, stop) => {
                self.is_its_end(*stop)?;
                self.released(seq, of, None)?;
                self.thawing = Some((seq, of.request.clone()));
            }
            What::Thawed(_) => self.thawed(thawing.as_ref())?,
            What::Uses(one) => self.uses_grant(one)?,
            What::Told(request, items) => self.told(request, items.as_deref())?,
            What::Granted(given) => self.granted(seq, given)?,
            What::Revoked(grant, request) => self.revokes(seq, grant, request.as_deref()),
            What::Ended(request, denied) => self.ended(seq, request, *denied)?,
            What::Frozen(_) | What::Held(_) | What::Unheld(_) => self.recall(step),
            What::Dropped => self.drops()?,
        }
        self.followed = true;
        Ok(())
    }

    /// Takes what a receipt changed that stands before the first one that is followed, and whose
    /// neighbours are gone.
    pub fn recall(&mut self, step: &Step) {
        match &step.what {
            What::Frozen(stop) => self.stopped = Some(stop.as_ref().clone()),
            What::Thawed(_) => self.stopped = None,
            What::Held(hold) => {
                self.held.insert(hold.clone());
            }
            What::Unheld(hold) => {
                self.held.remove(hold);
            }
            What::Revoked(grant, request) => self.revokes(step.seq, grant, request.as_deref()),
            _ => {}
        }
    }

    /// What stops everything now.
    #[must_use]
    pub fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_ref()
    }

    /// What forbids that receipts are dropped.
    #[must_use]
    pub fn held(&self) -> &BTreeSet<String> {
        &self.held
    }

    /// Whether nothing before the first receipt is missing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.partial
    }

    /// How often the grant of a name was used that a request gave, and whether it was taken back.
    #[must_use]
    pub fn uses(&self, request: &str, grant: &str) -> Uses {
        let found = self.grants.get(&Key::of(request)).cloned().unwrap_or_default();
        let revoked = found.revoked.or_else(|| self.revoked.get(grant).copied());
        Uses { revoked, ..found }
    }

    /// Nothing is let go while everything is stopped.
    fn moves(&self) -> Result<(), String> {
        match &self.stopped {
            None => Ok(()),
            Some(stop) => Err(format!("it lets go what receipt {} had stopped", stop.seq)),
        }
    }

    fn uses_grant(&mut self, one: &step::Use) -> Result<(), String> {
        self.moves()?;
        self.goes(&one.request, Fate::Used { told: false })?;
        let revoked = self.revoked.get(&one.grant).copied();
        let grant = self.grants.entry(Key::of(&one.giver)).or_default();
        if let Some(before) = grant.revoked.or(revoked) {
            return Err(format!("receipt {before} took back the grant that it rests on"));
        }
        if grant.given.is_none() && !self.partial {
            return Err("no receipt gives the grant that it rests on".to_owned());
        }
        grant.used += 1;
        let signed = grant.signed.get_or_insert_with(|| one.signed.clone());
        if *signed != one.signed {
            return Err("it rests on another grant than the one that was given".to_owned());
        }
        match one.signed.count {
            Some(count) if grant.used > u64::from(count) => Err(format!(
                "the grant that it rests on was for {}, and this is one more",
                counted(count, "use")
            )),
            _ => Ok(()),
        }
    }

    fn revokes(&mut self, seq: u64, grant: &str, request: Option<&str>) {
        self.revoked.entry(grant.to_owned()).or_insert(seq);
        if let Some(request) = request {
            self.grants.entry(Key::of(request)).or_default().revoked.get_or_insert(seq);
        }
    }

    /// What is allowed to end is the stop that holds.
    fn is_its_end(&self, stop: Option<u64>) -> Result<(), String> {
        match &self.stopped {
            Some(holds) if stop != Some(holds.seq) => {
                Err(format!("it ends another stop than the one of receipt {}", holds.seq))
            }
            _ => Ok(()),
        }
    }

    fn thawed(&mut self, by: Option<&(u64, String)>) -> Result<(), String> {
        // The approval stands right before: gone only where all before this receipt is.
        if by.is_none() && (self.followed || !self.partial) {
            return Err("it ends a stop, and no approval of that was used right before".to_owned());
        }
        if self.stopped.take().is_none() && !self.partial {
            return Err("it ends a stop, and nothing was stopped".to_owned());
        }
        Ok(())
    }

    fn drops(&self) -> Result<(), String> {
        match self.held.first() {
            None => Ok(()),
            Some(hold) => Err(format!("receipts were dropped that `{}` held", clip(hold))),
        }
    }
}

#[cfg(test)]
mod tests;
