//! What a hook tells a model: what happened to its call, why, and what to do next.

use crate::asking::digits;
use countersign_core::display::visible;
use countersign_core::receipt::PolicyNote;
use countersign_enforcer::{Answered, Question};
use countersign_store::ledger::RequestRecord;

/// The host's patience is nearly over, and nothing is known.
pub(super) const LATE: &str = "countersign: no verdict in time, so nothing ran. Repeat exactly the \
     same call; if that does not help, ask the user to run `countersign doctor`";

/// The judging thread is gone.
pub(super) const BROKEN: &str = "countersign: the hook failed, so nothing ran. Ask the user to run \
     `countersign doctor`";

/// Who helps where nobody can be asked.
pub(super) const PAIR: &str =
    "ask the user to pair an approver: `countersign pair --name NAME --relay URL`";

/// What helps where a person has denied the same a moment ago.
pub(super) const DENIED: &str = "do it another way, or ask the user";

/// What the host said could not be heard.
pub(super) fn unheard(why: &str) -> String {
    format!("countersign: {why}; nothing ran. Ask the user to run `countersign doctor`")
}

/// A failure of ours.
pub(super) fn failed(message: &str, hint: &str) -> String {
    let hint = if hint.is_empty() { String::new() } else { format!(" ({hint})") };
    format!("countersign: {}; nothing ran{hint}", visible(message, false))
}

pub(super) fn allowed(note: &PolicyNote) -> String {
    format!("countersign: allowed by rule `{}`: {}", note.rule_id, note.display)
}

pub(super) fn blocked(note: &PolicyNote) -> String {
    format!(
        "countersign: blocked by rule `{}`: {}. Nobody is asked about it: do it another way, or \
         tell the user",
        note.rule_id, note.display
    )
}

pub(super) fn approved(request: &RequestRecord, who: &str) -> String {
    format!("countersign: approved by {who} (request {})", request.id)
}

/// Why what was asked about does not run.
pub(super) fn unanswered(answered: &Answered, question: &Question) -> String {
    let what = match answered {
        Answered::Denied(request) => {
            let said = request.why();
            let why = said.map(|why| format!(": {}", visible(&why.text, false)));
            format!(
                "{} denied this{}. Do not repeat it; do it another way, or ask the user",
                who(request, question),
                why.unwrap_or_default()
            )
        }
        Answered::Pending(request) => format!(
            "still pending: request {} waits for {}{}. Repeat exactly the same call, and it goes \
             on waiting or finds its answer",
            request.id,
            asked(question),
            digits(request).map(|digits| format!(" ({digits})")).unwrap_or_default()
        ),
        Answered::Expired(request) => format!(
            "nobody answered request {} in time ({} was asked). Tell the user; the same call, \
             repeated, asks again",
            request.id,
            asked(question)
        ),
        Answered::Withdrawn(request) => {
            format!("request {} was taken back. Tell the user before repeating it", request.id)
        }
        Answered::Used(request) => format!(
            "the approval {} was used by another process. The same call, repeated, asks again",
            request.id
        ),
        Answered::Unverified(request, refusal) => format!(
            "what came back for request {} does not verify [{}]. Tell the user",
            request.id,
            refusal.code()
        ),
        Answered::NoRoute(_, why) => format!(
            "nobody could be asked: {}. Tell the user; the same call, repeated, tries again",
            visible(why, false)
        ),
        Answered::Approved(request) => format!("request {} could not be used", request.id),
    };
    format!("countersign: {what}. Nothing ran.")
}

/// A call that goes under a standing permission.
pub(super) fn granted(note: &PolicyNote) -> String {
    format!("countersign: allowed by a grant (rule `{}`)", visible(&note.rule_id, false))
}

/// Who was asked, in words.
fn asked(question: &Question) -> String {
    let names: Vec<&str> = question.to.iter().map(|way| way.approver.person.as_str()).collect();
    visible(&names.join(", "), false)
}

/// Who answered, in words.
pub(super) fn who(request: &RequestRecord, question: &Question) -> String {
    let signers = request.accepted.iter().map(|one| &one.decision.signer_key_id);
    let person = |id| question.to.iter().find(|way| &way.approver.key_id == id);
    let names: Vec<&str> =
        signers.filter_map(person).map(|way| way.approver.person.as_str()).collect();
    if names.is_empty() { "a person".into() } else { visible(&names.join(", "), false) }
}
