//! What a device is sent: an artifact that its enforcer signed.

use super::Artifact;
use crate::json::{self, JsonError, limit};
use crate::keys::{Domain, KeyError, PublicKeys, SecretKeys, Signature, verify_domain};
use crate::message::exact;
use crate::redact::Disclosure;
use serde::{Deserialize, Serialize};

/// The plaintext that is sealed to a device: nothing is shown that the paired enforcer did not sign.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Statement {
    /// The artifact.
    pub artifact: Artifact,
    /// The enforcer over the artifact, in the domain `countersign-artifact/v1`.
    pub enforcer_signature: Signature,
    /// What opens the commitments that this approver may see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disclosures: Vec<Disclosure>,
}

impl Statement {
    /// Signs an artifact for its approver.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn sign(
        artifact: Artifact,
        disclosures: Vec<Disclosure>,
        enforcer: &SecretKeys,
    ) -> Result<Self, KeyError> {
        let enforcer_signature = enforcer.sign(Domain::Artifact, &artifact)?;
        Ok(Self { artifact, enforcer_signature, disclosures })
    }

    /// Reads the plaintext strictly.
    ///
    /// # Errors
    /// Where it is not a statement.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let value = json::parse(bytes, limit::ARTIFACT * 2)?;
        if let Some(artifact) = value.get("artifact") {
            Artifact::from_value(artifact.clone())?;
        }
        exact(&value)
    }

    /// Checks the signature under the pinned enforcer.
    ///
    /// # Errors
    /// Where it does not verify.
    pub fn verify(&self, enforcer: &PublicKeys) -> Result<(), KeyError> {
        let signature = &self.enforcer_signature;
        verify_domain(&enforcer.signing(), Domain::Artifact, &self.artifact, signature)
    }
}
