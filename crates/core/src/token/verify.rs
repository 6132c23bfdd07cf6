//! From the bytes of a token to a verified answer, each check with its own refusal.

use super::{Malformed, ONCE, Terms, Token};
use crate::artifact::{Artifact, ArtifactHash};
use crate::keys::KeyId;
use crate::time::Instant;
use crate::trust::TrustStore;
use crate::verify::ReplayView;

/// Everything that a token is checked against.
pub struct Check<'a> {
    /// The artifact as it was built and stored here, never one that a message brought.
    pub artifact: &'a Artifact,
    /// The pinned keys, as they are now.
    pub trust: &'a TrustStore,
    /// The time. No skew is tolerated: the expiry was chosen for the artifact's, by this clock.
    pub now: Instant,
    /// What has been used before.
    pub replay: &'a dyn ReplayView,
}

/// Why a token was refused. Not `#[non_exhaustive]`: a new refusal must be handled everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a token.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Its key is not pinned, counts no more, or was not asked by this artifact.
    #[error("the token's key is not one that this request asks")]
    WrongKey,
    /// The signature is not over this artifact and these fields.
    #[error("the token's signature does not verify")]
    BadSignature,
    /// The token's time or the artifact's is over, or the artifact's has not come.
    #[error("the token or its request is out of time")]
    Expired,
    /// It reaches further than once.
    #[error("the token's scope is not `once`")]
    Scope,
    /// It, or another answer to the same request, was used before.
    #[error("the token was used before")]
    Replay,
}

impl Refusal {
    /// The HARP error code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed(_) => "HARP_ERR_CANONICALIZATION",
            Self::WrongKey | Self::BadSignature => "HARP_ERR_SIGNATURE_INVALID",
            Self::Expired => "HARP_ERR_EXPIRED",
            Self::Scope => "HARP_ERR_SCOPE",
            Self::Replay => "HARP_ERR_REPLAY",
        }
    }
}

/// Proof that one token was checked against one artifact.
///
/// Private fields: only [`verify`] and [`verify_under`] make one. It says what a person answered,
/// and is no permission.
#[must_use = "a verified answer whose nonce is not recorded can be used again"]
#[derive(Debug)]
pub struct Verified {
    terms: Terms,
    artifact: ArtifactHash,
    key: KeyId,
    person: Option<String>,
}

impl Verified {
    /// Whether the answer is yes.
    #[must_use]
    pub fn approves(&self) -> bool {
        self.terms.approves
    }

    /// Who answered; `None` where the caller pinned a key and no person.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        self.person.as_deref()
    }

    /// The artifact that was answered.
    #[must_use]
    pub fn artifact(&self) -> ArtifactHash {
        self.artifact
    }

    /// What acceptance spends: the nonce as the replay view knows it, and the key.
    #[must_use]
    pub fn spends(&self) -> (String, &KeyId) {
        (self.terms.nonce_text(), &self.key)
    }
}

/// Checks a token against the artifact that is stored here, in the order of a Decision: form,
/// signer, signature, time, scope, replay.
///
/// # Errors
/// [`Refusal`], for the first check that fails.
pub fn verify(bytes: &[u8], check: &Check<'_>) -> Result<Verified, Refusal> {
    let token = Token::parse(bytes)?;
    let person = signer(&token, check).ok_or(Refusal::WrongKey)?;
    token.signed(check.artifact)?;
    let head = &check.artifact.head;
    if check.now < head.created_at.instant() || check.now >= head.expires_at.instant() {
        return Err(Refusal::Expired);
    }
    token.unspent(check.artifact, check.now, check.replay, Some(person))
}

/// The same under one key that the caller pinned, for artifacts without a route of ours. Whether the
/// artifact itself is in time is for the caller to say.
///
/// # Errors
/// [`Refusal`], for the first check that fails.
pub fn verify_under(
    bytes: &[u8],
    pinned: &[u8; 32],
    artifact: &Artifact,
    now: Instant,
    replay: &dyn ReplayView,
) -> Result<Verified, Refusal> {
    let token = Token::parse(bytes)?;
    if token.public_key() != *pinned {
        return Err(Refusal::WrongKey);
    }
    token.signed(artifact)?;
    token.unspent(artifact, now, replay, None)
}

impl Token {
    fn signed(&self, artifact: &Artifact) -> Result<(), Refusal> {
        if self.signature_fits(artifact) { Ok(()) } else { Err(Refusal::BadSignature) }
    }

    /// Time, scope and replay; the signature was checked before.
    fn unspent(
        self,
        artifact: &Artifact,
        now: Instant,
        replay: &dyn ReplayView,
        person: Option<String>,
    ) -> Result<Verified, Refusal> {
        if self.terms.is_over(now) {
            return Err(Refusal::Expired);
        }
        if self.terms.scope != ONCE {
            return Err(Refusal::Scope);
        }
        // INVARIANT: it has a hash, because it had the canonical form under the signature.
        let hash = artifact.hash().map_err(|_| Refusal::BadSignature)?;
        let key = self.key_id();
        let spent = replay.nonce_spent(&self.terms.nonce_text(), &key)
            || replay.request_spent(&artifact.head.request_id, &hash);
        if spent {
            return Err(Refusal::Replay);
        }
        Ok(Verified { terms: self.terms, artifact: hash, key, person })
    }
}

/// The pinned approver whose key it is, if the artifact's route asks that person with that key.
fn signer(token: &Token, check: &Check<'_>) -> Option<String> {
    let route = check.artifact.route().ok().flatten()?;
    let id = token.key_id();
    let pinned = check.trust.approver(&id)?;
    let asked = route.roster.iter().any(|s| s.key_id == id && s.person == pinned.person);
    let counts = pinned.status.counts(check.now) && pinned.unaided() >= route.min_assurance;
    let same = pinned.keys.signing() == token.public_key();
    (asked && counts && same).then(|| pinned.person.clone())
}
