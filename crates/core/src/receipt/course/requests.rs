//! What happens to a request: it is asked about, allowed, used once, or ends.

use super::fate::{Asked, Fate, Key, untold};
use super::step::{Given, Of};
use super::{Course, Uses};
use std::collections::hash_map::Entry;

impl Course {
    /// People are asked for the first time, or answered and it goes on waiting.
    pub(super) fn suspended(&mut self, seq: u64, of: &Of) -> Result<(), String> {
        match self.requests.entry(Key::of(&of.request)) {
            Entry::Occupied(mut fate) => fate.get_mut().waits(of.round),
            Entry::Vacant(new) => {
                new.insert(Fate::Asked(Box::new(Asked::new(seq, of.round))));
                Ok(())
            }
        }
    }

    /// What became so far of a request that people were asked about.
    pub(super) fn of(&mut self, seq: u64, of: &Of) -> Result<&mut Fate, String> {
        match self.requests.entry(Key::of(&of.request)) {
            Entry::Occupied(fate) => Ok(fate.into_mut()),
            // They were asked in a receipt that is not there.
            Entry::Vacant(new) if self.partial => {
                Ok(new.insert(Fate::Asked(Box::new(Asked::new(seq, of.round)))))
            }
            Entry::Vacant(_) => Err("no receipt says that anybody was asked before it".to_owned()),
        }
    }

    /// The approval of a request is used up, all of it or some items of it.
    pub(super) fn released(
        &mut self,
        seq: u64,
        of: &Of,
        items: Option<&[usize]>,
    ) -> Result<(), String> {
        self.approved_before(seq, of)?;
        self.of(seq, of)?.used(of.round, items)
    }

    /// An approval of which nothing is known stands in a receipt that is not there.
    fn approved_before(&mut self, seq: u64, of: &Of) -> Result<(), String> {
        if self.partial && !self.requests.contains_key(&Key::of(&of.request)) {
            self.of(seq, of)?.approved(of.round)?;
        }
        Ok(())
    }

    /// The approval of a request gives a grant, and is used up by it where it asked for that.
    pub(super) fn granted(&mut self, seq: u64, given: &Given) -> Result<(), String> {
        let Given { of, whole, at, signed } = given;
        self.moves()?;
        self.approved_before(seq, of)?;
        let fate = self.of(seq, of)?;
        match fate {
            // The call itself was used meanwhile.
            Fate::Used { .. } if !*whole => {}
            _ => fate.allows(of.round)?,
        }
        if *whole {
            *fate = Fate::Used { told: true };
        }
        let grant: &mut Uses = self.grants.entry(Key::of(&of.request)).or_default();
        grant.signed.clone_from(signed);
        match grant.given.replace((seq, at.clone())) {
            None => Ok(()),
            Some((before, _)) => {
                Err(format!("receipt {before} says that this approval gave a grant"))
            }
        }
    }

    /// Nobody is asked about a request: it goes at once, under a name of its own.
    pub(super) fn goes(&mut self, request: &str, fate: Fate) -> Result<(), String> {
        match self.requests.entry(Key::of(request)) {
            Entry::Occupied(_) => Err("it lets a request go that was there before".to_owned()),
            Entry::Vacant(new) => {
                new.insert(fate);
                Ok(())
            }
        }
    }

    /// What came of something is told, once. Nothing is kept of what nobody was asked about.
    pub(super) fn told(&mut self, request: &str, items: Option<&[usize]>) -> Result<(), String> {
        match self.requests.entry(Key::of(request)) {
            Entry::Occupied(fate) if matches!(fate.get(), Fate::Runs) => {
                fate.remove();
                Ok(())
            }
            Entry::Occupied(mut fate) => fate.get_mut().told(items),
            Entry::Vacant(_) if self.partial => Ok(()),
            Entry::Vacant(_) => Err(untold()),
        }
    }

    /// A request ends, once, and what was used before has no such end.
    pub(super) fn ended(&mut self, seq: u64, request: &str, denied: bool) -> Result<(), String> {
        let key = Key::of(request);
        match self.requests.entry(key) {
            Entry::Occupied(mut fate) => fate.get_mut().end(seq)?,
            Entry::Vacant(new) => {
                new.insert(Fate::Ended(seq));
            }
        }
        if denied {
            self.denied = self.denied.wrapping_add(key.number());
        }
        Ok(())
    }
}
