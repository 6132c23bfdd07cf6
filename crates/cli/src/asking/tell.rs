//! What happens while a question waits, in lines on standard error.

use crate::commands::Here;
use countersign_core::display::visible;
use countersign_enforcer::{Progress, Question};

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
            format!("countersign: held; joined request {}, which waits already", request.id)
        }
        Progress::Queued(before) => {
            format!("countersign: too much waits already; {before} in the queue before this")
        }
        Progress::Submitted => "countersign: delivered to the gateway".into(),
        Progress::Unreachable(why) => {
            format!("countersign: {}; trying again", visible(why, false))
        }
        Progress::Counted(have, need) => format!("countersign: {have} of {need} approved"),
        Progress::Escalated(who) => {
            format!("countersign: nobody ended it; asking {}", visible(&who.join(", "), false))
        }
        Progress::Refused(refusal) => {
            format!("countersign: an answer was refused [{}]: {refusal}", refusal.code())
        }
    };
    here.output.progress(&line);
}
