//! The buttons that an enforcer would like an approver to see (`org.harp.requestedActions`).
//!
//! Captions are somebody else's words: a screen shows beside each what it would sign, and the
//! caption through [`crate::display`]. They change nothing about what an answer means.

use crate::decision::Word;
use crate::json::limit;
use crate::message::{Message, exact};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The extension's name.
pub const NAME: &str = "org.harp.requestedActions";

/// Version 1: one to five buttons whose ids differ.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, try_from = "Text")]
pub struct RequestedActions {
    version: u8,
    actions: Vec<Button>,
}

/// One button.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// Names the button; ids differ also when capitals are ignored.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub id: String,
    /// What stands on it. Not blank.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub caption: String,
    /// How it looks; [`Style::Secondary`] where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// What pressing it means.
    pub decision: Word,
}

/// How a button looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// The one that is meant to be pressed.
    Primary,
    /// An ordinary one.
    #[default]
    Secondary,
    /// One that does harm.
    Danger,
}

/// Why a set of buttons is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadButtons {
    /// Another version than 1.
    #[error("only version 1 of the requested actions is known")]
    Version,
    /// None, or more than five.
    #[error("there are not one to five requested actions")]
    Count,
    /// An id is empty or there twice.
    #[error("the id of a requested action is empty or there twice")]
    Id,
    /// A caption is blank.
    #[error("the caption of a requested action is blank")]
    Caption,
}

impl RequestedActions {
    /// The buttons, if they may stand together.
    ///
    /// # Errors
    /// [`BadButtons`].
    pub fn new(actions: Vec<Button>) -> Result<Self, BadButtons> {
        Text { version: 1, actions }.try_into()
    }

    /// The buttons in their order.
    #[must_use]
    pub fn buttons(&self) -> &[Button] {
        &self.actions
    }

    /// What an artifact's extensions ask for; the two default buttons where they ask for nothing,
    /// or in any other form than this one.
    #[must_use]
    pub fn or_default(extensions: Option<&Map<String, Value>>) -> Self {
        let asked = extensions.and_then(|extensions| extensions.get(NAME));
        asked.and_then(|value| exact(value).ok()).unwrap_or_default()
    }
}

impl Default for RequestedActions {
    /// Approve and reject.
    fn default() -> Self {
        let button = |id: &str, caption: &str, style, decision| Button {
            id: id.into(),
            caption: caption.into(),
            style: Some(style),
            decision,
        };
        let approve = button("approve", "Approve", Style::Primary, Word::Approve);
        let reject = button("reject", "Reject", Style::Danger, Word::Reject);
        Self { version: 1, actions: vec![approve, reject] }
    }
}

impl Message for RequestedActions {
    const LIMIT: usize = limit::MESSAGE;
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Text {
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    version: u8,
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 5)))]
    actions: Vec<Button>,
}

impl TryFrom<Text> for RequestedActions {
    type Error = BadButtons;

    fn try_from(Text { version, actions }: Text) -> Result<Self, BadButtons> {
        if version != 1 {
            return Err(BadButtons::Version);
        }
        if !(1..=5).contains(&actions.len()) {
            return Err(BadButtons::Count);
        }
        let mut ids = BTreeSet::new();
        if !actions.iter().all(|b| !b.id.is_empty() && ids.insert(b.id.to_lowercase())) {
            return Err(BadButtons::Id);
        }
        if actions.iter().any(|button| button.caption.trim().is_empty()) {
            return Err(BadButtons::Caption);
        }
        Ok(Self { version, actions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn extensions(value: Value) -> Map<String, Value> {
        Map::from_iter([(NAME.to_owned(), value)])
    }

    #[test]
    fn buttons_that_keep_the_rules_are_used() {
        let asked = json!({"version": 1, "actions": [
            {"id": "go", "caption": "Deploy now", "style": "danger", "decision": "approve"},
            {"id": "no", "caption": "Not today", "decision": "deny"},
        ]});
        let buttons = RequestedActions::or_default(Some(&extensions(asked)));
        let seen: Vec<_> =
            buttons.buttons().iter().map(|b| (&*b.id, b.decision.allows())).collect();
        assert_eq!(seen, [("go", true), ("no", false)]);
        assert_eq!(buttons.buttons()[1].style.unwrap_or_default(), Style::Secondary);
    }

    #[test]
    fn any_violation_gives_the_two_default_buttons() {
        let button = |id: &str| json!({"id": id, "caption": "x", "decision": "approve"});
        let set =
            |version: u8, buttons: Vec<Value>| json!({"version": version, "actions": buttons});
        let with = |member: &str, value: Value| {
            let mut button = button("a");
            button[member] = value;
            set(1, vec![button])
        };
        let bad = [
            set(2, vec![button("a")]),
            set(1, vec![]),
            set(1, (0..6).map(|i| button(&i.to_string())).collect()),
            set(1, vec![button("a"), button("A")]),
            set(1, vec![button("")]),
            with("caption", json!(" \t")),
            with("caption", json!("")),
            with("style", json!("blinking")),
            with("style", Value::Null),
            with("decision", json!("maybe")),
            with("hint", json!(1)),
            json!({"version": 1}),
            json!({"version": 1, "actions": [], "x": 1}),
            json!([1, [button("a")]]),
            Value::Null,
        ];
        for value in bad {
            let shown = RequestedActions::or_default(Some(&extensions(value.clone())));
            assert_eq!(shown, RequestedActions::default(), "{value}");
        }
        assert_eq!(RequestedActions::or_default(None), RequestedActions::default());
        assert_eq!(RequestedActions::new(vec![]), Err(BadButtons::Count));
    }
}
