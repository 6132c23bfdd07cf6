//! One pairing at work: its inbox, and the answers that leave it.

mod stop;

pub use stop::{StopError, StopRelay};

use crate::history::{Answered, Asked, History, HistoryError};
use crate::home::Home;
use crate::open::{Delivered, OpenError, Opened, open};
use crate::pairings::{Pairing, Status};
use crate::relay::{Relay, RelayError};
use crate::review::Review;
use crate::sign::{self, Reply, SignError, Verdict};
use crate::told::{so_far, sweep};
use countersign_core::display::visible;
use countersign_core::keys::SecretKeys;
use countersign_core::progress::SoFar;
use countersign_core::time::Instant;
use countersign_store::files::FileError;
use countersign_wire::Envelope;
use countersign_wire::artifact::ApprovalRequest;
use countersign_wire::note;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A relay that lists more than this is not listened to.
const MAX_ITEMS: usize = 10_000;

/// Why an inbox could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The relay failed.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The relay lists without end.
    #[error("the relay lists more than {MAX_ITEMS} requests or repeats itself")]
    Endless,
    /// What was asked could not be written down.
    #[error(transparent)]
    Home(#[from] FileError),
}

/// Why an answer did not go out.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Nothing was signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Answered before, in another way; or it could not be written down, and so was not sent.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// It is signed and written down, and the relay does not have it: it will be sent again.
    #[error("the answer is signed and kept, and will be sent again: {0}")]
    NotSent(RelayError),
    /// It is signed and written down, and the relay will never take it.
    #[error("the answer came too late or is not wanted: {0}")]
    NotTaken(RelayError),
    /// The pairing was taken out of use.
    #[error("the pairing `{0}` is revoked")]
    Revoked(String),
}

impl From<FileError> for AnswerError {
    fn from(error: FileError) -> Self {
        Self::History(error.into())
    }
}

/// One thing in an inbox. What does not open is listed with its reason, never hidden.
#[derive(Clone, Debug)]
pub struct Item {
    /// The request as the relay names it.
    pub request_id: String,
    /// What is inside, or why it is not shown.
    pub content: Result<Box<Opened>, OpenError>,
    /// What this device answered already.
    pub answered: Option<Verdict>,
    /// How far the others are, where the enforcer told. No part of what is signed.
    pub so_far: Option<SoFar>,
}

/// One pairing with its unlocked keys and its relay.
pub struct Desk<R> {
    pairing: Pairing,
    keys: Arc<SecretKeys>,
    home: Home,
    history: History,
    relay: R,
}

impl<R: Relay> Desk<R> {
    /// Sits down at a pairing.
    #[must_use]
    pub fn new(home: &Home, pairing: Pairing, keys: Arc<SecretKeys>, relay: R) -> Self {
        Self { pairing, keys, home: home.clone(), history: History::of(home), relay }
    }

    /// The pairing.
    #[must_use]
    pub fn pairing(&self) -> &Pairing {
        &self.pairing
    }

    /// The way to its gateway.
    #[must_use]
    pub fn relay(&self) -> &R {
        &self.relay
    }

    /// The unlocked keys.
    #[must_use]
    pub fn keys(&self) -> &SecretKeys {
        &self.keys
    }

    /// Everything that waits, opened, oldest first.
    ///
    /// # Errors
    /// [`InboxError`].
    pub async fn list(&self, now: Instant) -> Result<Vec<Item>, InboxError> {
        sweep(&self.home, now);
        // What cannot be let go of now is in nobody's way.
        let _ = self.history.tidy(now);
        let (mut items, mut seen) = (Vec::new(), BTreeSet::new());
        let mut cursor: Option<String> = None;
        loop {
            let page = self.relay.inbox(cursor.as_deref()).await?;
            for envelope in &page.items {
                // A relay that says the same thing twice is heard once.
                if seen.insert((envelope.request_id.clone(), envelope.body.artifact_hash.clone())) {
                    items.push(self.receive(envelope, now)?);
                }
            }
            let Some(next) = page.next_cursor else { return Ok(items) };
            // An empty page ends nothing and brings nothing: only an endless relay sends one.
            if page.items.is_empty() || cursor.as_ref() == Some(&next) || items.len() > MAX_ITEMS {
                return Err(InboxError::Endless);
            }
            cursor = Some(next);
        }
    }

