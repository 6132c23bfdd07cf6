//! What makes a reading verb of `git` run a program that settings name: those of a place that is
//! not the workspace, and signatures, which another program verifies.

use crate::classify::judge::args::Options;
use crate::classify::judge::{Call, Judge};
use crate::classify::path::components;
use crate::classify::shell::{UNKNOWN, Word};
use countersign_core::artifact::Risk;

/// `-C DIR`, or `cd DIR` before: whoever made what stands there wrote its settings as well.
pub(super) fn elsewhere(judge: &mut Judge<'_>, call: &Call<'_>) {
    let own = judge.place.workspace.clone().or_else(|| judge.cwds.first().cloned());
    let own = own.unwrap_or_default();
    let root = components("", &own);
    let within = |place: &String| {
        let parts = components("", place);
        parts.starts_with(&root) && !parts.iter().any(|part| part.contains(UNKNOWN))
    };
    if !judge.cwds.iter().all(within) {
        let why = "it obeys the settings of another place";
        judge.report.find(call.raw, why, "shell_exec", Risk::High);
    }
}

/// A signature is verified by the program that `gpg.program` names.
pub(super) fn signed(
    judge: &mut Judge<'_>,
    call: &Call<'_>,
    verb: &str,
    given: &Options,
    args: &[Word],
) {
    let verifies = matches!(verb, "verify-commit" | "verify-tag")
        || verb == "tag" && given.has(&["-v", "--verify"])
        || given.has(&["--show-signature"])
        || args.iter().any(|word| formats(&word.text))
        || given.values(&["--format", "--pretty"]).any(|word| word.text.contains(UNKNOWN));
    if verifies {
        let why = "it verifies signatures with a program that settings name";
        judge.report.find(call.raw, why, "shell_exec", Risk::Medium);
    }
}

/// Whether a format asks for a signature: `%G?`, `%+GS`, `%(signature:key)`.
fn formats(text: &str) -> bool {
    text.split('%').skip(1).any(|part| {
        let part = part.trim_start_matches(['+', '-', ' ']);
        part.starts_with('G') || part.starts_with('(') && part.contains("signature")
    })
}
