//! Artifacts, and the statements that bring them to a device.

use crate::suite::{accepted, refused, text};
use countersign_core::artifact::{Artifact, Statement};
use countersign_core::json::{self, JsonError};
use countersign_core::keys::{KeyError, PublicKeys};
use serde_json::{Value, json};

pub(crate) fn answer(input: &Value) -> (String, Value) {
    match Artifact::parse(&crate::suite::bytes_of(input)).and_then(|a| told(&a)) {
        Ok(output) => accepted(output),
        Err(why) => refused(&why),
    }
}

fn told(artifact: &Artifact) -> Result<Value, JsonError> {
    Ok(json!({
        "artifactHash": artifact.hash()?,
        "actionHash": artifact.action_hash()?,
        "foreign": artifact.action().is_none(),
    }))
}

pub(crate) fn statement(input: &Value) -> (String, Value) {
    let enforcer: PublicKeys =
        json::read(text(input, "enforcer").as_bytes(), json::limit::MESSAGE).unwrap();
    let opened = Statement::parse(text(input, "text").as_bytes()).map_err(KeyError::from);
    match opened.and_then(|s| s.verify(&enforcer).map(|()| s)) {
        Ok(statement) => accepted(json!({"artifactHash": statement.artifact.hash().unwrap()})),
        Err(KeyError::Json(why)) => refused(&why),
        Err(why) => refused(&why),
    }
}
