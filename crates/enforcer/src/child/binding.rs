//! How firmly a run is tied to the bytes that were reviewed.

use serde::{Deserialize, Serialize};

/// How a run is tied to the program and the files that were pinned (PROTOCOL §2).
///
/// Ordered from the strongest to the weakest; the weakest over program and files counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binding {
    /// The agent's user can neither write nor replace it: run through the opened descriptor. A
    /// script goes to its interpreter by path, which nobody of ours can make lead elsewhere.
    Descriptor,
    /// The agent's user could write it: run from a sealed copy in memory.
    Sealed,
    /// Sealing would break it: run in its place, hashed again right before and right after.
    /// Refused where the risk is critical.
    Rehashed,
}

#[cfg(test)]
mod tests {
    use super::Binding::{Descriptor, Rehashed, Sealed};

    #[test]
    fn the_weakest_counts_and_the_words_are_the_protocols() {
        assert_eq!([Descriptor, Rehashed, Sealed].into_iter().max(), Some(Rehashed));
        let words = serde_json::to_string(&[Descriptor, Sealed, Rehashed]).unwrap();
        assert_eq!(words, r#"["descriptor","sealed","rehashed"]"#);
    }
}
