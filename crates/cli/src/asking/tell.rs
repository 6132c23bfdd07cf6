//! What happens while a question waits, in lines on standard error.

use crate::commands::Here;
use countersign_core::artifact::{Assurance, Risk};
use countersign_core::display::visible;
use countersign_core::keys::KeyId;
use countersign_core::tally::Tally;
use countersign_core::trust::Status;
use countersign_enforcer::{Enforcer, Progress, Question, Way};
use countersign_store::ledger::{Asked, RequestRecord};
use std::collections::BTreeMap;

/// One line of progress.
pub(crate) fn tell(here: &Here<'_>, question: &Question, progress: &Progress) {
    let who = || {
        let names: Vec<&str> = question.to.iter().map(|w| w.approver.person.as_str()).collect();
        names.join(", ")
    };
    let line = match progress {
        Progress::Suspended(request, false) => {
            let need = match question.grounds.quorum().threshold {
                1 => String::new(),
                need => format!("{need} of "),
            };
            let held =
                format!("countersign: held; request {} waits for {need}{}", request.id, who());
            held + &to_type(request)
        }
        Progress::Suspended(request, true) => {
            let far = so_far(request).map(|far| format!("; {far}")).unwrap_or_default();
            let held = format!("countersign: held; joined request {}", request.id);
            format!("{held}, which waits already{far}{}", to_type(request))
        }
        Progress::Queued(before) => {
            format!("countersign: too much waits already; {before} in the queue before this")
        }
        Progress::Submitted => "countersign: delivered to the gateway".into(),
        other => match waits(other) {
            Some(line) => line,
            None => return,
        },
    };
    here.output.progress(&line);
}

/// Whom a question waits for that only the highest assurance of this home may allow, and who is
/// not asked for that reason.
pub(crate) fn waits_for_highest(enforcer: &Enforcer, question: &Question, id: &str) -> String {
    let asked: Vec<String> = question.to.iter().map(named).collect();
    let is_asked = |key: &KeyId| question.to.iter().any(|way| way.approver.key_id == *key);
    let lower: Vec<String> = enforcer
        .trust()
        .map(|trust| trust.approvers)
        .unwrap_or_default()
        .into_iter()
        .filter(|one| one.status == Status::Active {} && !is_asked(&one.key_id))
        .map(|one| assured(&one.person, one.assurance))
        .collect();
    let line = format!("an approver must allow this: request {id} waits for {}", asked.join(", "));
    match lower.as_slice() {
        [] => line,
        _ => format!(
            "{line}\nnot asked: {}; it takes the highest assurance that this home has had",
            lower.join(", ")
        ),
    }
}

fn named(way: &Way) -> String {
    let name = way.pairing.as_deref().unwrap_or(&way.approver.person);
    assured(name, way.approver.assurance)
}

fn assured(name: &str, assurance: Assurance) -> String {
    format!("{} ({})", visible(name, false), assurance.name())
}

/// How far those are who must allow a request that waits, where they are several.
pub(crate) fn so_far(request: &RequestRecord) -> Option<String> {
    match request.tally(&|_| true) {
        Tally::Waiting { have, need } if need > 1 => {
            Some(format!("{have} of {need} approved so far"))
        }
        _ => None,
    }
}

fn to_type(request: &RequestRecord) -> String {
    digits(request).map(|digits| format!("\ncountersign: {digits}")).unwrap_or_default()
}

/// The four digits that an approver types before a critical call is allowed, for each device, so
/// that whoever types them looked at the call that waits; `None` where it is not critical.
pub(crate) fn digits(request: &RequestRecord) -> Option<String> {
    let one = |(name, digits): (String, String)| format!("{name} {digits}");
    let all: Vec<String> = digits_of(request).into_iter().map(one).collect();
    (!all.is_empty()).then(|| format!("to allow it, these digits are typed: {}", all.join(", ")))
}

/// The same by the pairing of each device; empty where the call is not critical.
pub(crate) fn digits_of(request: &RequestRecord) -> BTreeMap<String, String> {
    let of = |asked: &Asked| {
        let route = asked.artifact.route().ok().flatten()?;
        let name = asked.pairing.clone().filter(|_| route.risk == Risk::Critical)?;
        Some((name, asked.artifact.head.artifact_hash.look_digits().to_string()))
    };
    request.asked_now().filter_map(of).collect()
}

/// What happens to a question that lies with people, as whoever asked and whoever follows are told;
/// `None` where it does not lie there yet.
pub(super) fn waits(progress: &Progress) -> Option<String> {
    let line = match progress {
        Progress::Unreachable(why) => {
            format!("countersign: {}; trying again", visible(why, false))
        }
        Progress::Counted(have, need) => format!("countersign: {have} of {need} approved"),
        Progress::Escalated(by, whom, next) => {
            let why = by.as_ref().map_or_else(
                || "nobody ended it".to_owned(),
                |by| format!("{} handed it on", visible(by, false)),
            );
            let whom = visible(&whom.join(", "), false);
            format!("countersign: {why}; asking {whom}{}", to_type(next))
        }
        Progress::HandedOn(by) => format!(
            "countersign: {} handed it on to somebody whom the command that asked named: that \
             command asks them, also when it is run again",
            visible(by, false)
        ),
        Progress::Refused(refusal) => {
            format!("countersign: an answer was refused [{}]: {refusal}", refusal.code())
        }
        Progress::Suspended(..) | Progress::Queued(_) | Progress::Submitted => return None,
    };
    Some(line)
}
