//! "Always allow this": what a person wants of it, fitted to what the request offers.

use crate::open::Opened;
use crate::sign::SignError;
use countersign_core::artifact::{ArtifactHead, GrantOffer};
use countersign_core::display::counted;
use countersign_core::grant::{Grant, Taken, latest, offer};
use countersign_core::time::{Instant, Timestamp};

/// How long a standing permission lasts where nobody says, in seconds: 8 hours, or less where less
/// is on offer.
const USUAL_SECONDS: u64 = 8 * 3_600;

/// When it shall end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// After 8 hours, or as late as is on offer.
    Usual,
    /// So many seconds from now.
    After(u64),
    /// At a time.
    At(Timestamp),
}

/// What a person wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wish {
    /// When it shall end.
    pub end: End,
    /// How often it may be used; `None` is until it ends.
    pub count: Option<u32>,
    /// Whether it shall hold in the session that asks only; the offer may want that anyway.
    pub this_session: bool,
}

/// What an opened request offers; `None` is nothing.
#[must_use]
pub fn offered(opened: &Opened) -> Option<GrantOffer> {
    opened.route().and_then(|route| offer(&opened.artifact().head, route))
}

/// The permission that a person wants, where it is on offer.
///
/// # Errors
/// [`SignError::NothingOffered`], or [`SignError::MoreThanOffered`] with what would be.
pub fn take(opened: &Opened, wish: &Wish, now: Instant) -> Result<Taken, SignError> {
    let offer = offered(opened).ok_or(SignError::NothingOffered)?;
    let head = &opened.artifact().head;
    let session = (wish.this_session || offer.session).then(|| head.session_id.clone()).flatten();
    let expires_at = end(&wish.end, head, offer, now);
    let expires_at = expires_at.ok_or_else(|| more_than(offer))?;
    let taken = Taken { expires_at, session, count: wish.count };
    let kept = !wish.this_session || taken.session.is_some();
    if kept && opened.route().is_some_and(|route| taken.is_within(head, route)) {
        return Ok(taken);
    }
    Err(more_than(offer))
}

/// Time has passed since the request was made: a wish for all that is offered is not refused for it.
fn end(end: &End, head: &ArtifactHead, offer: GrantOffer, now: Instant) -> Option<Timestamp> {
    let latest = latest(head, offer);
    let seconds = match end {
        End::At(at) => return Some(at.clone()),
        End::Usual => USUAL_SECONDS.min(u64::from(offer.max_seconds)),
        End::After(seconds) => *seconds,
    };
    let within = seconds > 0 && seconds <= u64::from(offer.max_seconds);
    let millis = i64::try_from(seconds).ok()?.checked_mul(1_000)?;
    within.then(|| now.plus_millis(millis).min(latest).timestamp())
}

/// The grant that a signature would give, to be shown before.
#[must_use]
pub fn grant(opened: &Opened, taken: &Taken) -> Option<Grant> {
    let artifact = opened.artifact();
    Grant::out_of(&artifact.payload, &artifact.head, taken)
}

pub(crate) fn more_than(offer: GrantOffer) -> SignError {
    SignError::MoreThanOffered(in_words(offer))
}

/// An offer in words.
#[must_use]
pub fn in_words(offer: GrantOffer) -> String {
    let session = if offer.session { ", in this session only" } else { "" };
    format!("at most {}{session}", span(offer.max_seconds))
}

/// So many seconds as people say it: "8 hours".
#[must_use]
pub fn span(seconds: u32) -> String {
    match seconds {
        s if s > 0 && s.is_multiple_of(3_600) => counted(s / 3_600, "hour"),
        s if s > 0 && s.is_multiple_of(60) => counted(s / 60, "minute"),
        s => counted(s, "second"),
    }
}

#[cfg(test)]
mod tests;
