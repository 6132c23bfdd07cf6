//! A home in one line, for machines that are thrown away after a job.
//!
//! It carries an operator key of its own, the approvers' pinned keys and the ways to them, and a
//! policy that can only tighten, since nobody accepted it where it arrives. Whoever holds the line
//! can ask in its name and answers nothing: no approver's secret is in it.
//!
//! It has no `Debug`, and no error repeats a part of it.

use crate::home::{Home, HomeError, OperatorFile, Pairing};
use countersign_core::encoding::{Hash, base64, unbase64};
use countersign_core::json;
use countersign_core::time::{Instant, Timestamp};
use countersign_core::trust::{Approver, TrustStore};
use countersign_store::files::{self, FileError, Target};
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// What the line begins with.
const PREFIX: &str = "countersign-ci-v1";

/// The longest line, in bytes. The shortest limit of those who keep secrets is 48 KB.
pub const MAX_LINE: usize = 48_000;

/// The longest policy that is carried, in bytes.
const MAX_POLICY: usize = 16 * 1024;

/// Why a line is none. Nothing of it is repeated.
#[derive(Debug, thiserror::Error)]
pub enum BadLine {
    /// It is cut, mistyped, too long or of another version.
    #[error("it is no whole line of `countersign ci export`")]
    Damaged,
    /// It names no approver, or ways to keys that it does not pin.
    #[error("it contradicts itself")]
    Contradiction,
    /// Its time is over.
    #[error("it was good until {0}")]
    Expired(String),
}

/// A home on its way.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Portable {
    operator: OperatorFile,
    trust: TrustStore,
    pairings: Vec<Pairing>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    expires_at: Timestamp,
}

impl Portable {
    /// Packs a home whose keys are these, to be good until a moment.
    ///
    /// # Errors
    /// Where it is no enforcer's, cannot be read, or its policy is longer than 16 KiB.
    pub fn of(
        home: &Home,
        trust: &TrustStore,
        policy: Option<String>,
        until: Instant,
    ) -> Result<Self, HomeError> {
        let operator = home.operator_file()?.ok_or(HomeError::NoOperator)?;
        if operator.is_held() {
            return Err(HomeError::Held);
        }
        if policy.as_ref().is_some_and(|text| text.len() > MAX_POLICY) {
            let why = "the policy is longer than 16 KiB".to_owned();
            return Err(FileError::Corrupt { path: home.root().join("policy.toml"), why }.into());
        }
        // What a key was before is told by the ledger, and none goes with it.
        let approvers = trust.approvers.iter().map(Approver::newest).collect();
        let trust = TrustStore { approvers, ..trust.clone() };
        Ok(Self {
            operator,
            trust,
            pairings: home.pairings()?,
            policy,
            expires_at: until.timestamp(),
        })
    }

    /// The line: a version, the canonical record in base64url, and a checksum against cuts.
    ///
    /// # Errors
    /// Where it has no canonical form or is too long.
    pub fn line(&self) -> Result<String, BadLine> {
        let bytes = json::canonical(self).map_err(|_| BadLine::Damaged)?;
        let line = format!("{PREFIX}.{}.{}", base64(&bytes), checksum(&bytes));
        if line.len() > MAX_LINE { Err(BadLine::Damaged) } else { Ok(line) }
    }

    /// Reads a line strictly.
    ///
    /// # Errors
    /// [`BadLine`].
    pub fn read(line: &str, now: Instant) -> Result<Self, BadLine> {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let parts: Vec<&str> = line.split('.').collect();
        let [PREFIX, body, sum] = parts.as_slice() else { return Err(BadLine::Damaged) };
        if line.len() > MAX_LINE {
            return Err(BadLine::Damaged);
        }
        let bytes = unbase64(body).ok_or(BadLine::Damaged)?;
        if *sum != checksum(&bytes) {
            return Err(BadLine::Damaged);
        }
        let read: Self = json::read(&bytes, MAX_LINE).map_err(|_| BadLine::Damaged)?;
        if json::canonical(&read).ok() != Some(bytes) {
            return Err(BadLine::Damaged);
        }
        read.checked(now)
    }

    fn checked(mut self, now: Instant) -> Result<Self, BadLine> {
        if now >= self.expires_at.instant() {
            return Err(BadLine::Expired(self.expires_at.as_str().to_owned()));
        }
        self.trust = self.trust.checked().map_err(|_| BadLine::Contradiction)?;
        let is_pinned = |pairing: &Pairing| self.trust.approver(&pairing.key_id).is_some();
        let reached = self.pairings.iter().all(|p| is_pinned(p) && p.relay.is_some());
        if self.pairings.is_empty() || !reached { Err(BadLine::Contradiction) } else { Ok(self) }
    }

