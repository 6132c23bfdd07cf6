//! The answer on its way back.

use crate::artifact::hash_key;
use crate::envelope::Body;
use countersign_core::decision::Word;
use countersign_core::encoding::Hash;
use countersign_core::json::{self, JsonError};
use countersign_core::message::{Message, filled};
use countersign_core::sealing::Sealed;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The body of `decision.submit`.
///
/// It is not what the person signed: it has no scope, expiry, repoRef or hints. The whole
/// Decision travels sealed beside it, in the trace ([`SEALED`]).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DecisionSubmit {
    /// With or without `sha256:`.
    #[serde(deserialize_with = "filled")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub artifact_hash: String,
    /// `approve` and `reject` on the wire; `allow` and `deny` are read too.
    pub decision: Word,
    /// In clear, so ours never has one: it travels sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The name of the key that signed.
    pub signer_key_id: String,
    /// The decision's nonce.
    pub nonce: String,
    /// The decision's signature.
    pub signature: String,
    /// Named by the schema, computed by nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_hash: Option<String>,
}

impl Message for DecisionSubmit {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for DecisionSubmit {
    const MSG_TYPE: &'static str = "decision.submit";
}

impl DecisionSubmit {
    /// The word as the gateway's schema spells it.
    #[must_use]
    pub fn wire_word(word: Word) -> Word {
        if word.allows() { Word::Approve } else { Word::Reject }
    }

    /// Names this decision: however the word and the hash are spelled, the same decision has the
    /// same digest, and another one has another.
    ///
    /// # Errors
    /// [`JsonError`] where a member has no canonical form.
    pub fn digest(&self) -> Result<Hash, JsonError> {
        let mut plain = self.clone();
        plain.artifact_hash = hash_key(&self.artifact_hash).to_owned();
        plain.decision = Self::wire_word(self.decision);
        json::sha256(&plain).map(Hash)
    }
}

/// The body of `decision.deliver`: the body of `decision.submit` as given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DecisionDeliver(pub DecisionSubmit);

impl Message for DecisionDeliver {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for DecisionDeliver {
    const MSG_TYPE: &'static str = "decision.deliver";
}

/// The member of the trace that holds the complete Decision, sealed to the enforcer.
pub const SEALED: &str = "org.countersign.sealed";

/// A trace that holds the sealed Decision.
///
/// # Errors
/// [`JsonError::Shape`] never for a value made by `core`; the type cannot promise it.
pub fn sealed_trace(sealed: &Sealed) -> Result<Map<String, Value>, JsonError> {
    let value = serde_json::to_value(sealed).map_err(|e| JsonError::Shape(e.to_string()))?;
    Ok(Map::from_iter([(SEALED.to_owned(), value)]))
}

/// The sealed Decision of a trace; `None` where the sender is another HARP implementation.
///
/// # Errors
/// [`JsonError::Shape`] where the member is there and is not one of ours.
pub fn sealed_of(trace: Option<&Map<String, Value>>) -> Result<Option<Sealed>, JsonError> {
    trace.and_then(|t| t.get(SEALED)).map(|value| json::typed(value.clone())).transpose()
}

/// The body of `decision.accepted`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DecisionAccepted {
    /// As submitted.
    pub artifact_hash: String,
}

impl Message for DecisionAccepted {
    const LIMIT: usize = crate::limit::MESSAGE;
}

impl Body for DecisionAccepted {
    const MSG_TYPE: &'static str = "decision.accepted";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision() -> DecisionSubmit {
        DecisionSubmit {
            artifact_hash: "ab".to_owned(),
            decision: Word::Approve,
            reason: None,
            signer_key_id: "key".to_owned(),
            nonce: "nonce".to_owned(),
            signature: "signature".to_owned(),
            decision_hash: None,
        }
    }

    #[test]
    fn spelling_makes_no_other_decision() {
        let digest = decision().digest().unwrap();
        let prefixed = DecisionSubmit { artifact_hash: "sha256:ab".to_owned(), ..decision() };
        let older = DecisionSubmit { decision: Word::Allow, ..decision() };
        assert_eq!([prefixed, older].map(|same| same.digest().unwrap()), [digest; 2]);
    }

    #[test]
    fn every_member_makes_another_decision() {
        let text = || "other".to_owned();
        let others = [
            DecisionSubmit { artifact_hash: text(), ..decision() },
            DecisionSubmit { decision: Word::Reject, ..decision() },
            DecisionSubmit { reason: Some(text()), ..decision() },
            DecisionSubmit { signer_key_id: text(), ..decision() },
            DecisionSubmit { nonce: text(), ..decision() },
            DecisionSubmit { signature: text(), ..decision() },
            DecisionSubmit { decision_hash: Some(text()), ..decision() },
        ];
        for other in others {
            assert_ne!(other.digest().unwrap(), decision().digest().unwrap(), "{other:?}");
        }
    }
}
