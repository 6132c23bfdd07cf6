//! Artifacts, the statements that bring them to a device, and the notes beside them.

use crate::input::{Damaged, Input};
use crate::suite::{Answer, told};
use countersign_core::artifact::{Artifact, Statement};
use countersign_core::json::{self, JsonError};
use countersign_core::keys::{KeyError, PublicKeys};
use countersign_core::progress::{NotTold, SignedNote};
use serde_json::{Value, json};

pub(crate) fn answer(input: &Input<'_>) -> Result<Answer, Damaged> {
    Ok(told(Artifact::parse(&input.bytes()?).and_then(|artifact| output(&artifact))))
}

fn output(artifact: &Artifact) -> Result<Value, JsonError> {
    Ok(json!({
        "artifactHash": artifact.hash()?,
        "actionHash": artifact.action_hash()?,
        "foreign": artifact.action().is_none(),
    }))
}

fn enforcer(input: &Input<'_>) -> Result<PublicKeys, Damaged> {
    let enforcer = input.text("enforcer")?.as_bytes();
    json::read(enforcer, json::limit::MESSAGE).map_err(|e| Damaged::new(&e))
}

pub(crate) fn note(input: &Input<'_>) -> Result<Answer, Damaged> {
    let (enforcer, text) = (enforcer(input)?, input.text("note")?.as_bytes());
    let artifact = Artifact::parse(input.text("artifact")?.as_bytes());
    let artifact = artifact.map_err(|e| Damaged::new(&e))?;
    let verified = SignedNote::parse(text).and_then(|note| note.verify(&artifact, &enforcer));
    Ok(match verified {
        Err(NotTold::Json(why)) => Answer::refused(&why),
        other => told(other.map(|so_far| json!({"soFar": so_far}))),
    })
}

pub(crate) fn statement(input: &Input<'_>) -> Result<Answer, Damaged> {
    let enforcer = enforcer(input)?;
    let opened = opened(input.text("text")?.as_bytes(), &enforcer);
    Ok(match opened {
        Err(KeyError::Json(why)) => Answer::refused(&why),
        other => told(other),
    })
}

fn opened(text: &[u8], enforcer: &PublicKeys) -> Result<Value, KeyError> {
    let statement = Statement::parse(text)?;
    statement.verify(enforcer)?;
    Ok(json!({"artifactHash": statement.artifact.hash()?}))
}
