//! Heads that are remembered, against the receipts that are here.

use crate::checkpoint::{Checkpoint, Head};
use crate::encoding::Hash;
use crate::json::clip;
use crate::keys::KeyId;
use crate::receipt::check::Verdict;
use crate::trust::{Status, TrustStore};

/// The content hashes of the receipts so far, 40 bytes for each.
#[derive(Default)]
pub(super) struct Chain {
    hashes: Vec<(u64, Hash)>,
    /// What the first receipt says of the one before it.
    before: Option<(u64, Hash)>,
}

/// What a head says of the receipts that are here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Says {
    /// They contain it.
    Agrees,
    /// Another receipt stands in its place.
    Differs,
    /// It names one that is not here: an earlier one.
    Before,
    /// It names one that is not here: a later one.
    After,
}

impl Chain {
    /// The newest.
    pub(super) fn newest(&self) -> Option<(u64, Hash)> {
        self.hashes.last().copied()
    }

    /// Adds the next; `prev` is what it says of the one before it.
    pub(super) fn push(&mut self, seq: u64, hash: Hash, prev: Option<Hash>) {
        if self.hashes.is_empty() {
            self.before = prev.and_then(|prev| Some((seq.checked_sub(1)?, prev)));
        }
        self.hashes.push((seq, hash));
    }

    /// Compares a head. A number within a gap is no contradiction of its own.
    pub(super) fn compare(&self, head: &Head) -> Says {
        let known = self.hashes.binary_search_by_key(&head.seq, |(seq, _)| *seq);
        let known = known.ok().and_then(|at| self.hashes.get(at)).copied();
        let known = known.or(self.before).filter(|(seq, _)| *seq == head.seq);
        match (known, self.newest()) {
            (Some((_, hash)), _) if hash == head.content_hash => Says::Agrees,
            (Some(_), _) => Says::Differs,
            (None, Some((newest, _))) if newest < head.seq => Says::After,
            (None, _) => Says::Before,
        }
    }
}

/// Checks the signatures of heads, each once.
#[derive(Default)]
pub(super) struct Signatures {
    last: Option<Checkpoint>,
}

impl Signatures {
    /// Whether an operator whom the auditor pinned signed the head.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(&mut self, head: &Checkpoint, trust: &TrustStore) -> Result<(), Verdict> {
        if self.last.as_ref() == Some(head) {
            return Ok(());
        }
        let untrusted = || Verdict::Untrusted { key_id: KeyId(clip(&head.key_id.0)) };
        let operator = trust.operator(&head.key_id).ok_or_else(untrusted)?;
        if matches!(operator.status, Status::Revoked { .. }) {
            return Err(Verdict::Revoked);
        }
        head.verify(&operator.keys.signing()).map_err(|_| Verdict::BadSignature)?;
        self.last = Some(head.clone());
        Ok(())
    }
}
