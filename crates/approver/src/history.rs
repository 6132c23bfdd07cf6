//! What this device was asked and what it answered. It answers a request once.
//!
//! An answer is written down durably before it is sent. Whatever happens in between, what is sent
//! later are the same bytes, and a second, different answer is never signed away. What is long over
//! is let go of ([`MOST`], [`DAYS`]).

mod tidy;

pub use tidy::{DAYS, MOST};

use crate::home::Home;
use crate::pairings::PairingName;
use crate::review::Review;
use crate::sign::SignedAnswer;
use countersign_core::display::visible;
use countersign_core::time::{Instant, Timestamp};
use countersign_store::files::{self, FileError, Target};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Why an answer could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The request was answered before, in another way.
    #[error("`{0}` was answered already, and differently")]
    AlreadyAnswered(String),
    /// The file could not be read or written.
    #[error(transparent)]
    Home(#[from] FileError),
}

/// The one type of record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum RecordType {
    #[serde(rename = "countersign.asked/v1")]
    Asked,
    #[serde(rename = "countersign.answered/v1")]
    Answered,
}

/// A request as it was shown.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Asked {
    #[serde(rename = "type")]
    kind: RecordType,
    /// The request.
    pub request_id: String,
    /// The pairing it came through.
    pub pairing: PairingName,
    /// What was shown, but for disclosed secrets.
    pub review: Review,
    /// When this device first opened it.
    pub seen_at: Timestamp,
}

/// An answer, and how far it got.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Answered {
    #[serde(rename = "type")]
    kind: RecordType,
    /// The request.
    pub request_id: String,
    /// The pairing it came through.
    pub pairing: PairingName,
    /// What was shown when it was answered, but for disclosed secrets.
    pub review: Review,
    /// The answer, exactly as it is sent.
    pub signed: SignedAnswer,
    /// When it was signed.
    pub answered_at: Timestamp,
    /// Whether the gateway took it.
    pub submitted: bool,
    /// Why the gateway will never take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Asked {
    /// A request that was opened.
    #[must_use]
    pub fn new(request_id: &str, pairing: PairingName, review: Review, now: Instant) -> Self {
        let (kind, seen_at) = (RecordType::Asked, now.timestamp());
        let review = review.without_secrets();
        Self { kind, request_id: request_id.to_owned(), pairing, review, seen_at }
    }
}

impl Answered {
    /// A signed answer that was not sent yet.
    #[must_use]
    pub fn new(pairing: PairingName, review: Review, signed: SignedAnswer, now: Instant) -> Self {
        Self {
            kind: RecordType::Answered,
            request_id: signed.answer.decision.request_id.clone(),
            pairing,
            review: review.without_secrets(),
            signed,
            answered_at: now.timestamp(),
            submitted: false,
            refused: None,
        }
    }

    /// The same, once the gateway took it.
    #[must_use]
    pub(crate) fn taken(self) -> Self {
        Self { submitted: true, refused: None, ..self }
    }

    /// Whether sending it (again) could still help.
    #[must_use]
    pub fn is_unsent(&self, now: Instant) -> bool {
        let end = self.signed.answer.decision.expires_at.instant();
        !self.submitted && self.refused.is_none() && now < end
    }

    /// Whether `other` gives the same answer to the same question.
    fn agrees(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.signed.answer.decision, &other.signed.answer.decision);
        ours.artifact_hash == theirs.artifact_hash
            && ours.decision == theirs.decision
            && ours.scope == theirs.scope
            && self.pairing == other.pairing
    }
}

/// One request of the past.
#[derive(Clone, PartialEq, Debug)]
pub struct Past {
    /// The request.
    pub request_id: String,
    /// When and how it was shown; none where it was answered by a device that kept no such record.
    pub asked: Option<Asked>,
    /// The answer, where there is one.
    pub answered: Option<Answered>,
}

/// The history of one home.
#[derive(Clone, Debug)]
pub struct History {
    home: Home,
}

