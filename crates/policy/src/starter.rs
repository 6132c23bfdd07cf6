//! The policy of a home that has none of its own, and what `policy init` writes down.

use crate::load::{Dialect, load};
use crate::model::Policy;

/// A policy with comments, to begin with.
pub const STARTER: &str = include_str!("starter.toml");

/// The built-in policy: the starter as it is. A test holds that it loads; if it did not, the empty
/// policy would stand in, under which everything asks.
#[must_use]
pub fn builtin() -> Policy {
    load(STARTER.as_bytes(), Dialect::Toml).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Decision;
    use countersign_core::artifact::Risk;

    #[test]
    fn the_starter_loads_and_lets_only_the_lowest_risk_through() {
        let policy = load(STARTER.as_bytes(), Dialect::Toml).unwrap();
        assert_eq!(policy, builtin());
        let decision = |risk| policy.risk.get(&risk).and_then(|level| level.decision);
        assert_eq!(decision(Risk::Low), Some(Decision::Allow));
        for risk in [Risk::Medium, Risk::High, Risk::Critical] {
            assert_eq!(decision(risk), Some(Decision::RequireApproval), "{risk:?}");
        }
    }

    fn built_in(server: &str, tool: &str, arguments: serde_json::Value) -> Decision {
        use crate::{Asker, Engine, Facts, Layer, LayerName, Moment, Place};
        let layer = Layer {
            name: LayerName::Builtin,
            policy: builtin(),
            sha256: countersign_core::encoding::Hash([0; 32]),
            accepted: true,
        };
        let payload = serde_json::json!({
            "kind": "tool", "server": server, "tool": tool, "arguments": arguments,
        });
        let action = countersign_core::action::Action::from_payload(&payload).unwrap();
        let place = Place { workspace: Some("/home/ann/work".into()), ..Place::default() };
        let facts = Facts::of(&action, Asker::default(), place, Moment::default()).unwrap();
        Engine::new(vec![layer]).unwrap().judge(&facts).decision
    }

    #[test]
    fn edits_of_source_by_a_host_run_and_no_others() {
        let edit = |path: &str| serde_json::json!({"file_path": path, "content": "x"});
        assert_eq!(built_in("claude-code", "Write", edit("src/a.rs")), Decision::Allow);
        for path in
            ["package.json", ".github/workflows/a.yml", ".claude/settings.json", "/etc/x.md"]
        {
            let decision = built_in("claude-code", "Write", edit(path));
            assert_eq!(decision, Decision::RequireApproval, "{path}");
        }
        let more = serde_json::json!({"file_path": "src/a.rs", "content": "x", "mode": 493});
        assert_eq!(built_in("claude-code", "Write", more), Decision::RequireApproval);
        let other = built_in("claude-code/x", "Write", edit("src/a.rs"));
        assert_eq!(other, Decision::RequireApproval);
    }

    #[test]
    fn the_starter_loads_with_every_example_in_it_as_well() {
        let plain = |line: &str| line.strip_prefix("#: ").unwrap_or(line).to_owned();
        let text: Vec<String> = STARTER.lines().map(plain).collect();
        let policy = load(text.join("\n").as_bytes(), Dialect::Toml).unwrap();
        assert!(policy.rules.len() >= 3 && !policy.classify.is_empty() && !policy.tests.is_empty());
    }
}
