//! The files of HARP's reference programs.

use crate::decision::Spent;
use crate::input::{Damaged, Input};
use crate::suite::Answer;
use countersign_core::reference::{Keys, Wire, judge, parse_decision};
use countersign_core::verify::DEFAULT_SKEW_MILLIS;
use serde_json::json;

pub(crate) fn answer(input: &Input<'_>) -> Result<Answer, Damaged> {
    let text = |name: &str| input.text(name).map(str::as_bytes);
    let (keys, wire) = (text("keys")?, text("artifact")?);
    let keys = match Keys::parse(keys) {
        Ok(keys) => keys,
        Err(why) => return Ok(Answer::named(why.code(), json!({}))),
    };
    let spent = Spent::of(input)?;
    let at = (input.now()?, DEFAULT_SKEW_MILLIS);
    let decision = text("decision")?;
    let judged = Wire::parse(wire)
        .and_then(|wire| judge(parse_decision(decision)?, &wire, &keys, at, &spent));
    Ok(match judged {
        Ok(verdict) => {
            let word = if verdict.allows() { "allow" } else { "deny" };
            Answer::accepted(json!({"verdict": word}))
        }
        Err(why) => Answer::named(why.code(), json!({})),
    })
}
