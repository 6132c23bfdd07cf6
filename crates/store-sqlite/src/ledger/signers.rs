//! Threads that sign, so that a group of receipts is signed on every core.

use super::register::Ticket;
use countersign_core::encoding::Hash;
use countersign_core::receipt::{Content, Receipt};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::Notary;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Drafts that are worth waking a thread for.
const SHARE: usize = 8;

/// More threads would wait for the one that writes.
const MOST_THREADS: usize = 8;

/// A receipt without its signature.
pub(super) struct Draft {
    pub(super) content: Content,
    /// The content's hash; the next receipt names it already.
    pub(super) hash: Hash,
    pub(super) at: Instant,
    pub(super) ticket: Ticket,
}

/// A draft that was signed, and its text.
pub(super) struct Signed {
    pub(super) receipt: Receipt,
    pub(super) text: String,
    pub(super) at: Instant,
    pub(super) ticket: Ticket,
}

type Outcome = Result<Vec<Signed>, StoreError>;

/// The notary, and helpers that are started when there is first enough to share.
pub(super) struct Signers {
    notary: Arc<dyn Notary>,
    threads: usize,
    helpers: Vec<Helper>,
}

struct Helper {
    work: Sender<Vec<Draft>>,
    done: Receiver<Outcome>,
}

impl Signers {
    pub(super) fn new(notary: Arc<dyn Notary>) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { notary, threads: cores.min(MOST_THREADS), helpers: Vec::new() }
    }

    /// Signs all drafts and keeps their order.
    pub(super) fn sign(&mut self, mut drafts: Vec<Draft>) -> Outcome {
        let share = drafts.len().div_ceil(self.threads).max(SHARE);
        let mut lent = Vec::new();
        while drafts.len() > share {
            lent.push(drafts.split_off(drafts.len() - share));
        }
        // They come back only from a group that went well: after an error or a panic one of them
        // might still say something about drafts that are gone.
        let mut helpers = std::mem::take(&mut self.helpers);
        while helpers.len() < lent.len() {
            helpers.push(Helper::start(self.notary.clone())?);
        }
        let busy = lent.len();
        for (helper, share) in helpers.iter().zip(lent) {
            helper.work.send(share).map_err(|_| gone())?;
        }
        let mut all = sign_each(self.notary.as_ref(), drafts)?;
        // The last share was lent first.
        for helper in helpers.iter().take(busy).rev() {
            all.extend(helper.done.recv().map_err(|_| gone())??);
        }
        self.helpers = helpers;
        Ok(all)
    }
}

impl Helper {
    /// Starts a thread that ends when nobody lends to it any more.
    fn start(notary: Arc<dyn Notary>) -> Result<Self, StoreError> {
        let (work, shares) = channel();
        let (say, done) = channel();
        let sign_all = move || {
            shares.into_iter().try_for_each(|share| say.send(sign_each(notary.as_ref(), share)))
        };
        thread::Builder::new()
            .name("store-signer".into())
            .spawn(sign_all)
            .map_err(|error| StoreError::Unavailable(format!("no thread to sign: {error}")))?;
        Ok(Self { work, done })
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("a thread that signs has ended".to_owned())
}

fn sign_each(notary: &dyn Notary, drafts: Vec<Draft>) -> Outcome {
    drafts.into_iter().map(|draft| sign_one(notary, draft)).collect()
}

fn sign_one(notary: &dyn Notary, draft: Draft) -> Result<Signed, StoreError> {
    let receipt = notary.receipt(draft.content)?;
    if receipt.content_hash != draft.hash {
        return Err(StoreError::Unavailable("a receipt changed as it was signed".to_owned()));
    }
    let text = serde_json::to_string(&receipt);
    let text = text.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(Signed { receipt, text, at: draft.at, ticket: draft.ticket })
}
