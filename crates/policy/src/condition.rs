//! What a rule asks of one part of an action.

use crate::pattern::Regex;
use serde_json::Value;

/// A path to one part of an action: `amount_usd`, `args.items[0].price`, `argv[1]`, `tool`, `host`.
///
/// A bare name looks into the arguments of a tool or the parameters of a request. These first
/// words mean something else: `args` (the arguments or parameters themselves), `argv`, `cwd`,
/// `env`, `method`, `url`, `tool`, `server`, `host`, `subject`, `agent`, `session`, `workflow`,
/// `account`, `context`, `kind`, `verb`, `risk`, `time`, `weekday`.
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
