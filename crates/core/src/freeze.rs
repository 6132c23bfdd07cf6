//! The stop that an approver sends from another device.
//!
//! It is no answer to a question: nobody need have asked. It is signed in a domain of its own, so
//! that it can be taken for no decision and no decision for it, and it permits nothing: the worst
//! that it can cause is "no".

use crate::encoding::Fixed;
use crate::json::{self, JsonError, limit};
use crate::keys::{Domain, KeyError, KeyId, SecretKeys, Signature, verify_domain};
use crate::message::exact;
use crate::sealing::Shown;
use crate::time::{Instant, Timestamp};
use crate::trust::{Approver, TrustStore};
use serde::{Deserialize, Serialize};

/// The name of the request that lets go again what was stopped.
pub const THAW: &str = "countersign.thaw";

/// The parameter of that request which names the stop: the number of its receipt.
pub const RECEIPT: &str = "receipt";

/// The most bytes that the reason of a stop has.
pub const MAX_WHY: usize = 2_000;

/// What the message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum StopType {
    /// The only version.
    #[serde(rename = "countersign.freeze/v1")]
    V1,
}

/// What is signed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Stop {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: StopType,
    /// The operator key of the enforcer that is to stop: no other one heeds it.
    pub enforcer: KeyId,
    /// The approver's key.
    pub signer_key_id: KeyId,
    /// Why, where it was said; at most [`MAX_WHY`] bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When it was signed, by the device's clock.
    pub signed_at: Timestamp,
    /// Never used twice by one key.
    pub nonce: Fixed<24>,
}

/// A stop with its signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedStop {
    /// What is signed.
    pub stop: Stop,
    /// The approver's key over it, in the domain `countersign-freeze/v1`.
    pub signature: Signature,
}

/// Why a stop is not heeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotHeeded {
    /// It is no stop.
    #[error("not a stop: {0}")]
    Json(#[from] JsonError),
    /// The reason is too long.
    #[error("the reason is longer than {MAX_WHY} bytes")]
    TooLong,
    /// It is for another enforcer.
    #[error("the stop is for another enforcer")]
    OtherEnforcer,
    /// No pinned approver has this key, or it counts no more.
    #[error("the stop is signed by no approver who counts here")]
    Signer,
    /// The signature does not verify.
    #[error("the signature of the stop does not verify")]
    Signature,
}

impl SignedStop {
    /// Signs a stop with a key; whatever signer it names, it is this one.
    ///
    /// # Errors
    /// [`NotHeeded::TooLong`], or where it has no canonical form.
    pub fn sign(mut stop: Stop, keys: &SecretKeys) -> Result<Self, NotHeeded> {
        stop.signer_key_id = keys.key_id();
        short(&stop)?;
        let signature = keys.sign(Domain::Freeze, &stop).map_err(unsigned)?;
        Ok(Self { stop, signature })
    }

    /// Reads one strictly.
    ///
    /// # Errors
    /// [`NotHeeded::Json`] and [`NotHeeded::TooLong`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NotHeeded> {
        let signed: Self = exact(&json::parse(bytes, limit::MESSAGE)?)?;
        short(&signed.stop)?;
        Ok(signed)
    }

    /// Whose stop it is, where the enforcer with this operator key is to heed it at `now`. Any
    /// approver who counts may stop, of whatever assurance.
    ///
    /// # Errors
    /// The first of [`NotHeeded`] that is so.
    pub fn verify<'a>(
        &self,
        operator: &KeyId,
        trust: &'a TrustStore,
        now: Instant,
    ) -> Result<&'a Approver, NotHeeded> {
        if self.stop.enforcer != *operator {
            return Err(NotHeeded::OtherEnforcer);
        }
        let signer = trust.approver(&self.stop.signer_key_id);
        let signer = signer.filter(|one| one.status.counts(now)).ok_or(NotHeeded::Signer)?;
        let key = signer.keys.signing();
        verify_domain(&key, Domain::Freeze, &self.stop, &self.signature)
            .map_err(|_| NotHeeded::Signature)?;
        Ok(signer)
    }

    /// The name under which a gateway keeps it.
    #[must_use]
    pub fn id(&self) -> String {
        self.stop.nonce.to_string()
    }
}

