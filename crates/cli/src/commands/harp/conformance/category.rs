//! What a check can come to, and which level a set of checks reaches.

use serde_json::{Value, json};

/// The conformance levels of HARP-COMPLIANCE §1. Each contains the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Level {
    /// HARP-CORE and HARP-KEYMGMT.
    Core,
    /// The same with HARP-PROMPT, HARP-SESSION and HARP-TRANSPORT.
    Extended,
    /// The same with mutual TLS, rotation, revocation, rate limits and audit.
    Enterprise,
}

impl Level {
    const ALL: [Self; 3] = [Self::Core, Self::Extended, Self::Enterprise];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Core => "Core",
            Self::Extended => "Extended",
            Self::Enterprise => "Enterprise",
        }
    }

    /// The level above `reached`.
    pub(super) fn after(reached: Option<Self>) -> Option<Self> {
        Self::ALL.into_iter().find(|level| Some(*level) > reached)
    }
}

/// What a check came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// It was made, and holds.
    Passed,
    /// It was made, and does not hold.
    Failed(String),
    /// What it asks for does not exist here.
    Missing(&'static str),
}

impl State {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Missing(_) => "missing",
        }
    }

    pub(super) fn why(&self) -> Option<&str> {
        match self {
            Self::Passed => None,
            Self::Failed(why) => Some(why),
            Self::Missing(why) => Some(why),
        }
    }

    /// Passed where `holds`, else failed with what was seen.
    pub(super) fn of(holds: bool, seen: impl FnOnce() -> String) -> Self {
        if holds { Self::Passed } else { Self::Failed(seen()) }
    }
}

/// One requirement of a category.
pub(super) struct Check {
    pub(super) what: &'static str,
    pub(super) state: State,
}

impl Check {
    pub(super) fn new(what: &'static str, state: State) -> Self {
        Self { what, state }
    }

    pub(super) fn missing(what: &'static str, why: &'static str) -> Self {
        Self { what, state: State::Missing(why) }
    }
}

/// One section of HARP-COMPLIANCE.
pub(super) struct Category {
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    /// The lowest level that needs it.
    pub(super) level: Level,
    pub(super) checks: Vec<Check>,
}

impl Category {
    /// `failed` before `missing` before `passed`. Without a check nothing was passed.
    pub(super) fn state(&self) -> &'static str {
        let has = |kind: &str| self.checks.iter().any(|check| check.state.kind() == kind);
        match () {
            () if has("failed") => "failed",
            () if has("missing") || self.checks.is_empty() => "missing",
            () => "passed",
        }
    }

    pub(super) fn document(&self) -> Value {
        let checks: Vec<Value> = self
            .checks
            .iter()
            .map(|c| json!({"check": c.what, "state": c.state.kind(), "why": c.state.why()}))
            .collect();
        json!({
            "section": self.section,
            "name": self.name,
            "level": self.level.name(),
            "state": self.state(),
            "checks": checks,
        })
    }
}

/// The highest level of which every check, and every check of the levels below, passed.
pub(super) fn claimed(categories: &[Category]) -> Option<Level> {
    let complete = |level: &Level| {
        let mut needed = categories.iter().filter(|category| category.level <= *level).peekable();
        needed.peek().is_some() && needed.all(|category| category.state() == "passed")
    };
    Level::ALL.into_iter().take_while(complete).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(level: Level, states: &[State]) -> Category {
        let checks = states.iter().map(|state| Check::new("a check", state.clone())).collect();
        Category { section: "2.0", name: "a category", level, checks }
    }

    #[test]
    fn a_level_is_claimed_only_where_every_check_of_it_passed() {
        let passed = || category(Level::Core, &[State::Passed]);
        let extended = |states: &[State]| category(Level::Extended, states);
        assert_eq!(claimed(&[]), None);
        assert_eq!(claimed(&[passed()]), Some(Level::Enterprise), "nothing above was named");
        for open in [State::Missing("not there"), State::Failed("no".into())] {
            let both = [State::Passed, open.clone()];
            assert_eq!(claimed(&[passed(), extended(&both)]), Some(Level::Core));
            assert_eq!(claimed(&[category(Level::Core, &both), extended(&[])]), None);
        }
        assert_eq!(claimed(&[passed(), extended(&[])]), Some(Level::Core), "no check, no pass");
        assert_eq!(
            claimed(&[extended(&[State::Passed])]),
            None,
            "a level stands on the ones below"
        );
    }

    #[test]
    fn the_level_above_the_highest_is_none() {
        assert_eq!(Level::after(None), Some(Level::Core));
        assert_eq!(Level::after(Some(Level::Core)), Some(Level::Extended));
        assert_eq!(Level::after(Some(Level::Enterprise)), None);
    }
}
