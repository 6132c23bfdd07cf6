//! What is kept of requests beside the receipts says what they say.

use countersign_core::json::clip;
use countersign_core::receipt::course::Course;
use countersign_store::ledger::read::{Beside, Open};

/// The first thing that is not what the receipts say, in words.
pub(super) fn differ(course: &Course, beside: &Beside) -> Option<String> {
    let open = beside.open.iter().find_map(|one| of_open(course, one));
    let gone = || {
        let seq = course.gone(beside.open.iter().map(|one| one.id.as_str()))?;
        Some(format!("the request of receipt {seq} is gone, and no receipt says that it ended"))
    };
    let claims = || beside.claimed.iter().find_map(|request| of_claim(course, request));
    let lost = || {
        let lost = beside.lost.as_ref()?;
        Some(format!("the request `{}` counts as running, and is gone", clip(lost)))
    };
    let ended = || {
        let differs = course.is_whole() && course.denied() != beside.denied;
        differs.then(|| "others are kept as denied or withdrawn than receipts say".to_owned())
    };
    open.or_else(gone).or_else(claims).or_else(lost).or_else(ended)
}

fn of_open(course: &Course, one: &Open) -> Option<String> {
    let differs = course.differs(&one.id, one.round, one.approved);
    let differs = differs.map(|how| format!("the request `{}` {how}", clip(&one.id)));
    differs.or_else(|| one.strange.as_ref().map(|strange| format!("the request {strange}")))
}

fn of_claim(course: &Course, request: &str) -> Option<String> {
    let told = course.is_told(request);
    let id = clip(request);
    told.then(|| format!("the request `{id}` counts as running, and receipts say otherwise"))
}
