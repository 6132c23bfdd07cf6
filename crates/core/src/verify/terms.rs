//! What the artifacts of one round have in common.

use super::Refusal;
use crate::action::ActionHash;
use crate::artifact::{Artifact, Route};
use std::collections::BTreeSet;

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

    /// How many distinct persons must allow.
    pub(crate) fn need(&self) -> usize {
        self.route.threshold.max(1) as usize
    }

    /// Whether these answers, each a person's and whether it allows, are enough. Where one person
    /// is enough, one no ends it.
    pub(crate) fn met_by(&self, answers: &[(&str, bool)]) -> bool {
        let ended = self.need() == 1 && answers.iter().any(|(_, allows)| !allows);
        !ended && allowing(answers).len() >= self.need()
    }
}

/// The distinct persons who allow. Who said both yes and no said no.
pub(crate) fn allowing<'a>(answers: &[(&'a str, bool)]) -> BTreeSet<&'a str> {
    let who = |allows: bool| answers.iter().filter(move |(_, yes)| *yes == allows).map(|(p, _)| *p);
    let against: BTreeSet<&str> = who(false).collect();
    who(true).filter(|person| !against.contains(person)).collect()
}
