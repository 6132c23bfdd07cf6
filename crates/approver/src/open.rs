//! From a delivered message to a request that may be shown: everything is checked here, once.

use crate::home;
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
/// Private fields: only [`open`] makes one, so a review or an answer can be built from nothing
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
    statement.verify(&pairing.enforcer).map_err(|_| OpenError::NotFromEnforcer)?;
    check_fields(delivered, &statement.artifact)?;
    check_disclosures(&statement)?;
    let expires_at = &statement.artifact.head.expires_at;
    if now >= expires_at.instant() {
        return Err(OpenError::Expired(expires_at.clone()));
    }
    Ok(Opened {
        pairing: pairing.name.clone(),
        enforcer: pairing.enforcer,
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
fn check_fields(delivered: &Delivered, artifact: &Artifact) -> Result<(), OpenError> {
    let hash = artifact.hash()?;
    if hash != artifact.head.artifact_hash || hash != ArtifactHash(delivered.hash()?) {
        return Err(OpenError::HashMismatch);
    }
    if artifact.head.request_id != delivered.request_id {
        return Err(OpenError::RequestMismatch);
    }
    if !home::is_stem(&artifact.head.request_id) {
        return Err(OpenError::BadRequestId);
    }
    if artifact.head.artifact_type.name() != delivered.artifact_type {
        return Err(OpenError::TypeMismatch);
    }
    if artifact.head.expires_at.as_str() != delivered.expires_at {
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
mod tests {
    use super::*;
    use crate::fixture::{self, Ask};
    use countersign_core::encoding::Fixed;
    use serde_json::json;

    fn refused(delivered: &Delivered) -> OpenError {
        open(delivered, &fixture::pairing(), &fixture::device(), fixture::now()).err().unwrap()
    }

    #[test]
    fn an_honest_request_opens_whole() {
        let opened = fixture::opened(&Ask::default());
        assert_eq!(opened.artifact().head.request_id, "REQ-1");
        assert!(matches!(opened.action(), Some(Action::Command(_))));
        assert_eq!(opened.route().unwrap().threshold, 1);
        assert_eq!(opened.context().description.as_deref(), Some("clean the build"));
    }

    #[test]
    fn the_prefix_of_the_hash_changes_nothing() {
        let mut delivered = fixture::delivered(&Ask::default());
        delivered.artifact_hash = format!("sha256:{}", delivered.artifact_hash);
        assert!(open(&delivered, &fixture::pairing(), &fixture::device(), fixture::now()).is_ok());
    }

    #[test]
    fn attack_36_a_gateway_cannot_invent_a_request() {
        // It knows the device's public keys, so it can seal; but it cannot sign for the enforcer.
        let ask = Ask { signer: fixture::mallory(), ..Ask::default() };
        assert_eq!(refused(&fixture::delivered(&ask)), OpenError::NotFromEnforcer);
        // An approver's own signature is no enforcer's either.
        let ask = Ask { signer: fixture::device(), ..Ask::default() };
        assert_eq!(refused(&fixture::delivered(&ask)), OpenError::NotFromEnforcer);
    }

    #[test]
    fn attack_36_a_signature_for_another_artifact_does_not_help() {
        let mut other = fixture::statement(&Ask::default());
        other.artifact.payload.insert("cwd".into(), json!("/"));
        other.artifact.head.artifact_hash = other.artifact.hash().unwrap();
        assert_eq!(refused(&fixture::deliver(&other)), OpenError::NotFromEnforcer);
    }

    #[test]
    fn attack_23_bodies_swapped_between_requests_do_not_open() {
        let one = fixture::delivered(&Ask::default());
        let two = fixture::delivered(&Ask { request_id: "REQ-2".into(), ..Ask::default() });
        let swapped = Delivered { sealed: two.sealed, ..one };
        assert_eq!(refused(&swapped), OpenError::Seal(SealError::Broken));
    }

    #[test]
    fn attack_23_every_field_that_the_gateway_shows_is_bound_to_the_seal() {
        let honest = fixture::delivered(&Ask::default());
        let hash = Hash([1; 32]).to_string();
        let later = "2026-02-21T12:30:00Z".to_owned();
        for changed in [
            Delivered { request_id: "REQ-2".into(), ..honest.clone() },
            Delivered { artifact_type: "plan.review".into(), ..honest.clone() },
            Delivered { artifact_hash: hash, ..honest.clone() },
            Delivered { expires_at: later, ..honest.clone() },
        ] {
            assert_eq!(refused(&changed), OpenError::Seal(SealError::Broken));
        }
        let nonsense = Delivered { artifact_hash: "abc".into(), ..honest };
        assert_eq!(refused(&nonsense), OpenError::HashMismatch);
    }

    #[test]
    fn fields_that_contradict_what_was_signed_are_refused_each_by_its_name() {
        let statement = fixture::statement(&Ask::default());
        let honest = fixture::shown(&statement);
        for (shown, reason) in [
            (Shown { request_id: "X".into(), ..honest.clone() }, OpenError::RequestMismatch),
            (Shown { artifact_type: "x".into(), ..honest.clone() }, OpenError::TypeMismatch),
            (
                Shown { artifact_hash: Hash([1; 32]).to_string(), ..honest.clone() },
                OpenError::HashMismatch,
            ),
            (
                Shown { expires_at: "2026-02-21T12:30:00Z".into(), ..honest.clone() },
                OpenError::ExpiryMismatch,
            ),
        ] {
            assert_eq!(refused(&fixture::deliver_as(&statement, &shown)), reason);
        }
    }

    #[test]
    fn a_claimed_hash_is_never_believed() {
        let mut artifact = fixture::statement(&Ask::default()).artifact;
        artifact.payload.insert("cwd".into(), json!("/"));
        let lying = Statement::sign(artifact, vec![], &fixture::enforcer()).unwrap();
        assert_eq!(refused(&fixture::deliver(&lying)), OpenError::HashMismatch);
    }

    #[test]
    fn a_message_for_another_device_does_not_open() {
        let delivered = fixture::delivered(&Ask::default());
        let other = fixture::mallory();
        let refused = open(&delivered, &fixture::pairing(), &other, fixture::now()).err();
        assert_eq!(refused, Some(OpenError::Seal(SealError::NotForUs)));
    }

    #[test]
    fn attack_19_an_expired_request_is_not_shown() {
        let delivered = fixture::delivered(&Ask::default());
        let at = |text: &str| Timestamp::parse(text).unwrap().instant();
        let open_at = |now| open(&delivered, &fixture::pairing(), &fixture::device(), now);
        assert!(open_at(at("2026-02-21T12:09:59Z")).is_ok());
        let refused = open_at(at("2026-02-21T12:10:00Z")).err();
        assert!(matches!(refused, Some(OpenError::Expired(_))));
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        let shown = fixture::shown(&fixture::statement(&Ask::default()));
        for text in ["", "{}", "{\"artifact\":1,\"artifact\":2}"] {
            let refused = refused(&fixture::deliver_bytes(text.as_bytes(), &shown));
            assert!(matches!(refused, OpenError::Malformed(_)), "{text}");
        }
    }

    #[test]
    fn attack_47_a_disclosure_must_open_the_commitment_at_its_place() {
        let honest = Ask::with_secret();
        assert!(!fixture::statement(&honest).disclosures.is_empty());
        fixture::opened(&honest);
        let Disclosure(path, value, salt) = honest.disclosures[0].clone();
        for wrong in [
            Disclosure(path.clone(), json!("harmless"), salt),
            Disclosure("/env/OTHER".into(), value.clone(), salt),
            Disclosure(path.clone(), value, Hash([0; 32])),
            Disclosure("/cwd".into(), json!("/"), salt),
        ] {
            let ask = Ask { disclosures: vec![wrong.clone()], ..Ask::with_secret() };
            let expected = OpenError::WrongDisclosure(wrong.0);
            assert_eq!(refused(&fixture::delivered(&ask)), expected);
        }
    }

    #[test]
    fn a_request_id_that_is_no_file_name_is_refused() {
        for id in ["../x", ".x", "a b", "a/b"] {
            let ask = Ask { request_id: id.into(), ..Ask::default() };
            assert_eq!(refused(&fixture::delivered(&ask)), OpenError::BadRequestId);
        }
    }

    #[test]
    fn a_message_without_an_end_or_with_other_ciphertext_is_refused() {
        let envelope = fixture::envelope(&Ask::default());
        assert_eq!(Delivered::of(&envelope), Ok(fixture::delivered(&Ask::default())));
        let endless = Envelope { expires_at: None, ..envelope.clone() };
        assert_eq!(Delivered::of(&endless), Err(OpenError::ExpiryMismatch));
        let mut foreign = serde_json::to_value(&envelope).unwrap();
        foreign["body"]["ciphertextRef"] = json!({"kind": "inline", "data": "x"});
        let foreign: Envelope = serde_json::from_value(foreign).unwrap();
        let refused = Delivered::of(&foreign.open().unwrap());
        assert!(matches!(refused, Err(OpenError::Malformed(_))));
    }

    #[test]
    fn a_tampered_ciphertext_does_not_open() {
        let mut delivered = fixture::delivered(&Ask::default());
        delivered.sealed.tag = Fixed([0; 16]);
        assert_eq!(refused(&delivered), OpenError::Seal(SealError::Broken));
    }
}
