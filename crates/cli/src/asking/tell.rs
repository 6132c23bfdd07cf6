//! What happens while a question waits, in lines on standard error.

use crate::commands::Here;
use countersign_core::display::visible;
use countersign_core::tally::Tally;
use countersign_enforcer::{Progress, Question};
use countersign_store::ledger::RequestRecord;

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
            format!("countersign: held; request {} waits for {need}{}", request.id, who())
        }
        Progress::Suspended(request, true) => {
            let far = so_far(request).map(|far| format!("; {far}")).unwrap_or_default();
            format!("countersign: held; joined request {}, which waits already{far}", request.id)
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

/// How far those are who must allow a request that waits, where they are several.
pub(crate) fn so_far(request: &RequestRecord) -> Option<String> {
    match request.tally(&|_| true) {
        Tally::Waiting { have, need } if need > 1 => {
            Some(format!("{have} of {need} approved so far"))
        }
        _ => None,
    }
}

/// What happens to a question that lies with people, as whoever asked and whoever follows are told;
/// `None` where it does not lie there yet.
pub(super) fn waits(progress: &Progress) -> Option<String> {
    let line = match progress {
        Progress::Unreachable(why) => {
            format!("countersign: {}; trying again", visible(why, false))
        }
        Progress::Counted(have, need) => format!("countersign: {have} of {need} approved"),
        Progress::Escalated(by, whom) => {
            let why = by.as_ref().map_or_else(
                || "nobody ended it".to_owned(),
                |by| format!("{} handed it on", visible(by, false)),
            );
            format!("countersign: {why}; asking {}", visible(&whom.join(", "), false))
        }
        Progress::Refused(refusal) => {
            format!("countersign: an answer was refused [{}]: {refusal}", refusal.code())
        }
        Progress::Suspended(..) | Progress::Queued(_) | Progress::Submitted => return None,
    };
    Some(line)
}
