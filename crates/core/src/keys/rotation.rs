//! A key over its successor (PROTOCOL §8).
//!
//! The statement names keys and times and nothing else: person, roles and assurance are the
//! enforcer's to keep, and no message can bring others.

use super::{Domain, KeyError, KeyId, PublicKeys, SecretKeys, Signature, verify_domain};
use crate::json::{self, JsonError, limit};
use crate::message::exact;
use crate::time::{Instant, Timestamp};
use serde::{Deserialize, Serialize};

/// For how long the older key may go on counting, at most: a week, in milliseconds.
pub const OVERLAP_MOST_MILLIS: i64 = 7 * 24 * 3_600_000;

/// A signed statement that another key takes the place of this one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Rotation {
    /// `countersign.rotation/v1`.
    #[serde(rename = "type")]
    pub kind: RotationType,
    /// What is signed.
    pub body: RotationBody,
    /// By the older key, in the domain `countersign-key/v1`.
    pub signature: Signature,
}

/// The document's type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum RotationType {
    /// The first version.
    #[default]
    #[serde(rename = "countersign.rotation/v1")]
    V1,
}

/// Which key follows which, and when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RotationBody {
    /// The older key, which signs this.
    pub old_key_id: KeyId,
    /// All 64 bytes of the new one; its halves are tied by its own signature.
    pub new_keys: PublicKeys,
    /// When this was signed.
    pub time: Timestamp,
    /// Until when the older key counts beside the new one.
    pub until: Timestamp,
}

/// Why a rotation was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// Not a rotation.
    #[error("not a rotation: {0}")]
    Json(#[from] JsonError),
    /// It speaks for another key, or the signature does not verify.
    #[error("the rotation is not signed by the key that it replaces")]
    Signature(#[from] KeyError),
    /// A key cannot follow itself.
    #[error("the rotation names the same key twice")]
    SameKey,
    /// Signed in the future, over, or too long.
    #[error("the rotation's times do not fit: it must be new, and the overlap a week at most")]
    Times,
}

impl Rotation {
    /// Has `old` name its successor.
    ///
    /// # Errors
    /// Where the statement has no canonical form.
    pub fn sign(
        old: &SecretKeys,
        new_keys: PublicKeys,
        time: Timestamp,
        until: Timestamp,
    ) -> Result<Self, KeyError> {
        let body = RotationBody { old_key_id: old.key_id(), new_keys, time, until };
        let signature = old.sign(Domain::Key, &body)?;
        Ok(Self { kind: RotationType::V1, body, signature })
    }

    /// Reads one strictly. Nothing in it is checked but that the new key's halves belong together.
    ///
    /// # Errors
    /// [`RotationError::Json`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RotationError> {
        Ok(exact(&json::parse(bytes, limit::ARTIFACT)?)?)
    }

    /// Checks it under the pinned older key, at `now`.
    ///
    /// # Errors
    /// Every case of [`RotationError`].
    pub fn verify(&self, old: &PublicKeys, now: Instant, skew: i64) -> Result<(), RotationError> {
        if self.body.old_key_id != old.key_id() {
            return Err(KeyError::BadSignature.into());
        }
        verify_domain(&old.signing(), Domain::Key, &self.body, &self.signature)?;
        if self.body.new_keys.key_id() == self.body.old_key_id
            || self.body.new_keys.exchange() == old.exchange()
        {
            return Err(RotationError::SameKey);
        }
        let (time, until) = (self.body.time.instant(), self.body.until.instant());
        let fits = time <= now.plus_millis(skew)
            && now < until
            && until <= time.plus_millis(OVERLAP_MOST_MILLIS);
        if fits { Ok(()) } else { Err(RotationError::Times) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Instant = Instant(1_770_000_000_000);

    fn key(n: u8) -> SecretKeys {
        SecretKeys::from_bytes(&[n; 64]).unwrap()
    }

    fn rotation() -> Rotation {
        let until = NOW.plus_millis(3_600_000).timestamp();
        Rotation::sign(&key(1), *key(2).public(), NOW.timestamp(), until).unwrap()
    }

    fn text(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
        let mut value = serde_json::to_value(rotation()).unwrap();
        change(&mut value);
        value.to_string().into_bytes()
    }

    #[test]
    fn a_rotation_is_read_back_and_verifies() {
        let read = Rotation::parse(&text(|_| {})).unwrap();
        assert_eq!(read, rotation());
        read.verify(key(1).public(), NOW, 0).unwrap();
    }

    #[test]
    fn attack_37_a_gateway_that_swaps_the_new_key_or_its_other_half_is_refused() {
        let swapped = text(|v| v["body"]["newKeys"] = json!(key(3).public()));
        let swapped = Rotation::parse(&swapped).unwrap();
        assert!(matches!(
            swapped.verify(key(1).public(), NOW, 0),
            Err(RotationError::Signature(_))
        ));
        let half = text(|v| {
            let mut bytes = key(2).public().bytes().0;
            bytes[32..].copy_from_slice(&key(3).public().exchange());
            v["body"]["newKeys"]["publicKey"] = json!(crate::encoding::base64(&bytes));
        });
        assert!(matches!(Rotation::parse(&half), Err(RotationError::Json(_))));
    }

    #[test]
    fn attack_10_a_rotation_brings_no_person_role_or_assurance() {
        for name in ["person", "roles", "assurance", "status"] {
            for place in ["", "body"] {
                let more = text(|v| match place {
                    "" => v[name] = json!("verified"),
                    _ => v[place][name] = json!("verified"),
                });
                assert!(Rotation::parse(&more).is_err(), "{place} {name}");
            }
        }
    }

    #[test]
    fn attack_10_only_the_key_that_is_replaced_may_say_so() {
        assert!(rotation().verify(key(3).public(), NOW, 0).is_err());
        // The new key's own word for itself.
        let body = rotation().body;
        let signature = key(2).sign(Domain::Key, &body).unwrap();
        let forged = Rotation { signature, ..rotation() };
        assert!(forged.verify(key(1).public(), NOW, 0).is_err());
        // The right bytes, signed in another domain.
        let signature = key(1).sign(Domain::Policy, &body).unwrap();
        let other = Rotation { signature, ..rotation() };
        assert!(other.verify(key(1).public(), NOW, 0).is_err());
    }

    #[test]
    fn attack_19_a_rotation_counts_in_its_time_only() {
        let made = |time: i64, until: i64| {
            let [time, until] = [time, until].map(|by| NOW.plus_millis(by).timestamp());
            let made = Rotation::sign(&key(1), *key(2).public(), time, until).unwrap();
            made.verify(key(1).public(), NOW, 60_000)
        };
        assert!(made(0, 1).is_ok() && made(60_000, OVERLAP_MOST_MILLIS).is_ok());
        for (time, until) in [(60_001, 90_000), (-9, 0), (-9, -1), (0, OVERLAP_MOST_MILLIS + 1)] {
            assert_eq!(made(time, until), Err(RotationError::Times), "{time} {until}");
        }
    }

    #[test]
    fn a_key_does_not_follow_itself() {
        let until = NOW.plus_millis(1_000).timestamp();
        let same = Rotation::sign(&key(1), *key(1).public(), NOW.timestamp(), until).unwrap();
        assert_eq!(same.verify(key(1).public(), NOW, 0), Err(RotationError::SameKey));
    }
}
