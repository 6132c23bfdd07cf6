//! Compact tokens under one pinned key.

use crate::suite::{accepted, refused, text};
use countersign_core::artifact::{Artifact, ArtifactHash};
use countersign_core::encoding::{Fixed, unbase64};
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use countersign_core::token::verify_under;
use countersign_core::verify::ReplayView;
use serde_json::{Value, json};

pub(crate) fn answer(input: &Value) -> (String, Value) {
    let token = unbase64(text(input, "token")).unwrap();
    let artifact = Artifact::parse(text(input, "artifact").as_bytes()).unwrap();
    let key = Fixed::<32>::from_text(text(input, "publicKey")).unwrap().0;
    let now = Instant(input["now"].as_i64().unwrap() * 1_000);
    match verify_under(&token, &key, &artifact, now, &Spent(&input["spent"])) {
        Ok(verified) => accepted(json!({"approves": verified.approves()})),
        Err(why) => refused(&why),
    }
}

struct Spent<'a>(&'a Value);

impl ReplayView for Spent<'_> {
    fn request_spent(&self, _: &str, _: &ArtifactHash) -> bool {
        false
    }

    fn nonce_spent(&self, nonce: &str, _: &KeyId) -> bool {
        self.0.as_array().unwrap().contains(&json!(nonce))
    }
}
