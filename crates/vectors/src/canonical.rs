//! Texts and their canonical form; doubles and their text.

use crate::input::{Damaged, Input};
use crate::suite::{Answer, told};
use countersign_core::encoding::Hash;
use countersign_core::json::{self, JsonError};
use serde_json::{Value, json};

pub(crate) fn answer(input: &Input<'_>) -> Result<Answer, Damaged> {
    let limit = match input.0.get("limit") {
        Some(_) => usize::try_from(input.integer("limit")?).map_err(|e| Damaged::new(&e))?,
        None => json::limit::MESSAGE,
    };
    let shown = input.0.get("canonical").is_some();
    Ok(told(canonical(&input.bytes()?, limit).and_then(|bytes| output(bytes, shown))))
}

fn canonical(bytes: &[u8], limit: usize) -> Result<Vec<u8>, JsonError> {
    json::canonical(&json::parse(bytes, limit)?)
}

/// A canonical text is its own canonical form, and its object hashes as its bytes do.
fn output(bytes: Vec<u8>, shown: bool) -> Result<Value, JsonError> {
    let value = json::parse(&bytes, bytes.len())?;
    let hash = Hash::of(&bytes);
    if json::canonical(&value)? != bytes || json::sha256(&value)? != hash.0 {
        return Err(JsonError::Shape("not its own canonical form".into()));
    }
    let mut output = json!({"sha256": hash});
    if shown && let Value::Object(members) = &mut output {
        members.insert("canonical".into(), String::from_utf8_lossy(&bytes).into());
    }
    Ok(output)
}

pub(crate) fn number(input: &Input<'_>) -> Result<Answer, Damaged> {
    let bits = u64::from_str_radix(input.text("bits")?, 16).map_err(|e| Damaged::new(&e))?;
    let text = json::canonical(&f64::from_bits(bits));
    Ok(told(text.map(|bytes| json!({"text": String::from_utf8_lossy(&bytes)}))))
}
