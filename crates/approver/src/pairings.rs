//! With whom this device is paired: one record and one key file for each pairing.

use crate::home::Home;
use crate::keyfile::{KeyFile, KeyFileError};
use countersign_core::display::visible;
use countersign_core::keys::PublicKeys;
use countersign_core::pairing::Origin;
use countersign_core::time::Timestamp;
use countersign_store::files::{self, FileError, Target};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// The name a person gives to a pairing; also its file's name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PairingName(String);

impl PairingName {
    /// Reads 1 to 64 of `a-z 0-9 . _ -`, not beginning with a dot.
    ///
    /// # Errors
    /// [`FileError::BadName`].
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        if !text.is_empty() && text.len() <= 64 && text.bytes().all(plain) && !text.starts_with('.')
        {
            return Ok(Self(text.to_owned()));
        }
        let rule = "1 to 64 of `a-z 0-9 . _ -`, not beginning with a dot";
        Err(FileError::BadName { name: visible(text, false), rule })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PairingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PairingName {
    type Error = FileError;
    fn try_from(text: String) -> Result<Self, FileError> {
        Self::parse(&text)
    }
}

impl From<PairingName> for String {
    fn from(name: PairingName) -> Self {
        name.0
    }
}

/// Whether a pairing is in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Requests are opened and answered.
    Active,
    /// Nothing is opened or signed any more.
    Revoked,
}

/// The one type of record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RecordType {
    /// The approver's side of a pairing.
    #[serde(rename = "countersign.approver-pairing/v1")]
    V1,
}

/// The approver's side of one pairing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Pairing {
    /// Tells this record from the enforcer's.
    #[serde(rename = "type")]
    pub kind: RecordType,
    /// The name given by the person.
    pub name: PairingName,
    /// Names the pairing on both sides.
    pub pair_id: String,
    /// The relay in between.
    pub relay: Origin,
    /// The enforcer's device id at the relay.
    pub enforcer_id: String,
    /// The enforcer's pinned keys: what they did not sign is not shown.
    pub enforcer: PublicKeys,
    /// This device's id at the relay.
    pub device_id: String,
    /// The public half of the key file.
    pub device: PublicKeys,
    /// The role that the enforcer announced; a label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// When the pairing was made.
    pub paired_at: Timestamp,
    /// Whether it is in use.
    pub status: Status,
}

/// The pairings of one home.
#[derive(Clone, Debug)]
pub struct Pairings {
    home: Home,
}

