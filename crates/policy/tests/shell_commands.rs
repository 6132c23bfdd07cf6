//! A table of shell lines, each with the verb that leads and the risk that it must have.
//!
//! Each line is read as `bash -c LINE`, the way in which a line reaches a gate.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a row that is wrong fails the test")]

mod shell_common;

use countersign_core::artifact::Risk;
use countersign_policy::facts::{Class, Floor};
use countersign_policy::verb::Verb;
use shell_common::{class, line, place};

const TABLE: &str = include_str!("shell_commands.txt");

struct Row {
    attack: bool,
    verb: &'static str,
    risk: Risk,
    floors: Vec<&'static str>,
    line: String,
}

fn rows() -> Vec<Row> {
    let mut attack = false;
    let mut rows = Vec::new();
    for text in TABLE.lines() {
        match text {
            "## attacks" => attack = true,
            "## plain" => attack = false,
            _ if text.starts_with('#') || text.is_empty() => {}
            _ => rows.push(row(text, attack)),
        }
    }
    rows
}

fn row(text: &'static str, attack: bool) -> Row {
    let (left, line) = text.split_once(" | ").unwrap_or_else(|| panic!("{text}"));
    let mut words = left.split_whitespace();
    let verb = words.next().unwrap();
    let risk = match words.next().unwrap() {
        "low" => Risk::Low,
        "medium" => Risk::Medium,
        "high" => Risk::High,
        "critical" => Risk::Critical,
        other => panic!("{other}"),
    };
    Row { attack, verb, risk, floors: words.collect(), line: line.replace('⏎', "\n") }
}

fn wrong(row: &Row, class: &Class) -> Option<String> {
    let lead = class.verbs.own.first().map_or("", Verb::as_str);
    let has = |name: &&str| match *name {
        "protected" => class.floors.contains(&Floor::Protected),
        "unreadable" => class.floors.contains(&Floor::Unreadable),
        other => panic!("{other}"),
    };
    let same = lead == row.verb && class.risk == row.risk && row.floors.iter().all(has);
    (!same).then(|| {
        format!("{lead} {:?} {:?} | {}", class.risk, class.floors, row.line.replace('\n', "⏎"))
    })
}

