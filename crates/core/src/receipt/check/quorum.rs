//! Whether enough people allowed it: counted as the gate counts, under the signed route.

use super::{Content, Verdict};
use crate::artifact::{Assurance, Group, Route};
use crate::tally;
use crate::trust::Approver;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Whose answer it is, and what it counts as.
pub(super) struct Weighed<'a> {
    pub(super) signer: Cow<'a, Approver>,
    /// What this answer counts as.
    pub(super) assurance: Assurance,
    /// Whether it says yes; `None` where the gate would not have counted it, such as a late yes.
    pub(super) says: Option<bool>,
}

/// What counts, as a person's and whether it allows.
pub(super) fn answers<'w>(weighed: &'w [Weighed<'_>]) -> Vec<(&'w str, bool)> {
    weighed.iter().filter_map(|w| w.says.map(|yes| (w.signer.person.as_str(), yes))).collect()
}

/// The distinct persons whose yes counts.
pub(super) fn allowing<'w>(weighed: &'w [Weighed<'_>]) -> BTreeSet<&'w str> {
    tally::allowing(&answers(weighed))
}

/// How many are missing: of the threshold, else of the first group that is not met.
pub(super) fn short(route: Option<&Route>, persons: &BTreeSet<&str>) -> Verdict {
    let need = route.map_or(1, tally::need);
    let unmet = |group: &Group| {
        let (have, need) = (tally::of(group, persons), tally::wanted(group));
        (have < need).then_some(Verdict::ThresholdNotMet { have, need })
    };
    let group = route.filter(|_| persons.len() >= need);
    let group = group.and_then(|route| route.groups.iter().find_map(unmet));
    // What one no ended has enough who allow it: they are not enough all the same.
    group.unwrap_or(Verdict::ThresholdNotMet { have: persons.len().min(need - 1), need })
}

/// Who was asked and how many of them had to allow it, as the signed route says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quorum {
    /// How many distinct persons must allow, at least 1.
    pub need: usize,
    /// The persons who were asked, sorted, each once.
    pub asked: Vec<String>,
    /// Those of them whose signed word is a no, sorted, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<String>,
    /// People of whom some must allow besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Whether one no would have ended it.
    pub veto: bool,
}

impl Content {
    /// The quorum that was asked for, where it took more than one person or a person of a group.
    /// Read off, so it says something only of a receipt that is [`Verdict::Valid`].
    #[must_use]
    pub fn quorum(&self) -> Option<Quorum> {
        let route = self.whole_artifacts().first()?.route().ok()??;
        if route.threshold <= 1 && route.groups.is_empty() {
            return None;
        }
        let seats = || route.roster.iter();
        let asked: BTreeSet<_> = seats().map(|seat| seat.person.clone()).collect();
        let against = self.entry.decisions.iter().filter(|d| !d.decision.allows());
        let against = against.filter_map(|d| seats().find(|s| s.key_id == d.signer_key_id));
        let denied: BTreeSet<_> = against.map(|seat| seat.person.clone()).collect();
        Some(Quorum {
            need: tally::need(&route),
            asked: asked.into_iter().collect(),
            denied: denied.into_iter().collect(),
            groups: route.groups.clone(),
            veto: route.veto,
        })
    }
}
