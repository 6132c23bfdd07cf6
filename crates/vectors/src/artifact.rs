//! Artifacts, and the statements that bring them to a device.

use crate::input::{Damaged, Input};
use crate::suite::{Answer, told};
use countersign_core::artifact::{Artifact, Statement};
use countersign_core::json::{self, JsonError};
use countersign_core::keys::{KeyError, PublicKeys};
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

pub(crate) fn statement(input: &Input<'_>) -> Result<Answer, Damaged> {
    let enforcer = input.text("enforcer")?.as_bytes();
    let enforcer: PublicKeys =
        json::read(enforcer, json::limit::MESSAGE).map_err(|e| Damaged::new(&e))?;
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
