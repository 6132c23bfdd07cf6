//! Programs that speak to hosts: `curl`, `wget` and plain connections.

use super::args::options;
use super::{Call, Judge};
use crate::classify::call::url_host;
use crate::classify::name::{NAME, verbs};
use crate::classify::path::Use;
use crate::classify::shell::Word;
use countersign_core::artifact::Risk;

/// Knows programs that speak to hosts.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    match call.name {
        "curl" => curl(judge, call),
        "wget" => wget(judge, call),
        "http" | "https" | "xh" | "httpie" => plain_http(judge, call),
        "nc" | "ncat" | "netcat" | "telnet" | "ftp" | "lftp" | "tftp" | "mail" | "mailx"
        | "sendmail" | "mutt" | "msmtp" | "swaks" | "rclone" | "croc" | "wormhole"
        | "magic-wormhole" | "aria2c" | "openssl" | "gsutil" | "s3cmd" | "mc" | "ngrok"
        | "cloudflared" => sends(judge, call),
        "ping" | "dig" | "nslookup" | "host" | "traceroute" | "whois" | "getent" | "ip"
        | "ifconfig" | "ss" | "netstat" => asks(judge, call),
        _ => return false,
    }
    true
}

fn sends(judge: &mut Judge<'_>, call: &Call<'_>) {
    if call.name == "openssl"
        && call.arg(0).is_some_and(|verb| matches!(verb, "version" | "dgst" | "rand" | "list"))
    {
        judge.report.find(call.raw, "it computes", "file_read", Risk::Medium);
        return;
    }
    let runs = call.args.iter().any(|word| {
        matches!(word.text.as_str(), "-e" | "-c" | "--exec" | "--sh-exec" | "--lua-exec")
            || word.text.starts_with("--exec=")
            || word.text.starts_with("-e/")
    });
    if runs && matches!(call.name, "nc" | "ncat" | "netcat" | "lftp") {
        judge.report.unreadable(call.raw, "it runs a program for whoever connects");
    }
    call.args
        .iter()
        .filter_map(Word::known)
        .filter(|text| text.contains('.') && !text.starts_with(['-', '/']))
        .take(4)
        .for_each(|text| judge.report.host(text));
    judge.report.find(call.raw, "it can send anything to a host", "data_export", Risk::High);
}

fn asks(judge: &mut Judge<'_>, call: &Call<'_>) {
    if call.args.iter().any(|word| word.text.contains('\0')) {
        judge.report.find(
            call.raw,
            "a name that it asks for carries what is not known",
            "data_export",
            Risk::High,
        );
    }
    if matches!(call.name, "ip" | "ifconfig")
        && call.args.iter().any(|word| {
            ["add", "del", "set", "up", "down", "flush", "exec", "netns", "-b", "-batch"]
                .contains(&word.text.as_str())
        })
    {
        judge.report.find(call.raw, "it changes the network", "shell_exec", Risk::High);
    }
    judge.report.find(call.raw, "it asks the network", "http_request", Risk::Medium);
}

/// `curl`'s short options that take a value.
const CURL_VALUED: [&str; 38] = [
    "-A",
    "-b",
    "-c",
    "-C",
    "-d",
    "-D",
    "-e",
    "-E",
    "-F",
    "-h",
    "-H",
    "-K",
    "-m",
    "-o",
    "-P",
    "-Q",
    "-r",
    "-t",
    "-T",
    "-u",
    "-U",
    "-w",
    "-x",
    "-X",
    "-y",
    "-Y",
    "-z",
    "--data",
    "--request",
    "--header",
    "--output",
    "--form",
    "--user",
    "--url",
    "--max-time",
    "--retry",
    "--connect-timeout",
    "--config",
];
const CURL_LONG: [&str; 22] = [
    "--data-raw",
    "--data-binary",
    "--data-urlencode",
    "--data-ascii",
    "--json",
    "--form-string",
    "--upload-file",
    "--cookie",
    "--cookie-jar",
    "--dump-header",
    "--trace",
    "--trace-ascii",
    "--stderr",
    "--output-dir",
    "--proxy",
    "--user-agent",
    "--referer",
    "--etag-save",
    "--libcurl",
    "--hsts",
    "--write-out",
    "--resolve",
];
const CURL_SENDS: [&str; 11] = [
    "-d",
    "-F",
    "-T",
    "--data",
    "--data-raw",
    "--data-binary",
    "--data-urlencode",
    "--data-ascii",
    "--json",
    "--form",
    "--upload-file",
];
const CURL_WRITES: [&str; 13] = [
    "-o",
    "-D",
    "-c",
    "--output",
    "--dump-header",
    "--cookie-jar",
    "--trace",
    "--trace-ascii",
    "--stderr",
    "--output-dir",
    "--etag-save",
    "--libcurl",
    "--hsts",
];

