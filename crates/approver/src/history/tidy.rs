//! What the history lets go of, so that it does not grow without end.
//!
//! Only what is over is let go of: a request that can still be shown or answered, and an answer that
//! can still be sent, stay whatever their number. A record that cannot be read stays as well, for
//! whoever looks into it.

use super::{Answered, Asked, History};
use countersign_core::time::Instant;
use countersign_store::files::{self, FileError};
use std::collections::BTreeSet;
use std::path::Path;

/// So many requests are remembered, besides those that are not over.
pub const MOST: usize = 5_000;

/// And for so long after they ended, in days.
pub const DAYS: i64 = 400;

const DAY_MILLIS: i64 = 86_400_000;

/// Where there are too many, so many more go, so that the next one does not bring this about again.
const ROOM: usize = MOST / 10;

/// A request that is over.
struct Over {
    is_answered: bool,
    /// When it ended, by the latest of its records.
    end: Instant,
    name: String,
}

impl History {
    /// Lets go of what ended more than [`DAYS`] ago, and of the oldest where there are more than
    /// [`MOST`]: of those that nobody answered first. Gives back how many went.
    ///
    /// What ended within the last day stays: clocks are set back by that much at most.
    ///
    /// # Errors
    /// [`FileError`] where a directory cannot be read or a record cannot be removed.
    pub fn tidy(&self, now: Instant) -> Result<usize, FileError> {
        let mut names: BTreeSet<String> = files::names(&self.home.asked())?.into_iter().collect();
        names.extend(files::names(&self.home.history())?);
        let latest = now.plus_millis(-DAYS * DAY_MILLIS);
        let count = names.len();
        let too_many = count > MOST;
        let is_old = |name: &String| too_many || self.written_before(name, latest);
        let over: Vec<Over> = names
            .into_iter()
            .filter(is_old)
            .filter_map(|name| self.over(name, now.plus_millis(-DAY_MILLIS)))
            .collect();
        let (mut gone, mut rest): (Vec<Over>, Vec<Over>) =
            over.into_iter().partition(|one| one.end < latest);
        if count.saturating_sub(gone.len()) > MOST {
            rest.sort_by_key(|one| (one.is_answered, one.end));
            let surplus = count - gone.len() - (MOST - ROOM);
            gone.extend(rest.into_iter().take(surplus));
        }
        gone.iter().try_for_each(|one| self.forget(&one.name))?;
        Ok(gone.len())
    }

    /// Whether all its files were written before a time, as far as the disk tells. What they say
    /// decides; this only saves reading them.
    fn written_before(&self, name: &str, latest: Instant) -> bool {
        let before = |path: &Path| match path.metadata().and_then(|meta| meta.modified()) {
            Ok(at) => {
                let since = at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_millis()).is_ok_and(|millis| millis < latest.0)
            }
            Err(_) => true,
        };
        let paths = [self.asked_path(name), self.path(name)];
        paths.iter().all(|path| path.as_deref().is_ok_and(before))
    }

    /// The request, where every record of it can be read and its end lies before `latest`.
    fn over(&self, name: String, latest: Instant) -> Option<Over> {
        let asked: Option<Asked> = files::read(&self.asked_path(&name).ok()?).ok()?;
        let answered: Option<Answered> = self.answered(&name).ok()?;
        let ends = [
            asked.map(|asked| asked.review.expires_at.instant()),
            answered.as_ref().map(|a| a.review.expires_at.instant()),
            answered.as_ref().map(|a| a.signed.answer.decision.expires_at.instant()),
        ];
        let end = ends.into_iter().flatten().max().filter(|end| *end < latest)?;
        Some(Over { is_answered: answered.is_some(), end, name })
    }

    /// The question goes before its answer: a crash in between leaves no question that looks as if
    /// nobody had answered it.
    fn forget(&self, name: &str) -> Result<(), FileError> {
        removed(&self.asked_path(name)?)?;
        removed(&self.path(name)?)
    }
}

/// Not synced: one that is there again after power was lost goes the next time.
fn removed(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::Io { doing: "remove", path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
