//! From a delivered message to a request that may be shown: everything is checked here, once.

use crate::pairings::{Pairing, PairingName};
use countersign_core::action::{Action, ActionHash};
use countersign_core::artifact::{Artifact, ArtifactHash, Context, Route, Statement};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::encoding::Hash;
use countersign_core::json::JsonError;
use countersign_core::keys::{PublicKeys, SecretKeys};
use countersign_core::redact::{Commitment, Disclosure, commitments};
use countersign_core::sealing::{self, SealError, Sealed, Shown};
use countersign_core::time::{Instant, Timestamp};
use countersign_store::files;
use countersign_wire::Envelope;
use countersign_wire::artifact::ApprovalRequest;
use serde_json::Value;

/// Why a delivered message is not shown as a request. Not `#[non_exhaustive]`: a new reason must be
/// handled everywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not sealed to this device, or the gateway changed the message or the fields around it.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// What was sealed is no statement of an enforcer.
    #[error("what was sealed is not a request: {0}")]
    Malformed(#[from] JsonError),
    /// The paired enforcer did not sign it.
    #[error("the paired enforcer did not sign this request")]
    NotFromEnforcer,
    /// The artifact, the hash inside it and the hash that the gateway shows are not all the same.
    #[error("the artifact does not have the hash that it was delivered under")]
    HashMismatch,
    /// The gateway shows another request than the one inside.
    #[error("the request inside is not the one it was delivered as")]
    RequestMismatch,
    /// The request's id could not be written down here.
    #[error("the request's id is not 1 to 128 of `A-Z a-z 0-9 . _ -`")]
    BadRequestId,
    /// The gateway shows another type than the one inside.
    #[error("the artifact's type is not the one it was delivered as")]
    TypeMismatch,
    /// The gateway shows another end than the one inside.
    #[error("the request ends at another time than it was delivered with")]
    ExpiryMismatch,
    /// It is too late to answer.
    #[error("the request expired at `{0}`")]
    Expired(Timestamp),
    /// A disclosed value is not the one that the action commits to.
    #[error("the value disclosed for `{0}` is not the one that is committed to")]
    WrongDisclosure(String),
}

/// What the gateway delivered: the fields it shows, and what it cannot read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivered {
    /// The request.
    pub request_id: String,
    /// The artifact's type.
    pub artifact_type: String,
    /// The artifact's hash, with or without `sha256:`.
    pub artifact_hash: String,
    /// When it ends.
    pub expires_at: String,
    /// The sealed statement.
    pub sealed: Sealed,
}

/// A request of the paired enforcer, opened and checked.
///
/// Private fields: only [`open`] and [`at_hand`] make one, so a review or an answer can be built from nothing
/// else.
#[derive(Clone, Debug)]
pub struct Opened {
    pairing: PairingName,
    enforcer: PublicKeys,
    statement: Statement,
    action_hash: ActionHash,
    route: Option<Route>,
    context: Context,
    head: Option<Checkpoint>,
}

/// Opens and checks what was delivered for `pairing`.
///
/// # Errors
/// Every case of [`OpenError`]; nothing of a refused message is shown.
pub fn open(
    delivered: &Delivered,
    pairing: &Pairing,
    keys: &SecretKeys,
    now: Instant,
) -> Result<Opened, OpenError> {
    let plaintext = sealing::open(&delivered.sealed, &delivered.shown()?, keys)?;
    let statement = Statement::parse(&plaintext)?;
    check_shown(delivered, &statement.artifact)?;
    checked(statement, pairing.name.clone(), &pairing.enforcer, now)
}

/// The same checks for a statement that came from the enforcer in this very process, under no
/// seal: for the person at the enforcer's own terminal.
///
/// # Errors
/// Every case of [`OpenError`] that is not about the seal or the envelope.
pub fn at_hand(
    statement: Statement,
    name: PairingName,
    enforcer: &PublicKeys,
    now: Instant,
) -> Result<Opened, OpenError> {
    checked(statement, name, enforcer, now)
}

fn checked(
    statement: Statement,
    pairing: PairingName,
    enforcer: &PublicKeys,
    now: Instant,
) -> Result<Opened, OpenError> {
    statement.verify(enforcer).map_err(|_| OpenError::NotFromEnforcer)?;
    if statement.artifact.hash()? != statement.artifact.head.artifact_hash {
        return Err(OpenError::HashMismatch);
    }
    if !files::is_stem(&statement.artifact.head.request_id) {
        return Err(OpenError::BadRequestId);
    }
    check_disclosures(&statement)?;
    let expires_at = &statement.artifact.head.expires_at;
    if now >= expires_at.instant() {
        return Err(OpenError::Expired(expires_at.clone()));
    }
    Ok(Opened {
        pairing,
        enforcer: *enforcer,
        action_hash: statement.artifact.action_hash()?,
        route: statement.artifact.route()?,
        context: statement.artifact.context()?.unwrap_or_default(),
        head: statement.artifact.checkpoint()?,
        statement,
    })
}