/// Options of `curl` by which it speaks to another host than the address names.
const CURL_LEADS_AWAY: [&str; 14] = [
    "-x",
    "--proxy",
    "--preproxy",
    "--proxy1.0",
    "--socks4",
    "--socks4a",
    "--socks5",
    "--socks5-hostname",
    "--resolve",
    "--connect-to",
    "--unix-socket",
    "--abstract-unix-socket",
    "--doh-url",
    "--dns-servers",
];

fn curl(judge: &mut Judge<'_>, call: &Call<'_>) {
    let valued: Vec<&str> = CURL_VALUED.iter().chain(&CURL_LONG).copied().collect();
    let given = options(call.args, &valued);
    let method =
        given.values(&["-X", "--request"]).last().map(|word| word.text.to_ascii_uppercase());
    let urls: Vec<&Word> = given.rest.iter().chain(given.values(&["--url"])).collect();
    let sends = given.has(&CURL_SENDS);
    request(judge, call, method.as_deref().unwrap_or(if sends { "POST" } else { "GET" }), &urls);
    if sends {
        judge.report.find(call.raw, "it sends data to a host", "data_export", Risk::High);
    }
    for word in given.values(&CURL_SENDS) {
        let file = word
            .text
            .split_once('@')
            .map(|(_, file)| file)
            .or_else(|| word.text.split_once("=<").map(|(_, file)| file));
        if let Some(file) = file {
            judge.opened(file, Use::Read);
        }
        verbs(&word.text).into_iter().filter(|(verb, _)| *verb == "payment").for_each(
            |(verb, risk)| judge.report.find(call.raw, "what it sends speaks of money", verb, risk),
        );
    }
    given.values(&["-T", "--upload-file"]).for_each(|word| judge.opened(&word.text, Use::Read));
    given.values(&CURL_WRITES).for_each(|word| judge.opened(&word.text, Use::Write));
    if given.given.iter().any(|(name, _)| {
        matches!(name.as_str(), "-O" | "--remote-name" | "-J" | "--remote-name-all")
    }) {
        judge.report.find(
            call.raw,
            "it writes a file whose name the host may choose",
            "file_write",
            Risk::Medium,
        );
    }
    if given.has(&[
        "-K",
        "--config",
        "-x",
        "--proxy",
        "-Q",
        "--quote",
        "-E",
        "--cert",
        "--netrc",
        "-n",
        "-u",
        "--user",
        "--unix-socket",
        "--resolve",
        "--connect-to",
        "-b",
        "--cookie",
        "--variable",
        "--preproxy",
        "--doh-url",
    ]) || given.doubtful
    {
        judge.report.find(
            call.raw,
            "an option of it may send, write or sign in",
            "http_request",
            Risk::High,
        );
    }
    if given.has(&["-K", "--config"]) {
        judge.report.unreadable(call.raw, "what it does stands in a file");
    }
    // It takes a long option also where only the beginning of its name is written.
    let short = |name: &str| {
        name.len() > 3 && CURL_LEADS_AWAY.iter().any(|option| option.starts_with(name))
    };
    if given.has(&CURL_LEADS_AWAY) || given.given.iter().any(|(name, _)| short(name)) {
        // The host of the address is not the one that is spoken to.
        judge.report.another_host();
    }
    if given.values(&["-H", "--header"]).any(|word| {
        word.text.contains('\0') || word.text.to_ascii_lowercase().starts_with("authorization")
    }) {
        judge.report.find(
            call.raw,
            "it signs in, or sends what is not known",
            "http_request",
            Risk::High,
        );
    }
    if given
        .values(&["-H", "--header", "-A", "--user-agent", "-e", "--referer"])
        .any(|word| word.text.starts_with('@') || word.text.contains('\0'))
    {
        judge.report.find(
            call.raw,
            "a header carries what is not known",
            "data_export",
            Risk::High,
        );
    }
}

