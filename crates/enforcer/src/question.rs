//! An action made into artifacts, one for each approver.
//!
//! # Rooms
//! * `grounds`: why a person is asked. `quorum`: how many must allow, and who is asked next.
//! * `route`: both as approvers sign them. `frame`: the artifacts of one round.
//! * `stored`: the requests that the ledger keeps of questions. `error`: why one cannot be put.

mod error;
mod frame;
mod grounds;
mod quorum;
mod route;
mod stored;

use countersign_core::action::{Action, ActionHash};
use countersign_core::artifact::{Assurance, Context};
use countersign_core::redact::{Disclosure, is_ours};
use countersign_core::tally::{Tally, tally};
use countersign_core::trust::Approver;

pub use error::QuestionError;
pub(crate) use frame::{Frame, payload};
pub use grounds::Grounds;
pub(crate) use grounds::fixed_hash;
pub use quorum::{Quorum, Step};
pub(crate) use quorum::{next_of, persons};
pub use stored::is_handed_over;

/// The longest a request may wait: one day.
pub const MAX_TTL_MILLIS: i64 = 86_400_000;

/// Something that needs a person.
#[derive(Clone, Debug)]
pub struct Question {
    /// What would run.
    pub action: Action,
    /// What opens the commitments in it.
    pub disclosures: Vec<Disclosure>,
    /// Who asks and why, and what the person should know.
    pub context: Context,
    /// Why a person is asked, and what an answer must satisfy.
    pub grounds: Grounds,
    /// The principal, from the connection.
    pub principal: String,
    /// The caller's name for its session; the enforcer issues the id.
    pub session: String,
    /// The workspace's absolute directory.
    pub workspace: String,
    /// How long it may wait.
    pub ttl_millis: i64,
    /// Whom to ask.
    pub to: Vec<Way>,
}

/// An approver and how to reach it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    /// The pairing; `None` is the person at this terminal.
    pub pairing: Option<String>,
    /// The pinned approver.
    pub approver: Approver,
}

impl Way {
    /// Whether a caller or a signed route means it by this name: a pairing, a person or a role.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let role = name.strip_prefix("role:").unwrap_or(name);
        self.pairing.as_deref() == Some(name)
            || self.approver.person == name
            || self.approver.roles.iter().any(|one| one == role)
    }
}

impl Question {
    /// The hash of the call, after the checks that need no store.
    ///
    /// # Errors
    /// Where nobody can be asked or the action cannot be put.
    pub fn check(&self) -> Result<ActionHash, QuestionError> {
        if !(1_000..=MAX_TTL_MILLIS).contains(&self.ttl_millis) {
            return Err(QuestionError::Ttl);
        }
        if self.seated().next().is_none() {
            let nobody = self.to.is_empty();
            let floor = QuestionError::Assurance(self.min_assurance());
            return Err(if nobody { QuestionError::Nobody } else { floor });
        }
        let route = self.route(1, &self.first());
        if tally(&route, &[]) == Tally::Lost {
            let (need, who) = (self.grounds.quorum.in_words(), persons(&route));
            return Err(QuestionError::TooFew { need, who });
        }
        if self.smuggles() {
            return Err(QuestionError::Smuggled);
        }
        Ok(self.action.hash()?)
    }

    /// The approvers of enough assurance.
    fn seated(&self) -> impl Iterator<Item = &Way> {
        self.enough(&self.to)
    }

    fn enough<'a>(&'a self, ways: &'a [Way]) -> impl Iterator<Item = &'a Way> {
        let floor = self.min_assurance();
        ways.iter().filter(move |way| way.approver.reach() >= floor)
    }

    /// A commitment that nothing opens comes from the caller.
    fn smuggles(&self) -> bool {
        self.action.to_payload().map_or(true, |whole| !is_ours(&whole, &self.disclosures))
    }

    /// The same question, whose words tell nothing of what is hidden.
    pub(crate) fn scrubbed(&self) -> Self {
        let context = crate::redaction::scrubbed(&self.context, &self.disclosures);
        Self { context, ..self.clone() }
    }

    pub(crate) fn min_assurance(&self) -> Assurance {
        self.grounds.min_assurance
    }
}
