//! The words of a policy, and which of them somebody may have meant.

use crate::verb::{COARSE, Verb};
use crate::verdict::{Decision, OnTimeout};
use countersign_core::artifact::{ArtifactType, Assurance, Risk};

pub(super) const RISKS: [(&str, Risk); 4] = [
    ("low", Risk::Low),
    ("medium", Risk::Medium),
    ("high", Risk::High),
    ("critical", Risk::Critical),
];

pub(super) const DECISIONS: [(&str, Decision); 4] = [
    ("allow", Decision::Allow),
    ("redact", Decision::Redact),
    ("require_approval", Decision::RequireApproval),
    ("block", Decision::Block),
];

pub(super) const ON_TIMEOUT: [(&str, OnTimeout); 2] =
    [("deny", OnTimeout::Deny), ("escalate", OnTimeout::Escalate)];

pub(super) const ASSURANCES: [(&str, Assurance); 4] = [
    ("local", Assurance::Local),
    ("web", Assurance::Web),
    ("device", Assurance::Device),
    ("verified", Assurance::Verified),
];

pub(super) const ARTIFACT_TYPES: [(&str, ArtifactType); 5] = [
    ("plan.review", ArtifactType::Plan),
    ("task.review", ArtifactType::Task),
    ("patch.review", ArtifactType::Patch),
    ("command.review", ArtifactType::Command),
    ("checkpoint.review", ArtifactType::Checkpoint),
];

pub(super) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// `did you mean`, where one of the known words is near enough.
pub(super) fn nearest(text: &str, known: &[&str]) -> Option<String> {
    if text.len() > 64 {
        return None;
    }
    let text = text.to_lowercase().replace('-', "_");
    let distance = |word: &str| strsim::damerau_levenshtein(&text, word);
    let (near, word) = known.iter().map(|word| (distance(word), word)).min()?;
    let most = (word.len().max(text.len()) / 3).max(1);
    (near <= most).then(|| format!("did you mean `{word}`?"))
}

/// What to do about a verb that nobody knows.
pub(super) fn verb_hint(text: &str) -> String {
    let coarse = text.split('.').next().unwrap_or_default();
    if COARSE.contains(&coarse) {
        return "after the first word come words of `a-z`, `0-9`, `_`, each after a dot".into();
    }
    nearest(coarse, &COARSE).unwrap_or_else(|| format!("known: {}", COARSE.join(", ")))
}

/// A verb, or why not.
pub(super) fn verb(text: &str) -> Result<Verb, String> {
    Verb::new(text).ok_or_else(|| verb_hint(text))
}
