//! Secrets inside an action: committed to before hashing, disclosed under seal (PROTOCOL §2).
//!
//! A redacted value is `{"_sd": hex}`. The salt is derived from a secret of the ledger, so equal
//! calls still hash equally and a short secret cannot be guessed from its commitment.

mod places;

pub use places::{hide, is_ours, reveal};

use crate::encoding::Hash;
use crate::json::{self, JsonError};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A text of an action: in the clear, or a commitment to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Text {
    /// The text itself.
    Plain(String),
    /// A commitment; the text travels as a [`Disclosure`].
    Committed(Commitment),
}

/// A commitment to one value at one place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// SHA-256 of salt ‖ canonical `[path, value]`.
    #[serde(rename = "_sd")]
    pub sd: Hash,
}

/// What opens a commitment: `[path, value, salt]`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Disclosure(pub String, pub Value, pub Hash);

impl Text {
    /// The text, where it stands in the clear.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Committed(_) => None,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

/// Commits to `value` at `path` under the ledger's secret.
///
/// # Errors
/// Where the value has no canonical form.
pub fn commit(
    secret: &[u8; 32],
    path: &str,
    value: Value,
) -> Result<(Commitment, Disclosure), JsonError> {
    let place = json::canonical(&(path, &value))?;
    // INVARIANT: HMAC takes a key of any length.
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret).map_err(|e| JsonError::Shape(e.to_string()))?;
    mac.update(&place);
    let salt = Hash(mac.finalize().into_bytes().into());
    let disclosure = Disclosure(path.to_owned(), value, salt);
    Ok((Commitment { sd: disclosure.digest()? }, disclosure))
}

impl Disclosure {
    /// Whether this value, at this place, is the one committed to.
    #[must_use]
    pub fn opens(&self, commitment: &Commitment) -> bool {
        self.digest().is_ok_and(|d| bool::from(d.0.ct_eq(&commitment.sd.0)))
    }

    fn digest(&self) -> Result<Hash, JsonError> {
        let Self(path, value, salt) = self;
        let hash = Sha256::new().chain_update(salt.0);
        Ok(Hash(hash.chain_update(json::canonical(&(path, value))?).finalize().into()))
    }
}

/// Whether an object anywhere in `value` has the key `_sd`, which only we may write.
#[must_use]
pub fn smuggles_commitment(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(smuggles_commitment),
        Value::Object(members) => {
            members.contains_key("_sd") || members.values().any(smuggles_commitment)
        }
        _ => false,
    }
}

/// A key as one step of a JSON pointer (RFC 6901), so that no two places share a path.
#[must_use]
pub fn token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Every commitment in `value` with its path, a JSON pointer as in [`Disclosure`]: `/env/TOKEN`.
#[must_use]
pub fn commitments(value: &Value) -> Vec<(String, Commitment)> {
    let mut found = Vec::new();
    collect(value, String::new(), &mut found);
    found
}

fn collect(value: &Value, path: String, found: &mut Vec<(String, Commitment)>) {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, item)| collect(item, format!("{path}/{i}"), found)),
        Value::Object(members) => match serde_json::from_value(value.clone()) {
            Ok(commitment) => found.push((path, commitment)),
            Err(_) => members
                .iter()
                .for_each(|(key, item)| collect(item, format!("{path}/{}", token(key)), found)),
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn attack_40_a_commitment_is_no_dictionary_for_short_secrets() {
        let (a, _) = commit(&[1; 32], "/env/PIN", json!("1234")).unwrap();
        let (b, _) = commit(&[2; 32], "/env/PIN", json!("1234")).unwrap();
        let (again, _) = commit(&[1; 32], "/env/PIN", json!("1234")).unwrap();
        assert_ne!(a, b);
        assert_eq!(a, again);
    }

    #[test]
    fn attack_47_a_disclosure_opens_only_its_own_commitment() {
        let (commitment, disclosure) = commit(&[1; 32], "/env/T", json!("real")).unwrap();
        assert!(disclosure.opens(&commitment));
        let Disclosure(path, _, salt) = disclosure.clone();
        assert!(!Disclosure(path, json!("fake"), salt).opens(&commitment));
        let moved = Disclosure("/env/U".into(), disclosure.1, disclosure.2);
        assert!(!moved.opens(&commitment));
    }

    #[test]
    fn attack_47_a_smuggled_commitment_is_seen_at_any_depth() {
        assert!(smuggles_commitment(&json!({"a": [{"b": {"_sd": "x"}}]})));
        assert!(!smuggles_commitment(&json!({"a": ["_sd"]})));
    }

    #[test]
    fn commitments_are_found_with_their_paths() {
        let (commitment, _) = commit(&[1; 32], "/env/T", json!("v")).unwrap();
        let value = json!({"env": {"T": commitment, "U": "plain"}, "argv": ["x"]});
        assert_eq!(commitments(&value), [("/env/T".to_owned(), commitment.clone())]);
        let odd = json!({"a/b": commitment, "a": {"b": commitment}, "~": commitment});
        let paths: Vec<String> = commitments(&odd).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["/a/b", "/a~1b", "/~0"]);
    }
}
