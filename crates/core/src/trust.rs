//! The keys that somebody pinned. A key that is merely inside a message proves nothing.

use crate::artifact::Assurance;
use crate::json::{self, JsonError, limit};
use crate::keys::{KeyId, PublicKeys};
use crate::message::exact;
use crate::passkey::Passkey;
use crate::time::{Instant, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Pinned operators and approvers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustStore {
    /// `countersign.trust/v1`.
    #[serde(rename = "type")]
    pub kind: TrustType,
    /// Keys that sign receipts.
    pub operators: Vec<Operator>,
    /// Keys that sign decisions.
    pub approvers: Vec<Approver>,
}

/// The file's type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum TrustType {
    /// The first version.
    #[default]
    #[serde(rename = "countersign.trust/v1")]
    V1,
}

/// A key that signs receipts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Operator {
    /// The name of the key; must be the one of `keys`.
    pub key_id: KeyId,
    /// The keys.
    pub keys: PublicKeys,
    /// A name for people.
    pub label: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Whether it still counts.
    pub status: Status,
}

/// A person's key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Approver {
    /// The name of the key; must be the one of `keys`.
    pub key_id: KeyId,
    /// The keys.
    pub keys: PublicKeys,
    /// The device, random.
    pub device_id: String,
    /// Whose it is. One person may have several keys, and counts once.
    pub person: String,
    /// A name for the device.
    pub label: String,
    /// What the person may answer for.
    pub roles: Vec<String>,
    /// Stated by a person at pairing; what an answer counts as is [`Approver::assurance_of`].
    pub assurance: Assurance,
    /// The passkey that lifts its answers, where one was allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passkey: Option<Passkey>,
    /// Since when.
    pub created_at: Timestamp,
    /// Whether it still counts.
    pub status: Status,
    /// The pairing it came from.
    pub pair_id: String,
    /// What it was pinned as before, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Past>,
}

/// What a key was pinned as until somebody changed it. Receipts of that time are judged by it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// The change, which the next record begins with.
    pub until: Timestamp,
    /// As [`Approver::person`].
    pub person: String,
    /// As [`Approver::roles`].
    pub roles: Vec<String>,
    /// As [`Approver::assurance`].
    pub assurance: Assurance,
    /// As [`Approver::passkey`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passkey: Option<Passkey>,
}

impl Approver {
    /// The record as it was at a moment. Its status is the newest all the same: when a key that
    /// ended counts is another question ([`crate::receipt::validity`]).
    #[must_use]
    pub fn at(&self, when: Instant) -> Cow<'_, Self> {
        let Some(past) = self.past.iter().find(|past| when < past.until.instant()) else {
            return Cow::Borrowed(self);
        };
        let Past { person, roles, assurance, passkey, .. } = past.clone();
        Cow::Owned(Self { person, roles, assurance, passkey, ..self.newest() })
    }

    /// The record without what it was before.
    #[must_use]
    pub fn newest(&self) -> Self {
        Self { past: Vec::new(), ..self.clone() }
    }
}

/// Whether a pinned key still counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "state"
)]
pub enum Status {
    /// It counts.
    Active {},
    /// Replaced; counts until the date.
    Rotated {
        /// Until when it still counts.
        until: Timestamp,
    },
    /// It counts no more.
    Revoked {
        /// Since when.
        at: Timestamp,
        /// From when on others may have had the key, where that is known to be earlier.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        compromised_since: Option<Timestamp>,
    },
}

impl Status {
    /// Whether a key counts at `now`.
    #[must_use]
    pub fn counts(&self, now: Instant) -> bool {
        match self {
            Self::Active {} => true,
            Self::Rotated { until } => now < until.instant(),
            Self::Revoked { .. } => false,
        }
    }
}

/// Why a trust store was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not a trust store.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A record's name is not its key's.
    #[error("key id `{}` does not belong to the key beside it", json::clip(&.0.0))]
    WrongKeyId(KeyId),
    /// The same key is there twice, or as operator and approver.
    #[error("key `{0}` is pinned twice; an operator key is never an approver key")]
    Twice(KeyId),
    /// What a key was pinned as is not told in order.
    #[error("what key `{0}` was pinned as before is not in the order of time")]
    Disordered(KeyId),
}

impl Default for TrustStore {
    fn default() -> Self {
        Self { kind: TrustType::V1, operators: Vec::new(), approvers: Vec::new() }
    }
}

