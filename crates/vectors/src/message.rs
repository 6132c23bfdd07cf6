//! Messages of HARP by their type, each written again to the bytes of its canonical form.

use crate::input::{Damaged, Input};
use crate::suite::{Answer, told};
use countersign_core::encoding::Hash;
use countersign_core::envelope::Envelope;
use countersign_core::error::ErrorObject;
use countersign_core::json::{self, JsonError};
use countersign_core::message::Message;
use countersign_core::prompt::{Prompt, PromptAck};
use countersign_core::requested_actions::RequestedActions;
use countersign_core::session::{End, Snapshot, Start, Status};
use serde_json::json;

/// A message's hash, where it has one.
type Hashed = Result<Option<Hash>, JsonError>;

pub(crate) fn answer(input: &Input<'_>) -> Result<Answer, Damaged> {
    let hashed = hash(input.text("type")?, &input.bytes()?)?;
    Ok(told(hashed.map(|hash| hash.map_or_else(|| json!({}), |hash| json!({"hash": hash})))))
}

fn hash(kind: &str, bytes: &[u8]) -> Result<Hashed, Damaged> {
    Ok(match kind {
        "prompt.send" => read::<Prompt>(bytes).and_then(|m| m.hash().map(|hash| Some(hash.0))),
        "prompt.ack" => plain::<PromptAck>(bytes),
        "session.start" => plain::<Start>(bytes),
        "session.status" => plain::<Status>(bytes),
        "session.snapshot" => {
            read::<Snapshot>(bytes).and_then(|m| m.hash().map(|hash| Some(hash.0)))
        }
        "session.end" => plain::<End>(bytes),
        "requested-actions" => plain::<RequestedActions>(bytes),
        "error" => plain::<ErrorObject>(bytes),
        "core.envelope" => read::<Envelope>(bytes).and_then(|m| m.contents().map(|_| None)),
        other => return Err(Damaged::new(&format!("no message `{other}`"))),
    })
}

fn plain<M: Message>(bytes: &[u8]) -> Hashed {
    read::<M>(bytes).map(|_| None)
}

fn read<M: Message>(bytes: &[u8]) -> Result<M, JsonError> {
    let message = M::parse(bytes)?;
    let value = json::parse(bytes, M::LIMIT)?;
    if message.canonical_bytes()? != json::canonical(&value)? {
        return Err(JsonError::Shape("a second form".into()));
    }
    Ok(message)
}
