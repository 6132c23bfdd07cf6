//! Receipts against pinned keys.

use crate::input::{Damaged, Input};
use crate::suite::Answer;
use countersign_core::receipt::check::{Verdict, check};
use countersign_core::trust::TrustStore;
use serde_json::json;

pub(crate) fn answer(input: &Input<'_>) -> Result<Answer, Damaged> {
    let trust = TrustStore::parse(input.text("trust")?.as_bytes()).map_err(|e| Damaged::new(&e))?;
    let verdict = check(input.text("receipt")?.as_bytes(), &trust, input.now()?);
    let Verdict::Valid { level, assurance, event, approvers } = &verdict else {
        return Ok(Answer::refused(&verdict));
    };
    let output = json!({
        "level": level,
        "assurance": assurance,
        "event": event,
        "approvers": approvers,
    });
    Ok(Answer::named("Valid", output))
}
