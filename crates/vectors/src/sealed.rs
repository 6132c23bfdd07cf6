//! Sealed messages and the device that opens them.

use crate::input::{Damaged, Input};
use crate::suite::{Answer, told};
use countersign_core::encoding::base64;
use countersign_core::json;
use countersign_core::keys::SecretKeys;
use countersign_core::sealing::{SealError, Sealed, Shown, open};
use serde_json::json;

pub(crate) fn answer(input: &Input<'_>) -> Result<Answer, Damaged> {
    let bytes = input.text("sealed")?.as_bytes();
    let Ok(sealed) = json::read::<Sealed>(bytes, json::limit::ARTIFACT) else {
        return Ok(Answer::named("Malformed", json!({})));
    };
    let secret = input.fixed::<64>("secret")?;
    let device = SecretKeys::from_bytes(&secret).map_err(|e| Damaged::new(&e))?;
    let opened = open(&sealed, &shown(&Input(input.member("shown")?))?, &device);
    Ok(match opened {
        Err(SealError::Json(why)) => Answer::refused(&why),
        other => told(other.map(|plain| json!({"plaintext": base64(&plain)}))),
    })
}

fn shown(input: &Input<'_>) -> Result<Shown, Damaged> {
    let member = |name: &str| input.text(name).map(str::to_owned);
    Ok(Shown {
        request_id: member("requestId")?,
        artifact_type: member("artifactType")?,
        artifact_hash: member("artifactHash")?,
        expires_at: member("expiresAt")?,
    })
}
