//! Which values look like secrets.
//!
//! A wrong yes costs little: the value is committed to and still disclosed, sealed, to the
//! person who decides. A wrong no writes a secret into a receipt, so this leans towards yes.

/// Parts of names that secrets have.
const NAMES: [&str; 17] = [
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "PRIVATE",
    "CREDENTIAL",
    "AUTH",
    "COOKIE",
    "JWT",
    "SIGNING",
    "ENCRYPTION",
    "DSN",
    "CONNECTION_STRING",
];

/// Ends of names that secrets have.
const ENDS: [&str; 5] = ["_KEY", "_PAT", "_PWD", "_PASS", "_PSK"];

/// How the secrets of well-known issuers begin.
const PREFIXES: [&str; 33] = [
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxs-",
    "xapp-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "whsec_",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "npm_",
    "pypi-",
    "dckr_pat_",
    "hf_",
    "SG.",
    "eyJ",
    "shpat_",
    "dop_v1_",
    "hvs.",
    "AGE-SECRET-KEY-",
    "Bearer ",
    "Basic ",
];

/// Below this a random text and a word cannot be told apart.
const SHORTEST: usize = 16;

/// Whether a variable of this name and value looks like a secret.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    !value.is_empty() && (is_secret_name(name) || is_known(value) || is_random(value))
}

/// Whether a value is one of a well-known issuer, a private key, or a URL with a password.
pub(super) fn is_known(value: &str) -> bool {
    let issued = value.len() >= SHORTEST && PREFIXES.iter().any(|p| value.starts_with(p));
    issued || value.contains("-----BEGIN") || has_password(value)
}

/// Whether a word of a command line looks like a secret, alone or behind `=`.
pub(super) fn is_secret_word(word: &str, before: Option<&str>) -> bool {
    let is_option = |text: &str| text.starts_with('-') && is_secret_name(text);
    let value = word.split_once('=').map_or(word, |(_, value)| value);
    is_known(word)
        || is_known(value)
        || (value.len() < word.len() && is_secret_name(word.trim_end_matches(value)))
        || (!word.starts_with('-') && before.is_some_and(|b| is_option(b) && !b.contains('=')))
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_").replace("AUTHOR", "");
    let name = name.trim_end_matches('=');
    NAMES.iter().any(|part| name.contains(part)) || ENDS.iter().any(|end| name.ends_with(end))
}

/// `scheme://user:password@host`.
fn has_password(value: &str) -> bool {
    value.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

/// One unbroken word of letters and digits that spreads over its alphabet as random text does.
fn is_random(value: &str) -> bool {
    let in_alphabet = |b: u8| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b);
    value.len() >= SHORTEST
        && value.bytes().all(in_alphabet)
        && !value.starts_with('/')
        && value.bytes().any(|b| b.is_ascii_digit())
        && value.bytes().any(|b| b.is_ascii_alphabetic())
        && bits_per_byte(value) > 3.2
}

fn bits_per_byte(value: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::<u8, u32>::new();
    value.bytes().for_each(|b| *counts.entry(b).or_default() += 1);
    let total = value.len() as f64;
    counts.values().map(|n| f64::from(*n) / total).map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_name_or_value() {
        for (name, value) in [
            ("GITHUB_TOKEN", "x"),
            ("aws_secret_access_key", "x"),
            ("DEPLOY_KEY", "x"),
            ("PLAIN", "ghp_abcdefghijklmnopqrst"),
            ("DATABASE_URL", "postgres://app:hunter2@db/x"),
            ("PLAIN", "-----BEGIN OPENSSH PRIVATE KEY-----\n"),
            ("PLAIN", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"),
        ] {
            assert!(is_secret(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("NODE_ENV", "production"),
            ("GIT_AUTHOR_NAME", "Ada"),
            ("URL", "https://example.com:8080/a@b:c"),
            ("DIR", "/srv/app/releases/20240101"),
            ("EMPTY_TOKEN", ""),
            ("FLAGS", "-O2 -march=native --with-a-long-line"),
        ] {
            assert!(!is_secret(name, value), "{name}={value}");
        }
    }

    #[test]
    fn words_of_a_command_line_are_judged_with_the_option_before_them() {
        assert!(is_secret_word("--password=hunter2", None));
        assert!(is_secret_word("hunter2", Some("--password")));
        assert!(is_secret_word("ghp_abcdefghijklmnopqrst", None));
        assert!(!is_secret_word("--verbose", Some("--token")));
        assert!(!is_secret_word("build", Some("-C")));
    }
}
