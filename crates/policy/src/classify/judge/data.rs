//! Clients of databases: the statements that they are given count.

use super::args::options;
use super::{Call, Input, Judge};
use crate::classify::path::Use;
use crate::classify::shell::Word;
use crate::classify::sql;
use countersign_core::artifact::Risk;

/// Knows clients of databases.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    match call.name {
        "psql" => client(
            judge,
            call,
            &["-c", "--command"],
            &[
                "-f",
                "--file",
                "-d",
                "-h",
                "-p",
                "-U",
                "-v",
                "-o",
                "-P",
                "-F",
                "-L",
                "--dbname",
                "--host",
                "--port",
                "--username",
            ],
        ),
        "mysql" | "mariadb" | "clickhouse-client" | "cockroach" | "sqlcmd" | "bq" | "duckdb"
        | "usql" | "snowsql" => client(
            judge,
            call,
            once(call.name),
            &["-h", "-u", "-P", "-D", "-S", "-U", "-d", "--host", "--user", "--port", "--database"],
        ),
        "sqlite3" | "sqlite" => sqlite(judge, call),
        "redis-cli" | "valkey-cli" => redis(judge, call),
        "mongosh" | "mongo" | "cqlsh" | "influx" | "etcdctl" | "consul-cli" => {
            scripted(judge, call)
        }
        "pg_dump" | "pg_dumpall" | "mysqldump" | "mongodump" | "pg_basebackup" | "mongoexport" => {
            judge.report.find(
                call.raw,
                "it writes a whole database out",
                "data_export",
                Risk::High,
            );
        }
        "pg_restore" | "mongorestore" | "mongoimport" | "createdb" | "initdb" | "pg_ctl" => {
            judge.report.find(call.raw, "it changes a database", "file_write", Risk::High)
        }
        "dropdb" | "mysqladmin" => {
            judge.report.find(call.raw, "it removes a database", "delete", Risk::Critical)
        }
        "createuser" | "dropuser" => {
            judge.report.find(call.raw, "it changes who may do what", "account_change", Risk::High)
        }
        _ => return false,
    }
    true
}

/// Options of a client that are followed by statements, after which it ends. `mysql -q` and
/// `sqlcmd -q` are none: these clients then wait for more.
fn once(name: &str) -> &'static [&'static str] {
    match name {
        "mysql" | "mariadb" | "cockroach" => &["-e", "--execute"],
        "clickhouse-client" => &["-q", "--query"],
        "snowsql" => &["-q"],
        "sqlcmd" => &["-Q"],
        "duckdb" | "usql" => &["-c"],
        _ => &[],
    }
}

fn client(judge: &mut Judge<'_>, call: &Call<'_>, statements: &[&str], valued: &[&str]) {
    let all: Vec<&str> = statements.iter().chain(valued).copied().collect();
    let given = options(call.args, &all);
    let mut said = false;
    for word in given.values(statements) {
        said = true;
        statement(judge, &word.text);
    }
    if let Input::Text(text) = call.input {
        said = true;
        statement(judge, text);
    }
    if given.has(&["-f", "--file", "--init-command", "--pager", "-v", "--set"]) || given.doubtful {
        said = true;
        judge.report.unreadable(call.raw, "which statements it runs is not known");
    }
    given
        .values(&["-o", "--output", "-L", "--log-file", "--tee"])
        .for_each(|word| judge.opened(&word.text, Use::Write));
    // As the first argument it is no other option's value, and no letters of a longer one.
    let lists = call.name == "psql" && matches!(call.arg(0), Some("-l" | "--list" | "-lX"));
    if lists && !said {
        judge.report.find(call.raw, "it lists databases", "file_read", Risk::Low);
    } else if !said {
        judge.report.unreadable(call.raw, "which statements it runs is not known");
    }
}

/// A statement, or a line that only the client understands.
fn statement(judge: &mut Judge<'_>, text: &str) {
    if text.trim_start().starts_with('\\') {
        let reads = ["\\d", "\\l", "\\dt", "\\dn", "\\du", "\\df", "\\conninfo"];
        if reads.contains(&text.trim()) {
            judge.report.find(text, "it describes a database", "file_read", Risk::Low);
        } else {
            judge.report.unreadable(text, "a line that the client runs itself");
        }
        return;
    }
    sql::judge(&mut judge.report, text);
}

