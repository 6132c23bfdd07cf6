//! A program that holds the operator's signing key: a smart card's, an agent's, a security module's.
//!
//! It is started for each signature, by its absolute path, with no shell and an environment of
//! nothing but `PATH`. On its standard input stand a line `countersign-sign/v1`, a line with the name
//! of the key, a line with the number of bytes to sign, in decimal, and then those bytes. It prints
//! the raw Ed25519 signature over exactly those bytes, as base64url without padding, and ends with 0.
//! Anything else is no signature, and so is one that does not verify under the pinned key.

use countersign_core::encoding::{Fixed, unbase64};
use countersign_core::keys::holder::{Holder, HolderError};
use countersign_core::keys::{KeyId, Signature};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What its input begins with.
const FRAME: &str = "countersign-sign/v1";

/// How long it may take where nobody says, in milliseconds.
const USUAL_MILLIS: u64 = 5_000;

/// The longest that may be said, in milliseconds.
const MOST_MILLIS: u64 = 60_000;

/// More than a signature and a line's end is none.
const MOST_OUTPUT: u64 = 128;

/// How often it is looked whether the program ended.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A program, as a home's operator file names it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Program {
    /// Its absolute path.
    pub path: PathBuf,
    /// What it is called with. No secret: others can read it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// How long it may take, from 1 to 60000 milliseconds; 5000 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_millis: Option<u64>,
}

/// A program that signs with one key.
pub struct Signer {
    program: Program,
    key: KeyId,
}

impl Signer {
    /// The signer for the key of this name.
    #[must_use]
    pub fn new(program: Program, key: KeyId) -> Self {
        Self { program, key }
    }

    fn patience(&self) -> Duration {
        let millis = self.program.timeout_millis.unwrap_or(USUAL_MILLIS);
        Duration::from_millis(millis.clamp(1, MOST_MILLIS))
    }

    fn start(&self) -> Result<Child, HolderError> {
        let path = &self.program.path;
        is_ours_alone(path)?;
        let mut command = Command::new(path);
        command.args(&self.program.arguments).env_clear().env("PATH", "/usr/bin:/bin");
        command.current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map_err(|e| HolderError(format!("`{}`: {e}", path.display())))
    }
}

impl Holder for Signer {
    fn sign(&self, bytes: &[u8]) -> Result<Signature, HolderError> {
        let mut child = self.start()?;
        let until = Instant::now() + self.patience();
        let mut input = format!("{FRAME}\n{}\n{}\n", self.key, bytes.len()).into_bytes();
        input.extend_from_slice(bytes);
        let printed = talk(&mut child, input);
        let good = ended(&mut child, until);
        if good.is_err() {
            end(&mut child);
        }
        good?;
        // Something that it started may hold its output open: it has no more time than the program.
        let left = until.saturating_duration_since(Instant::now());
        let printed = printed.and_then(|printed| printed.recv_timeout(left).ok());
        end(&mut child);
        signature(&printed.ok_or_else(|| HolderError("it printed nothing in time".into()))?)
    }
}

/// Hands the input over and listens, each on a thread of its own: neither side waits for the other.
fn talk(child: &mut Child, input: Vec<u8>) -> Option<mpsc::Receiver<Vec<u8>>> {
    let (mut to, from) = (child.stdin.take()?, child.stdout.take()?);
    let (tell, hear) = mpsc::channel();
    std::thread::spawn(move || {
        // A program that does not read all of it signs nothing that verifies.
        let _ = to.write_all(&input);
    });
    std::thread::spawn(move || {
        let mut printed = Vec::new();
        if from.take(MOST_OUTPUT + 1).read_to_end(&mut printed).is_ok() {
            let _ = tell.send(printed);
        }
    });
    Some(hear)
}

fn ended(child: &mut Child, until: Instant) -> Result<(), HolderError> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(HolderError(format!("it ended with {status}"))),
            Err(e) => return Err(HolderError(e.to_string())),
            Ok(None) if Instant::now() >= until => {
                return Err(HolderError("it took too long, and was ended".into()));
            }
            Ok(None) => std::thread::sleep(LOOK_EVERY),
        }
    }
}

/// Ends the program and what it started.
fn end(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

fn signature(printed: &[u8]) -> Result<Signature, HolderError> {
    // What it printed is not repeated: it may be anything.
    let bad = || HolderError("what it printed is no signature".into());
    let text = std::str::from_utf8(printed).map_err(|_| bad())?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let bytes: [u8; 64] = unbase64(text).and_then(|b| b.try_into().ok()).ok_or_else(bad)?;
    Ok(Fixed(bytes))
}

/// Refuses a program that somebody else may replace.
fn is_ours_alone(path: &Path) -> Result<(), HolderError> {
    let refused = |why: &str| Err(HolderError(format!("`{}` {why}", path.display())));
    if !path.is_absolute() {
        return refused("is no absolute path");
    }
    let own = rustix::process::geteuid().as_raw();
    for place in path.ancestors() {
        let Ok(found) = std::fs::symlink_metadata(place) else {
            return refused("is not there");
        };
        // In a directory like /tmp nobody replaces what is another's.
        let sticky = found.is_dir() && found.mode() & 0o1000 != 0;
        let open = found.mode() & 0o022 != 0 && !sticky && !found.is_symlink();
        if open || ![0, own].contains(&found.uid()) {
            return refused("may be replaced by others");
        }
        if found.is_symlink() {
            return refused("leads through a symbolic link: name what it leads to");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
