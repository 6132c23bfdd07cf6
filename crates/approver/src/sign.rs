//! The answer of a person, signed over exactly what was opened and sealed to the enforcer.

use crate::always;
use crate::open::Opened;
use crate::review::Review;
use countersign_core::answer::{Items, Meaning, Unclear};
use countersign_core::artifact::{Artifact, Scope};
use countersign_core::decision::{Answer, Choice, Decision, Reason, hint};
use countersign_core::encoding::Fixed;
use countersign_core::grant::Taken;
use countersign_core::json::{self, JsonError};
use countersign_core::keys::{KeyError, SecretKeys};
use countersign_core::sealing::{Entropy, SealError, Shown, seal};
use countersign_core::time::{Instant, Timestamp};
use countersign_wire::decision::{DecisionSubmit, sealed_trace};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The longest reason, as canonical JSON: sealed, it must fit a message of 64 KiB.
const MAX_REASON: usize = 16 * 1024;

/// Why an answer is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// It is too late to answer.
    #[error("the request expired at `{0}`")]
    Expired(Timestamp),
    /// The key of this device is not among those that may answer.
    #[error("this device is not among those that may answer")]
    NotAsked,
    /// The policy wants a reason with a yes; a no is heard without one.
    #[error("this request cannot be allowed without a reason")]
    ReasonMissing,
    /// The reason is longer than a message may be.
    #[error("the reason is longer than 16 KiB")]
    ReasonTooLong,
    /// The scope is wider than what the route offers.
    #[error("the scope `{0:?}` is not on offer")]
    ScopeNotOffered(Scope),
    /// The request offers no standing permission.
    #[error("this request offers no standing permission")]
    NothingOffered,
    /// The standing permission is wider than what the route offers, in words.
    #[error("that is more than what is on offer: {0}")]
    MoreThanOffered(String),
    /// The route does not name them as the next.
    #[error("nobody called `{name}` is asked next{}", next_ones(.offered))]
    NotNext {
        /// Whom the person named.
        name: String,
        /// Whom the route names.
        offered: Vec<String>,
    },
    /// The items are none of the batch.
    #[error(transparent)]
    Items(#[from] Unclear),
    /// The answer would live longer than the request.
    #[error("an answer cannot outlive the request, which ends at `{0}`")]
    OutlivesRequest(Timestamp),
    /// The answer could not be sealed to the enforcer.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The answer could not be signed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The answer has no canonical form.
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// Yes, no, yes to a part, or not theirs to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Run it.
    Allow,
    /// Run some items of a batch, and not the others.
    Part,
    /// Do not.
    Deny,
    /// Not my answer: ask somebody else.
    Escalate,
}

impl Verdict {
    /// In a word, for people and programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "allowed",
            Self::Part => "partly allowed",
            Self::Deny => "denied",
            Self::Escalate => "escalated",
        }
    }
}

/// What a person answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// What is answered.
    pub said: Meaning,
    /// Why, in the person's words; only the enforcer can read it.
    pub reason: Option<String>,
    /// How far a yes reaches.
    pub scope: Scope,
    /// When the answer ends; without it, with the request.
    pub until: Option<Timestamp>,
    /// The standing permission that is given beside a yes.
    pub always: Option<Taken>,
}

impl Reply {
    /// Yes, once.
    #[must_use]
    pub fn allow() -> Self {
        Self { said: Meaning::Allow, reason: None, scope: Scope::Once, until: None, always: None }
    }

    /// Yes, and again without asking: [`crate::always::take`] fits it to what is on offer.
    #[must_use]
    pub fn always(taken: Taken) -> Self {
        Self { always: Some(taken), ..Self::allow() }
    }

    /// No.
    #[must_use]
    pub fn deny(reason: Option<String>) -> Self {
        Self { said: Meaning::Deny, reason, ..Self::allow() }
    }