impl Delivered {
    /// What stands in an `approval.request`. Its metadata are the gateway's words and are not
    /// looked at.
    ///
    /// # Errors
    /// [`OpenError::ExpiryMismatch`] without an end, [`OpenError::Malformed`] where the ciphertext
    /// is not one of ours.
    pub fn of(envelope: &Envelope<ApprovalRequest>) -> Result<Self, OpenError> {
        let body = &envelope.body;
        let expires_at = envelope.expires_at.as_ref().ok_or(OpenError::ExpiryMismatch)?;
        Ok(Self {
            request_id: envelope.request_id.clone(),
            artifact_type: body.artifact_type.clone(),
            artifact_hash: body.artifact_hash.clone(),
            expires_at: expires_at.to_string(),
            sealed: body.ciphertext_ref.sealed()?,
        })
    }

    /// The fields that both layers of the seal are bound to.
    fn shown(&self) -> Result<Shown, OpenError> {
        Ok(Shown {
            request_id: self.request_id.clone(),
            artifact_type: self.artifact_type.clone(),
            artifact_hash: self.hash()?.to_string(),
            expires_at: self.expires_at.clone(),
        })
    }

    fn hash(&self) -> Result<Hash, OpenError> {
        Hash::from_hex(&self.artifact_hash).ok_or(OpenError::HashMismatch)
    }
}

/// The seal binds these fields already; an enforcer that sealed one thing and signed another is
/// refused all the same.
fn check_shown(delivered: &Delivered, artifact: &Artifact) -> Result<(), OpenError> {
    let head = &artifact.head;
    if head.artifact_hash != ArtifactHash(delivered.hash()?) {
        return Err(OpenError::HashMismatch);
    }
    if head.request_id != delivered.request_id {
        return Err(OpenError::RequestMismatch);
    }
    if head.artifact_type.name() != delivered.artifact_type {
        return Err(OpenError::TypeMismatch);
    }
    if head.expires_at.as_str() != delivered.expires_at {
        return Err(OpenError::ExpiryMismatch);
    }
    Ok(())
}

fn check_disclosures(statement: &Statement) -> Result<(), OpenError> {
    let committed = commitments(&Value::Object(statement.artifact.payload.clone()));
    let opens = |d: &Disclosure| committed.iter().any(|(path, c)| *path == d.0 && d.opens(c));
    match statement.disclosures.iter().find(|d| !opens(d)) {
        Some(wrong) => Err(OpenError::WrongDisclosure(wrong.0.clone())),
        None => Ok(()),
    }
}

impl Opened {
    /// The pairing it came through.
    #[must_use]
    pub fn pairing(&self) -> &PairingName {
        &self.pairing
    }

    /// The pinned keys of the enforcer that signed it.
    #[must_use]
    pub fn enforcer(&self) -> &PublicKeys {
        &self.enforcer
    }

    /// The artifact, whole.
    #[must_use]
    pub fn artifact(&self) -> &Artifact {
        &self.statement.artifact
    }

    /// The action, where it is one of ours; `None` is a foreign payload.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        self.statement.artifact.action()
    }

    /// The hash of the payload.
    #[must_use]
    pub fn action_hash(&self) -> ActionHash {
        self.action_hash
    }

    /// Who must answer, and what may be answered.
    #[must_use]
    pub fn route(&self) -> Option<&Route> {
        self.route.as_ref()
    }

    /// Who asks and why.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The ledger's head that an answer would witness.
    #[must_use]
    pub fn head(&self) -> Option<&Checkpoint> {
        self.head.as_ref()
    }

    /// The value behind `commitment` at `path`, where it was disclosed. Opened anew each time, so
    /// that no other commitment at a path that reads the same gets its value.
    #[must_use]
    pub fn disclosed(&self, path: &str, commitment: &Commitment) -> Option<&Value> {
        let mut all = self.statement.disclosures.iter();
        all.find(|d| d.0 == path && d.opens(commitment)).map(|d| &d.1)
    }
}

#[cfg(test)]
mod tests;