fn sqlite(judge: &mut Judge<'_>, call: &Call<'_>) {
    let words = sqlite_words(call.args).unwrap_or_else(|| {
        judge.report.unreadable(call.raw, "which statements it runs is not known");
        call.args.iter().filter(|word| !word.text.starts_with('-')).collect()
    });
    let mut said = false;
    if let Some(file) = words.first().filter(|word| !word.text.contains(' ')) {
        judge.opened(&file.text, Use::Read);
        judge.guarded(&file.text);
    }
    let texts = words.iter().skip(1).map(|word| word.text.as_str());
    let input = if let Input::Text(text) = call.input { Some(text.as_str()) } else { None };
    for text in texts.chain(input) {
        said = true;
        if text.trim_start().starts_with('.') {
            if [".tables", ".schema", ".databases", ".indexes"].contains(&text.trim()) {
                judge.report.find(text, "it describes a database", "file_read", Risk::Low);
            } else {
                judge.report.unreadable(text, "a line that the client runs itself");
            }
        } else {
            sql::judge(&mut judge.report, text);
        }
    }
    if !said {
        judge.report.unreadable(call.raw, "which statements it runs is not known");
    }
}

/// The file and the statements; `None` where an option is not known to leave these alone, or to
/// take no value: what stands behind it might be none of them, and it would wait for lines.
fn sqlite_words(args: &[Word]) -> Option<Vec<&Word>> {
    const PLAIN: [&str; 23] = [
        "readonly", "batch", "bail", "csv", "column", "header", "noheader", "html", "json", "line",
        "list", "markdown", "table", "box", "quote", "tabs", "ascii", "echo", "stats", "safe",
        "nofollow", "version", "help",
    ];
    let mut found = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let Some(option) = word.text.strip_prefix('-') else {
            if word.starts_unknown() {
                return None;
            }
            found.push(word);
            continue;
        };
        let option = option.strip_prefix('-').unwrap_or(option);
        match option {
            "separator" | "nullvalue" | "newline" => {
                words.next()?;
            }
            _ if PLAIN.contains(&option) => {}
            _ => return None,
        }
    }
    Some(found)
}

fn redis(judge: &mut Judge<'_>, call: &Call<'_>) {
    let words: Vec<String> = call.args.iter().map(|word| word.text.to_ascii_uppercase()).collect();
    let any = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    if any(&["FLUSHALL", "FLUSHDB", "DEL", "UNLINK", "SHUTDOWN", "XTRIM", "GETDEL", "EXPIRE"]) {
        judge.report.find(
            call.raw,
            "it deletes what is kept",
            "delete",
            if any(&["FLUSHALL", "FLUSHDB"]) { Risk::Critical } else { Risk::High },
        );
    } else if any(&["CONFIG", "ACL", "EVAL", "SCRIPT", "MODULE", "DEBUG", "SLAVEOF", "REPLICAOF"])
        || words.iter().any(|word| word.contains('\0'))
        || words.is_empty()
    {
        judge.report.unreadable(call.raw, "it changes or runs something within the server");
    } else if any(&[
        "GET", "KEYS", "SCAN", "PING", "INFO", "EXISTS", "TTL", "HGETALL", "LRANGE", "TYPE",
        "DBSIZE",
    ]) && !any(&["SET"])
    {
        judge.report.find(call.raw, "it reads what is kept", "file_read", Risk::Medium);
    } else {
        judge.report.find(call.raw, "it changes what is kept", "file_write", Risk::High);
    }
}

fn scripted(judge: &mut Judge<'_>, call: &Call<'_>) {
    let lower = call.raw.to_ascii_lowercase();
    if ["drop", "delete", "remove", "del ", "truncate"].iter().any(|word| lower.contains(word)) {
        judge.report.find(call.raw, "it deletes what is kept", "delete", Risk::Critical);
    }
    judge.report.unknown(call.raw, "it runs a script in a database", "shell_exec");
}