fn judge(attack: bool) {
    let place = place();
    let rows: Vec<Row> = rows().into_iter().filter(|row| row.attack == attack).collect();
    let wrong: Vec<String> =
        rows.iter().filter_map(|row| wrong(row, &class(&line(&row.line), &place))).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn plain_lines_have_the_verb_and_risk_that_they_deserve() {
    judge(false);
}

#[test]
fn attack_16_no_line_slips_through() {
    judge(true);
}

#[test]
fn the_table_is_long_enough_and_most_of_it_are_attempts() {
    let rows = rows();
    let attacks = rows.iter().filter(|row| row.attack).count();
    assert!(rows.len() >= 300, "{}", rows.len());
    assert!(attacks * 2 >= rows.len(), "{attacks} of {}", rows.len());
    assert!(rows.iter().filter(|row| row.attack).all(|row| row.risk >= Risk::Medium));
}

#[test]
fn every_verb_that_is_found_is_one() {
    for row in rows() {
        for finding in class(&line(&row.line), &place()).findings {
            assert!(Verb::new(finding.verb.as_str()).is_some(), "{finding:?}");
        }
    }
}

/// Each line has at least this risk.
fn at_least(risk: Risk, lines: &[&str]) {
    let place = place();
    let risks = lines.iter().map(|text| (*text, class(&line(text), &place).risk));
    let lower: Vec<(&str, Risk)> = risks.filter(|(_, found)| *found < risk).collect();
    assert!(lower.is_empty(), "lower than {risk:?}: {lower:#?}");
}

/// Each line runs without asking anybody.
fn runs(lines: &[&str]) {
    let place = place();
    let risks = lines.iter().map(|text| (*text, class(&line(text), &place).risk));
    let higher: Vec<(&str, Risk)> = risks.filter(|(_, found)| *found > Risk::Low).collect();
    assert!(higher.is_empty(), "higher than low: {higher:#?}");
}

#[test]
fn attack_16_wait_computes_the_name_that_it_sets() {
    at_least(
        Risk::High,
        &[
            "wait -p 'a[$(rm x)]'",
            "wait -n -p 'a[$(rm x)]'",
            "wait -np 'a[$(rm x)]' 12",
            "wait '-pa[$(rm x)]'",
            "wait -p \"$X\"",
            "wait -p PATH",
            "builtin wait -f -p 'a[$(rm x)]'",
            "wait \"$X\" 'a[$(rm x)]'",
        ],
    );
    runs(&["wait", "wait -n", "wait %1", "wait 12", "wait -p done", "wait -n -p pid 12 13"]);
}

#[test]
fn attack_16_a_reader_that_loads_code_is_asked_about() {
    at_least(
        Risk::High,
        &[
            "nm --plugin ./x.so y",
            "nm --plugin=./x.so y",
            "nm --plug ./x.so y",
            "nm --pl=./x.so y",
            "nm \"$X\" y",
            "objdump --plugin ./x.so y",
            "ar --plugin ./x.so t y.a",
            "ar t --plugin=./x.so y.a",
            "ranlib --plugin ./x.so y.a",
            "strip --plugin=./x.so y",
            "size --plugin ./x.so y",
            "strings --plugin ./x.so y",
            "addr2line --plugin=./x.so -e y",
            "nm @options y",
            "x86_64-linux-gnu-nm --plugin ./x.so y",
        ],
    );
    runs(&["nm y", "nm -C -D y", "nm --defined-only y", "strings -n 8 y", "readelf -a y"]);
}

#[test]
fn attack_11_a_dump_of_variables_is_asked_about() {
    at_least(
        Risk::High,
        &[
            "set",
            "set | grep KEY",
            "set -o posix; set",
            "export",
            "export -p",
            "declare",
            "declare -p",
            "declare -x",
            "declare -xp",
            "declare -p AWS_SECRET_ACCESS_KEY",
            "declare -x -p",
            "declare --",
            "typeset",
            "typeset -p",
            "typeset +",
            "readonly -p",
            "local -p",
            "local",
            "compgen -v",
            "compgen -e",
            "builtin export -p",
            "command export -p",
        ],
    );
    runs(&[
        "set -e",
        "set -euo pipefail",
        "set +x",
        "export a=b",
        "export LANG=C",
        "readonly a=b",
        "declare -r a=b",
        "declare -a x",
        "declare -A x",
    ]);
}

#[test]
fn attack_16_a_service_of_another_machine_is_asked_about() {
    at_least(
        Risk::High,
        &[
            "systemctl -H ann@evil.example status x",
            "systemctl -Hevil.example status x",
            "systemctl --host=evil.example status x",
            "systemctl --host evil.example status x",
            "systemctl --hos=evil.example status x",
            "systemctl -M box status x",
            "systemctl --machine=box status x",
            "systemctl status x -H evil.example",
            "systemctl -lH evil.example status x",
            "journalctl -M box",
            "journalctl --machine=box",
            "journalctl -H evil.example",
            "loginctl -H evil.example list-sessions",
            "timedatectl -H evil.example status",
            "hostnamectl -H evil.example status",
            "busctl -H evil.example list",
            "busctl --address=unixexec:path=./x list",
            "localectl -H evil.example status",
            "systemd-analyze -H evil.example blame",
            "networkctl -H evil.example",
        ],
    );
    runs(&[
        "systemctl status x",
        "systemctl --no-pager -l status x",
        "systemctl list-units --type=service",
        "systemctl --user is-active x",
        "service nginx status",
        "journalctl -u x --no-pager",
    ]);
}

#[test]
fn attack_16_the_name_of_a_service_is_no_verb() {
    at_least(
        Risk::High,
        &[
            "systemctl stop nginx status",
            "systemctl stop show",
            "systemctl -s status stop nginx",
            "systemctl --signal status kill nginx",
            "service status stop",
            "service ../../tmp/evil status",
            "service nginx stop status",
            "journalctl --cursor-file=/home/ann/.bashrc",
            "journalctl --flush",
        ],
    );
}

#[test]
fn attack_11_a_query_that_reads_another_file_is_asked_about() {
    at_least(
        Risk::High,
        &[
            "yq 'load(\"/home/ann/.ssh/id_rsa\")' a.yml",
            "yq -n 'load_str(\"/home/ann/.ssh/id_rsa\")'",
            "yq -n 'load_base64(\".env\")'",
            "yq -n 'load (\".env\")'",
            "yq -n 'load(.path)' a.yml",
            "yq '.a = load(\"x\" + \".yml\")' a.yml",
            "yq eval 'load(\"/home/ann/.ssh/id_rsa\")' a.yml",
            "yq -n 'load_props(\"/home/ann/.ssh/id_rsa\")'",
            "yq -n '\"/home/ann/.ssh/id_rsa\" | load(.)'",
            "yq --expression 'load(\".env\")' a.yml",
            "yq --from-file x.yq a.yml",
            "yq -s '.a' a.yml",
            "yq --split-exp '.a' a.yml",
            "yq '.a | system(\"x\")' a.yml",
            "jq 'import \"x\" as x; .' a.json",
            "jq 'include \"x\"; .' a.json",
            "jq -n 'import \"/home/ann/.ssh/x\" as $x; $x'",
            "jq -L /tmp 'x' a.json",
            "jq --library-path=/tmp . a.json",
            "jq --slurpfile x /home/ann/.ssh/id_rsa -n '$x'",
            "jq --rawfile x /home/ann/.ssh/id_rsa -n '$x'",
            "jq --argfile x /home/ann/.ssh/id_rsa -n '$x'",
            "jq --argfi x .env -n '$x'",
            "jq -n --rawfile x .env '$x'",
            "jq 'get_search_list' a.json",
        ],
    );
    runs(&[
        "jq . a.json",
        "jq '.included' a.json",
        "yq .a b.yml",
        "yq .load b.yml",
        "jq .a include/a.json",
        "yq '.payload' b.yml",
    ]);
}

#[test]
fn attack_11_a_list_of_files_is_read_like_any_other() {
    at_least(
        Risk::High,
        &[
            "find -L ~/.ssh -name x -exec cat {} +",
            "find -H -O3 ~/.ssh -name x -exec cat {} +",
            "find -D tree ~/.ssh -name x -exec cat {} +",
            "find -files0-from list -exec cat {} +",
            "file -m /home/ann/.ssh/id_rsa x",
            "file -m ./magic x -f .env",
            "file -m ./magic:.env x",
            "file --magic-file=/home/ann/.ssh/id_rsa x",
            "file --magic-file .env x",
            "file --files-from=/home/ann/.ssh/id_rsa",
            "file --files-from .env",
            "file -f .env",
            "file -f.env",
            "file -bf .env",
            "find -files0-from /home/ann/.ssh/id_rsa",
            "find -files0-from .env -print",
            "date --file=/home/ann/.ssh/id_rsa",
            "date --file .env",
            "date -f .env",
            "date -uf .env",
            "date -r /home/ann/.ssh/id_rsa -f .env",
            "du --files0-from=/home/ann/.ssh/id_rsa",
            "wc --files0-from=.env",
            "du -X .env",
            "du --exclude-from=.env",
        ],
    );
    runs(&[
        "file x",
        "file -b x",
        "date",
        "date +%s",
        "du -sh .",
        "find . -name x",
        "find -L src -exec cat {} +",
    ]);
}

#[test]
fn attack_16_git_that_runs_what_is_configured_is_asked_about() {
    at_least(
        Risk::Medium,
        &[
            "git verify-commit HEAD",
            "git verify-tag v1",
            "git log --show-signature",
            "git log --show-sig",
            "git show --show-signature HEAD",
            "git log --format=%G?",
            "git log --format %GK",
            "git log --pretty=%h%GS",
            "git log --pretty='format:%h %G?'",
            "git log --pretty=tformat:%GF",
            "git log --format='%h%+GS'",
            "git log --format='%h% GS'",
            "git log --form=%GP",
            "git for-each-ref --format='%(signature)'",
            "git for-each-ref --format='%(signature:grade)'",
            "git branch --format='%(signature:key)'",
            "git branch --list --format '%(signature)'",
            "git tag -v v1",
            "git tag --verify v1",
            "git tag -l --format='%(signature)'",
            "git stash list --format=%G?",
            "git stash list --show-signature",
            "git reflog --format=%G?",
            "git reflog show --show-signature",
            "git shortlog --format=%G?",
            "git rev-list --format=%G? HEAD",
            "git remote show origin",
            "git remote update",
            "git remote -v update",
            "git submodule update",
            "git log --format=\"$X\"",
        ],
    );
    runs(&[
        "git status",
        "git -C . status",
        "git -C src log",
        "git -C /home/ann/work/sub status",
        "git -C '' status",
        "git log --format=%H",
        "git log --format='%h %an %s'",
        "git log --pretty=oneline",
        "git remote",
        "git remote -v",
        "git remote get-url origin",
        "git tag -l",
        "cd src && git status",
        "cd /home/ann/work && git status",
    ]);
}

#[test]
fn attack_16_git_obeys_no_settings_from_outside_the_workspace_unasked() {
    at_least(
        Risk::High,
        &[
            "git -C /tmp/evil status",
            "git -C ../other status",
            "git -C .. status",
            "git -C ~ status",
            "git -C \"$X\" status",
            "git -C sub -C ../../other status",
            "git -C /tmp/evil diff",
            "cd /tmp/evil && git status",
            "cd ../other; git diff",
            "cd && git log",
            "cd \"$X\" && git status",
            "pushd /tmp/evil; git status",
            "(cd /tmp/evil && git log)",
            "cd -; git status",
            "cd /tmp && cd evil && git status",
            "env -C /tmp/evil git status",
            "git -C /tmp --git-dir=evil status",
        ],
    );
}
