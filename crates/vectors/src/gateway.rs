//! Messages of the gateway binding.

use crate::input::{Damaged, Input};
use crate::suite::Answer;
use countersign_core::json::limit::MESSAGE;
use countersign_wire::artifact::ArtifactSubmit;
use countersign_wire::decision::DecisionSubmit;
use countersign_wire::envelope::{Body, Envelope, MessageError};
use countersign_wire::exchange::{AckSubmit, InboxPage, Withdrawn};
use serde_json::json;

/// The answer about a message of this binding; `None` about another.
pub(crate) fn answer(input: &Input<'_>) -> Result<Option<Answer>, Damaged> {
    let bytes = input.bytes()?;
    Ok(Some(match input.text("type")? {
        "artifact.submit" => read::<ArtifactSubmit>(&bytes),
        "decision.submit" => read::<DecisionSubmit>(&bytes),
        "ack.submit" => read::<AckSubmit>(&bytes),
        "exchange.withdrawn" => read::<Withdrawn>(&bytes),
        "inbox.page" => read::<InboxPage>(&bytes),
        _ => return Ok(None),
    }))
}

fn read<B: Body>(bytes: &[u8]) -> Answer {
    match Envelope::<B>::read(bytes, MESSAGE) {
        Ok(_) => Answer::accepted(json!({})),
        Err(MessageError::Json(why)) => Answer::refused(&why),
        // To a reader of JSON alone, a wrong id and another message are a wrong shape.
        Err(MessageError::OtherType { .. } | MessageError::BadId(_)) => {
            Answer::named("Shape", json!({}))
        }
    }
}
