//! Boundaries that an agent would cross: commits, pushes, tags, deployments, releases, migrations.

use crate::message::Filled;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What would cross the boundary, told by `operation`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "operation", rename_all = "lowercase")]
pub enum Operation {
    /// A commit.
    Commit(Commit),
    /// A push.
    Push(Push),
    /// A tag.
    Tag(Move),
    /// A deployment.
    Deploy(Move),
    /// A release.
    Release(Move),
    /// A migration.
    Migration(Move),
}

/// A commit, by everything that makes it what it is but author and time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// The files.
    pub tree: Revision,
    /// What comes before it; none for the first one.
    pub parents: Vec<Revision>,
    /// The message.
    pub message: String,
    /// A declared verb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
}

/// A push to one remote: every ref that would move.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, try_from = "PushText")]
pub struct Push {
    remote: Filled,
    refs: Vec<RefMove>,
    force: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<String>,
}

/// One ref and where it would point.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefMove {
    /// The ref's full name.
    pub name: Filled,
    /// Where it points; absent for a ref that is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Revision>,
    /// Where it would point; absent for a ref that would be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Revision>,
}

/// Something immutable brought to a place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The place: a tag, an environment, a channel, a database.
    pub target: Filled,
    /// What is brought there.
    pub revision: Revision,
    /// A declared verb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
}

/// A name that can only ever mean one thing: 40 or 64 lowercase hex digits, the latter also behind
/// `sha256:`. A branch or a tag can be moved after it was approved, so it is none.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(#[serde(deserialize_with = "revision")] String);

/// Why refs cannot be pushed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPush {
    /// There are none.
    #[error("a push moves at least one ref")]
    Empty,
    /// A ref is there twice.
    #[error("a push moves each ref once")]
    Twice,
    /// A ref points nowhere before and after.
    #[error("a ref of a push has an old or a new revision")]
    Nowhere,
}

impl Push {
    /// A push, if it says of each ref once where it would go.
    ///
    /// # Errors
    /// [`BadPush`].
    pub fn new(remote: Filled, refs: Vec<RefMove>, force: bool) -> Result<Self, BadPush> {
        if refs.is_empty() {
            return Err(BadPush::Empty);
        }
        let mut names = BTreeSet::new();
        if !refs.iter().all(|moved| names.insert(&moved.name)) {
            return Err(BadPush::Twice);
        }
        if refs.iter().any(|moved| moved.old.is_none() && moved.new.is_none()) {
            return Err(BadPush::Nowhere);
        }
        Ok(Self { remote, refs, force, verb: None })
    }

    /// The same with a declared verb.
    #[must_use]
    pub fn with_verb(self, verb: Option<String>) -> Self {
        Self { verb, ..self }
    }

    /// The remote's URL.
    #[must_use]
    pub fn remote(&self) -> &str {
        self.remote.as_str()
    }

    /// Every ref that would move.
    #[must_use]
    pub fn refs(&self) -> &[RefMove] {
        &self.refs
    }

    /// Whether history may be rewritten.
    #[must_use]
    pub fn force(&self) -> bool {
        self.force
    }
}

impl Revision {
    /// The name, if it can only ever mean one thing.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let lengths: &[usize] = if digits.len() == text.len() { &[40, 64] } else { &[64] };
        let hex = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        (hex && lengths.contains(&digits.len())).then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn revision<'de, D: serde::Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    let text = String::deserialize(d)?;
    let expected = "expected a revision that cannot move: 40 or 64 lowercase hex digits";
    Revision::new(&text).map(|r| r.0).ok_or_else(|| serde::de::Error::custom(expected))
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PushText {
    remote: Filled,
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    refs: Vec<RefMove>,
    force: bool,
    verb: Option<String>,
}

impl TryFrom<PushText> for Push {
    type Error = BadPush;

    fn try_from(text: PushText) -> Result<Self, BadPush> {
        Ok(Self::new(text.remote, text.refs, text.force)?.with_verb(text.verb))
    }
}
