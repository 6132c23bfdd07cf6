//! Texts and their canonical form; doubles and their text.

use crate::suite::{accepted, bytes_of, refused, text};
use countersign_core::encoding::Hash;
use countersign_core::json::{self, JsonError};
use serde_json::{Value, json};

pub(crate) fn answer(input: &Value) -> (String, Value) {
    let limit = input["limit"].as_u64().map_or(json::limit::MESSAGE, |n| n as usize);
    match canonical(&bytes_of(input), limit) {
        Ok(bytes) => {
            let again = canonical(&bytes, bytes.len()).unwrap();
            assert_eq!(again, bytes, "canonical is idempotent");
            let mut output = json!({"sha256": Hash::of(&bytes)});
            if input.get("canonical").is_some() {
                output["canonical"] = String::from_utf8(bytes).unwrap().into();
            }
            accepted(output)
        }
        Err(why) => refused(&why),
    }
}

fn canonical(bytes: &[u8], limit: usize) -> Result<Vec<u8>, JsonError> {
    json::canonical(&json::parse(bytes, limit)?)
}

pub(crate) fn number(input: &Value) -> (String, Value) {
    let bits = u64::from_str_radix(text(input, "bits"), 16).unwrap();
    match json::canonical(&f64::from_bits(bits)) {
        Ok(bytes) => accepted(json!({"text": String::from_utf8(bytes).unwrap()})),
        Err(why) => refused(&why),
    }
}
