//! The child's environment: a short stable list, what was asked for by name, and nothing more.
//!
//! Whatever else the caller's environment holds never reaches the child, so it can neither
//! redirect the child nor change the action's hash from one try to the next.

use super::call::PrepareError;
use super::secrets;
use countersign_core::redact::{self, Disclosure, Text};
use serde_json::Value;
use std::collections::BTreeMap;

/// What every child gets where the caller has it, besides `LC_*`.
const KEPT: [&str; 7] = ["PATH", "HOME", "USER", "LANG", "TZ", "TERM", "SHELL"];

/// Variables that make a program load or run something else, where the name begins so.
const LOADING_PREFIXES: [&str; 16] = [
    "LD_",
    "DYLD_",
    "PYTHON",
    "PERL5",
    "GIT_",
    "BASH_FUNC_",
    "NPM_CONFIG_",
    "npm_config_",
    "LUA_",
    "CARGO_",
    "RUSTC",
    "GEM_",
    "BUNDLE_",
    "R_",
    "DOTNET_",
    "MAVEN_",
];

/// The same, where the name is this.
const LOADING_NAMES: [&str; 32] = [
    "BASH_ENV",
    "ENV",
    "NODE_OPTIONS",
    "NODE_PATH",
    "RUBYOPT",
    "RUBYLIB",
    "PERLLIB",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "CLASSPATH",
    "SHELLOPTS",
    "BASHOPTS",
    "PS4",
    "PROMPT_COMMAND",
    "IFS",
    "ZDOTDIR",
    "GCONV_PATH",
    "LOCPATH",
    "GLIBC_TUNABLES",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "RUSTFLAGS",
    "MAKEFLAGS",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "BROWSER",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// The variables as the child gets them, in the clear.
pub(super) fn select(
    caller: &BTreeMap<String, String>,
    added: &[String],
) -> Result<BTreeMap<String, String>, PrepareError> {
    let mut chosen: BTreeMap<String, String> = caller
        .iter()
        .filter(|(name, _)| is_kept(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for name in added {
        let (name, value) = wanted(caller, name)?;
        chosen.insert(name, value);
    }
    match chosen.values().any(|value| value.contains('\0')) {
        true => Err(PrepareError::Nul("the environment")),
        false => Ok(chosen),
    }
}

/// The variables as the action shows them, secrets committed to at `/env/NAME`.
pub(super) fn commit(
    clear: &BTreeMap<String, String>,
    added: &[String],
    secret: &[u8; 32],
) -> Result<(BTreeMap<String, Text>, Vec<Disclosure>), PrepareError> {
    let mut shown = BTreeMap::new();
    let mut disclosures = Vec::new();
    for (name, value) in clear {
        let text = if is_secret(name, value, added) {
            let place = format!("/env/{name}");
            let (commitment, disclosure) = redact::commit(secret, &place, Value::from(&**value))?;
            disclosures.push(disclosure);
            Text::Committed(commitment)
        } else {
            Text::Plain(value.clone())
        };
        shown.insert(name.clone(), text);
    }
    Ok((shown, disclosures))
}

/// Why the added variables make the action critical, one line for each that does.
pub(super) fn critical(added: &[String]) -> Vec<String> {
    let reason =
        |name: &String| format!("`{name}` can make the program load or run something else");
    let mut reasons: Vec<String> = added.iter().filter(|n| is_loading(n)).map(reason).collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

fn is_kept(name: &str) -> bool {
    KEPT.contains(&name) || (name.starts_with("LC_") && is_name(name))
}

fn is_loading(name: &str) -> bool {
    LOADING_NAMES.contains(&name) || LOADING_PREFIXES.iter().any(|p| name.starts_with(p))
}

/// The short list holds no secrets, but its paths may look random.
fn is_secret(name: &str, value: &str, added: &[String]) -> bool {
    match added.iter().any(|a| a == name) && !is_kept(name) {
        true => secrets::is_secret(name, value),
        false => secrets::is_known(value),
    }
}

fn wanted(caller: &BTreeMap<String, String>, name: &str) -> Result<(String, String), PrepareError> {
    if !is_name(name) {
        return Err(PrepareError::VariableName(name.to_owned()));
    }
    let value = caller.get(name).ok_or_else(|| PrepareError::VariableNotSet(name.to_owned()))?;
    Ok((name.to_owned(), value.clone()))
}

/// A name is also a step of a commitment's path, and `_sd` would pose as a commitment.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name != "_sd"
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn attack_38_only_the_short_list_and_what_was_asked_for_reach_the_child() {
        let caller = caller(&[
            ("PATH", "/bin"),
            ("LC_ALL", "C"),
            ("LD_PRELOAD", "/tmp/evil.so"),
            ("BASH_ENV", "/tmp/evil"),
            ("GIT_DIR", "/tmp/evil"),
            ("COUNTERSIGN_HOME", "/tmp/evil"),
            ("WANTED", "1"),
        ]);
        let chosen = select(&caller, &["WANTED".into()]).unwrap();
        let names: Vec<&str> = chosen.keys().map(String::as_str).collect();
        assert_eq!(names, ["LC_ALL", "PATH", "WANTED"]);
    }

    #[test]
    fn a_variable_that_is_asked_for_must_be_there_and_have_a_plain_name() {
        let caller = caller(&[("_sd", "x"), ("A/B", "x")]);
        let refusal = |name: &str| select(&caller, &[name.into()]).unwrap_err();
        assert!(matches!(refusal("ABSENT"), PrepareError::VariableNotSet(_)));
        assert!(matches!(refusal("A/B"), PrepareError::VariableName(_)));
        assert!(matches!(refusal(""), PrepareError::VariableName(_)));
    }

    #[test]
    fn attack_47_a_variable_cannot_pose_as_a_commitment() {
        let caller = caller(&[("_sd", &"a".repeat(64))]);
        let refused = select(&caller, &["_sd".into()]);
        assert!(matches!(refused, Err(PrepareError::VariableName(_))));
    }

    #[test]
    fn attack_31_a_secret_is_committed_to_and_the_rest_is_shown() {
        let added = ["API_TOKEN".to_owned(), "MODE".to_owned()];
        let clear = caller(&[("API_TOKEN", "canary"), ("MODE", "fast"), ("PATH", "/bin")]);
        let (shown, disclosures) = commit(&clear, &added, &[1; 32]).unwrap();
        assert_eq!(shown["MODE"], Text::from("fast"));
        assert!(!serde_json::to_string(&shown).unwrap().contains("canary"));
        let Text::Committed(commitment) = &shown["API_TOKEN"] else { panic!("in the clear") };
        assert_eq!(disclosures.len(), 1);
        assert!(disclosures[0].opens(commitment));
        assert_eq!(disclosures[0].0, "/env/API_TOKEN");
    }

    #[test]
    fn attack_38_a_variable_that_loads_code_makes_the_action_critical() {
        let names = ["LD_PRELOAD", "BASH_ENV", "ENV", "NODE_OPTIONS", "PYTHONPATH", "PERL5OPT"];
        for name in names.into_iter().chain(["GIT_SSH_COMMAND", "DYLD_INSERT_LIBRARIES"]) {
            assert_eq!(critical(&[name.to_owned()]).len(), 1, "{name}");
        }
        assert!(critical(&["MODE".to_owned(), "ENVIRONMENT".to_owned()]).is_empty());
    }
}
