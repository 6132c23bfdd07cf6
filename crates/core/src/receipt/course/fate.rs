//! What became of a request.

use super::round::Round;
use crate::encoding::Hash;
use std::collections::BTreeSet;

/// A name that a ledger may hold a million of, in sixteen bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 16]);

impl Key {
    pub(super) fn of(name: &str) -> Self {
        let mut key = [0; 16];
        key.iter_mut().zip(Hash::of(name.as_bytes()).0).for_each(|(to, from)| *to = from);
        Self(key)
    }

    /// As a number, to be added up: what is the same in any order.
    pub(super) fn number(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

/// What became of it. Only what still waits, and batches, take more than their place in the map.
pub(super) enum Fate {
    /// People are asked, or allowed it.
    Asked(Box<Asked>),
    /// Nobody was asked, it was let go, and what came of it is not told yet.
    Runs,
    /// All of it was used; whether what came of it is told.
    Used { told: bool },
    /// Items of a batch were.
    Items(Box<Items>),
    /// It ended unused, as this receipt says.
    Ended(u64),
}

/// What people were asked.
#[derive(Clone)]
pub(super) struct Asked {
    /// The first receipt of it.
    pub(super) since: u64,
    /// The number of the round.
    pub(super) round: u32,
    /// Its artifacts; `None` where others are asked from now on, and no receipt named them yet.
    pub(super) named: Option<Round>,
    /// Whether enough of them allowed it.
    pub(super) approved: bool,
}

/// A batch that is used item by item.
pub(super) struct Items {
    round: Round,
    used: BTreeSet<usize>,
    told: BTreeSet<usize>,
    ended: Option<u64>,
}

impl Asked {
    pub(super) fn new(since: u64, round: Round) -> Self {
        Self { since, round: round.number, named: Some(round), approved: false }
    }

    /// Whether a receipt names the artifacts that were asked with; those of a new round are named
    /// by the first receipt of it.
    fn names(&mut self, round: Round) -> Result<(), String> {
        let named = *self.named.get_or_insert(round);
        if named == round && round.number == self.round {
            return Ok(());
        }
        let since = self.since;
        Err(format!(
            "it names other artifacts or grounds than those of the request of receipt {since}"
        ))
    }
}

impl Asked {
    /// Whether these are the artifacts that people are asked with now, as far as receipts tell.
    pub(super) fn names_now(&self, round: Round) -> bool {
        self.clone().names(round).is_ok()
    }
}

impl Fate {
    /// Its people, while none of it was used.
    fn asked(&mut self) -> Result<&mut Asked, String> {
        match self {
            Self::Asked(asked) => Ok(asked),
            Self::Ended(seq) => Err(ended(*seq)),
            Self::Runs => Err("it speaks of people, and nobody was asked".to_owned()),
            Self::Used { .. } | Self::Items(_) => Err(again()),
        }
    }

    /// People are asked, or answered, and it goes on waiting.
    pub(super) fn waits(&mut self, round: Round) -> Result<(), String> {
        self.not_approved()?.names(round)
    }

    pub(super) fn approved(&mut self, round: Round) -> Result<(), String> {
        let asked = self.not_approved()?;
        asked.names(round)?;
        asked.approved = true;
        Ok(())
    }

    /// Others are asked in place of those of this round.
    pub(super) fn handed_on(&mut self, round: Round) -> Result<(), String> {
        let asked = self.not_approved()?;
        asked.names(round)?;
        asked.round = asked.round.saturating_add(1);
        asked.named = None;
        Ok(())
    }

    fn not_approved(&mut self) -> Result<&mut Asked, String> {
        let asked = self.asked()?;
        if asked.approved {
            Err("it asks for what was approved before".to_owned())
        } else {
            Ok(asked)
        }
    }

    /// Uses the approval, all of it or these items.
    pub(super) fn used(&mut self, round: Round, items: Option<&[usize]>) -> Result<(), String> {
        if let Self::Items(batch) = self {
            return batch.used(round, items.unwrap_or_default());
        }
        self.allows(round)?;
        *self = match items {
            None => Self::Used { told: false },
            Some(items) => Self::Items(Box::new(Items {
                round,
                used: items.iter().copied().collect(),
                told: BTreeSet::new(),
                ended: None,
            })),
        };
        Ok(())
    }

    /// Whether these artifacts were approved, and it was not used.
    pub(super) fn allows(&mut self, round: Round) -> Result<(), String> {
        let asked = self.asked()?;
        asked.names(round)?;
        if asked.approved { Ok(()) } else { Err("it uses what no receipt approves".to_owned()) }
    }

    /// What came of it is told, once.
    pub(super) fn told(&mut self, items: Option<&[usize]>) -> Result<(), String> {
        match (self, items) {
            (Self::Used { told }, None) if !*told => *told = true,
            (Self::Items(batch), Some(items)) if !items.is_empty() => {
                let tells = |item| batch.used.contains(item) && batch.told.insert(*item);
                return if items.iter().all(tells) { Ok(()) } else { Err(untold()) };
            }
            _ => return Err(untold()),
        }
        Ok(())
    }

    /// It ends, where there is something left of it to end.
    pub(super) fn end(&mut self, seq: u64) -> Result<(), String> {
        match self {
            Self::Asked(_) => *self = Self::Ended(seq),
            Self::Items(batch) => match batch.ended.replace(seq) {
                None => {}
                Some(before) => return Err(ended(before)),
            },
            Self::Ended(before) => return Err(ended(*before)),
            Self::Runs | Self::Used { .. } => return Err(over()),
        }
        Ok(())
    }
}

impl Items {
    pub(super) fn names(&self, round: Round) -> bool {
        self.round == round
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Whether what came of everything that was used is told.
    pub(super) fn is_told(&self) -> bool {
        self.told == self.used
    }

    fn used(&mut self, round: Round, items: &[usize]) -> Result<(), String> {
        if let Some(seq) = self.ended {
            return Err(ended(seq));
        }
        let fresh = !items.is_empty() && items.iter().all(|item| self.used.insert(*item));
        if fresh && round == self.round { Ok(()) } else { Err(again()) }
    }
}

fn ended(seq: u64) -> String {
    format!("it goes on with a request that ended in receipt {seq}")
}

fn again() -> String {
    "it goes on with an approval that was used before".to_owned()
}

fn over() -> String {
    "it says that something ended unused that was let go before".to_owned()
}

/// What is said of an end that belongs to nothing.
pub(super) fn untold() -> String {
    "it tells how something ended that was not let go, or ended before".to_owned()
}
