//! Calls that somebody else carries out: of a tool, of a named request, over HTTP.

use super::change::envelope;
use super::judge::Judge;
use super::name;
use super::path::Use;
use super::shell::Word;
use super::sql;
use countersign_core::action::{Http, HttpBody};
use countersign_core::artifact::Risk;
use serde_json::Value;

/// How deep arguments may nest, and how many there may be.
const MAX_DEPTH: u32 = 48;
const MAX_VALUES: u32 = 20_000;
/// Names of arguments that are a shell line, statements, or code.
const LINES: [&str; 9] =
    ["command", "commands", "cmd", "script", "line", "shell", "bash", "sh", "exec"];
const STATEMENTS: [&str; 4] = ["sql", "statement", "statements", "stmt"];
const CODE: [&str; 6] = ["code", "python", "javascript", "js", "program", "expression"];
/// Names of arguments that say what happens.
const SAYS: [&str; 9] =
    ["action", "operation", "op", "verb", "mode", "method", "event", "function", "tool"];
/// Names of arguments that money has.
const MONEY: [&str; 9] =
    ["amount", "iban", "payee", "beneficiary", "payout", "refund", "cvv", "swift", "usd"];
/// Names of arguments that are paths.
const PATHS: [&str; 14] = [
    "path",
    "paths",
    "file",
    "files",
    "filename",
    "filepath",
    "directory",
    "dir",
    "folder",
    "destination",
    "dest",
    "source",
    "src",
    "cwd",
];

/// A walk through the arguments of one call.
struct Walk<'w, 'a> {
    judge: &'w mut Judge<'a>,
    name: &'w str,
    usage: Use,
    values: u32,
}

/// A tool or a named request with its arguments.
pub(super) fn tool(judge: &mut Judge<'_>, name: &str, arguments: &Value) {
    judge.report.tool(name);
    let verbs = name::verbs(name);
    for (verb, risk) in &verbs {
        judge.report.find(name, "its name speaks of this", verb, *risk);
    }
    if verbs.is_empty() {
        if name::is_only_read(name) {
            judge.report.find(name, "its name says that it only reads", "file_read", Risk::Low);
        } else {
            judge.report.unknown(name, "nothing is known of this tool", "tool_call");
        }
    }
    let usage = if verbs.iter().any(|(verb, _)| *verb == "delete") {
        Use::Delete
    } else if name::is_read(name) {
        Use::Read
    } else {
        Use::Write
    };
    let mut walk = Walk { judge, name, usage, values: 0 };
    walk.value("", arguments, 0);
}

/// An argument of which nothing is known but its name.
pub(super) fn argument(judge: &mut Judge<'_>, key: &str, value: &Value) {
    let mut walk = Walk { judge, name: key, usage: Use::Write, values: 0 };
    walk.key(key, value);
    walk.value(key, value, 0);
}

/// An address that is asked.
pub(super) fn address(judge: &mut Judge<'_>, text: &str) {
    let known =
        ["http://", "https://", "ws://", "wss://"].iter().any(|start| text.starts_with(start));
    match url_host(text).filter(|_| known) {
        Some(host) => judge.report.host(&host),
        None => judge.report.unreadable(text, "an address of a kind that is not known"),
    }
    judge.report.find(text, "it reaches a host", "http_request", Risk::Medium);
    if text.len() > name::NAME {
        let why = "its address is long enough to carry anything";
        judge.report.find(text, why, "data_export", Risk::High);
    }
    for (verb, risk) in name::verbs(text).into_iter().filter(|(verb, _)| is_grave(verb)) {
        judge.report.find(text, "its address speaks of this", verb, risk);
    }
}

