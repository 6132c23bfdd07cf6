//! A person's words on their way to an agent, and what became of them (HARP-PROMPT).

use crate::artifact::HashAlg;
use crate::encoding::Hash;
use crate::json::{self, JsonError, limit};
use crate::message::{Filled, Message};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// SHA-256 of the canonical prompt without `promptHash`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct PromptHash(pub Hash);

/// `prompt.send`. The hash inside is a claim: [`Prompt::hash`] works it out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Prompt {
    /// Names the request.
    pub request_id: String,
    /// The session it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The repository it is for, opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo_ref: Option<String>,
    /// `prompt.send`.
    pub artifact_type: PromptType,
    /// When it was written.
    pub created_at: Timestamp,
    /// Where in the agent's interface it goes.
    pub target: Target,
    /// The words.
    pub text: Filled,
    /// Foreign metadata, hashed when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// SHA-256.
    pub prompt_hash_alg: HashAlg,
    /// The claimed hash.
    pub prompt_hash: PromptHash,
    /// Namespaced extensions, hashed when present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Map<String, Value>>,
}

/// The one type of [`Prompt`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PromptType {
    /// `prompt.send`.
    #[default]
    #[serde(rename = "prompt.send")]
    Send,
}

/// Where in an agent's interface a prompt goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// The conversation.
    AgentChat,
    /// The box in which a person writes.
    Composer,
    /// A tool.
    Tool,
    /// Somewhere else.
    Other,
}

/// One prompt, however often it is sent: the same key twice is the same prompt again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PromptKey {
    /// The request.
    pub request_id: String,
    /// The hash, as worked out here.
    pub prompt_hash: PromptHash,
}

impl Message for Prompt {
    const LIMIT: usize = limit::PROMPT;
}

impl Prompt {
    /// The prompt with its hash worked out.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn hashed(self) -> Result<Self, JsonError> {
        Ok(Self { prompt_hash: self.hash()?, ..self })
    }

    /// The hash, worked out from everything but the claimed one.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn hash(&self) -> Result<PromptHash, JsonError> {
        let bytes = json::canonical_without(self, "promptHash")?;
        Ok(PromptHash(Hash::of(&bytes)))
    }

    /// What makes a repeated prompt the same one; `None` where the claimed hash is not the prompt's
    /// (`HARP_ERR_HASH_MISMATCH`), so that a changed text cannot pass for one that was handled.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn key(&self) -> Result<Option<PromptKey>, JsonError> {
        let prompt_hash = self.hash()?;
        let same = prompt_hash == self.prompt_hash;
        Ok(same.then(|| PromptKey { request_id: self.request_id.clone(), prompt_hash }))
    }
}

/// `prompt.ack`: how far a prompt got.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PromptAck {
    /// The request.
    pub request_id: String,
    /// The prompt.
    pub prompt_hash: PromptHash,
    /// How far it got.
    pub status: PromptStatus,
    /// When.
    pub ack_at: Timestamp,
    /// More for a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Map<String, Value>>,
}

impl Message for PromptAck {
    const LIMIT: usize = limit::MESSAGE;
}

/// How far a prompt got.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PromptStatus {
    /// It waits.
    Queued,
    /// The agent has it.
    Delivered,
    /// It was turned down.
    Rejected,
    /// Its time was over.
    Expired,
    /// Something went wrong.
    Error,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn prompt() -> Value {
        json!({
            "requestId": "r1", "artifactType": "prompt.send", "createdAt": "2026-02-21T12:01:00Z",
            "target": "agentChat", "text": "go on", "promptHashAlg": "SHA-256",
            "promptHash": "ab".repeat(32),
        })
    }

    #[test]
    fn a_prompt_whose_hash_is_another_has_no_key() {
        let claimed = Prompt::from_value(&prompt()).unwrap();
        assert_eq!(claimed.key().unwrap(), None);
        let hashed = claimed.hashed().unwrap();
        let key = hashed.key().unwrap().unwrap();
        assert_eq!((key.request_id.as_str(), key.prompt_hash), ("r1", hashed.prompt_hash));
        let other = Prompt { text: Filled::new("stop").unwrap(), ..hashed };
        assert_eq!(other.key().unwrap(), None);
    }

    #[test]
    fn an_empty_or_foreign_prompt_is_refused() {
        for (member, value) in [
            ("text", json!("")),
            ("artifactType", json!("plan.review")),
            ("target", json!("agentchat")),
            ("sessionId", Value::Null),
            ("scope", json!("once")),
        ] {
            let mut bad = prompt();
            bad[member] = value;
            assert!(Prompt::from_value(&bad).is_err(), "{member}");
        }
    }
}
