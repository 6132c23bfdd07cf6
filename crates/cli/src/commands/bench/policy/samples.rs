//! A policy of many rules, and actions that meet some of them.

use super::super::failed;
use super::{Dialect, Engine, Facts, Place, load};
use crate::failure::Failure;
use countersign_core::action::{Action, Command, PinnedFile, Tool};
use countersign_core::encoding::Hash;
use countersign_core::redact::Text;
use countersign_policy::facts::Class;
use countersign_policy::{Asker, Layer, LayerName, Moment};
use serde_json::json;
use std::collections::BTreeMap;

/// Rules as people write them: most of one tool, some of several, of hosts, of verbs; a few look
/// at every action.
pub(super) fn policy(rules: usize) -> String {
    let mut text = String::from("version = 1\n\n[defaults]\napprovers = [\"anyone\"]\n");
    for n in 0..rules {
        let asks = match n % 10 {
            0 => {
                format!("tools = [\"svc{n}_*\"]\nconditions = [{{ field = \"amount\", gt = {n} }}]")
            }
            1 => format!("hosts = [\"*.host{n}.example\"]"),
            2 => format!("verb = \"payment.kind{n}\""),
            3 => format!(
                "tools = [\"tool_{n}\"]\nconditions = [{{ field = \"to\", matches = \"^team{n}-\" }}]"
            ),
            4 => format!("conditions = [{{ field = \"amount\", gt = {} }}]", n * 1_000),
            _ => format!("tools = [\"tool_{n}\", \"other_{n}\"]"),
        };
        text.push_str(&format!(
            "\n[[rule]]\nid = \"r{n}\"\n{asks}\ndecision = \"require_approval\"\ntimeout = \"5m\"\n"
        ));
    }
    text
}

pub(super) fn engine(rules: usize) -> Result<Engine, Failure> {
    let text = policy(rules);
    let policy = load(text.as_bytes(), Dialect::Toml).map_err(failed)?;
    let sha256 = Hash::of(text.as_bytes());
    Engine::new(vec![Layer { name: LayerName::Home, policy, sha256, accepted: true }])
        .map_err(failed)
}

/// Calls of tools, of which some meet a rule, and commands.
pub(super) fn actions() -> Result<Vec<Facts>, Failure> {
    let tools = (0..64).map(|n| {
        let arguments = json!({
            "amount": n * 37, "to": format!("team{}-lead", n * 15 + 3), "currency": "EUR",
            "reference": "invoice 4711", "items": [{"sku": "a", "count": 2}],
        });
        let tool = format!("tool_{}", n * 15 + 3);
        Action::Tool(Tool {
            server: "ledger".into(),
            description_sha256: None,
            tool,
            arguments,
            verb: None,
        })
    });
    let commands = ["git status", "ls -la", "cargo test --workspace"].map(command);
    tools.chain(commands).map(|action| facts(&action)).collect()
}

fn facts(action: &Action) -> Result<Facts, Failure> {
    let asker = Asker { account: Some("uid:1000".into()), ..Asker::default() };
    Facts::of(action, asker, place(), Moment::default()).map_err(failed)
}

fn place() -> Place {
    Place { user_home: Some("/home/ann".into()), ..Place::default() }
}

/// What a line is found to do when a shell is given it.
pub(super) fn classified(line: &str) -> Class {
    countersign_policy::classify::classify(&shell(line), &place())
}

fn shell(line: &str) -> Action {
    program(["bash", "-c", line].map(str::to_owned).to_vec())
}

fn command(line: &str) -> Action {
    program(line.split(' ').map(str::to_owned).collect())
}

fn program(argv: Vec<String>) -> Action {
    let path = format!("/usr/bin/{}", argv.first().map_or("true", |name| name));
    Action::Command(Box::new(Command {
        argv: argv.into_iter().map(Text::Plain).collect(),
        cwd: "/home/ann/project".into(),
        env: BTreeMap::from([("PATH".to_owned(), Text::Plain("/usr/bin:/bin".into()))]),
        program: PinnedFile { path, sha256: Hash([0; 32]) },
        files: Vec::new(),
        stdin_sha256: None,
        verb: None,
    }))
}

pub(super) fn line_of_200() -> String {
    let line = "cd crates/core && cargo test --all-features 2>&1 | grep -v '^ok' | head -n 40; \
                git diff --stat HEAD~1 -- src | sort -k3 -n | tail -5 && echo \"done: $(date +%F)\" \
                >> /tmp/log.txt; ls -la target";
    format!("{line:200.200}")
}

/// Lines of 64 KiB made to be slow: deep, many, long, unclosed.
pub(super) fn hostile() -> Vec<String> {
    let full = |part: &str| part.repeat(65_536 / part.len());
    vec![
        full("$("),
        full("("),
        full("{ "),
        full("`"),
        full("\\"),
        full("'"),
        full("\""),
        full("a;"),
        full("a|"),
        full("a&&"),
        full("<<a\n"),
        full("$((1+"),
        full("${a:-"),
        full("sudo "),
        full("env A=b "),
        full("bash -c '"),
        full("*"),
        full("a"),
        full("if a; then "),
        full(" "),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_are_what_their_names_say() {
        assert_eq!(line_of_200().len(), 200);
        assert!(hostile().iter().all(|line| (65_000..=65_536).contains(&line.len())));
        let policy = load(policy(1_000).as_bytes(), Dialect::Toml);
        assert_eq!(policy.map(|policy| policy.rules.len()), Ok(1_000));
    }

    #[test]
    fn some_actions_meet_a_rule_and_some_do_not() {
        let (engine, actions) = (engine(1_000).unwrap(), actions().unwrap());
        let met = actions.iter().filter(|facts| !engine.judge(facts).matched.is_empty()).count();
        assert!((1..actions.len()).contains(&met), "{met}");
    }
}