    /// Makes the home in an empty private directory.
    ///
    /// # Errors
    /// Where a file cannot be written, or one is there already.
    pub fn unpack(&self, root: &Path) -> Result<Home, HomeError> {
        let home = Home::open(root)?;
        files::write(&home.operator_path(), &self.operator, Target::New)?;
        files::write(&home.trust_path(), &self.trust, Target::New)?;
        for pairing in &self.pairings {
            files::write(&home.free_name(&pairing.name)?, pairing, Target::New)?;
        }
        if let Some(policy) = &self.policy {
            let path = root.join("policy.toml");
            let mut file = std::fs::OpenOptions::new();
            let file = file.write(true).create_new(true).mode(0o600).open(&path);
            let written = file.and_then(|mut file| file.write_all(policy.as_bytes()));
            written.map_err(|source| FileError::Io { doing: "write", path, source })?;
        }
        Ok(home)
    }
}

/// Against a cut or a slip, not against a forger: whoever writes the line is trusted.
fn checksum(bytes: &[u8]) -> String {
    Hash::of(bytes).to_string().chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

    use super::*;
    use crate::edge::Edge;
    use crate::home;
    use countersign_core::artifact::Assurance;
    use countersign_core::keys::SecretKeys;
    use countersign_core::trust::Status;

    const NOW: Instant = Instant(1_700_000_000_000);

    fn packed(dir: &Path) -> Portable {
        let home = Home::open(dir).unwrap();
        let identity = home.identity_or_new(&Edge::system()).unwrap();
        let keys = *SecretKeys::from_bytes(&[7; 64]).unwrap().public();
        let pairing = Pairing {
            name: "ann".into(),
            pair_id: "p".into(),
            relay: Some("https://relay.example".into()),
            approver_id: "app_1".into(),
            key_id: keys.key_id(),
            paired_at: NOW.timestamp(),
            witnessed: false,
        };
        let approver = home::approver(&pairing, keys, vec!["sre".into()], Assurance::Device);
        home.pin(&identity, approver, &pairing, true).unwrap();
        let trust = home.trust(&identity).unwrap();
        Portable::of(&home, &trust, Some("version = 1\n".into()), NOW.plus_millis(1_000)).unwrap()
    }

    #[test]
    fn a_home_arrives_as_it_left() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let line = packed(from.path()).line().unwrap();
        let home = Portable::read(&line, NOW).unwrap().unpack(to.path()).unwrap();
        let before = Home::open(from.path()).unwrap();
        let (old, new) = (before.identity().unwrap().unwrap(), home.identity().unwrap().unwrap());
        assert_eq!(old.keys.key_id(), new.keys.key_id());
        assert_eq!(before.pairings().unwrap(), home.pairings().unwrap());
        assert_eq!(
            std::fs::read_to_string(to.path().join("policy.toml")).unwrap(),
            "version = 1\n"
        );
    }

    #[test]
    fn attack_39_keys_arrive_as_the_ledger_lets_them_be_and_not_as_a_file_says() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        drop(packed(from.path()));
        let home = Home::open(from.path()).unwrap();
        let mut held = home.trust(&home.identity().unwrap().unwrap()).unwrap();
        let revoked = Status::Revoked { at: NOW.timestamp(), compromised_since: None };
        held.approvers.iter_mut().for_each(|one| one.status = revoked.clone());
        let line =
            Portable::of(&home, &held, None, NOW.plus_millis(1_000)).unwrap().line().unwrap();
        let arrived = Portable::read(&line, NOW).unwrap().unpack(to.path()).unwrap();
        let trust = arrived.trust(&arrived.identity().unwrap().unwrap()).unwrap();
        assert_eq!(trust.approvers.first().unwrap().status, revoked);
    }

    #[test]
    fn attack_31_a_damaged_line_is_refused_and_nothing_of_it_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let line = packed(dir.path()).line().unwrap();
        let mut bad = vec![String::new(), "x".repeat(MAX_LINE + 1), format!(" {line}")];
        bad.extend((1..line.len()).step_by(97).map(|at| line[..at].to_owned()));
        bad.push(line.replace("-v1", "-v2"));
        bad.push(format!("{line}.x"));
        let middle = line.len() / 2;
        let other = if &line[middle..=middle] == "A" { "B" } else { "A" };
        bad.push(format!("{}{other}{}", &line[..middle], &line[middle + 1..]));
        for bad in bad {
            let Err(error) = Portable::read(&bad, NOW) else { panic!("{}", bad.len()) };
            assert_eq!(error.to_string(), "it is no whole line of `countersign ci export`");
        }
    }

    #[test]
    fn attack_19_a_line_ends_with_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let line = packed(dir.path()).line().unwrap();
        let late = Portable::read(&line, NOW.plus_millis(1_000));
        assert!(matches!(late, Err(BadLine::Expired(_))));
    }

    #[test]
    fn a_way_to_a_key_that_is_not_pinned_is_a_contradiction() {
        let dir = tempfile::tempdir().unwrap();
        let mut packed = packed(dir.path());
        packed.trust.approvers.clear();
        let line = packed.line().unwrap();
        assert!(matches!(Portable::read(&line, NOW), Err(BadLine::Contradiction)));
    }
}
