//! The text of a policy made into the one model, or every mistake in it at once.
//!
//! Either dialect is first made into one small tree whose every node knows its place; one reader
//! goes over that tree. It stops at nothing: whoever wrote the file sees all mistakes together.

mod condition;
mod duty;
mod field;
mod hitl;
mod node;
mod number;
mod person;
mod reader;
mod root;
mod rule;
mod sense;
mod source;
mod test;
mod toml;
mod weight;
mod words;
mod yaml;

use crate::condition::FieldPath;
use crate::model::Policy;
use reader::Reader;
use serde::Serialize;
use source::Source;

/// A field of `redact`, as it is written.
pub(crate) fn hidden_field(text: &str) -> Result<FieldPath, String> {
    field::parse_hidden(text)
}

/// How a policy is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// TOML: ours with `version = 1` at its head, else the receipts document's.
    Toml,
    /// YAML with a `security.hitl` section.
    Yaml,
}

/// One mistake, and where.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Mistake {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The offending text, one line of it.
    pub text: String,
    /// What is wrong with it.
    pub message: String,
    /// What to do, or "did you mean".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Every mistake in a file, by line. Never empty; of more than 200 the first.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{} mistake(s) in the policy", .0.len())]
pub struct Mistakes(pub Vec<Mistake>);

/// A label of an approver, and where a policy uses it. Whether somebody has it is for the trust
/// store to say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct LabelPlace {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// A person's name, `role:NAME`, or the name of a group that the policy itself describes.
    pub label: String,
}

/// The longest text of a policy, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// Reads the text of a policy. All mistakes are reported together.
///
/// # Errors
/// Every mistake, with its place.
pub fn load(text: &[u8], dialect: Dialect) -> Result<Policy, Mistakes> {
    load_with_places(text, dialect).map(|(policy, _)| policy)
}

/// The same, and every label of an approver with its place, in the order of the file.
///
/// # Errors
/// Every mistake, with its place.
pub fn load_with_places(
    text: &[u8],
    dialect: Dialect,
) -> Result<(Policy, Vec<LabelPlace>), Mistakes> {
    let source = Source::new(text)?;
    let mut reader = Reader::default();
    let policy = match dialect {
        Dialect::Toml => {
            toml::parse(&source, &mut reader).map(|root| root::read(&mut reader, &root))
        }
        Dialect::Yaml => {
            yaml::parse(&source, &mut reader).map(|root| hitl::read(&mut reader, &root))
        }
    };
    match policy {
        Some(policy) if reader.wrongs.is_empty() => Ok((policy, source.labels(reader.labels))),
        _ => Err(source.mistakes(reader.wrongs)),
    }
}

impl Dialect {
    /// The dialect of a file by its name's ending: `.yaml` and `.yml`, else TOML.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("yaml" | "yml") => Self::Yaml,
            _ => Self::Toml,
        }
    }
}
