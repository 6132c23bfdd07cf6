//! Everything that a policy looks at.

use crate::verb::{Lane, Verb};
use countersign_core::action::Action;
use countersign_core::artifact::{ArtifactType, Risk};
use serde::Serialize;
use serde_json::Value;

/// Who asks. Only the account comes from the connection; the other names are the caller's own
/// words, so they tighten and never loosen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asker {
    /// The principal, as the connection showed it (`uid:1000`).
    pub account: Option<String>,
    /// The agent's name for itself.
    pub agent: Option<String>,
    /// The agent's name for its session.
    pub session: Option<String>,
    /// The agent's name for the workflow that it is part of.
    pub workflow: Option<String>,
}

/// Where an action would happen, as far as its own text does not say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// The person's home directory, absolute; what `~` and `$HOME` stand for.
    pub user_home: Option<String>,
    /// Directories and files of ours, absolute: whoever writes there loosens the gate.
    pub own_state: Vec<String>,
    /// The workspace's absolute directory.
    pub workspace: Option<String>,
    /// What is known of links.
    pub links: Links,
}

/// Tells of an absolute path to what other path it leads, where a link is on its way or at its end.
/// Nothing is read here, so whoever knows the disk brings it.
#[derive(Clone, Copy)]
pub struct Links(pub fn(&str) -> Option<String>);

impl Default for Links {
    /// Nobody looks: a path is what it is named.
    fn default() -> Self {
        Self(|_| None)
    }
}

impl PartialEq for Links {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for Links {}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Links")
    }
}

/// When: a minute of the day and a day of the week, in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moment {
    /// 0 to 1439.
    pub minute: u16,
    /// 0 is Monday.
    pub weekday: u8,
    /// Milliseconds since 1970, for dates of delegations.
    pub millis: i64,
}

/// Names by which rules may speak of an action. A rule that restricts matches where any of them
/// does. A rule that loosens matches only where all of `own` do, and there is one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Names<T> {
    /// What it is.
    pub own: Vec<T>,
    /// What it is as well, in a way that says little: the shell around a command, the coarse verb
    /// of its kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<T>,
}

/// Why no rule may let an action through without a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Floor {
    /// It is in a dangerous lane.
    Lane(Lane),
    /// It touches what holds the gate: our state, agents' hook settings, git hooks, policies, or
    /// our own approving commands.
    Protected,
    /// Nobody can say what it does: it cannot be parsed, or is too large or deep to be.
    Unreadable,
}

/// What was found out about an action, and by which part of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// The part, as written: a segment of a shell line, a path, an argument.
    pub part: String,
    /// What is known of it, in plain words.
    pub why: String,
    /// What that makes it.
    pub verb: Verb,
    /// How dangerous that is.
    pub risk: Risk,
}

/// What an action does, how dangerous that is, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Class {
    /// What it does: the finest verbs that are known in `own`, most dangerous first; coarser ones
    /// of its kind in `also`.
    pub verbs: Names<Verb>,
    /// The highest risk among the findings; high where nothing is known.
    pub risk: Risk,
    /// Whether anything is known at all. The risk of what is unknown may be set by an accepted
    /// policy; the risk of what is known is only ever raised.
    pub known: bool,
    /// Why no rule may let it through, sorted, each once.
    pub floors: Vec<Floor>,
    /// The tools, programs and functions that it names; shells that only wrap stand in `also`.
    pub tools: Names<String>,
    /// The hosts that it names, lowercase, without port.
    pub hosts: Names<String>,
    /// One for each thing that was found, most dangerous first, never empty.
    pub findings: Vec<Finding>,
}

/// Everything that a policy looks at.
#[derive(Clone, PartialEq, Debug)]
pub struct Facts {
    /// The action's canonical payload, for conditions.
    pub payload: Value,
    /// `command`, `tool`, …; `foreign` for another system's payload.
    pub kind: &'static str,
    /// The type under which it would be put to a person.
    pub artifact_type: ArtifactType,
    /// The server of a tool.
    pub server: Option<String>,
    /// What it does.
    pub class: Class,
    /// Who asks.
    pub asker: Asker,
    /// Where.
    pub place: Place,
    /// When.
    pub at: Moment,
}

impl Facts {
    /// What a policy looks at when this action is asked for.
    ///
    /// # Errors
    /// Where the action has no canonical form.
    pub fn of(
        action: &Action,
        asker: Asker,
        place: Place,
        at: Moment,
    ) -> Result<Self, countersign_core::json::JsonError> {
        let server = match action {
            Action::Tool(tool) => Some(tool.server.clone()),
            _ => None,
        };
        Ok(Self {
            payload: action.to_payload()?,
            kind: action.kind(),
            artifact_type: ArtifactType::of(action),
            server,
            class: crate::classify::classify(action, &place),
            asker,
            place,
            at,
        })
    }
}
