//! Programs that make, change, move and remove files.

use super::args::{Options, options};
use super::{Call, Judge};
use crate::classify::path::Use;
use crate::classify::shell::Word;
use countersign_core::artifact::Risk;

/// Knows programs that change files.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    match call.name {
        "rm" | "rmdir" | "unlink" | "shred" | "srm" | "trash" | "trash-put" | "wipe" => {
            remove(judge, call)
        }
        "dd" => copy_blocks(judge, call),
        "truncate" | "touch" | "mkdir" | "mkfifo" | "mknod" | "mktemp" | "fallocate" | "tee"
        | "sponge" | "split" | "csplit" | "install" | "gzip" | "gunzip" | "bzip2" | "bunzip2"
        | "xz" | "unxz" | "zstd" | "dos2unix" | "unix2dos" | "prettier" | "rustfmt" | "gofmt"
        | "black" => write(judge, call),
        "cp" | "ln" | "link" => copy(judge, call),
        "mv" | "rename" => moved(judge, call),
        "tar" | "bsdtar" | "cpio" | "unzip" | "zip" | "7z" | "7za" | "ar" | "unrar" => {
            archive(judge, call)
        }
        "patch" => {
            judge.report.find(
                call.raw,
                "which files it changes stands in the patch",
                "file_write",
                Risk::High,
            );
            call.args
                .iter()
                .filter(|word| !word.text.starts_with('-'))
                .for_each(|word| judge.opened(&word.text, Use::Write));
        }
        "chmod" => mode(judge, call),
        "mkfs" | "fdisk" | "sfdisk" | "parted" | "wipefs" | "blkdiscard" | "mkswap" | "sgdisk"
        | "hdparm" | "cryptsetup" | "lvremove" | "vgremove" | "pvremove" | "zpool" | "zfs"
        | "badblocks" | "mke2fs" => gone(judge, call),
        name if name.starts_with("mkfs.") => gone(judge, call),
        _ => return false,
    }
    true
}

fn gone(judge: &mut Judge<'_>, call: &Call<'_>) {
    judge.report.find(call.raw, "it overwrites a whole device", "delete", Risk::Critical);
}

fn remove(judge: &mut Judge<'_>, call: &Call<'_>) {
    judge.report.find(call.raw, "it deletes files", "delete", Risk::High);
    let given = options(call.args, &["-n", "-s", "--iterations", "--size", "--random-source"]);
    if given.has(&["--no-preserve-root"]) {
        judge.report.find(call.raw, "it may delete the whole system", "delete", Risk::Critical);
    }
    let dashed = given.rest.iter().filter(|word| word.text.starts_with('-'));
    for word in call.args.iter().filter(|word| !word.text.starts_with('-')).chain(dashed) {
        judge.opened(&word.text, Use::Delete);
    }
}

fn copy_blocks(judge: &mut Judge<'_>, call: &Call<'_>) {
    judge.report.find(call.raw, "it copies blocks", "file_write", Risk::Medium);
    for word in call.args {
        match word.text.split_once('=') {
            Some(("of", path)) => {
                judge.opened(path, Use::Write);
                if path.starts_with("/dev/")
                    && !matches!(path, "/dev/null" | "/dev/stdout" | "/dev/stderr")
                {
                    gone(judge, call);
                }
            }
            Some(("if", path)) => judge.opened(path, Use::Read),
            Some(_) => {}
            None => judge.report.find(
                call.raw,
                "what it copies where is not known",
                "file_write",
                Risk::Critical,
            ),
        }
    }
}

fn write(judge: &mut Judge<'_>, call: &Call<'_>) {
    judge.report.find(call.raw, "it writes files", "file_write", Risk::Medium);
    let valued = [
        "-m",
        "-o",
        "-g",
        "-s",
        "-d",
        "-t",
        "-r",
        "--mode",
        "--owner",
        "--group",
        "--size",
        "--reference",
        "--date",
        "--target-directory",
    ];
    let given = options(call.args, if call.name == "tee" { &[] } else { &valued });
    if call.name == "split" && given.has(&["--filter"]) {
        judge.report.unreadable(call.raw, "it runs a line for each part");
    }
    let targets: Vec<&Word> = given.values(&["-t", "--target-directory"]).collect();
    given
        .rest
        .iter()
        .chain(targets.iter().copied())
        .for_each(|w| judge.opened(&w.text, Use::Write));
    for target in targets {
        for name in given.rest.iter().filter_map(|word| word.text.rsplit('/').next()) {
            judge.opened(&format!("{}/{name}", target.text), Use::Write);
        }
    }
    let values = given.given.iter().filter_map(|(_, value)| value.as_ref());
    for word in values.filter(|word| word.text.contains(['/', '.', '\0'])) {
        judge.opened(&word.text, Use::Write);
    }
    if call.name == "install" {
        rights(judge, call, &given);
    }
}

fn rights(judge: &mut Judge<'_>, call: &Call<'_>, given: &Options) {
    if given.has(&["-m", "-o", "-g", "--mode", "--owner"]) {
        judge.report.find(call.raw, "it says who may use a file", "file_write", Risk::High);
    }
}

/// The last argument, or that of `-t`, is where it goes; the others are where it comes from.
fn ends(call: &Call<'_>) -> (Vec<Word>, Vec<Word>) {
    let given = options(call.args, &["-t", "-S", "--target-directory", "--suffix"]);
    let targets: Vec<Word> = given.values(&["-t", "--target-directory"]).cloned().collect();
    if !targets.is_empty() {
        return (given.rest, targets);
    }
    match given.rest.split_last() {
        Some((last, [])) => (vec![last.clone()], vec![Word::literal(".")]),
        Some((last, from)) => (from.to_vec(), vec![last.clone()]),
        None => (Vec::new(), vec![Word::literal("\0")]),
    }
}