impl Pairings {
    /// The pairings of `home`.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        Self { home: home.clone() }
    }

    /// Writes a new pairing down: first its key, then its record.
    ///
    /// # Errors
    /// [`FileError::Exists`] inside [`KeyFileError::Home`] where the name is taken; then the
    /// key of the older pairing is untouched, because key files bear the id of their pairing.
    pub fn add(&self, pairing: &Pairing, key: &KeyFile) -> Result<(), KeyFileError> {
        let key_path = self.key_path(pairing)?;
        key.write_new(&key_path)?;
        if let Err(error) = files::write(&self.path(&pairing.name), pairing, Target::New) {
            files::remove(&key_path)?;
            return Err(error.into());
        }
        Ok(())
    }

    /// Every pairing, by name.
    ///
    /// # Errors
    /// [`FileError`], naming the first file that is damaged: a pairing is never skipped in
    /// silence.
    pub fn list(&self) -> Result<Vec<Pairing>, FileError> {
        let names = files::names(&self.home.pairings())?;
        names.iter().map(|name| self.required(&PairingName::parse(name)?)).collect()
    }

    /// One pairing.
    ///
    /// # Errors
    /// [`FileError`] where the file is damaged.
    pub fn find(&self, name: &PairingName) -> Result<Option<Pairing>, FileError> {
        let path = self.path(name);
        let Some(pairing) = files::read::<Pairing>(&path)? else { return Ok(None) };
        if pairing.name != *name {
            let why = format!("the record inside is for `{}`", pairing.name);
            return Err(FileError::Corrupt { path, why });
        }
        Ok(Some(pairing))
    }

    /// Takes a pairing out of use for good. Its key file stays, so that old receipts can be
    /// explained; it signs nothing any more.
    ///
    /// # Errors
    /// [`FileError`]; a name that is not there is an error too.
    pub fn revoke(&self, name: &PairingName) -> Result<Pairing, FileError> {
        let revoked = Pairing { status: Status::Revoked, ..self.required(name)? };
        files::write(&self.path(name), &revoked, Target::Replace)?;
        Ok(revoked)
    }

    /// Removes a pairing that never came about, with its key.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn discard(&self, pairing: &Pairing) -> Result<(), FileError> {
        files::remove(&self.path(&pairing.name))?;
        files::remove(&self.key_path(pairing)?)
    }

    /// The key file of a pairing, still locked.
    ///
    /// # Errors
    /// [`KeyFileError::Missing`]; [`KeyFileError::Tampered`] where it is for other keys than the
    /// record says.
    pub fn key(&self, pairing: &Pairing) -> Result<KeyFile, KeyFileError> {
        let key = KeyFile::read(&self.key_path(pairing)?)?;
        if *key.public() == pairing.device { Ok(key) } else { Err(KeyFileError::Tampered) }
    }

    fn required(&self, name: &PairingName) -> Result<Pairing, FileError> {
        let missing = || FileError::Corrupt { path: self.path(name), why: "no such file".into() };
        self.find(name)?.ok_or_else(missing)
    }

    fn path(&self, name: &PairingName) -> PathBuf {
        self.home.pairings().join(format!("{name}.json"))
    }

    fn key_path(&self, pairing: &Pairing) -> Result<PathBuf, FileError> {
        let id = &pairing.pair_id;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
        if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
            let rule = "1 to 64 of `A-Z a-z 0-9 _ -`";
            return Err(FileError::BadName { name: visible(id, false), rule });
        }
        Ok(self.home.keys().join(format!("{id}.json")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_pairing_and_its_key_are_found_again() {
        let (dir, pairing) = fixture::paired_home();
        let pairings = Pairings::of(&Home::open(dir.path()).unwrap());
        assert_eq!(pairings.list().unwrap(), std::slice::from_ref(&pairing));
        assert_eq!(pairings.key(&pairing).unwrap().public(), &pairing.device);
        assert!(pairings.find(&PairingName::parse("other").unwrap()).unwrap().is_none());
    }

    #[test]
    fn a_name_is_used_once_and_the_older_key_stays() {
        let (dir, pairing) = fixture::paired_home();
        let pairings = Pairings::of(&Home::open(dir.path()).unwrap());
        let again = Pairing { pair_id: "another".into(), ..pairing.clone() };
        let refused = pairings.add(&again, &fixture::key_file());
        assert!(matches!(refused, Err(KeyFileError::Home(FileError::Exists(_)))));
        assert!(pairings.key(&pairing).is_ok());
        assert!(matches!(pairings.key(&again), Err(KeyFileError::Missing(_))));
    }

    #[test]
    fn names_that_leave_the_directory_are_no_names() {
        for bad in ["", ".", "..", "../x", "a/b", "A", ".x", "a b", "\u{e4}", &"x".repeat(65)] {
            assert!(matches!(PairingName::parse(bad), Err(FileError::BadName { .. })), "{bad}");
        }
        assert!(PairingName::parse("ci-2_main.eu").is_ok());
        let (dir, pairing) = fixture::paired_home();
        let pairings = Pairings::of(&Home::open(dir.path()).unwrap());
        for pair_id in ["", "../../etc/x", ".x"] {
            let bad = Pairing { pair_id: pair_id.into(), ..pairing.clone() };
            assert!(pairings.key(&bad).is_err(), "{pair_id}");
        }
    }

    #[test]
    fn a_damaged_record_is_an_error_that_names_its_file() {
        let (dir, pairing) = fixture::paired_home();
        let pairings = Pairings::of(&Home::open(dir.path()).unwrap());
        let path = dir.path().join("pairings/work.json");
        let good = std::fs::read_to_string(&path).unwrap();
        for bad in [
            good.replace("\"status\"", "\"extra\":1,\"status\""),
            good.replace("countersign.approver-pairing/v1", "countersign.pairing/v1"),
            good.replace("\"work\"", "\"play\""),
            good[..good.len() / 2].to_owned(),
            good.replace("\"name\":\"work\"", "\"name\":\"../work\""),
        ] {
            assert_ne!(bad, good);
            std::fs::write(&path, bad).unwrap();
            let error = pairings.list().unwrap_err();
            assert!(error.to_string().contains("work.json"), "{error}");
        }
        std::fs::write(&path, good).unwrap();
        assert_eq!(pairings.list().unwrap(), [pairing]);
    }

    #[test]
    fn attack_37_a_swapped_exchange_half_in_a_record_is_damage() {
        let (dir, pairing) = fixture::paired_home();
        let path = dir.path().join("pairings/work.json");
        let mut bytes = pairing.enforcer.bytes();
        bytes.0[40] ^= 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let swapped = text.replace(&pairing.enforcer.bytes().to_string(), &bytes.to_string());
        assert_ne!(text, swapped);
        std::fs::write(&path, swapped).unwrap();
        assert!(Pairings::of(&Home::open(dir.path()).unwrap()).list().is_err());
    }

    #[test]
    fn a_key_file_for_other_keys_is_refused() {
        let (dir, pairing) = fixture::paired_home();
        let pairings = Pairings::of(&Home::open(dir.path()).unwrap());
        let other = Pairing { device: pairing.enforcer, ..pairing };
        assert!(matches!(pairings.key(&other), Err(KeyFileError::Tampered)));
    }

    #[test]
    fn a_revoked_pairing_stays_on_the_list() {
        let (dir, pairing) = fixture::paired_home();
        let pairings = Pairings::of(&Home::open(dir.path()).unwrap());
        pairings.revoke(&pairing.name).unwrap();
        assert_eq!(pairings.list().unwrap()[0].status, Status::Revoked);
        assert!(pairings.revoke(&PairingName::parse("none").unwrap()).is_err());
    }
}
