//! `jq` and `yq`: expressions that read files which no argument names.

use crate::classify::judge::args::options;
use crate::classify::judge::{Call, Judge};
use crate::classify::path::Use;
use crate::classify::shell::UNKNOWN;
use countersign_core::artifact::Risk;

/// Judges every argument as an expression: which one is, depends on options.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) {
    if !matches!(call.name, "jq" | "yq") {
        return;
    }
    for word in call.args {
        let text = word.text.as_str();
        if text.contains(UNKNOWN) || imports(text) || call.name == "yq" && names(text, "system") {
            let why = "its expression may read other files, or run something";
            judge.report.find(call.raw, why, "file_read", Risk::High);
        }
        if call.name == "yq" {
            loads(judge, call, text);
        }
    }
    let given = options(call.args, &[]);
    if call.name == "yq" && given.has(&["-s", "--split-exp", "--split-exp-file", "--from-file"]) {
        let why = "an option of it writes files, or reads what it does from one";
        judge.report.find(call.raw, why, "shell_exec", Risk::High);
    }
}

/// `import "x" as x;`, `include "x";`: a module, found in directories that the expression may name.
fn imports(text: &str) -> bool {
    let module = |after: &str| after.trim_start().starts_with(['"', '#', '\'']);
    ["import", "include"].iter().any(|name| uses(text, name).any(module))
        || ["modulemeta", "get_search_list"].iter().any(|name| names(text, name))
}

/// `load("x")` and its kin read the file of that name.
fn loads(judge: &mut Judge<'_>, call: &Call<'_>, text: &str) {
    for after in uses(text, "load") {
        let kind = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match literal(after.trim_start_matches(kind)) {
            Some(path) => judge.opened(path, Use::Read),
            None => {
                let why = "which file its expression reads is not known";
                judge.report.find(call.raw, why, "file_read", Risk::High);
            }
        }
    }
}

/// The text of `("text")`, where it is exactly this.
fn literal(text: &str) -> Option<&str> {
    let inside = text.trim_start().strip_prefix('(')?.trim_start().strip_prefix('"')?;
    let (path, after) = inside.split_once('"')?;
    (after.trim_start().starts_with(')') && !path.contains('\\')).then_some(path)
}

fn names(text: &str, name: &str) -> bool {
    uses(text, name).next().is_some()
}

/// Where a name, or one that begins with it and `_`, stands and is no key: what stands
/// behind it.
fn uses<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(name).filter_map(move |(at, _)| {
        let before = text.get(..at)?;
        let after = text.get(at + name.len()..)?;
        let letter = |c: char| c.is_ascii_alphanumeric();
        let whole =
            !before.ends_with(|c: char| letter(c) || c == '_') && !after.starts_with(letter);
        let called = after.trim_start().starts_with(['(', '"']);
        (whole && (called || !before.ends_with(['.', '$']))).then_some(after)
    })
}
