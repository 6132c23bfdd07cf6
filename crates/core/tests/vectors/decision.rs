//! Decisions against an artifact and pinned keys; the pinned keys themselves.

use crate::suite::{accepted, refused, text};
use countersign_core::artifact::{Artifact, ArtifactHash};
use countersign_core::decision::Decision;
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use countersign_core::trust::{TrustError, TrustStore};
use countersign_core::verify::{Check, Refusal, ReplayView, Vote, verify};
use serde_json::{Value, json};

pub(crate) fn answer(input: &Value) -> (String, Value) {
    match vote(input) {
        Ok(vote) => accepted(json!({
            "allows": vote.allows(),
            "person": vote.person(),
            "assurance": vote.assurance(),
        })),
        Err(why) => refused(&why),
    }
}

fn vote(input: &Value) -> Result<Vote, Refusal> {
    let artifact = Artifact::parse(text(input, "artifact").as_bytes()).unwrap();
    let trust = TrustStore::parse(text(input, "trust").as_bytes()).unwrap();
    let check = Check {
        artifact: &artifact,
        trust: &trust,
        session: input["session"].as_str(),
        now: Instant(input["now"].as_i64().unwrap()),
        skew_millis: input["skewMillis"].as_i64().unwrap(),
        replay: &Spent(input),
    };
    verify(Decision::parse(text(input, "decision").as_bytes())?, &check)
}

struct Spent<'a>(&'a Value);

impl Spent<'_> {
    fn has(&self, list: &str, one: &str, other: &str) -> bool {
        self.0[list].as_array().unwrap().contains(&json!([one, other]))
    }
}

impl ReplayView for Spent<'_> {
    fn request_spent(&self, request_id: &str, artifact: &ArtifactHash) -> bool {
        self.has("spentRequests", request_id, &artifact.to_string())
    }

    fn nonce_spent(&self, nonce: &str, signer: &KeyId) -> bool {
        self.has("spentNonces", nonce, &signer.0)
    }
}

pub(crate) fn trust(input: &Value) -> (String, Value) {
    match TrustStore::parse(text(input, "text").as_bytes()) {
        Ok(trust) => accepted(
            json!({"operators": trust.operators.len(), "approvers": trust.approvers.len()}),
        ),
        Err(TrustError::Json(why)) => refused(&why),
        Err(why) => refused(&why),
    }
}