    /// Yes, once, to these items of a batch of `size`: places from 0, in any order. All of them are
    /// a plain yes.
    ///
    /// # Errors
    /// Where they are none of its items, or none at all.
    pub fn to_items(mut items: Vec<usize>, size: usize) -> Result<Self, Unclear> {
        items.sort_unstable();
        items.dedup();
        if size > 0 && items.iter().copied().eq(0..size) {
            return Ok(Self::allow());
        }
        Ok(Self { said: Meaning::Partial(Items::new(items, size)?), ..Self::allow() })
    }

    /// No from this person: ask somebody whom the route names as the next.
    #[must_use]
    pub fn escalate(to: String, reason: Option<String>) -> Self {
        Self { said: Meaning::Escalate { to: Some(to) }, ..Self::deny(reason) }
    }
}

/// A signed answer, ready to be written down and then sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedAnswer {
    /// The whole decision and the reason in clear: for this device's own history only.
    pub answer: Answer,
    /// What the gateway is told. Never the reason.
    pub body: DecisionSubmit,
    /// The decision and the reason, sealed to the enforcer.
    pub trace: Map<String, Value>,
}

impl SignedAnswer {
    /// What was answered.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let decision = &self.answer.decision;
        let hints = |name| decision.hint(name).is_some();
        match decision.decision.allows() {
            true => Verdict::Allow,
            false if hints(hint::ITEMS) => Verdict::Part,
            false if hints(hint::ESCALATE) => Verdict::Escalate,
            false => Verdict::Deny,
        }
    }
}

