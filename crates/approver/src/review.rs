//! What a person is shown before they answer: a pure function of an opened request.
//!
//! Facts first, the agent's own words last and set apart. Every text goes through
//! [`countersign_core::display`] and none is cut: what is signed is what can be read here.

mod ours;
mod records;
mod render;
mod so_far;
mod text;
mod warning;
mod what;

pub use render::{render_so_far, render_text};
pub use so_far::so_far_line;
pub use warning::{Warning, WarningCode};

use crate::always;
use crate::open::Opened;
use crate::sign::Reply;
use countersign_core::action::ActionHash;
use countersign_core::artifact::{ArtifactHash, Group, Risk, Route, Seat};
use countersign_core::display::visible;
use countersign_core::encoding::Hash;
use countersign_core::json::{self, JsonError};
use countersign_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything about one request, in the order in which a person reads it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Review {
    /// One line for a list; whole, as everything else.
    pub headline: String,
    /// The request.
    pub request_id: String,
    /// How dangerous the enforcer's policy holds it to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
    /// What a reader might miss.
    pub warnings: Vec<Warning>,
    /// What exactly would run.
    pub action: Vec<Fact>,
    /// What is granted beside a yes, where the answer takes it; with its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted: Vec<Fact>,
    /// Who asks, as the enforcer knows it.
    pub asked_by: Vec<Fact>,
    /// Under which policy, whose answer counts, and how far it may reach.
    pub terms: Vec<Fact>,
    /// What the agent says of itself and its reasons. Nobody checked it.
    pub agent_says: Vec<Fact>,
    /// Whether a yes must give a reason.
    pub reason_required: bool,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What a signature would be over.
    pub artifact_hash: ArtifactHash,
    /// Names the same call wherever it is asked.
    pub action_hash: ActionHash,
}

/// One thing that is so.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it is about.
    pub label: String,
    /// One or more lines; foreign text stands in quotes, one piece for each of its lines.
    pub lines: Vec<String>,
    /// What `lines` say in words, as it is: for programs, and on no screen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raw: Vec<String>,
    /// Whether it is a secret that was disclosed to this device: shown, and not kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}

impl Fact {
    pub(crate) fn new(label: impl Into<String>, line: impl Into<String>) -> Self {
        Self::of_lines(label, vec![line.into()])
    }

    /// A fact whose value somebody else wrote.
    pub(crate) fn quoted(label: impl Into<String>, foreign: &str) -> Self {
        Self::of_lines(label, text::quoted_lines(foreign))
    }

    pub(crate) fn of_lines(label: impl Into<String>, lines: Vec<String>) -> Self {
        Self { label: label.into(), lines, raw: Vec::new(), secret: false }
    }
}

impl Review {
    /// The review of an opened request.
    #[must_use]
    pub fn of(opened: &Opened) -> Self {
        let artifact = opened.artifact();
        let action = opened.action();
        Self {
            headline: what::headline(opened, action.as_ref()),
            request_id: visible(&artifact.head.request_id, false),
            risk: opened.route().map(|route| route.risk),
            warnings: warning::all(opened, action.as_ref()),
            action: what::facts(opened, action.as_ref()),
            granted: Vec::new(),
            asked_by: asked_by(opened),
            terms: opened.route().map(|route| terms(opened, route)).unwrap_or_default(),
            agent_says: agent_says(opened),
            reason_required: opened.route().is_some_and(|route| route.reason_required),
            created_at: artifact.head.created_at.clone(),
            expires_at: artifact.head.expires_at.clone(),
            // INVARIANT: `open` compared the hash inside with the one worked out.
            artifact_hash: artifact.head.artifact_hash,
            action_hash: opened.action_hash(),
        }
    }

    /// The review with what an answer adds to it: what is read right before signing.
    #[must_use]
    pub fn answering(opened: &Opened, reply: &Reply) -> Self {
        let grant = reply.always.as_ref().and_then(|taken| always::grant(opened, taken));
        let words = grant.map(|grant| Fact::of_lines("always allowed", grant.words()));
        Self { granted: words.into_iter().collect(), ..Self::of(opened) }
    }