fn short(stop: &Stop) -> Result<(), NotHeeded> {
    let long = stop.why.as_ref().is_some_and(|why| why.len() > MAX_WHY);
    if long { Err(NotHeeded::TooLong) } else { Ok(()) }
}

fn unsigned(error: KeyError) -> NotHeeded {
    match error {
        KeyError::Json(error) => NotHeeded::Json(error),
        KeyError::BadKey | KeyError::BadSignature | KeyError::Holder(_) => NotHeeded::Signature,
    }
}

/// What the seal around a stop is bound to. A seal around an artifact or an answer opens under none
/// of it.
#[must_use]
pub fn shown(id: &str) -> Shown {
    Shown {
        request_id: id.to_owned(),
        artifact_type: "countersign.freeze/v1".to_owned(),
        artifact_hash: String::new(),
        expires_at: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Decision;
    use crate::trust::Status;
    use crate::trust::tests::{approver, operator, secret};

    const NOW: Instant = Instant(1_770_000_000_000);

    fn stop() -> Stop {
        Stop {
            kind: StopType::V1,
            enforcer: secret(1).key_id(),
            signer_key_id: secret(2).key_id(),
            why: Some("the key leaked".into()),
            signed_at: NOW.timestamp(),
            nonce: Fixed([7; 24]),
        }
    }

    fn trust() -> TrustStore {
        TrustStore {
            operators: vec![operator(&secret(1))],
            approvers: vec![approver(&secret(2), "ann")],
            ..TrustStore::default()
        }
    }

    fn heeded(signed: &SignedStop, trust: &TrustStore) -> Result<String, NotHeeded> {
        signed.verify(&secret(1).key_id(), trust, NOW).map(|one| one.person.clone())
    }

    #[test]
    fn a_stop_reads_back_and_names_its_person() {
        let signed = SignedStop::sign(stop(), &secret(2)).unwrap();
        let read = SignedStop::parse(&json::canonical(&signed).unwrap()).unwrap();
        assert_eq!(read, signed);
        assert_eq!(heeded(&read, &trust()), Ok("ann".into()));
        let long = Stop { why: Some("x".repeat(MAX_WHY + 1)), ..stop() };
        assert_eq!(SignedStop::sign(long, &secret(2)), Err(NotHeeded::TooLong));
    }

    #[test]
    fn attack_35_a_stop_is_no_decision_and_no_other_signature_a_stop() {
        let signed = SignedStop::sign(stop(), &secret(2)).unwrap();
        assert!(Decision::parse(&json::canonical(&signed).unwrap()).is_err());
        assert!(Decision::parse(&json::canonical(&signed.stop).unwrap()).is_err());
        // The same bytes signed in any other domain, or as a decision is, stop nothing.
        let mut others: Vec<Signature> = Domain::ALL
            .into_iter()
            .filter(|domain| *domain != Domain::Freeze)
            .map(|domain| secret(2).sign(domain, &stop()).unwrap())
            .collect();
        others.push(secret(2).sign_decision(&json::canonical(&stop()).unwrap()).unwrap());
        for signature in others {
            let other = SignedStop { stop: stop(), signature };
            assert_eq!(heeded(&other, &trust()), Err(NotHeeded::Signature));
        }
    }

    #[test]
    fn attack_36_nobody_else_stops_and_no_other_enforcer_heeds() {
        let signed = SignedStop::sign(stop(), &secret(2)).unwrap();
        let (known, other) = (trust(), secret(9).key_id());
        let elsewhere = signed.verify(&other, &known, NOW);
        assert_eq!(elsewhere.map(|_| ()), Err(NotHeeded::OtherEnforcer));
        let stranger = SignedStop::sign(stop(), &secret(3)).unwrap();
        assert_eq!(heeded(&stranger, &trust()), Err(NotHeeded::Signer));
        let mut posing = stranger;
        posing.stop.signer_key_id = secret(2).key_id();
        assert_eq!(heeded(&posing, &trust()), Err(NotHeeded::Signature));
        let mut changed = signed.clone();
        changed.stop.why = None;
        assert_eq!(heeded(&changed, &trust()), Err(NotHeeded::Signature));
        let mut revoked = trust();
        revoked.approvers[0].status =
            Status::Revoked { at: NOW.timestamp(), compromised_since: None };
        assert_eq!(heeded(&signed, &revoked), Err(NotHeeded::Signer));
    }
}
