//! The signed answer of a person (PROTOCOL §3).

use crate::artifact::{Artifact, ArtifactHash, HashAlg, Scope};
use crate::encoding::{Fixed, Hash};
use crate::json::{self, JsonError, limit};
use crate::keys::{KeyError, KeyId, SecretKeys, Signature, verify_known, verify_raw};
use crate::message::exact;
use crate::passkey::Assertion;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The answer. Both published pairs of words are read; a signed object is never rewritten.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// Yes, in the words of the specification's one valid vector.
    Allow,
    /// No.
    Deny,
    /// Yes, in the words of the later schema.
    Approve,
    /// No.
    Reject,
}

impl Word {
    /// Whether the word says yes.
    #[must_use]
    pub fn allows(self) -> bool {
        matches!(self, Self::Allow | Self::Approve)
    }

    /// The same answer in the other pair of words.
    #[must_use]
    pub fn twin(self) -> Self {
        match self {
            Self::Allow => Self::Approve,
            Self::Deny => Self::Reject,
            Self::Approve => Self::Allow,
            Self::Reject => Self::Deny,
        }
    }
}

/// The one signature algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SigAlg {
    /// Ed25519.
    Ed25519,
}

/// A HARP Decision.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Decision {
    /// The request it answers.
    pub request_id: String,
    /// SHA-256.
    pub artifact_hash_alg: HashAlg,
    /// The artifact it answers.
    pub artifact_hash: ArtifactHash,
    /// The repository it was asked for.
    pub repo_ref: String,
    /// The answer.
    pub decision: Word,
    /// How far it reaches.
    pub scope: Scope,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Never used twice by one key.
    pub nonce: String,
    /// Ed25519.
    pub sig_alg: SigAlg,
    /// The signing key.
    pub signer_key_id: KeyId,
    /// Over the canonical decision without this member.
    pub signature: Signature,
    /// Signed hints; ignoring them never permits more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_hints: Option<Map<String, Value>>,
}

/// Names of the hints that we write.
pub mod hint {
    /// When the person decided.
    pub const DECIDED_AT: &str = "decidedAt";
    /// The session the decision is bound to.
    pub const SESSION_ID: &str = "sessionId";
    /// SHA-256 of salt ‖ reason.
    pub const REASON_HASH: &str = "reasonHash";
    /// `{"to"?}`: not refused for good, but for the next one to answer.
    pub const ESCALATE: &str = "escalate";
    /// The indices of a batch that are allowed.
    pub const ITEMS: &str = "items";
    /// A standing permission taken out of what the route offers, beside a yes.
    pub const GRANT: &str = "grant";
    /// SHA-256 of the canonical review model.
    pub const DISPLAY_HASH: &str = "displayHash";
    /// What a passkey signed: [`crate::passkey::Assertion`].
    pub const WEBAUTHN: &str = "webauthn";
}

/// A person's reason with the salt that hides it from guessing; travels sealed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// What the person wrote.
    pub text: String,
    /// 32 random bytes.
    pub salt: Fixed<32>,
}

impl Reason {
    /// What the signed decision says of it: SHA-256(salt ‖ reason).
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut bytes = self.salt.0.to_vec();
        bytes.extend(self.text.as_bytes());
        Hash::of(&bytes)
    }
}

/// What travels to the enforcer under seal: the whole Decision and the reason.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The signed decision.
    pub decision: Decision,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Answer {
    /// Reads an opened answer strictly.
    ///
    /// # Errors
    /// Where it is no answer, or the reason is not the one the decision commits to.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let answer: Self = exact(&json::parse(bytes, limit::MESSAGE * 2)?)?;
        let said = answer.decision.hint(hint::REASON_HASH).and_then(Value::as_str);
        let given = answer.reason.as_ref().map(|r| r.hash().to_string());
        if said != given.as_deref() {
            return Err(JsonError::Shape("the reason is not the one that was signed".into()));
        }
        Ok(answer)
    }
}

/// What a person chooses; the rest of a Decision follows from the artifact.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The answer.
    pub word: Word,
    /// How far it reaches.
    pub scope: Scope,
    /// When it ends, at most the artifact's end.
    pub expires_at: Timestamp,
    /// Fresh random text.
    pub nonce: Fixed<24>,
    /// Signed hints.
    pub hints: Option<Map<String, Value>>,
}

