//! Other machines and containers: `ssh`, `scp`, `rsync`, `docker exec`, `kubectl exec`.

use super::args::{options, wrapped};
use super::{Call, Input, Judge, wrappers};
use crate::classify::path::Use;
use crate::classify::shell::Word;
use countersign_core::artifact::Risk;

const SSH_PLAIN: [&str; 22] = [
    "-4", "-6", "-A", "-a", "-C", "-f", "-G", "-g", "-K", "-k", "-M", "-N", "-n", "-q", "-s", "-T",
    "-t", "-V", "-v", "-X", "-x", "-Y",
];
const SSH_VALUED: [&str; 20] = [
    "-B", "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-p",
    "-Q", "-R", "-S", "-W",
];

/// Knows programs that work on other machines.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    match call.name {
        "ssh" | "mosh" | "autossh" | "sshpass" | "rsh" => ssh(judge, call),
        "scp" | "rsync" | "sftp" | "rcp" => copy(judge, call),
        "docker" | "podman" | "nerdctl" => container(judge, call),
        "docker-compose" | "podman-compose" => {
            judge.report.find(call.raw, "it starts or ends containers", "shell_exec", Risk::High);
            volumes(judge, call);
        }
        "lxc" | "vagrant" | "machinectl" | "multipass" | "incus" => {
            judge.report.unreadable(call.raw, "it runs programs in another place")
        }
        _ => return false,
    }
    true
}

fn ssh(judge: &mut Judge<'_>, call: &Call<'_>) {
    judge.report.find(call.raw, "it works on another machine", "shell_exec", Risk::High);
    for option in
        call.args.iter().filter(|word| word.text.starts_with('-') || word.text.contains('='))
    {
        let lower = option.text.to_ascii_lowercase();
        if ["command", "-f", "proxy", "knownhosts"].iter().any(|word| lower.contains(word))
            && lower != "-f"
            || option.text == "-F"
        {
            judge.report.unreadable(call.raw, "an option of it runs a program");
        }
    }
    if call.name != "ssh" {
        judge.report.unreadable(call.raw, "which line it runs is not known");
        return;
    }
    match wrapped(call.args, &SSH_PLAIN, &SSH_VALUED).and_then(<[Word]>::split_first) {
        Some((host, rest)) => {
            let name = host.text.rsplit('@').next().unwrap_or(&host.text).to_owned();
            judge.report.host(&name);
            if let Input::Text(text) = call.input {
                judge.line(text);
            } else if rest.is_empty() {
                judge.report.unreadable(call.raw, "it opens a shell on another machine");
            }
            if !rest.is_empty() {
                wrappers::joined(judge, call, Some(rest));
            }
        }
        None => judge.report.unreadable(call.raw, "which line it runs is not known"),
    }
}

/// `host:path` and `rsync://…`, but no path of this machine.
fn remote(word: &Word) -> Option<&str> {
    if let Some(rest) = word.text.split_once("://").map(|(_, rest)| rest) {
        return rest.split(['/', ':']).next();
    }
    let (host, _) = word.text.split_once(':')?;
    (!host.contains('/') && !host.is_empty()).then(|| host.rsplit('@').next().unwrap_or(host))
}

fn copy(judge: &mut Judge<'_>, call: &Call<'_>) {
    let given = options(
        call.args,
        &[
            "-e",
            "-P",
            "-i",
            "-o",
            "-S",
            "-F",
            "-J",
            "-c",
            "-l",
            "--rsh",
            "--rsync-path",
            "--exclude",
            "--include",
            "--filter",
            "--files-from",
        ],
    );
    let lines = match call.name {
        "rsync" => given.has(&["-e", "--rsh", "--rsync-path", "--config"]),
        _ => given.has(&["-o", "-S", "-F", "-D"]),
    };
    if lines || given.doubtful || call.name == "sftp" {
        judge.report.unreadable(call.raw, "an option of it runs a program");
    }
    given.values(&["-e", "--rsh", "--rsync-path"]).for_each(|word| judge.line(&word.text));
    if given.given.iter().any(|(name, _)| {
        name.starts_with("--del") || name == "--remove-source-files" || name == "--inplace"
    }) {
        judge.report.find(
            call.raw,
            "it deletes what is not at the other end",
            "delete",
            Risk::High,
        );
    }
    let Some((last, from)) = given.rest.split_last() else { return };
    if let Some(host) = remote(last) {
        judge.report.host(host);
        judge.report.find(call.raw, "it sends files to a host", "data_export", Risk::High);
    } else {
        judge.opened(&last.text, Use::Write);
        judge.report.find(call.raw, "it writes files", "file_write", Risk::Medium);
    }
    if last.text.contains('\0') {
        judge.report.find(call.raw, "where it sends files is not known", "data_export", Risk::High);
    }
    for word in from {
        match remote(word) {
            Some(host) => {
                judge.report.host(host);
                judge.report.find(
                    call.raw,
                    "it fetches files from a host",
                    "http_request",
                    Risk::Medium,
                );
            }
            None => judge.opened(&word.text, Use::Read),
        }
    }
}

