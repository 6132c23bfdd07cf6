//! The published values: hashes and signatures that others made.

use crate::input::{Damaged, Input};
use crate::suite::{Answer, Vector, told, vector};
use countersign_core::decision::Decision;
use countersign_core::encoding::Hash;
use countersign_core::json::{self, JsonError, limit};
use countersign_core::keys::KeyError;
use serde_json::{Value, json};

/// The one published file that holds values to work out; the others are messages, which the tests
/// of `wire` read and write back.
const VALUES: &str = "harp-0.2/core.json";

pub(crate) fn vectors(path: &str, content: &Value) -> Result<Vec<Vector>, Damaged> {
    if path != VALUES {
        return Ok(Vec::new());
    }
    let values = content.as_object().into_iter().flatten().filter(|(_, v)| v.is_object());
    let one = |(name, value): (&String, &Value)| {
        let valid = Input(value).0.get("valid").is_none_or(|valid| valid == true);
        let expect = if valid { "accepted" } else { "BadSignature" };
        vector(path, "published", name, expect, value.clone())
    };
    Ok(values.map(one).collect())
}

pub(crate) fn answer(input: &Input<'_>) -> Result<Answer, Damaged> {
    let canonical = input.text("canonical")?.as_bytes();
    if input.0.get("signature").is_none() {
        return Ok(told(hashed(canonical)));
    }
    Ok(match signed(canonical, input.member("signature")?, &input.fixed("publicKey")?) {
        Err(KeyError::Json(why)) => Answer::refused(&why),
        other => told(other.map(|()| json!({}))),
    })
}

fn hashed(canonical: &[u8]) -> Result<Value, JsonError> {
    let value = json::parse(canonical, limit::ARTIFACT)?;
    if json::canonical(&value)? != canonical {
        return Err(JsonError::Shape("other bytes than published".into()));
    }
    Ok(json!({"sha256": Hash(json::sha256(&value)?)}))
}

fn signed(canonical: &[u8], signature: &Value, key: &[u8; 32]) -> Result<(), KeyError> {
    let mut value = json::parse(canonical, limit::MESSAGE)?;
    if let Value::Object(members) = &mut value {
        members.insert("signature".into(), signature.clone());
    }
    let decision = Decision::parse(&json::canonical(&value)?)?;
    if decision.signable()? != canonical {
        return Err(JsonError::Shape("other bytes than published".into()).into());
    }
    decision.verify_signature(key)
}