    /// Whether a yes may take a standing permission along.
    #[must_use]
    pub fn always_offered(&self) -> bool {
        self.terms.iter().any(|fact| fact.label == ALWAYS)
    }

    /// The review as it is kept: without the secrets that were disclosed. Its hash is another.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        for fact in self.action.iter_mut().filter(|fact| fact.secret) {
            fact.lines = vec!["a secret, disclosed to this device and not kept".into()];
        }
        self
    }

    /// SHA-256 of the canonical review: goes into the signed hints, so that what was shown can be
    /// worked out again later.
    ///
    /// # Errors
    /// Never for a review made by [`Review::of`].
    pub fn display_hash(&self) -> Result<Hash, JsonError> {
        json::sha256(self).map(Hash)
    }
}

/// The label of what may be allowed again without asking.
const ALWAYS: &str = "always";

fn asked_by(opened: &Opened) -> Vec<Fact> {
    let (context, head) = (opened.context(), &opened.artifact().head);
    let mut facts = vec![
        Fact::new("pairing", opened.pairing().as_str()),
        Fact::new("enforcer", format!("fingerprint {}", opened.enforcer().fingerprint())),
    ];
    for (label, value) in [
        ("principal", &context.principal),
        ("host", &context.host),
        ("workspace", &context.workspace),
        ("session id", &head.session_id),
        ("base revision", &head.base_revision),
    ] {
        facts.extend(value.as_deref().map(|text| Fact::quoted(label, text)));
    }
    facts.push(Fact::quoted("repository", &head.repo_ref));
    facts
}

fn terms(opened: &Opened, route: &Route) -> Vec<Fact> {
    let names = |texts: Vec<String>| texts.join(", ");
    let seat = |seat: &Seat| {
        format!("{} with the key {}", text::quoted(&seat.person), text::word(&seat.key_id.0))
    };
    let mut seats: Vec<String> = route.roster.iter().map(seat).collect();
    if seats.is_empty() {
        seats.push("nobody".into());
    }
    let scopes = route.scopes.iter().map(|scope| format!("{scope:?}").to_lowercase());
    let mut facts = vec![
        Fact::new("risk", format!("{:?}", route.risk).to_lowercase()),
        Fact::quoted("rule", &route.rule_id),
        Fact::new("policy", format!("sha256 {}", route.policy_hash)),
        Fact::new("needs", format!("{} of these, in round {}", route.threshold, route.round)),
        Fact::of_lines("may answer", seats),
        Fact::new("assurance", format!("at least {:?}", route.min_assurance).to_lowercase()),
        Fact::new("scopes", names(scopes.collect())),
        Fact::new("uses", format!("at most {}", route.max_uses)),
    ];
    facts.extend(route.groups.iter().map(of_group));
    if route.veto {
        facts.push(Fact::new("veto", "one no ends it".to_owned()));
    }
    if !route.escalate_to.is_empty() {
        let next = route.escalate_to.iter().map(|label| text::quoted(label));
        facts.push(Fact::of_lines("asked next", next.collect()));
    }
    facts.extend(always::offered(opened).map(|offer| {
        let offered = format!("may be allowed again without asking, {}", always::in_words(offer));
        Fact::new(ALWAYS, offered)
    }));
    facts
}

/// One list of people of whom some must allow as well.
fn of_group(group: &Group) -> Fact {
    let persons = group.persons.iter().map(|person| text::quoted(person));
    let head = match &group.name {
        Some(name) => format!("{} of {}:", group.threshold, text::quoted(name)),
        None => format!("{} of these:", group.threshold),
    };
    Fact::of_lines("and of them", std::iter::once(head).chain(persons).collect())
}

fn agent_says(opened: &Opened) -> Vec<Fact> {
    let context = opened.context();
    let said = [
        ("agent", &context.agent),
        ("session", &context.session),
        ("description", &context.description),
        ("reasoning", &context.reasoning),
    ]
    .into_iter()
    .filter_map(|(label, value)| value.as_deref().map(|text| Fact::quoted(label, text)));
    let details = context.details.iter();
    said.chain(details.map(|(name, text)| Fact::quoted(format!("says {}", text::step(name)), text)))
        .collect()
}

#[cfg(test)]
mod console;
#[cfg(test)]
mod tests;
