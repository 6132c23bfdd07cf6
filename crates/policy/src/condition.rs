//! What a rule asks of one part of an action.
//!
//! Nothing is turned into anything else first: a text is never a number, and what cannot be
//! compared is an error, which counts against whoever asks.

mod compare;
mod decimal;
mod part;

use crate::engine::View;
use crate::facts::Facts;
use crate::pattern::Regex;
use serde_json::Value;

pub(crate) use part::Root;

/// A path to one part of an action: `amount_usd`, `args.items[0].price`, `argv[1]`, `tool`, `host`.
///
/// A bare name looks into the arguments of a tool or the parameters of a request. These first
/// words mean something else: `args` (the arguments or parameters themselves), `argv`, `cwd`,
/// `env`, `method`, `url`, `tool`, `server`, `host`, `subject`, `agent`, `session`, `workflow`,
/// `account`, `context`, `kind`, `verb`, `risk`, `time`, `weekday`.
///
/// `argv`, `cwd`, `env`, `method` and `url` of an action that has no such part of its own are
/// looked for among its arguments. `subject` is the account, and also what the caller calls itself.
/// `context` holds what the caller says of itself: `agent`, `session`, `workflow`. Actions that have
/// neither arguments nor parameters (a patch, a push) are looked into as a whole by a bare name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FieldPath {
    /// The path as written.
    pub text: String,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Step {
    /// A member of an object.
    Key(String),
    /// An element of an array, from 0.
    Index(usize),
}

/// How a part is compared. Numbers are compared as decimals, texts byte by byte; nothing is turned
/// into anything else first.
#[derive(Clone, PartialEq, Debug)]
pub enum Test {
    /// Equal in type and value. `equals` is another spelling.
    Eq(Value),
    /// There, and not equal.
    Neq(Value),
    /// A number above. Or, for `time`, later.
    Gt(Value),
    /// A number at or above.
    Gte(Value),
    /// A number below.
    Lt(Value),
    /// A number at or below.
    Lte(Value),
    /// Equal to one of these.
    In(Vec<Value>),
    /// There, and equal to none of these.
    NotIn(Vec<Value>),
    /// There (`true`) or not (`false`).
    Exists(bool),
    /// A text that the expression matches.
    Matches(Regex),
    /// A text that contains this one, or an array with an equal element.
    Contains(Value),
    /// A text that begins like this.
    StartsWith(String),
}

/// One condition.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
    /// Which part.
    pub field: FieldPath,
    /// What it must be.
    pub test: Test,
    /// Wording of a person's for it.
    pub display: Option<String>,
}

/// What a condition found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Held {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// The part is not there.
    Missing,
    /// The part cannot be compared, and why.
    Error(String),
}

/// In which direction a rule works, and so what counts against it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sense {
    /// It blocks, asks, or leaves the decision to the risk table: an error satisfies it, and one
    /// name of several is enough.
    Restricts,
    /// It allows or redacts: an error fails it, every name must fit, and nothing counts that the
    /// caller says of itself.
    Loosens,
}

impl Held {
    /// Whether a rule that works in this direction takes it as satisfied.
    #[must_use]
    pub fn satisfies(&self, sense: Sense) -> bool {
        match self {
            Self::Yes => true,
            Self::No | Self::Missing => false,
            Self::Error(_) => sense == Sense::Restricts,
        }
    }
}

impl Condition {
    /// Looks at one part of an action, for a rule that works in this direction.
    #[must_use]
    pub fn look(&self, facts: &Facts, sense: Sense) -> Held {
        self.see(&View::plain(facts), sense)
    }

    /// The same, of an action whose class accepted policies have set right.
    pub(crate) fn see(&self, view: &View<'_>, sense: Sense) -> Held {
        self.see_at(Root::of(&self.field), view, sense)
    }

    /// The same, where the first word of the path was looked up before.
    pub(crate) fn see_at(&self, root: Root, view: &View<'_>, sense: Sense) -> Held {
        compare::held(&self.test, part::find(root, &self.field, view, sense), sense)
    }

    /// What stands at its part, for people; `None` where nothing can be shown.
    pub(crate) fn part_in_words(&self, view: &View<'_>) -> Option<String> {
        part::find(Root::of(&self.field), &self.field, view, Sense::Restricts).in_words()
    }
}

impl Sense {
    /// The direction of a rule with this decision.
    #[must_use]
    pub fn of(decision: Option<crate::verdict::Decision>) -> Self {
        use crate::verdict::Decision::{Allow, Redact};
        match decision {
            Some(Allow | Redact) => Self::Loosens,
            _ => Self::Restricts,
        }
    }
}
