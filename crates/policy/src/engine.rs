//! Facts and all layers of policy made into a verdict.
//!
//! All matching rules of all layers count and the strictest decision wins; the obligations of the
//! rules that ask are joined; the risk table decides where no rule does; what nothing decides asks.

mod batch;
mod explain;
mod join;
mod judge;
mod lines;
mod sieve;
mod view;

use crate::facts::Facts;
use crate::model::{Limits, Mode, Policy};
use crate::verdict::{Decision, Verdict};
use countersign_core::encoding::Hash;
use countersign_core::json::JsonError;
use countersign_core::layers::{self, policy_hash};
use lines::Line;
use serde::Serialize;
use sieve::Sieve;

pub(crate) use view::View;

/// Where a policy comes from, from widest to narrowest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerName {
    /// Built into the program, for a home that has no policy.
    Builtin,
    /// The machine's administrator.
    Organisation,
    /// The enforcer's home.
    Home,
    /// The workspace.
    Workspace,
}

impl LayerName {
    /// The word for it in verdicts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Organisation => "organisation",
            Self::Home => "home",
            Self::Workspace => "workspace",
        }
    }
}

/// One file among several.
#[derive(Clone, PartialEq, Debug)]
pub struct Layer {
    /// Where it comes from.
    pub name: LayerName,
    /// What it says.
    pub policy: Policy,
    /// SHA-256 of its text.
    pub sha256: Hash,
    /// Whether a person accepted this very text here. Of one that nobody accepted only `block` and
    /// `require_approval` count; who is asked, how many, how long, and everything else do not.
    pub accepted: bool,
}

/// All layers, ready to judge.
#[derive(Clone, Debug)]
pub struct Engine {
    layers: Vec<Layer>,
    /// What counts of all rules, in the order of their wording.
    lines: Vec<Line>,
    /// One for each line, close together: a judgement looks at all of them and at few lines.
    sieves: Vec<Sieve>,
    hash: Hash,
}

/// What a rule made of some facts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Considered {
    /// `LAYER:RULE`.
    pub rule: String,
    /// Its decision, where it has one.
    pub decision: Option<Decision>,
    /// Whether it matched.
    pub matched: bool,
    /// The criteria that held, and the first that did not, in plain words.
    pub because: Vec<String>,
}

/// A verdict and how it came about.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// The verdict.
    pub verdict: Verdict,
    /// A sentence or two in plain words.
    pub sentence: String,
    /// Every rule of every layer, in the order of their wording.
    pub considered: Vec<Considered>,
}

impl Engine {
    /// Compiles layers, in the order of [`LayerName`].
    ///
    /// # Errors
    /// Where their names have no canonical form, which never happens.
    pub fn new(mut layers: Vec<Layer>) -> Result<Self, JsonError> {
        layers.sort_by_key(|layer| layer.name);
        let named = |layer: &Layer| layers::Layer {
            name: layer.name.name(),
            sha256: layer.sha256,
            accepted: layer.accepted,
        };
        let hash = policy_hash(&layers.iter().map(named).collect::<Vec<_>>())?;
        let lines = lines::compile(&layers);
        let sieves = lines.iter().map(|line| Sieve::of_rule(&line.rule)).collect();
        Ok(Self { layers, lines, sieves, hash })
    }

    /// What everything is judged under: all layers, by their texts and whether they were accepted.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The layers.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// How it is applied: the strictest mode of the accepted layers, the built-in one apart. Where
    /// there is none, as written.
    #[must_use]
    pub fn mode(&self) -> Mode {
        let written = self.accepted().filter(|layer| layer.name != LayerName::Builtin);
        let strictness = |mode: &Mode| match mode {
            Mode::Enforce => 0,
            Mode::Observe => 1,
            Mode::Off => 2,
        };
        written.map(|layer| layer.policy.mode).min_by_key(strictness).unwrap_or_default()
    }

    /// The lowest bounds of all accepted layers.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let lowest = |bound: fn(&Limits) -> Option<u32>| {
            self.accepted().filter_map(|layer| bound(&layer.policy.limits)).min()
        };
        Limits {
            max_pending_per_agent: lowest(|limits| limits.max_pending_per_agent),
            max_pending: lowest(|limits| limits.max_pending),
        }
    }

    /// What the layers together say of an action.
    ///
    /// A batch is as strict as the strictest of its items, each judged by itself.
    #[must_use]
    pub fn judge(&self, facts: &Facts) -> Verdict {
        if facts.kind == "batch" { self.judge_batch(facts) } else { self.judge_one(facts) }
    }

    fn accepted(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().filter(|layer| layer.accepted)
    }
}
