//! What an action is judged under, as one value: the policy hash.
//!
//! It is made of the hashes of texts, so that whoever knows which of them were accepted can make it
//! again, and the texts themselves say nothing by it.

use crate::encoding::Hash;
use crate::json::{self, JsonError};
use serde::Serialize;

/// One text of a policy, where it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Layer {
    /// `builtin`, `organisation`, `home` or `workspace`.
    #[serde(rename = "layer")]
    pub name: &'static str,
    /// SHA-256 of the text.
    pub sha256: Hash,
    /// Whether a person accepted this very text there.
    pub accepted: bool,
}

/// The hashed form. Its bytes never change: every route and every receipt holds their hash.
#[derive(Serialize)]
struct Whole<'a> {
    policy: &'static str,
    layers: &'a [Layer],
}

/// The policy hash of layers, from the widest to the narrowest.
///
/// # Errors
/// Where they have no canonical form, which never happens.
pub fn policy_hash(layers: &[Layer]) -> Result<Hash, JsonError> {
    json::sha256(&Whole { policy: "countersign.policy/v1", layers }).map(Hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashed_form_is_the_published_one() {
        let layer = Layer { name: "home", sha256: Hash([0; 32]), accepted: true };
        let text = format!(
            r#"{{"layers":[{{"accepted":true,"layer":"home","sha256":"{}"}}],"policy":"countersign.policy/v1"}}"#,
            "00".repeat(32)
        );
        assert_eq!(policy_hash(&[layer]).unwrap(), Hash::of(text.as_bytes()));
    }
}
