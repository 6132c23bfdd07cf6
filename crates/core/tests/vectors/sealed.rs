//! Sealed messages and the device that opens them.

use crate::suite::{accepted, refused, text};
use countersign_core::encoding::{Fixed, base64};
use countersign_core::json;
use countersign_core::keys::SecretKeys;
use countersign_core::sealing::{SealError, Sealed, Shown, open};
use serde_json::{Value, json};

pub(crate) fn answer(input: &Value) -> (String, Value) {
    let bytes = text(input, "sealed").as_bytes();
    let Ok(sealed) = json::read::<Sealed>(bytes, json::limit::ARTIFACT) else {
        return ("Malformed".into(), json!({}));
    };
    let secret = Fixed::<64>::from_text(text(input, "secret")).unwrap();
    let device = SecretKeys::from_bytes(&secret.0).unwrap();
    match open(&sealed, &shown(&input["shown"]), &device) {
        Ok(plain) => accepted(json!({"plaintext": base64(&plain)})),
        Err(SealError::Json(why)) => refused(&why),
        Err(why) => refused(&why),
    }
}

fn shown(input: &Value) -> Shown {
    let member = |name: &str| text(input, name).to_owned();
    Shown {
        request_id: member("requestId"),
        artifact_type: member("artifactType"),
        artifact_hash: member("artifactHash"),
        expires_at: member("expiresAt"),
    }
}