impl Walk<'_, '_> {
    fn value(&mut self, key: &str, value: &Value, depth: u32) {
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            self.judge
                .report
                .unreadable(self.name, "it has too many arguments, or too deep ones, to be read");
            return;
        }
        match value {
            Value::Object(members) if members.contains_key("_sd") => {
                self.judge.report.find(key, "an argument is kept secret", "tool_call", Risk::High);
            }
            Value::Object(members) => {
                for (name, value) in members {
                    self.key(name, value);
                    self.value(name, value, depth + 1);
                }
            }
            Value::Array(values) => {
                self.vector(key, values);
                values.iter().for_each(|value| self.value(key, value, depth + 1));
            }
            Value::String(text) => self.text(key, text),
            _ => {}
        }
    }

    /// What the name of an argument says by itself.
    fn key(&mut self, key: &str, value: &Value) {
        if matches!(value, Value::Null | Value::Bool(false)) {
            return;
        }
        let words = name::words(key);
        if words.iter().any(|word| MONEY.contains(&word.as_str())) {
            self.judge.report.find(key, "an argument speaks of money", "payment", Risk::High);
        }
        if value.is_boolean() {
            for (verb, risk) in name::verbs(key).into_iter().filter(|(_, risk)| *risk >= Risk::High)
            {
                self.judge.report.find(key, "an argument speaks of this", verb, risk);
            }
        }
    }

    /// A vector of a program and its arguments.
    fn vector(&mut self, key: &str, values: &[Value]) {
        let words = name::words(key);
        let named = words.iter().any(|word| matches!(word.as_str(), "argv" | "command" | "cmd"));
        let texts: Vec<Word> = values.iter().filter_map(Value::as_str).map(Word::literal).collect();
        if named && !texts.is_empty() {
            self.judge.vector(&texts);
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        if envelope::is_meant(text) {
            envelope::judge(self.judge, text, |judge, path| judge.written(path));
        }
        let words = name::words(key);
        let named = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        if named(&LINES) {
            self.judge.line(text);
        }
        if named(&STATEMENTS)
            || is_statement(text) && (named(&["query", "text", "q"]) || words.is_empty())
        {
            sql::judge(&mut self.judge.report, text);
        }
        if named(&CODE) {
            self.judge.code(text);
        }
        if named(&SAYS) && text.len() < 64 {
            for (verb, risk) in name::verbs(text) {
                self.judge.report.find(text, "an argument says so", verb, risk);
            }
            let method_name = named(&["method"]).then(|| method(&text.to_ascii_uppercase()));
            if let Some((verb, risk)) = method_name {
                self.judge.report.find(text, "it sends a request", verb, risk);
            }
        }
        self.place(&words, text);
    }

    /// A path or an address.
    fn place(&mut self, words: &[String], text: &str) {
        if text.starts_with("http://") || text.starts_with("https://") {
            if let Some(host) = url_host(text) {
                self.judge.report.host(&host);
            }
            self.judge.report.find(text, "it reaches a host", "http_request", Risk::Medium);
            for (verb, risk) in name::verbs(text).into_iter().filter(|(verb, _)| is_grave(verb)) {
                self.judge.report.find(text, "its address speaks of this", verb, risk);
            }
            return;
        }
        let named = words.iter().any(|word| PATHS.contains(&word.as_str()));
        let looks =
            ["/", "~", "./", "../", "file:", "$HOME"].iter().any(|start| text.starts_with(start));
        if (named || looks) && text.len() < 4096 && !text.contains('\n') {
            let path = self.judge.at_home(text);
            self.judge.opened(&path, self.usage);
        }
    }
}

/// Whether a text begins like a statement.
fn is_statement(text: &str) -> bool {
    let first = text
        .trim_start()
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let begins = [
        "SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "TRUNCATE", "ALTER", "CREATE", "GRANT",
        "REVOKE", "WITH", "COPY", "MERGE", "REPLACE", "EXEC",
    ];
    begins.contains(&first.as_str())
}

/// Whether even a request that only asks is more when its address speaks of this.
fn is_grave(verb: &str) -> bool {
    matches!(verb, "payment" | "payment.refund" | "delete")
}

