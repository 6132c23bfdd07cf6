//! Who may do what, and what runs on its own.

mod services;

use super::args::{Options, options};
use super::{Call, Judge};
use crate::classify::path::Use;
use countersign_core::artifact::Risk;

/// Settings of a repository that make nothing run.
const HARMLESS: [&str; 12] = [
    "color.",
    "advice.",
    "core.quotepath",
    "core.autocrlf",
    "core.eol",
    "core.filemode",
    "core.ignorecase",
    "pull.",
    "init.defaultbranch",
    "push.default",
    "push.autosetupremote",
    "rerere.",
];

/// Knows programs that change rights, and those that change what runs on the machine.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    match call.name {
        "useradd" | "usermod" | "groupadd" | "groupmod" | "gpasswd" | "passwd" | "chpasswd"
        | "chage" | "visudo" | "vipw" | "vigr" | "chsh" | "chfn" | "adduser" | "addgroup"
        | "newusers" | "setcap" | "pam-auth-update" | "dseditgroup" | "dscl" | "ssh-copy-id"
        | "realm" | "smbpasswd" => {
            judge.report.find(
                call.raw,
                "it changes who may do what",
                "account_change",
                Risk::Critical,
            );
        }
        "chown" | "chgrp" | "setfacl" | "chattr" | "htpasswd" | "ssh-keygen" | "ssh-add"
        | "kinit" | "newgrp" | "semanage" | "setenforce" | "chcon" => {
            judge.report.find(call.raw, "it changes who may do what", "account_change", Risk::High);
            call.args
                .iter()
                .filter(|word| word.text.contains('/'))
                .for_each(|word| judge.opened(&word.text, Use::Write));
            let whole = options(call.args, &[]).has(&["-R", "--recursive"]);
            for word in call.args {
                judge.guarded(&word.text);
                if whole {
                    judge.below(&word.text);
                }
            }
        }
        "userdel" | "groupdel" | "deluser" | "delgroup" => {
            judge.report.find(call.raw, "it removes an account", "delete", Risk::Critical);
            judge.report.find(
                call.raw,
                "it changes who may do what",
                "account_change",
                Risk::Critical,
            );
        }
        "gpg" | "gpg2" | "pass" | "op" | "bw" | "vault" | "secret-tool" | "security" | "age"
        | "sops" | "keyctl" | "gopass" | "lpass" | "doppler" => {
            judge.report.find(call.raw, "it reads or keeps secrets", "account_change", Risk::High);
        }
        "crontab" if call.arg(0) == Some("-l") => {
            judge.report.find(call.raw, "it shows what runs on its own", "file_read", Risk::Low)
        }
        "crontab" if call.arg(0) == Some("-r") => {
            judge.report.find(call.raw, "it removes what runs on its own", "delete", Risk::Critical)
        }
        "crontab" | "launchctl" | "update-rc.d" | "anacron" | "atq" | "atrm" => {
            judge.report.unreadable(call.raw, "it sets up something that runs later");
        }
        "systemctl" | "service" | "journalctl" | "loginctl" | "timedatectl" | "hostnamectl"
        | "busctl" | "localectl" | "networkctl" | "resolvectl" | "machinectl"
        | "systemd-analyze" => services::judge(judge, call),
        "reboot" | "shutdown" | "halt" | "poweroff" | "init" | "telinit" => {
            judge.report.find(call.raw, "it ends the machine", "shell_exec", Risk::Critical);
        }
        "mount"
        | "umount"
        | "sysctl"
        | "modprobe"
        | "insmod"
        | "rmmod"
        | "iptables"
        | "ip6tables"
        | "nft"
        | "ufw"
        | "firewall-cmd"
        | "swapoff"
        | "losetup"
        | "kexec"
        | "update-alternatives"
        | "ldconfig"
        | "dmesg" => {
            judge.report.find(call.raw, "it changes the machine", "shell_exec", Risk::High);
        }
        _ => return false,
    }
    true
}

/// `git config …`.
pub(super) fn git_config(judge: &mut Judge<'_>, call: &Call<'_>, given: &Options) {
    let asks = given.given.iter().any(|(name, _)| {
        matches!(
            name.as_str(),
            "--get" | "--get-all" | "--list" | "-l" | "--get-regexp" | "--show-origin"
        )
    });
    let verb = matches!(given.at(0), Some("get" | "list"));
    let writes = given.has(&[
        "--unset",
        "--add",
        "--replace-all",
        "--edit",
        "-e",
        "--unset-all",
        "--remove-section",
        "--rename-section",
    ]);
    let asks = (asks || verb || given.rest.len() == 1 && given.given.is_empty())
        && !writes
        && !given.doubtful;
    if asks {
        judge.report.find(call.raw, "it reads settings", "file_read", Risk::Low);
        return;
    }
    let key = given
        .rest
        .iter()
        .map(|word| word.text.as_str())
        .find(|text| text.contains('.'))
        .unwrap_or("\0")
        .to_ascii_lowercase();
    if key.starts_with("user.") {
        judge.report.find(
            call.raw,
            "it changes in whose name commits are made",
            "account_change",
            Risk::High,
        );
    } else if HARMLESS.iter().any(|name| key.starts_with(name))
        && !given.doubtful
        && !given.has(&["--edit", "-e"])
    {
        judge.report.find(
            call.raw,
            "it changes a setting of the repository",
            "file_write",
            Risk::Medium,
        );
    } else {
        judge.report.protected(
            call.raw,
            "settings of git decide what programs it runs",
            "file_write",
        );
    }
    if given.has(&["--global", "--system", "--file", "-f"]) {
        judge.report.find(
            call.raw,
            "it changes settings outside the repository",
            "file_write",
            Risk::Critical,
        );
    }
}
