//! What shells show of all their variables, and the variable that `wait` sets.

use crate::classify::judge::args::options;
use crate::classify::judge::{Call, Judge};
use countersign_core::artifact::Risk;

/// `wait`: the name behind `-p` is computed, so that a subscript in it runs.
pub(super) fn waited(judge: &mut Judge<'_>, call: &Call<'_>) {
    let given = options(call.args, &["-p"]);
    given.values(&["-p"]).for_each(|word| judge.variable(call.raw, &word.text, false));
    // The number of the last job is one, whatever else a variable may hold.
    let last = |text: &str| matches!(text, "-n" | "-f" | "$!" | "\"$!\"" | "${!}");
    let only_last = call.raw.split_whitespace().skip(1).all(last);
    if call.args.iter().any(|word| word.known().is_none()) && !only_last {
        let why = "it may set a variable whose name runs when it is computed";
        judge.report.find(call.raw, why, "shell_exec", Risk::High);
    }
    judge.report.find(call.raw, "it waits for what it started", "file_read", Risk::Low);
}

/// `set`, `export -p`, `declare -x`: every variable, or some with what they hold.
pub(super) fn dumps(call: &Call<'_>) -> bool {
    let prints = |text: &str| text.starts_with('-') && text.contains('p');
    match call.name {
        "set" => call.args.is_empty(),
        _ => {
            call.args.iter().all(|word| word.text.starts_with(['-', '+']))
                || call.args.iter().any(|word| prints(&word.text))
        }
    }
}

/// Says of a builtin that it shows variables.
pub(super) fn shown(judge: &mut Judge<'_>, call: &Call<'_>) {
    let why = "it shows variables, which may hold secrets";
    judge.report.find(call.raw, why, "file_read", Risk::High);
}