impl TrustStore {
    /// Reads a trust store strictly.
    ///
    /// # Errors
    /// Where a name does not fit its key, a key is pinned twice, or the past of one has no order.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        exact::<Self>(&json::parse(bytes, limit::ARTIFACT)?)?.checked()
    }

    /// Demands what [`TrustStore::parse`] guarantees.
    ///
    /// # Errors
    /// As [`TrustStore::parse`].
    pub fn checked(self) -> Result<Self, TrustError> {
        let mut seen = std::collections::BTreeSet::new();
        let operators = self.operators.iter().map(|o| (&o.key_id, &o.keys));
        for (id, keys) in operators.chain(self.approvers.iter().map(|a| (&a.key_id, &a.keys))) {
            if keys.key_id() != *id {
                return Err(TrustError::WrongKeyId(id.clone()));
            }
            if !seen.insert(id.clone()) {
                return Err(TrustError::Twice(id.clone()));
            }
        }
        let in_order = |a: &Approver| {
            a.past.is_sorted_by(|one, next| one.until.instant() < next.until.instant())
        };
        match self.approvers.iter().find(|a| !in_order(a)) {
            Some(a) => Err(TrustError::Disordered(a.key_id.clone())),
            None => Ok(self),
        }
    }

    /// The approver with this key.
    #[must_use]
    pub fn approver(&self, id: &KeyId) -> Option<&Approver> {
        self.approvers.iter().find(|a| a.key_id == *id)
    }

    /// The operator with this key.
    #[must_use]
    pub fn operator(&self, id: &KeyId) -> Option<&Operator> {
        self.operators.iter().find(|o| o.key_id == *id)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::keys::SecretKeys;

    pub(crate) fn secret(n: u8) -> SecretKeys {
        SecretKeys::from_bytes(&[n; 64]).unwrap()
    }

    pub(crate) fn operator(key: &SecretKeys) -> Operator {
        Operator {
            key_id: key.key_id(),
            keys: *key.public(),
            label: "operator".into(),
            created_at: Instant(0).timestamp(),
            status: Status::Active {},
        }
    }

    pub(crate) fn approver(key: &SecretKeys, person: &str) -> Approver {
        Approver {
            key_id: key.key_id(),
            keys: *key.public(),
            device_id: format!("dev-{person}"),
            person: person.into(),
            label: "phone".into(),
            roles: vec![],
            assurance: Assurance::Device,
            passkey: None,
            created_at: Instant(0).timestamp(),
            status: Status::Active {},
            pair_id: "pair_1".into(),
            past: vec![],
        }
    }

    #[test]
    fn attack_10_an_operator_key_is_never_an_approver_key() {
        let key = secret(1);
        let store = TrustStore {
            operators: vec![operator(&key)],
            approvers: vec![approver(&key, "ann")],
            ..TrustStore::default()
        };
        assert!(matches!(store.clone().checked(), Err(TrustError::Twice(_))));
        let text = serde_json::to_vec(&store).unwrap();
        assert!(TrustStore::parse(&text).is_err());
    }

    #[test]
    fn a_name_that_is_not_the_keys_is_refused() {
        let mut wrong = approver(&secret(1), "ann");
        wrong.key_id = secret(2).key_id();
        let store = TrustStore { approvers: vec![wrong], ..TrustStore::default() };
        assert!(matches!(store.checked(), Err(TrustError::WrongKeyId(_))));
    }

    fn until(millis: i64, person: &str) -> Past {
        let until = Instant(millis).timestamp();
        let (person, roles) = (person.into(), vec![]);
        Past { until, person, roles, assurance: Assurance::Web, passkey: None }
    }

    #[test]
    fn a_record_is_what_it_was_until_it_was_changed() {
        let mut now = approver(&secret(1), "anna");
        now.past = vec![until(1_000, "ann"), until(2_000, "annie")];
        let at = |millis| now.at(Instant(millis)).into_owned();
        assert_eq!(at(2_000), now);
        let before = [(0, "ann"), (999, "ann"), (1_000, "annie"), (1_999, "annie")];
        for (millis, person) in before {
            assert_eq!(at(millis).person, person, "{millis}");
            assert_eq!(at(millis).assurance, Assurance::Web);
            assert_eq!(at(millis).keys, now.keys);
        }
    }

    #[test]
    fn a_past_without_order_is_refused() {
        for (first, second) in [(2_000, 1_000), (1_000, 1_000)] {
            let mut ann = approver(&secret(1), "ann");
            ann.past = vec![until(first, "ann"), until(second, "ann")];
            let store = TrustStore { approvers: vec![ann], ..TrustStore::default() };
            assert!(matches!(store.checked(), Err(TrustError::Disordered(_))));
        }
    }

    #[test]
    fn status_counts_by_date() {
        let at = Instant(1_000).timestamp();
        assert!(Status::Rotated { until: at.clone() }.counts(Instant(999)));
        assert!(!Status::Rotated { until: at.clone() }.counts(Instant(1_000)));
        assert!(!Status::Revoked { at, compromised_since: None }.counts(Instant(0)));
    }
}