impl History {
    /// The history of `home`.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        Self { home: home.clone() }
    }

    /// Whether it is written down already that a request was shown.
    ///
    /// # Errors
    /// [`FileError`] where the request's id is no name.
    pub fn was_seen(&self, request_id: &str) -> Result<bool, FileError> {
        Ok(self.asked_path(request_id)?.exists())
    }

    /// Writes down that a request was shown; the first time counts.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn saw(&self, asked: &Asked) -> Result<(), FileError> {
        let path = self.asked_path(&asked.request_id)?;
        match files::write(&path, asked, Target::New) {
            Err(FileError::Exists(_)) => Ok(()),
            written => written,
        }
    }

    /// Writes an answer down before it is sent, and gives back the one to send: where the same
    /// answer stands there already, that older one.
    ///
    /// # Errors
    /// [`HistoryError::AlreadyAnswered`]; [`HistoryError::Home`] where it could not be written
    /// durably, and then it must not be sent.
    pub fn record(&self, answered: Answered) -> Result<Answered, HistoryError> {
        match files::write(&self.path(&answered.request_id)?, &answered, Target::New) {
            Err(FileError::Exists(_)) => {}
            written => return written.map(|()| answered).map_err(HistoryError::from),
        }
        let older = self.answered(&answered.request_id)?;
        older
            .filter(|older| older.agrees(&answered))
            .ok_or(HistoryError::AlreadyAnswered(visible(&answered.request_id, false)))
    }

    /// Writes down that the gateway took an answer.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn submitted(&self, answered: Answered) -> Result<Answered, FileError> {
        let done = answered.taken();
        files::write(&self.path(&done.request_id)?, &done, Target::Replace)?;
        Ok(done)
    }

    /// Writes down that the gateway will never take an answer, and why.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn refused(&self, answered: &Answered, why: &str) -> Result<(), FileError> {
        let done = Answered { refused: Some(why.to_owned()), ..answered.clone() };
        files::write(&self.path(&answered.request_id)?, &done, Target::Replace)
    }

    /// The answer to a request.
    ///
    /// # Errors
    /// [`FileError`] where the file is damaged.
    pub fn answered(&self, request_id: &str) -> Result<Option<Answered>, FileError> {
        let path = self.path(request_id)?;
        let found: Option<Answered> = files::read(&path)?;
        if found.as_ref().is_some_and(|found| found.request_id != request_id) {
            return Err(FileError::Corrupt {
                path,
                why: "the record is for another request".into(),
            });
        }
        Ok(found)
    }

    /// Answers that were signed and, as far as this device knows, never arrived.
    ///
    /// # Errors
    /// [`FileError`] where a file is damaged.
    pub fn unsent(&self, now: Instant) -> Result<Vec<Answered>, FileError> {
        let names = files::names(&self.home.history())?;
        let all = names.iter().map(|name| self.answered(name));
        Ok(all
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .filter(|a| a.is_unsent(now))
            .collect())
    }

    /// Every request that this device was asked or answered, by request id.
    ///
    /// # Errors
    /// [`FileError`] where a file is damaged.
    pub fn list(&self) -> Result<Vec<Past>, FileError> {
        let mut names = files::names(&self.home.asked())?;
        names.extend(files::names(&self.home.history())?);
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| self.past(name)).collect()
    }

    fn past(&self, request_id: String) -> Result<Past, FileError> {
        let asked = files::read(&self.asked_path(&request_id)?)?;
        let answered = self.answered(&request_id)?;
        Ok(Past { request_id, asked, answered })
    }

    fn path(&self, request_id: &str) -> Result<PathBuf, FileError> {
        Ok(self.home.history().join(file_name(request_id)?))
    }

    fn asked_path(&self, request_id: &str) -> Result<PathBuf, FileError> {
        Ok(self.home.asked().join(file_name(request_id)?))
    }
}

/// The file for a request id, which the other side chose.
fn file_name(request_id: &str) -> Result<String, FileError> {
    if files::is_stem(request_id) {
        return Ok(format!("{request_id}.json"));
    }
    let rule = "a request id here has 1 to 128 of `A-Z a-z 0-9 . _ -`, not beginning with a dot";
    Err(FileError::BadName { name: visible(request_id, false), rule })
}

#[cfg(test)]
mod tests;
