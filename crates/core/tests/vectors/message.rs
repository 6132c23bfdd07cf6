//! Messages by their type, each written again to the bytes that it has in canonical form.

use crate::suite::{accepted, bytes_of, refused, text};
use countersign_core::encoding::Hash;
use countersign_core::envelope::Envelope;
use countersign_core::error::ErrorObject;
use countersign_core::json::{self, JsonError};
use countersign_core::message::Message;
use countersign_core::prompt::{Prompt, PromptAck};
use countersign_core::requested_actions::RequestedActions;
use countersign_core::session::{End, Snapshot, Start, Status};
use serde_json::{Value, json};

pub(crate) fn answer(input: &Value) -> (String, Value) {
    match hash(text(input, "type"), &bytes_of(input)) {
        Ok(None) => accepted(json!({})),
        Ok(Some(hash)) => accepted(json!({"hash": hash})),
        Err(why) => refused(&why),
    }
}

/// The hash of those that have one.
fn hash(kind: &str, bytes: &[u8]) -> Result<Option<Hash>, JsonError> {
    match kind {
        "prompt.send" => read::<Prompt>(bytes)?.hash().map(|hash| Some(hash.0)),
        "prompt.ack" => read::<PromptAck>(bytes).map(|_| None),
        "session.start" => read::<Start>(bytes).map(|_| None),
        "session.status" => read::<Status>(bytes).map(|_| None),
        "session.snapshot" => read::<Snapshot>(bytes)?.hash().map(|hash| Some(hash.0)),
        "session.end" => read::<End>(bytes).map(|_| None),
        "requested-actions" => read::<RequestedActions>(bytes).map(|_| None),
        "error" => read::<ErrorObject>(bytes).map(|_| None),
        "core.envelope" => read::<Envelope>(bytes)?.contents().map(|_| None),
        other => panic!("no such message `{other}`"),
    }
}

fn read<M: Message>(bytes: &[u8]) -> Result<M, JsonError> {
    let message = M::parse(bytes)?;
    let value = json::parse(bytes, M::LIMIT)?;
    assert_eq!(message.canonical_bytes()?, json::canonical(&value)?, "one form");
    Ok(message)
}
