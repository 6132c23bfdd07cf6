//! What the browser says it was asked for.

use super::{MAX_CLIENT_DATA, PasskeyError};
use crate::encoding::{Hash, base64};
use crate::json;
use serde_json::Value;

/// Checks `clientDataJSON`: an answer, to exactly this challenge, in exactly this page.
///
/// Members that are not known here are allowed, because browsers add some so that nobody relies on
/// their absence. None that is known may say something else.
pub(super) fn check(bytes: &[u8], challenge: &Hash, origin: &str) -> Result<(), PasskeyError> {
    let said = json::parse(bytes, MAX_CLIENT_DATA)?;
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    if text("type") != Some("webauthn.get") {
        return Err(PasskeyError::Type);
    }
    if text("challenge") != Some(&base64(&challenge.0)) {
        return Err(PasskeyError::Challenge);
    }
    if text("origin") != Some(origin) {
        return Err(PasskeyError::Origin(origin.to_owned()));
    }
    let framed = said.get("crossOrigin").is_some_and(|crossed| *crossed != Value::Bool(false));
    if framed || said.get("topOrigin").is_some() {
        return Err(PasskeyError::CrossOrigin);
    }
    Ok(())
}
