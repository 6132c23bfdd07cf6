//! What the artifacts of one round have in common.

use super::Refusal;
use crate::action::ActionHash;
use crate::artifact::{Artifact, Route};
use crate::tally::{Tally, tally};

/// What was asked, of whom, and on which terms: the same in every artifact of one round.
///
/// Votes count together only where all of it agrees (ATTACKS 43): an allow given in another round,
/// to another action or under another threshold or roster is no answer to this one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Terms {
    pub(crate) action_hash: ActionHash,
    pub(crate) session_id: Option<String>,
    pub(crate) repo_ref: String,
    pub(crate) route: Route,
    /// How many items the action has, where it is a batch.
    pub(crate) items: Option<usize>,
}

impl Terms {
    /// The terms that an artifact states, about an action of this hash.
    pub(crate) fn of(artifact: &Artifact, action_hash: ActionHash) -> Result<Self, Refusal> {
        Ok(Self {
            action_hash,
            session_id: artifact.head.session_id.clone(),
            repo_ref: artifact.head.repo_ref.clone(),
            route: artifact.route()?.ok_or(Refusal::NoRoute)?,
            items: artifact.items(),
        })
    }

    /// Whether these answers, each a person's and whether it allows, are enough.
    pub(crate) fn met_by(&self, answers: &[(&str, bool)]) -> bool {
        tally(&self.route, answers) == Tally::Met
    }
}
