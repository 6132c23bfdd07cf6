//! What one receipt changes.

use super::round::Round;
use super::{FREEZE, GRANT, LEDGER, Stopped};
use crate::action::{Action, Request};
use crate::artifact::ArtifactHead;
use crate::decision::Decision;
use crate::freeze::{RECEIPT, THAW};
use crate::grant::{Grant, GrantNote, Terms};
use crate::receipt::{Basis, Content, Entry, Event};
use crate::time::Timestamp;
use serde_json::{Map, Value};

/// What a receipt changes of what may happen after it. Small: it keeps no action.
pub struct Step {
    pub(super) seq: u64,
    pub(super) what: What,
}

/// The change. Requests, grants and holds are named as receipts name them.
pub(super) enum What {
    Nothing,
    /// A policy let something go; under a name, where what comes of it is told.
    Allowed(Option<String>),
    /// People are asked, or answered, and it goes on waiting.
    Suspended(Of),
    /// Others are asked in place of those of this round.
    Escalated(Of),
    /// Enough of them allowed it.
    Approved(Of),
    /// The approval of a request was used, all of it or some items.
    Released(Of, Option<Vec<usize>>),
    /// The same, to end a stop: the one of the receipt that it names.
    Thaws(Of, Option<u64>),
    /// A grant was used.
    Uses(Box<Use>),
    /// What came of something that was let go, all of it or some items.
    Told(String, Option<Vec<usize>>),
    /// A request ended without its use; whether by a no, or because it was taken back.
    Ended(String, bool),
    /// The approval of a request gave a grant.
    Granted(Box<Given>),
    /// A grant was taken back; also which request gave it, where that is said.
    Revoked(String, Option<String>),
    /// Everything was stopped.
    Frozen(Box<Stopped>),
    /// The stop ended, by the approval of this request.
    Thawed(String),
    Held(String),
    Unheld(String),
    /// Receipts were dropped.
    Dropped,
}

/// A request, and the artifacts that a receipt of it names.
pub(super) struct Of {
    pub(super) request: String,
    pub(super) round: Round,
}

/// A grant that was given.
pub(super) struct Given {
    pub(super) of: Of,
    /// Whether the request asked for nothing else.
    pub(super) whole: bool,
    pub(super) at: Timestamp,
    /// What people signed.
    pub(super) signed: Option<Terms>,
}

/// One use of a grant.
pub(super) struct Use {
    /// The request that was opened for it.
    pub(super) request: String,
    /// The request whose approval gave it.
    pub(super) giver: String,
    pub(super) grant: String,
    /// What people signed.
    pub(super) signed: Terms,
}

impl Step {
    /// What a receipt changes. Whether it holds by itself was checked before.
    #[must_use]
    pub fn of(content: &Content) -> Self {
        Self { seq: content.seq, what: what(content).unwrap_or(What::Nothing) }
    }
}

fn what(content: &Content) -> Option<What> {
    let entry = &content.entry;
    let Some(request) = entry.request_id.clone() else { return change(content) };
    use Event::{Approved, Denied, Escalated, Executed, Expired, Failed};
    use Event::{Granted, Observed, Released, Suspended, Uncertain, Withdrawn};
    let of = |request| Of { request, round: Round::of(&entry.artifacts, entry.policy.as_ref()) };
    Some(match (entry.event, &entry.grant) {
        (Event::Allowed, _) => What::Allowed(Some(request)),
        // Seen while nothing is enforced, and let go: what speaks of a question rests on people.
        (Observed, _) if entry.basis == Basis::Policy => What::Allowed(Some(request)),
        (Suspended, _) => What::Suspended(of(request)),
        (Escalated, _) => What::Escalated(of(request)),
        (Approved, _) => What::Approved(of(request)),
        (Released, Some(note)) => What::Uses(Box::new(used(request, note)?)),
        (Released, None) => match thaw(entry) {
            Some(call) => {
                What::Thaws(of(request), call.parameters.get(RECEIPT).and_then(Value::as_u64))
            }
            None => What::Released(of(request), entry.items.clone()),
        },
        (Executed | Failed | Uncertain, _) => What::Told(request, entry.items.clone()),
        (Denied | Withdrawn, _) => What::Ended(request, true),
        (Expired, _) => What::Ended(request, false),
        (Granted, _) => What::Granted(Box::new(Given {
            of: of(request),
            whole: Grant::is_all_of(entry.action.as_ref()),
            at: content.recorded_at.clone(),
            signed: entry
                .action
                .as_ref()
                .and_then(|action| terms(action, &entry.artifacts, &entry.decisions)),
        })),
        _ => What::Nothing,
    })
}

/// What a receipt says that belongs to no request.
fn change(content: &Content) -> Option<What> {
    let entry = &content.entry;
    if entry.event == Event::Allowed {
        return Some(What::Allowed(None));
    }
    let action = entry.action.as_ref()?;
    let text = |name: &str| action.get(name).and_then(Value::as_str).map(str::to_owned);
    let (kind, change) = (text("kind")?, text("change")?);
    Some(match (entry.event, kind.as_str(), change.as_str()) {
        (Event::Revoked, GRANT, "revoked") => What::Revoked(text("grant")?, text("request")),
        (Event::Frozen, FREEZE, "frozen") => What::Frozen(Box::new(Stopped {
            seq: content.seq,
            by: text("by")?,
            why: text("why"),
            since: content.recorded_at.clone(),
        })),
        (Event::Frozen, FREEZE, "thawed") => What::Thawed(text("request")?),
        (Event::Observed, LEDGER, "held") => What::Held(text("hold")?),
        (Event::Observed, LEDGER, "released") => What::Unheld(text("hold")?),
        (Event::Observed, LEDGER, "dropped") => What::Dropped,
        _ => return None,
    })
}

fn used(request: String, note: &GrantNote) -> Option<Use> {
    let giver = note.artifacts.first()?.of_request().ok()?;
    let signed = terms(&note.action, &note.artifacts, &note.decisions)?;
    Some(Use { request, giver, grant: note.id.clone(), signed })
}

/// The grant that people signed.
fn terms(
    action: &Map<String, Value>,
    heads: &[ArtifactHead],
    decisions: &[Decision],
) -> Option<Terms> {
    let (heads, decisions): (Vec<_>, Vec<_>) = (heads.iter().collect(), decisions.iter().collect());
    Grant::signed(action, &heads, &decisions)?.terms().ok()
}

/// What was allowed, where it is the end of a stop. It lets nothing else go.
fn thaw(entry: &Entry) -> Option<Request> {
    match Action::from_payload(&Value::Object(entry.action.clone()?))? {
        Action::Request(request) if request.action == THAW => Some(request),
        _ => None,
    }
}
