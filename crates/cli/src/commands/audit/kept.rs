//! Heads of a ledger that somebody kept, with the time at which they saw them.

use super::when::when;
use crate::failure::{Exit, Failure};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::json as strict;
use countersign_core::time::Timestamp;
use countersign_enforcer::audit::seen::Seen;
use std::path::PathBuf;

/// `TIME=FILE`: when somebody saw a head, and the file in which they kept it.
#[derive(Clone)]
pub(crate) struct Kept {
    at: Timestamp,
    file: PathBuf,
}

/// Reads `TIME=FILE`.
pub(crate) fn kept(text: &str) -> Result<Kept, String> {
    let (at, file) = text
        .split_once('=')
        .ok_or("write TIME=FILE: when you saw the head, and the file that you kept")?;
    Ok(Kept { at: when(at)?, file: file.into() })
}

impl Kept {
    /// The head in the file.
    pub(crate) fn seen(&self) -> Result<Seen, Failure> {
        let failed = |why: String| {
            let message = format!("`{}` is no head: {why}", self.file.display());
            Failure::new(Exit::Failed, "file", message)
                .hint("keep a copy of the home's `head.json`; it changes with each receipt")
        };
        let bytes = std::fs::read(&self.file).map_err(|e| failed(e.to_string()))?;
        let head: Checkpoint =
            strict::read(&bytes, strict::limit::MESSAGE).map_err(|e| failed(e.to_string()))?;
        let who = format!("`{}`, seen at {}", self.file.display(), self.at);
        Ok(Seen { who, head, at: self.at.instant() })
    }
}