fn volumes(judge: &mut Judge<'_>, call: &Call<'_>) {
    let removes =
        call.args.iter().any(|word| matches!(word.text.as_str(), "down" | "rm" | "kill" | "prune"));
    if removes {
        judge.report.find(
            call.raw,
            "it removes containers, and what they hold",
            "delete",
            Risk::High,
        );
    }
}

fn container(judge: &mut Judge<'_>, call: &Call<'_>) {
    let verb = call
        .args
        .iter()
        .find(|word| !word.text.starts_with('-'))
        .map_or("", |word| word.text.as_str());
    let rest = call
        .args
        .iter()
        .position(|word| word.text == verb)
        .and_then(|at| call.args.get(at + 1..))
        .unwrap_or_default();
    let second = rest.first().map_or("", |word| word.text.as_str());
    if call.args.first().is_some_and(|word| word.text.starts_with('-')) {
        judge.report.find(call.raw, "it speaks to another daemon", "shell_exec", Risk::High);
    }
    match (verb, second) {
        (
            "ps" | "images" | "version" | "info" | "logs" | "top" | "stats" | "port" | "history"
            | "inspect" | "search" | "diff",
            _,
        )
        | ("container" | "image" | "volume" | "network" | "context", "ls" | "list" | "inspect") => {
            judge.report.find(call.raw, "it looks at containers", "file_read", Risk::Low);
        }
        ("rm" | "rmi" | "kill" | "stop", _)
        | ("system" | "volume" | "image" | "container" | "network" | "builder", "prune" | "rm") => {
            let risk =
                if verb == "system" || verb == "volume" { Risk::Critical } else { Risk::High };
            judge.report.find(call.raw, "it removes containers, or what they hold", "delete", risk);
        }
        ("push", _) => {
            judge.report.find(call.raw, "it publishes an image", "checkpoint.release", Risk::High)
        }
        ("save" | "export", _) => {
            judge.report.find(call.raw, "it hands an image out", "data_export", Risk::High)
        }
        ("login" | "logout", _) => {
            judge.report.find(call.raw, "it changes who is signed in", "account_change", Risk::High)
        }
        ("run" | "exec" | "create", _) => started(judge, call, rest),
        ("container" | "compose", "run" | "exec") => {
            started(judge, call, rest.get(1..).unwrap_or_default())
        }
        ("compose", _) => {
            judge.report.find(call.raw, "it starts or ends containers", "shell_exec", Risk::High);
            volumes(judge, call);
        }
        ("build" | "buildx" | "pull" | "start" | "restart" | "tag" | "cp", _) => {
            judge.report.find(call.raw, "it builds or starts containers", "shell_exec", Risk::High)
        }
        _ => judge.report.unknown(call.raw, "nothing is known of this verb", "shell_exec"),
    }
}

fn started(judge: &mut Judge<'_>, call: &Call<'_>, args: &[Word]) {
    judge.report.find(call.raw, "it runs a program in a container", "shell_exec", Risk::High);
    let all = |text: &str| {
        let mount = text
            .split_once('=')
            .filter(|(name, _)| name.starts_with('-'))
            .map_or(text, |(_, value)| value);
        let mount = mount.trim_start_matches("-v");
        mount.starts_with("/:")
            || mount.starts_with("/etc") && mount.contains(':')
            || text.contains("docker.sock")
            || text.contains("source=/,")
            || text.starts_with("--privileged")
            || text.starts_with("--pid=host")
            || text.contains("SYS_ADMIN")
            || mount.starts_with("~")
            || text == "--cap-add=ALL"
    };
    if args.iter().any(|word| all(&word.text)) {
        judge.report.find(
            call.raw,
            "the container holds this machine",
            "shell_exec",
            Risk::Critical,
        );
    }
    for word in args.iter().filter(|word| word.text.starts_with('/') && word.text.contains(':')) {
        judge.opened(word.text.split(':').next().unwrap_or_default(), Use::Write);
    }
    let plain = [
        "-i",
        "-t",
        "-d",
        "--rm",
        "--interactive",
        "--tty",
        "--detach",
        "--init",
        "--privileged",
        "--no-TTY",
        "-T",
        "-P",
    ];
    let valued = [
        "-u",
        "-w",
        "-e",
        "-v",
        "-p",
        "-l",
        "-h",
        "-m",
        "--user",
        "--workdir",
        "--env",
        "--volume",
        "--name",
        "--network",
        "--mount",
        "--platform",
        "--entrypoint",
        "--env-file",
        "--publish",
        "--memory",
        "--cpus",
    ];
    match wrapped(args, &plain, &valued).and_then(<[Word]>::split_first) {
        Some((_, [])) => {}
        Some((_, rest)) => judge.words(rest, call.raw, call.input),
        None => judge.report.unreadable(call.raw, "which program it starts is not known"),
    }
}

/// `kubectl exec POD -- PROGRAM`.
pub(super) fn after_dashes(judge: &mut Judge<'_>, call: &Call<'_>) {
    judge.report.find(call.raw, "it runs a program in a container", "shell_exec", Risk::High);
    let at = call.args.iter().position(|word| word.text == "--");
    match at.and_then(|at| call.args.get(at + 1..)).filter(|rest| !rest.is_empty()) {
        Some(rest) => judge.words(rest, call.raw, call.input),
        None => judge.report.unreadable(call.raw, "which program it starts is not known"),
    }
}