/// What a method and addresses make of a request.
fn request(judge: &mut Judge<'_>, call: &Call<'_>, method: &str, urls: &[&Word]) {
    let (verb, risk) = crate::classify::call::method(method);
    judge.report.find(call.raw, "it sends a request", verb, risk);
    for url in urls {
        if url.text.contains('\0') || url.text.len() > NAME {
            judge.report.find(
                call.raw,
                "its address carries what is not known",
                "data_export",
                Risk::High,
            );
        }
        if let Some(path) = url.text.strip_prefix("file:") {
            judge.opened(&format!("/{}", path.trim_start_matches('/')), Use::Read);
            continue;
        }
        if let Some(host) = url_host(&url.text) {
            judge.report.host(&host);
        }
        for (verb, risk) in verbs(&url.text)
            .into_iter()
            .filter(|(verb, _)| matches!(*verb, "payment" | "payment.refund"))
        {
            judge.report.find(call.raw, "its address speaks of money", verb, risk);
        }
    }
}

fn wget(judge: &mut Judge<'_>, call: &Call<'_>) {
    let given = options(
        call.args,
        &[
            "-O",
            "-o",
            "-a",
            "-P",
            "-i",
            "-e",
            "-U",
            "-T",
            "-t",
            "-w",
            "--output-document",
            "--output-file",
            "--post-data",
            "--post-file",
            "--body-data",
            "--body-file",
            "--method",
            "--header",
            "--execute",
            "--directory-prefix",
            "--user",
            "--password",
        ],
    );
    let sends = given.has(&["--post-data", "--post-file", "--body-data", "--body-file"]);
    let method = given.values(&["--method"]).last().map(|word| word.text.to_ascii_uppercase());
    let urls: Vec<&Word> = given.rest.iter().collect();
    request(judge, call, method.as_deref().unwrap_or(if sends { "POST" } else { "GET" }), &urls);
    if sends {
        judge.report.find(call.raw, "it sends data to a host", "data_export", Risk::High);
        given
            .values(&["--post-file", "--body-file"])
            .for_each(|word| judge.opened(&word.text, Use::Read));
    }
    let mut target = false;
    for word in given.values(&[
        "-O",
        "-o",
        "-a",
        "-P",
        "--output-document",
        "--output-file",
        "--append-output",
        "--directory-prefix",
        "--save-cookies",
        "--warc-file",
    ]) {
        target = true;
        judge.opened(&word.text, Use::Write);
    }
    if !target && !given.has(&["--spider"]) {
        judge.report.find(
            call.raw,
            "it writes a file whose name the host may choose",
            "file_write",
            Risk::Medium,
        );
    }
    if given.has(&[
        "-e",
        "--execute",
        "--use-askpass",
        "--config",
        "-i",
        "--input-file",
        "--user",
        "--password",
        "--header",
        "--load-cookies",
    ]) || given.doubtful
    {
        judge.report.find(
            call.raw,
            "an option of it may run, send or sign in",
            "shell_exec",
            Risk::High,
        );
    }
}

fn plain_http(judge: &mut Judge<'_>, call: &Call<'_>) {
    let given = options(call.args, &["-a", "-o", "--auth", "--output"]);
    let method = given.at(0).filter(|text| text.bytes().all(|b| b.is_ascii_uppercase()));
    let sends = given.rest.iter().any(|word| word.text.contains(['=', '@']));
    let urls: Vec<&Word> = given.rest.iter().collect();
    request(judge, call, method.unwrap_or(if sends { "POST" } else { "GET" }), &urls);
    if sends || matches!(call.input, super::Input::Text(_)) {
        judge.report.find(call.raw, "it sends data to a host", "data_export", Risk::High);
    }
    given.values(&["-o", "--output"]).for_each(|word| judge.opened(&word.text, Use::Write));
}
