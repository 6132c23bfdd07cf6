//! Services of this machine, or of another one that they are asked about.

use crate::classify::judge::args::{Options, options};
use crate::classify::judge::{Call, Judge};
use countersign_core::artifact::Risk;

/// Verbs of `systemctl` that only look.
const LOOKS: [&str; 8] = [
    "status",
    "list-units",
    "list-unit-files",
    "show",
    "is-active",
    "is-enabled",
    "cat",
    "list-timers",
];
/// Options of `systemctl` whose value is the next argument.
const VALUED: [&str; 9] =
    ["-t", "--type", "-p", "--property", "-n", "--lines", "-o", "--output", "--state"];
/// Options of `systemctl` that change only how something looks, besides those with a value.
const SHOWN: [&str; 16] = [
    "-l",
    "--full",
    "-a",
    "--all",
    "-q",
    "--quiet",
    "--no-pager",
    "--no-legend",
    "--plain",
    "--user",
    "--system",
    "--failed",
    "--value",
    "--no-ask-password",
    "--version",
    "--help",
];
/// Options that reach another machine: over `ssh`, or within this one.
const ELSEWHERE: [&str; 5] = ["-H", "--host", "-M", "--machine", "--address"];
/// Options of `journalctl` that write.
const WRITES: [&str; 6] = [
    "--cursor-file",
    "--setup-keys",
    "--flush",
    "--relinquish-var",
    "--smart-relinquish-var",
    "--update-catalog",
];

/// Knows what speaks to services.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) {
    elsewhere(judge, call);
    let given = options(call.args, &VALUED);
    let ours = call.args.iter().any(|word| Judge::speaks_of_us(&word.text));
    let removes = |text: &str| text.starts_with("--vacuum") || text.starts_with("--rotate");
    if call.args.iter().any(|word| removes(&word.text)) {
        judge.report.find(call.raw, "it throws records away", "delete", Risk::High);
    } else if call.args.iter().all(|word| word.known().is_some()) && only_looks(call, &given) {
        judge.report.find(call.raw, "it looks at services", "file_read", Risk::Low);
    } else {
        judge.report.find(call.raw, "it starts or ends services", "shell_exec", Risk::High);
        if ours {
            judge.report.protected(call.raw, "it may end the gate", "shell_exec");
        }
    }
}

/// What is asked of another machine is asked through a program that leads there.
fn elsewhere(judge: &mut Judge<'_>, call: &Call<'_>) {
    let given = options(call.args, &["-H", "-M"]);
    if call.name != "service" && (given.has(&ELSEWHERE) || given.doubtful) {
        judge.report.another_host();
        let why = "it speaks to another machine, through a program that leads there";
        judge.report.find(call.raw, why, "shell_exec", Risk::High);
    }
}

/// Only the first argument is a verb: behind `stop`, even `status` is the name of a service.
fn only_looks(call: &Call<'_>, given: &Options) -> bool {
    match call.name {
        "journalctl" => !given.has(&WRITES),
        "service" => matches!((call.arg(0), call.arg(1), call.arg(2)),
            (Some(name), Some("status"), None) if !name.contains('/')),
        "systemctl" => {
            let plain: Vec<&str> = SHOWN.iter().chain(&VALUED).copied().collect();
            let lists = given.rest.is_empty();
            given.only(&plain) && (lists || given.at(0).is_some_and(|verb| LOOKS.contains(&verb)))
        }
        _ => false,
    }
}
