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

    #[test]
    fn the_starter_loads_with_every_example_in_it_as_well() {
        let plain = |line: &str| line.strip_prefix("#: ").unwrap_or(line).to_owned();
        let text: Vec<String> = STARTER.lines().map(plain).collect();
        let policy = load(text.join("\n").as_bytes(), Dialect::Toml).unwrap();
        assert!(policy.rules.len() >= 3 && !policy.classify.is_empty() && !policy.tests.is_empty());
    }
}
