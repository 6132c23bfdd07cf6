//! What was accepted before, across runs: one line for each, in a file that only grows.

use super::files::odd;
use crate::failure::{Exit, Failure};
use countersign_core::artifact::ArtifactHash;
use countersign_core::json;
use countersign_core::keys::KeyId;
use countersign_core::reference::Verdict;
use countersign_core::verify::ReplayView;
use countersign_store::files::{dir_of, lock_file};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The largest journal that is read: some hundred thousand decisions.
const MAX_JOURNAL: u64 = 64 * 1024 * 1024;

/// One decision that was accepted.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Entry {
    request_id: String,
    artifact_hash: ArtifactHash,
    nonce: String,
    signer_key_id: KeyId,
}

/// A journal that this process alone holds, until it is dropped.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    entries: Vec<Entry>,
}

impl Journal {
    /// Opens and locks a journal, made where it is missing, and reads all of it. One line that
    /// cannot be read could be the one that matters, so it refuses everything.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let unusable = |e: io::Error| unusable(path, &e.to_string());
        let file = lock_file(path).map_err(|e| match path.symlink_metadata() {
            Ok(meta) if !meta.is_file() => odd(path),
            _ => Failure::new(Exit::Failed, "file", e.to_string()).hint("nothing was accepted"),
        })?;
        if !file.metadata().map_err(unusable)?.is_file() {
            return Err(odd(path));
        }
        file.lock().map_err(unusable)?;
        let mut bytes = Vec::new();
        (&file).take(MAX_JOURNAL + 1).read_to_end(&mut bytes).map_err(unusable)?;
        let entries = entries(&bytes).map_err(|why| damaged(path, &why))?;
        Ok(Self { path: path.to_owned(), file, length: bytes.len() as u64, entries })
    }

    /// Writes an accepted decision down for good, before anybody is told of it.
    pub(crate) fn spend(mut self, verdict: &Verdict) -> Result<(), Failure> {
        let decision = verdict.decision();
        let entry = Entry {
            request_id: decision.request_id.clone(),
            artifact_hash: decision.artifact_hash,
            nonce: decision.nonce.clone(),
            signer_key_id: decision.signer_key_id.clone(),
        };
        let mut line = json::canonical(&entry).map_err(|e| unusable(&self.path, &e.to_string()))?;
        line.push(b'\n');
        self.append(&line).map_err(|e| {
            // Half a line would make the journal unreadable for good.
            let _ = self.file.set_len(self.length);
            unusable(&self.path, &e.to_string())
        })
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(line)?;
        self.file.sync_all()?;
        File::open(dir_of(&self.path))?.sync_all()
    }
}

impl ReplayView for Journal {
    fn request_spent(&self, request_id: &str, artifact: &ArtifactHash) -> bool {
        self.entries.iter().any(|e| e.request_id == request_id && e.artifact_hash == *artifact)
    }
    fn nonce_spent(&self, nonce: &str, signer: &KeyId) -> bool {
        self.entries.iter().any(|e| e.nonce == nonce && e.signer_key_id == *signer)
    }
}

/// No journal was named: nothing is known to be spent, and the verdict says so.
pub(crate) struct Forgetful;

impl ReplayView for Forgetful {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }
    fn nonce_spent(&self, _: &str, _: &KeyId) -> bool {
        false
    }
}

fn entries(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    if bytes.len() as u64 > MAX_JOURNAL {
        return Err("larger than 64 MiB".to_owned());
    }
    let Some(whole) = bytes.strip_suffix(b"\n") else {
        return if bytes.is_empty() { Ok(Vec::new()) } else { Err("its last line is cut".into()) };
    };
    let lines = whole.split(|byte| *byte == b'\n').enumerate();
    lines
        .map(|(at, line)| {
            json::read(line, json::limit::MESSAGE).map_err(|e| format!("line {}: {e}", at + 1))
        })
        .collect()
}

fn damaged(path: &Path, why: &str) -> Failure {
    let message = format!("the journal `{}` is damaged: {why}", path.display());
    Failure::new(Exit::Verification, "HARP_ERR_REPLAY", message)
        .hint("whether this was used before cannot be known; restore the journal")
}

fn unusable(path: &Path, why: &str) -> Failure {
    let message = format!("cannot use the journal `{}`: {why}", path.display());
    Failure::new(Exit::Failed, "store_unavailable", message).hint("nothing was accepted")
}