/// What a method makes of a request. Asking is never low: who asks tells the host something.
pub(super) fn method(method: &str) -> (&'static str, Risk) {
    match method {
        "GET" | "HEAD" | "OPTIONS" => ("http_request", Risk::Medium),
        "DELETE" | "PURGE" => ("delete", Risk::High),
        _ => ("http_request", Risk::High),
    }
}

/// A request over HTTP.
pub(super) fn http(judge: &mut Judge<'_>, http: &Http) {
    let asks = matches!(http.method(), "GET" | "HEAD" | "OPTIONS");
    let url = http.url();
    let (verb, risk) = method(http.method());
    judge.report.find(url, "it sends a request", verb, risk);
    if url.len() > name::NAME {
        judge.report.find(
            url,
            "its address is long enough to carry anything",
            "data_export",
            Risk::High,
        );
    }
    if let Some(host) = url_host(url) {
        judge.report.host(&host);
        let pays =
            ["stripe", "paypal", "braintree", "adyen", "squareup", "wise", "coinbase", "plaid"];
        if !asks && pays.iter().any(|name| host.split('.').any(|label| label.contains(name))) {
            judge.report.find(&host, "it speaks to a host that moves money", "payment", Risk::High);
        }
    }
    for (verb, risk) in name::verbs(url).into_iter().filter(|(verb, _)| !asks || is_grave(verb)) {
        if !matches!(verb, "file_write" | "shell_exec" | "checkpoint.deploy") {
            judge.report.find(url, "its address speaks of this", verb, risk);
        }
    }
    overrides(judge, http);
    body(judge, http, asks);
    if http.credential().is_some()
        || http
            .headers()
            .keys()
            .any(|name| matches!(name.as_str(), "authorization" | "cookie" | "x-api-key"))
    {
        judge.report.find(url, "it signs in", "http_request", Risk::High);
    }
}

/// Headers and parameters by which a server takes one method for another.
fn overrides(judge: &mut Judge<'_>, http: &Http) {
    for (name, value) in http.headers().iter().filter(|(name, _)| name.contains("method")) {
        let (verb, risk) = method(&value.plain().unwrap_or_default().to_ascii_uppercase());
        judge.report.find(name, "a header names another method", verb, risk.max(Risk::High));
    }
    if let Some((_, value)) = http.url().split_once("_method=") {
        let word: String = value.chars().take_while(char::is_ascii_alphabetic).collect();
        let (verb, risk) = method(&word.to_ascii_uppercase());
        judge.report.find(
            http.url(),
            "its address names another method",
            verb,
            risk.max(Risk::High),
        );
    }
}

fn body(judge: &mut Judge<'_>, http: &Http, asks: bool) {
    let text = match http.body() {
        HttpBody::Text(text) => text.plain(),
        HttpBody::Sha256(_) => None,
    };
    let Some(text) = text else {
        judge.report.find(http.url(), "it sends what is not shown", "data_export", Risk::High);
        return;
    };
    let kind = http.headers().get("content-type").and_then(|text| text.plain()).unwrap_or_default();
    if kind.contains("multipart") || kind.contains("octet-stream") || kind.contains("zip") {
        judge.report.find(http.url(), "it uploads a file", "data_export", Risk::High);
    }
    if asks && !text.is_empty() {
        judge.report.find(http.url(), "it asks with a body", "http_request", Risk::High);
    }
    let words = |key: &str| name::words(key).iter().any(|word| MONEY.contains(&word.as_str()));
    let keys = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').take(4_000);
    if keys.into_iter().any(words) {
        judge.report.find(http.url(), "its body speaks of money", "payment", Risk::High);
    }
    if text.contains("mutation") && text.contains("query") {
        for (verb, risk) in name::verbs(super::report::clip(text)) {
            judge.report.find(http.url(), "its body speaks of this", verb, risk);
        }
    }
}

/// The host of an address, in small letters, without port and the dot at its end.
pub(super) fn url_host(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(six) => six.split(']').next()?,
        None => host.split(':').next()?,
    };
    let plain = url.contains("://") || host.contains('.') || host == "localhost";
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    (plain && !host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests;
