//! What is dropped when it is old enough, and what forbids it.

use super::note::Note;
use super::{Enforcer, RotateError, Rotated, Rule, denied_since, is_over};
use crate::daily::{Effort, catch_up};
use crate::{entry, ship};
use countersign_core::receipt::course::LEDGER;
use countersign_core::receipt::{Event, Receipt};
use countersign_store::files;
use countersign_store::ledger::segments::{Hold, Segment};

impl Enforcer {
    /// Drops whole segments, oldest first, until one is too young, or a hold forbids it.
    pub(super) async fn retain(
        &self,
        rule: &Rule,
        rotated: &mut Rotated,
    ) -> Result<(), RotateError> {
        let Some(keep) = rule.keep_millis else { return Ok(()) };
        while let Some(oldest) = self.oldest().await? {
            // The list is asked first, as it is cheap; its yes is worth nothing.
            if !is_over(oldest.newest_at, keep, self.now())
                || !is_over(self.newest_inside(&oldest)?, keep, self.now())
            {
                return Ok(());
            }
            rotated.held = self.past().await?.held().into_iter().next();
            if rotated.held.is_some() {
                return Ok(());
            }
            self.is_written_out(&oldest).await?;
            let entry = self.change(Event::Observed, Note::of(&oldest, true).action())?;
            let (since, now) = (denied_since(self.now()), self.now());
            self.ledger().drop_oldest(&oldest, since, entry, now).await?;
            self.remove(&oldest)?;
            rotated.dropped.push(oldest);
        }
        Ok(())
    }

    /// The oldest segment that is left.
    async fn oldest(&self) -> Result<Option<Segment>, RotateError> {
        Ok(self.ledger().segments().await?.into_iter().find(|segment| !segment.dropped))
    }

    /// What is derived from receipts is derived before they go.
    async fn is_written_out(&self, segment: &Segment) -> Result<(), RotateError> {
        catch_up(self.home(), self.ledger(), &self.trust()?, Effort::All).await?;
        match ship::hindmost(self.home())? {
            Some(seq) if seq < segment.last => Err(RotateError::Behind(seq)),
            _ => Ok(()),
        }
    }

    fn remove(&self, segment: &Segment) -> Result<(), RotateError> {
        Ok(files::remove(&self.segments().join(segment.file_name()))?)
    }

    /// Removes what a crash left: files of segments that are dropped, and halves of files.
    pub(super) async fn sweep(&self) -> Result<(), RotateError> {
        for segment in self.ledger().segments().await?.iter().filter(|segment| segment.dropped) {
            if self.segments().join(segment.file_name()).exists() {
                self.remove(segment)?;
            }
        }
        let dir = self.segments();
        let failed = |source| files::FileError::Io { doing: "list", path: dir.clone(), source };
        for found in std::fs::read_dir(&dir).map_err(failed)? {
            let name = found.map_err(failed)?.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') && name.ends_with(".tmp") {
                files::remove(&dir.join(name.as_ref()))?;
            }
        }
        Ok(())
    }

    /// Forbids that anything is dropped, until it is released.
    ///
    /// # Errors
    /// Where there is one of this name, or it cannot be written down.
    pub async fn hold(&self, name: &str, why: Option<&str>) -> Result<Receipt, RotateError> {
        let mut members = vec![("change", "held"), ("hold", name)];
        members.extend(why.map(|why| ("why", why)));
        let entry = self.change(Event::Observed, entry::note(LEDGER, &members))?;
        let (name, why) = (name.to_owned(), why.map(str::to_owned));
        Ok(self.ledger().hold(Hold { name, why, since: self.now() }, entry).await?)
    }

    /// Takes a hold back.
    ///
    /// # Errors
    /// Where there is none of this name, or it cannot be written down.
    pub async fn release(&self, name: &str) -> Result<Receipt, RotateError> {
        let members = [("change", "released"), ("hold", name)];
        let entry = self.change(Event::Observed, entry::note(LEDGER, &members))?;
        Ok(self.ledger().release(name, entry, self.now()).await?)
    }
}