/// Where files end up: below a directory, under their names, or in its place.
fn arrives(judge: &mut Judge<'_>, from: &[Word], to: &[Word]) {
    for target in to {
        judge.opened(&target.text, Use::Write);
        for word in from {
            let name = word.text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            if matches!(name, "." | ".." | "") {
                judge.report.find(
                    &word.text,
                    "what it copies is not named",
                    "file_write",
                    Risk::High,
                );
            }
            judge.opened(&format!("{}/{name}", target.text), Use::Write);
        }
    }
}

fn copy(judge: &mut Judge<'_>, call: &Call<'_>) {
    judge.report.find(call.raw, "it writes files", "file_write", Risk::Medium);
    let (from, to) = ends(call);
    from.iter().for_each(|word| judge.opened(&word.text, Use::Read));
    if call.name != "cp" {
        // Whoever writes to a link writes to what it leads to.
        from.iter().for_each(|word| judge.opened(&word.text, Use::Write));
    }
    arrives(judge, &from, &to);
    let given = options(call.args, &[]);
    if given.has(&["-r", "-R", "-a", "--recursive", "--archive"]) {
        let whole = given.has(&["-T", "--no-target-directory"]);
        let names = from.iter().filter_map(|w| w.text.trim_end_matches('/').rsplit('/').next());
        let names: Vec<&str> = if whole { vec!["."] } else { names.collect() };
        for target in &to {
            names.iter().for_each(|name| judge.below(&format!("{}/{name}", target.text)));
        }
    }
}

fn moved(judge: &mut Judge<'_>, call: &Call<'_>) {
    judge.report.find(call.raw, "it moves files", "file_write", Risk::Medium);
    let (from, to) = ends(call);
    for word in &from {
        judge.opened(&word.text, Use::Read);
        judge.taken_away(&word.text);
    }
    arrives(judge, &from, &to);
}

fn archive(judge: &mut Judge<'_>, call: &Call<'_>) {
    let runs = [
        "--to-command",
        "--checkpoint-action",
        "--use-compress-program",
        "--rsh-command",
        "--info-script",
        "--new-volume-script",
        "-TT",
        "--unzip-command",
        "--plugin",
    ];
    let given = options(call.args, &["-f", "-C", "-T", "-X", "-I", "-F", "-b", "-o", "-d"]);
    let old = call
        .arg(0)
        .filter(|_| call.name == "tar")
        .is_some_and(|first| !first.starts_with('-') && first.contains(['I', 'F']));
    let tar = matches!(call.name, "tar" | "bsdtar");
    if given.has(&runs) || tar && given.has(&["-I", "-F"]) || old || given.doubtful {
        judge.report.unreadable(call.raw, "an option of it runs a program");
    }
    if given.has(&["--remove-files", "-m"])
        && matches!(call.name, "tar" | "zip")
        && !given.has(&["-x"])
    {
        judge.report.find(call.raw, "it deletes what it has packed", "delete", Risk::High);
    }
    let old_list = call.arg(0).is_some_and(|first| first.starts_with('t'));
    let lists = if tar {
        (given.has(&["-t", "--list"]) || old_list)
            && !given.has(&["-x", "-c", "-r", "-u", "-A", "--extract", "--create"])
    } else {
        call.name == "unzip" && given.has(&["-l", "-v", "-Z"])
    };
    if lists {
        judge.report.find(call.raw, "it lists an archive", "file_read", Risk::Low);
        return;
    }
    judge.report.find(
        call.raw,
        "it packs or unpacks files, whose names stand in the archive",
        "file_write",
        Risk::High,
    );
    for (name, value) in &given.given {
        if let Some(word) = value
            .as_ref()
            .filter(|_| matches!(name.as_str(), "-f" | "-C" | "-d" | "--file" | "--directory"))
        {
            judge.opened(&word.text, Use::Write);
        }
    }
    given
        .rest
        .iter()
        .filter(|word| word.text.contains(['/', '.', '\0']))
        .for_each(|word| judge.opened(&word.text, Use::Read));
}

fn mode(judge: &mut Judge<'_>, call: &Call<'_>) {
    let given = options(call.args, &["--reference"]);
    let mode = given.at(0).unwrap_or("\0");
    let open = mode.contains(['s', '\0'])
        || mode.contains("o+")
        || mode.contains("a+w")
        || mode.contains("o=")
        || mode.ends_with(['2', '3', '6', '7']) && mode.bytes().all(|b| b.is_ascii_digit());
    let special =
        mode.len() == 4 && !mode.starts_with('0') && mode.bytes().all(|b| b.is_ascii_digit());
    if open || special {
        judge.report.find(
            call.raw,
            "it lets anybody use a file, or use it with other rights",
            "account_change",
            Risk::High,
        );
    }
    judge.report.find(call.raw, "it says who may use a file", "file_write", Risk::Medium);
    // A mode that is not known may be several words, and files among them.
    let skip = usize::from(given.at(0).is_some());
    given.rest.iter().skip(skip).for_each(|word| judge.opened(&word.text, Use::Write));
    if given.has(&["-R", "--recursive"]) {
        given.rest.iter().skip(skip).for_each(|word| judge.below(&word.text));
    }
    if call.args.iter().any(|word| {
        word.text.starts_with("-x") || word.text.starts_with("-r") || word.text.starts_with("-w")
    }) {
        call.args.iter().for_each(|word| judge.opened(&word.text, Use::Write));
    }
}

impl Judge<'_> {
    /// A file that is moved away: gone from a place where it matters, otherwise only elsewhere.
    fn taken_away(&mut self, text: &str) {
        if self.matters(text) {
            self.opened(text, Use::Delete);
        } else {
            self.opened(text, Use::Write);
        }
    }
}
