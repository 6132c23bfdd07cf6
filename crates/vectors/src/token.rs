//! Compact tokens under one pinned key.

use crate::input::{Damaged, Input};
use crate::suite::{Answer, told};
use countersign_core::artifact::{Artifact, ArtifactHash};
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use countersign_core::token::verify_under;
use countersign_core::verify::ReplayView;
use serde_json::{Value, json};

pub(crate) fn answer(input: &Input<'_>) -> Result<Answer, Damaged> {
    let artifact = Artifact::parse(input.text("artifact")?.as_bytes());
    let artifact = artifact.map_err(|e| Damaged::new(&e))?;
    let now = Instant(input.integer("now")?.saturating_mul(1_000));
    let (token, key) = (input.blob("token")?, input.fixed("publicKey")?);
    let verified = verify_under(&token, &key, &artifact, now, &Spent(input.list("spent")?));
    Ok(told(verified.map(|verified| json!({"approves": verified.approves()}))))
}

struct Spent<'a>(&'a [Value]);

impl ReplayView for Spent<'_> {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }

    fn nonce_spent(&self, nonce: &str, _: &KeyId) -> bool {
        self.0.contains(&json!(nonce))
    }
}