impl Decision {
    /// Reads a decision strictly.
    ///
    /// # Errors
    /// Where it is not a Decision of HARP-CORE.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        exact(&json::parse(bytes, limit::MESSAGE)?)
    }

    /// Signs a choice about `artifact`.
    ///
    /// # Errors
    /// Where artifact or hints have no canonical form.
    pub fn sign(artifact: &Artifact, choice: Choice, key: &SecretKeys) -> Result<Self, KeyError> {
        Self::unsigned(artifact, choice, key)?.signed(key)
    }

    /// The same after a passkey signed the decision's challenge. The key signs what the passkey
    /// made along with everything else, so that nobody else can add, drop or exchange it.
    ///
    /// # Errors
    /// As [`Decision::sign`].
    pub fn sign_verified(
        artifact: &Artifact,
        choice: Choice,
        key: &SecretKeys,
        passkey: impl FnOnce(&Hash) -> Assertion,
    ) -> Result<Self, KeyError> {
        let mut decision = Self::unsigned(artifact, choice, key)?;
        let made = json::value_of(&passkey(&decision.challenge()?))?;
        decision.policy_hints.get_or_insert_default().insert(hint::WEBAUTHN.into(), made);
        decision.signed(key)
    }

    fn signed(mut self, key: &SecretKeys) -> Result<Self, KeyError> {
        self.signature = key.sign_decision(&self.signable()?)?;
        Ok(self)
    }

    fn unsigned(artifact: &Artifact, choice: Choice, key: &SecretKeys) -> Result<Self, KeyError> {
        Ok(Self {
            request_id: artifact.head.request_id.clone(),
            artifact_hash_alg: HashAlg::Sha256,
            artifact_hash: artifact.hash()?,
            repo_ref: artifact.head.repo_ref.clone(),
            decision: choice.word,
            scope: choice.scope,
            expires_at: choice.expires_at,
            nonce: choice.nonce.to_string(),
            sig_alg: SigAlg::Ed25519,
            signer_key_id: key.key_id(),
            signature: Fixed([0; 64]),
            policy_hints: choice.hints,
        })
    }

    /// What a passkey signs for it: SHA-256 of the canonical decision as it would be without one.
    ///
    /// # Errors
    /// Where the decision has no canonical form.
    pub fn challenge(&self) -> Result<Hash, JsonError> {
        let mut bare = self.clone();
        let hints = bare.policy_hints.take().map(|mut hints| {
            hints.remove(hint::WEBAUTHN);
            hints
        });
        bare.policy_hints = hints.filter(|hints| !hints.is_empty());
        json::sha256_without(&bare, "signature").map(Hash)
    }

    /// The canonical bytes.
    ///
    /// # Errors
    /// Where the hints have no canonical form.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, JsonError> {
        json::canonical(self)
    }

    /// The bytes under the signature.
    ///
    /// # Errors
    /// Where the decision has no canonical form.
    pub fn signable(&self) -> Result<Vec<u8>, JsonError> {
        json::canonical_without(self, "signature")
    }

    /// Checks the signature under `key`, and nothing else.
    ///
    /// # Errors
    /// Where it does not verify.
    pub fn verify_signature(&self, key: &[u8; 32]) -> Result<(), KeyError> {
        verify_raw(key, &self.signable()?, &self.signature)
    }

    /// The same for one that this process looks at several times on its way to its use.
    pub(crate) fn verify_signature_known(&self, key: &[u8; 32]) -> Result<(), KeyError> {
        verify_known(key, &self.signable()?, &self.signature)
    }

    /// A signed hint.
    #[must_use]
    pub fn hint(&self, name: &str) -> Option<&Value> {
        self.policy_hints.as_ref()?.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "68GYuLi_rncjJ4w7MWKfKd5ygpeXzMjCzM5tlDakz_I";
    const SIGNED: &str = r#"{"artifactHash":"8e326e1f69e5859a3b5b12965f06b5829f09b12d1748aa2fddb609fb44f831c1","artifactHashAlg":"SHA-256","decision":"allow","expiresAt":"2026-02-21T12:05:00Z","nonce":"bm9uY2UtMDAx","repoRef":"repo:acme/widgets","requestId":"01J2V8V3K6B2Z9X6G1V7Y2QK8H","scope":"once","sigAlg":"Ed25519","signature":"tszU90YldEomMTTrJpUYz-h8xXcAvJ6U97aaEy-1-Oo_vkCx3o63aZps6dN0VaJVKmXY2UnVW6ldoCuXv5sZDA","signerKeyId":"ma-key-01"}"#;

    fn key() -> [u8; 32] {
        Fixed::from_text(KEY).unwrap().0
    }

    #[test]
    fn the_published_decision_verifies() {
        Decision::parse(SIGNED.as_bytes()).unwrap().verify_signature(&key()).unwrap();
    }

    #[test]
    fn the_renamed_word_does_not_verify() {
        let renamed = SIGNED.replace("\"allow\"", "\"approve\"");
        let decision = Decision::parse(renamed.as_bytes()).unwrap();
        assert_eq!(decision.verify_signature(&key()), Err(KeyError::BadSignature));
    }

    #[test]
    fn any_changed_member_breaks_the_signature() {
        for (from, to) in [
            ("\"once\"", "\"timebox\""),
            ("12:05:00Z", "12:06:00Z"),
            ("bm9uY2UtMDAx", "bm9uY2UtMDAy"),
            ("acme/widgets", "acme/gadgets"),
            ("ma-key-01", "ma-key-02"),
            ("\"scope\"", "\"policyHints\":{},\"scope\""),
        ] {
            let decision = Decision::parse(SIGNED.replace(from, to).as_bytes()).unwrap();
            assert!(decision.verify_signature(&key()).is_err(), "{from}");
        }
    }

    #[test]
    fn a_second_form_of_a_decision_is_refused() {
        for (from, to) in [
            ("\"scope\"", "\"policyHints\":null,\"scope\""),
            ("\"allow\"", "{\"allow\":null}"),
            ("\"Ed25519\"", "{\"Ed25519\":null}"),
        ] {
            assert!(Decision::parse(SIGNED.replace(from, to).as_bytes()).is_err(), "{to}");
        }
        let Value::Object(members) = json::parse(SIGNED.as_bytes(), 9_999).unwrap() else {
            panic!("the published decision is an object");
        };
        let order = [
            "requestId",
            "artifactHashAlg",
            "artifactHash",
            "repoRef",
            "decision",
            "scope",
            "expiresAt",
            "nonce",
            "sigAlg",
            "signerKeyId",
            "signature",
        ];
        let list: Vec<_> = order.iter().map(|name| members[*name].clone()).collect();
        assert!(Decision::parse(&serde_json::to_vec(&list).unwrap()).is_err());
    }

    #[test]
    fn unknown_members_and_words_are_refused() {
        for (from, to) in
            [("\"scope\"", "\"x\":1,\"scope\""), ("allow", "maybe"), ("Ed25519", "none")]
        {
            assert!(Decision::parse(SIGNED.replace(from, to).as_bytes()).is_err(), "{to}");
        }
    }
}
