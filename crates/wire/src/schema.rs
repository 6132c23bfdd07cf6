//! JSON Schemas of the messages, from the types.

use crate::artifact::{ApprovalRequest, ArtifactSubmit, Ciphertext};
use crate::decision::DecisionSubmit;
use crate::envelope::Envelope;
use crate::error::ErrorBody;
use crate::exchange::{AckSubmit, ExchangeStatus, InboxPage, Withdrawn};
use countersign_core::schema::{Named, of};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The schemas of this crate's messages and of the objects below it.
#[must_use]
pub fn all() -> Vec<Named> {
    let mut schemas = countersign_core::schema::all();
    schemas.extend([
        of::<AckSubmit>("harp-gateway-ack-submit"),
        of::<ApprovalRequest>("harp-gateway-approval-request"),
        of::<ArtifactSubmit>("harp-gateway-artifact-submit"),
        of::<DecisionSubmit>("harp-gateway-decision-submit"),
        of::<Envelope<Map<String, Value>>>("harp-gateway-envelope"),
        of::<ErrorBody>("harp-gateway-error"),
        of::<ExchangeStatus>("harp-gateway-exchange-status"),
        of::<Withdrawn>("harp-gateway-exchange-withdrawn"),
        of::<InboxPage<Map<String, Value>>>("harp-gateway-inbox-page"),
    ]);
    schemas
}

/// The one member that says `null` where it has nothing to say.
pub(crate) fn text_or_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"] })
}

impl JsonSchema for Ciphertext {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Ciphertext".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "required": ["alg", "data"],
            "properties": {
                "alg": { "type": "string" },
                "data": { "type": "string" },
                "nonce": { "type": "string" },
                "tag": { "type": "string" },
                "aad": { "type": "string" }
            }
        })
    }
}
