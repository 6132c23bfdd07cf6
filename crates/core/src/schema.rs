//! JSON Schemas from the types, as the published ones would say them.
//!
//! A schema says what a text looks like; a parser also says what it means. Where a type is narrower
//! than its published schema, as a signature of 64 bytes is narrower than a text, the schema here is
//! as wide as the published one, and the parser refuses the rest.

use crate::action::{Action, Revision};
use crate::artifact::Artifact;
use crate::decision::Decision;
use crate::encoding::{Fixed, Hash};
use crate::envelope::Envelope;
use crate::error::ErrorObject;
use crate::message::Filled;
use crate::prompt::{Prompt, PromptAck};
use crate::requested_actions::RequestedActions;
use crate::session::{End, Snapshot, Start, Status};
use crate::time::Timestamp;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use std::borrow::Cow;

/// A schema under the name of its file.
pub type Named = (&'static str, Value);

/// The schemas of this crate's objects.
#[must_use]
pub fn all() -> Vec<Named> {
    vec![
        of::<Action>("countersign-action"),
        of::<crate::bundle::Line>("countersign-bundle-line"),
        of::<Artifact>("harp-core-artifact"),
        of::<Decision>("harp-core-decision"),
        of::<Envelope>("harp-core-envelope"),
        of::<ErrorObject>("harp-core-error"),
        of::<Prompt>("harp-prompt-prompt-send"),
        of::<PromptAck>("harp-prompt-prompt-ack"),
        of::<RequestedActions>("harp-requested-actions"),
        of::<Start>("harp-session-session-start"),
        of::<Status>("harp-session-session-status"),
        of::<Snapshot>("harp-session-session-snapshot"),
        of::<End>("harp-session-session-end"),
    ]
}

/// The schema of `T` under a name.
#[must_use]
pub fn of<T: JsonSchema>(name: &'static str) -> Named {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    let mut schema = schema.to_value();
    absent_is_not_null(&mut schema);
    if let Value::Object(members) = &mut schema {
        members.insert("$id".into(), format!("urn:countersign:schema:{name}").into());
        members.insert("title".into(), name.into());
    }
    (name, schema)
}

/// A member that may be absent is never `null`: that would be a second form of its object.
fn absent_is_not_null(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let required = members.get("required").cloned().unwrap_or_default();
            let named =
                |name: &str| required.as_array().is_some_and(|r| r.iter().any(|n| n == name));
            if let Some(Value::Object(properties)) = members.get_mut("properties") {
                let absent = properties.iter_mut().filter(|(name, _)| !named(name));
                absent.for_each(|(_, property)| without_null(property));
            }
            members.values_mut().for_each(absent_is_not_null);
        }
        Value::Array(items) => items.iter_mut().for_each(absent_is_not_null),
        _ => {}
    }
}

fn without_null(property: &mut Value) {
    let Value::Object(members) = property else { return };
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".into(), only);
        }
    }
    let Some(Value::Array(mut choices)) = members.remove("anyOf") else { return };
    choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
    match choices.pop() {
        Some(Value::Object(only)) if choices.is_empty() => members.extend(only),
        last => {
            choices.extend(last);
            members.insert("anyOf".into(), choices.into());
        }
    }
}

macro_rules! text {
    ($type:ty, $name:literal, $schema:tt $(, $length:ident)?) => {
        impl$(<const $length: usize>)? JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

text!(Hash, "Hash", { "type": "string", "pattern": "^[0-9a-f]{64}$" });
text!(Timestamp, "Timestamp", { "type": "string", "format": "date-time" });
text!(Filled, "Filled", { "type": "string", "minLength": 1 });
text!(Revision, "Revision", {
    "type": "string",
    "pattern": "^([0-9a-f]{40}|(sha256:)?[0-9a-f]{64})$"
});
text!(Fixed<N>, "Fixed", { "type": "string", "description": "Bytes as base64url without padding." }, N);
