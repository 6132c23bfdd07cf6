//! What became of the approval of a request.

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
}

/// What became of it.
pub(super) enum Fate {
    /// All of it was used.
    Used,
    /// These items of a batch were.
    Items(BTreeSet<usize>),
    /// It ended unused, as this receipt says.
    Ended(u64),
}

impl Fate {
    /// Before its first use.
    pub(super) fn unused() -> Self {
        Self::Items(BTreeSet::new())
    }

    /// Uses it, all of it or these items.
    pub(super) fn used(&mut self, items: Option<&[usize]>) -> Result<(), String> {
        let again = || Err("it uses an approval that was used before".to_owned());
        match (&mut *self, items) {
            (Self::Ended(seq), _) => {
                Err(format!("it uses the approval of a request that ended in receipt {seq}"))
            }
            (Self::Used, _) => again(),
            (Self::Items(before), None) if before.is_empty() => {
                *self = Self::Used;
                Ok(())
            }
            (Self::Items(_), None) => again(),
            (Self::Items(before), Some(items)) => {
                if items.iter().all(|item| before.insert(*item)) {
                    Ok(())
                } else {
                    again()
                }
            }
        }
    }
}