    /// Opens one message, from a page or from a live channel, and writes down that it was shown.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn receive(
        &self,
        envelope: &Envelope<ApprovalRequest>,
        now: Instant,
    ) -> Result<Item, FileError> {
        let request_id = envelope.request_id.clone();
        let content = Delivered::of(envelope)
            .and_then(|delivered| open(&delivered, &self.pairing, &self.keys, now));
        let Ok(opened) = content else {
            let (content, answered) = (content.map(Box::new), None);
            return Ok(Item { request_id, content, answered, so_far: None });
        };
        // Every listing brings it again: what is written down is not worked out once more.
        if !self.history.was_seen(&request_id)? {
            let name = self.pairing.name.clone();
            self.history.saw(&Asked::new(&request_id, name, Review::of(&opened), now))?;
        }
        let answered = self.history.answered(&request_id)?.map(|a| a.signed.verdict());
        let note = note::of_trace(envelope.trace.as_ref());
        let so_far = so_far(&self.home, &opened, note.as_ref(), &self.keys);
        Ok(Item { request_id, content: Ok(Box::new(opened)), answered, so_far })
    }

    /// Whether a reply would be signed, before a person is asked for more.
    ///
    /// # Errors
    /// [`AnswerError::Revoked`], [`AnswerError::Sign`].
    pub fn check(&self, opened: &Opened, reply: &Reply, now: Instant) -> Result<(), AnswerError> {
        self.is_in_use()?;
        Ok(sign::check(opened, reply, &self.keys, now)?)
    }

    fn is_in_use(&self) -> Result<(), AnswerError> {
        match self.pairing.status {
            Status::Revoked => Err(AnswerError::Revoked(self.pairing.name.to_string())),
            _ => Ok(()),
        }
    }

    /// Signs a reply, writes it down, and sends it, in this order.
    ///
    /// The same answer given again sends the same bytes again.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub async fn answer(
        &self,
        opened: &Opened,
        reply: &Reply,
        now: Instant,
        random: &mut (dyn FnMut(&mut [u8]) + Send),
    ) -> Result<Answered, AnswerError> {
        self.is_in_use()?;
        let signed = sign::sign(opened, reply, &self.keys, now, random)?;
        let name = self.pairing.name.clone();
        let answered = Answered::new(name, Review::answering(opened, reply), signed, now);
        let answered = self.history.record(answered)?;
        self.send(answered).await
    }

    /// Sends what was signed and never arrived: after a crash, after the relay was away.
    ///
    /// # Errors
    /// [`FileError`] where the history is damaged; a relay that fails is told for each answer.
    pub async fn resend(
        &self,
        now: Instant,
    ) -> Result<Vec<Result<Answered, AnswerError>>, FileError> {
        let mut sent = Vec::new();
        for answered in self.history.unsent(now)? {
            if answered.pairing == self.pairing.name {
                sent.push(self.send(answered).await);
            }
        }
        Ok(sent)
    }

    async fn send(&self, answered: Answered) -> Result<Answered, AnswerError> {
        let signed = &answered.signed;
        let sent = self.relay.decide(&answered.request_id, &signed.body, &signed.trace).await;
        match sent {
            // The relay has it. Where that cannot be noted it is sent again later, and does no harm.
            Ok(()) => {
                let taken = answered.taken();
                let _ = self.history.submitted(taken.clone());
                Ok(taken)
            }
            Err(RelayError::Refused { code, message }) => {
                // An answer that did arrive once stays so, whatever the relay says later.
                if !answered.submitted {
                    self.history.refused(&answered, &code)?;
                }
                Err(AnswerError::NotTaken(RelayError::Refused { code, message }))
            }
            Err(passing) => Err(AnswerError::NotSent(passing)),
        }
    }
}

/// Why a shortened id picks nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PickError {
    /// Nothing begins with it.
    #[error("no request begins with `{0}`")]
    Unknown(String),
    /// Several begin with it.
    #[error("`{0}` is the beginning of {1} requests")]
    Ambiguous(String, usize),
}

/// Picks the one id that is, or begins with, what a person typed; case does not matter.
///
/// # Errors
/// [`PickError`].
pub fn pick<'a>(ids: impl IntoIterator<Item = &'a str>, typed: &str) -> Result<&'a str, PickError> {
    let begins =
        |id: &&str| id.get(..typed.len()).is_some_and(|head| head.eq_ignore_ascii_case(typed));
    let found: BTreeSet<&str> = ids.into_iter().filter(begins).collect();
    if let Some(exact) = found.iter().find(|id| **id == typed) {
        return Ok(exact);
    }
    let told = visible(typed, false);
    match (found.first(), found.len()) {
        (Some(only), 1) if !typed.is_empty() => Ok(only),
        (None, _) => Err(PickError::Unknown(told)),
        (_, many) => Err(PickError::Ambiguous(told, many)),
    }
}

#[cfg(test)]
mod tests;