/// Signs a reply to an opened request.
///
/// The review's hash goes into the signed hints, so the review is worked out here, from the very
/// object that is signed.
///
/// # Errors
/// Every case of [`SignError`]; nothing is signed then.
pub fn sign(
    opened: &Opened,
    reply: &Reply,
    keys: &SecretKeys,
    now: Instant,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<SignedAnswer, SignError> {
    check(opened, reply, keys, now)?;
    let artifact = opened.artifact();
    let reason = reason(reply, random)?;
    let mut hints = hints(opened, reply, reason.as_ref(), now)?;
    let choice = Choice {
        word: reply.said.write(&mut hints),
        scope: reply.scope,
        expires_at: reply.until.clone().unwrap_or_else(|| artifact.head.expires_at.clone()),
        nonce: Fixed(draw(random)),
        hints: Some(hints),
    };
    let decision = Decision::sign(artifact, choice, keys)?;
    let answer = Answer { decision, reason };
    let trace = sealed_to_enforcer(opened, &answer, random)?;
    Ok(SignedAnswer { body: body(&answer.decision), answer, trace })
}

fn next_ones(names: &[String]) -> String {
    match names {
        [] => "; say yes or no".to_owned(),
        names => format!("; `{}` can be", names.join("`, `")),
    }
}

/// Whether a reply would be signed, before a person is asked for more. What does not hold is told in
/// the order in which a person could do something about it.
///
/// # Errors
/// Every case of [`SignError`] that needs no signature to be found.
pub fn check(
    opened: &Opened,
    reply: &Reply,
    keys: &SecretKeys,
    now: Instant,
) -> Result<(), SignError> {
    let end = &opened.artifact().head.expires_at;
    if now >= end.instant() {
        return Err(SignError::Expired(end.clone()));
    }
    if let Some(until) = &reply.until {
        if until.instant() > end.instant() {
            return Err(SignError::OutlivesRequest(end.clone()));
        }
        if now >= until.instant() {
            return Err(SignError::Expired(until.clone()));
        }
    }
    let (route, ours) = (opened.route(), keys.key_id());
    if route.is_some_and(|route| route.roster.iter().all(|seat| seat.key_id != ours)) {
        return Err(SignError::NotAsked);
    }
    if let Some(taken) = &reply.always {
        fits(opened, reply, taken)?;
    }
    if let Meaning::Escalate { to } = &reply.said {
        let offered = route.map(|route| route.escalate_to.clone()).unwrap_or_default();
        let on_offer = |name: &String| offered.contains(name);
        if !to.as_ref().map_or(!offered.is_empty(), on_offer) {
            return Err(SignError::NotNext { name: to.clone().unwrap_or_default(), offered });
        }
    }
    if let Meaning::Partial(items) = &reply.said {
        // Of the batch that is signed, not of another.
        let size = opened.artifact().items().ok_or(Unclear::NoBatch)?;
        Items::new(items.indices().to_vec(), size)?;
    }
    // A request without a route offers nothing but one run; a denial reaches no further.
    let yes = matches!(reply.said, Meaning::Allow | Meaning::Partial(_));
    let route = route.filter(|_| yes);
    if !route.map_or(&[Scope::Once][..], |route| &route.scopes).contains(&reply.scope) {
        return Err(SignError::ScopeNotOffered(reply.scope));
    }
    let given = reply.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
    if route.is_some_and(|route| route.reason_required) && !given {
        return Err(SignError::ReasonMissing);
    }
    Ok(())
}

/// Beside a plain yes, and no more than is on offer.
fn fits(opened: &Opened, reply: &Reply, taken: &Taken) -> Result<(), SignError> {
    let offer = always::offered(opened).filter(|_| reply.said == Meaning::Allow);
    let offer = offer.ok_or(SignError::NothingOffered)?;
    let head = &opened.artifact().head;
    let within = opened.route().is_some_and(|route| taken.is_within(head, route));
    if within { Ok(()) } else { Err(always::more_than(offer)) }
}

fn reason(reply: &Reply, random: &mut dyn FnMut(&mut [u8])) -> Result<Option<Reason>, SignError> {
    let Some(text) = reply.reason.clone().filter(|text| !text.is_empty()) else { return Ok(None) };
    if json::canonical(&text)?.len() > MAX_REASON {
        return Err(SignError::ReasonTooLong);
    }
    Ok(Some(Reason { text, salt: Fixed(draw(random)) }))
}

fn hints(
    opened: &Opened,
    reply: &Reply,
    reason: Option<&Reason>,
    now: Instant,
) -> Result<Map<String, Value>, SignError> {
    let mut hints = Map::new();
    let mut put = |name: &str, text: String| hints.insert(name.into(), Value::String(text));
    put(hint::DECIDED_AT, now.timestamp().to_string());
    put(hint::DISPLAY_HASH, Review::answering(opened, reply).display_hash()?.to_string());
    if let Some(session) = &opened.artifact().head.session_id {
        put(hint::SESSION_ID, session.clone());
    }
    if let Some(reason) = reason {
        put(hint::REASON_HASH, reason.hash().to_string());
    }
    if let Some(taken) = &reply.always {
        taken.write(&mut hints)?;
    }
    Ok(hints)
}

fn sealed_to_enforcer(
    opened: &Opened,
    answer: &Answer,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<Map<String, Value>, SignError> {
    let plaintext = json::canonical(answer)?;
    let shown = shown(opened.artifact());
    let sealed = seal(&plaintext, &shown, &[*opened.enforcer()], Entropy(random))?;
    Ok(sealed_trace(&sealed)?)
}

/// The fields that the enforcer knows from its own artifact.
fn shown(artifact: &Artifact) -> Shown {
    Shown {
        request_id: artifact.head.request_id.clone(),
        artifact_type: artifact.head.artifact_type.name().to_owned(),
        artifact_hash: artifact.head.artifact_hash.to_string(),
        expires_at: artifact.head.expires_at.to_string(),
    }
}

fn body(decision: &Decision) -> DecisionSubmit {
    DecisionSubmit {
        artifact_hash: decision.artifact_hash.to_string(),
        decision: DecisionSubmit::wire_word(decision.decision),
        reason: None,
        signer_key_id: decision.signer_key_id.to_string(),
        nonce: decision.nonce.clone(),
        signature: decision.signature.to_string(),
        decision_hash: None,
    }
}

fn draw<const N: usize>(random: &mut dyn FnMut(&mut [u8])) -> [u8; N] {
    let mut bytes = [0; N];
    random(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests;
