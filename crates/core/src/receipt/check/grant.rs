//! What a run under a standing permission must show: who gave it, for this very call.

use super::{Judged, Verdict};
use crate::action::ActionHash;
use crate::artifact::ArtifactHead;
use crate::encoding::Hash;
use crate::grant::{Grant, GrantNote};
use crate::receipt::{Basis, Content, Entry, Event, Level};
use crate::time::Instant;
use crate::trust::TrustStore;
use crate::verify::DEFAULT_SKEW_MILLIS;

impl Content {
    /// Whether a receipt that rests on a grant carries one that people signed for this very call,
    /// and that had not ended when it was used. Any other receipt carries none.
    pub(super) fn rests_on_its_grant(
        &self,
        trust: &TrustStore,
        judged: &Judged<'_>,
    ) -> Result<(), Verdict> {
        let entry = &self.entry;
        let note = match (entry.basis, &entry.grant) {
            (Basis::Grant, Some(note)) => note,
            (Basis::Policy | Basis::Decision, None) => return Ok(()),
            _ => return Err(Verdict::Malformed),
        };
        use Event::{Executed, Failed, Released, Uncertain};
        if !matches!(entry.event, Released | Executed | Failed | Uncertain) {
            return Err(Verdict::Malformed);
        }
        let heads: Vec<_> = note.artifacts.iter().collect();
        let decisions: Vec<_> = note.decisions.iter().collect();
        let grant = Grant::signed(&note.action, &heads, &decisions).ok_or(Verdict::Malformed)?;
        if grant.action_hash().ok() != entry.action_hash {
            return Err(Verdict::HashMismatch);
        }
        let (used, given) = (self.used(), note.granted_at.instant());
        let skewed = |at: Instant| at.plus_millis(DEFAULT_SKEW_MILLIS);
        let in_order = given <= skewed(used) && used <= skewed(self.recorded_at.instant());
        let in_time = in_order && grant.lasts(used);
        let (level, ..) = self.giving(note).and_then(|giving| giving.proven(trust, judged))?;
        if in_time && level == Level::L1 { Ok(()) } else { Err(not_given()) }
    }

    /// The approval by which the grant was given, as a content of its own.
    fn giving(&self, note: &GrantNote) -> Result<Self, Verdict> {
        let hash = crate::json::sha256(&note.action).or(Err(Verdict::Malformed))?;
        let of = note.artifacts.first().map(ArtifactHead::of_request).transpose();
        let giving = Self {
            recorded_at: note.granted_at.clone(),
            entry: Entry {
                event: Event::Approved,
                request_id: of.map_err(|_| Verdict::Malformed)?,
                action_hash: Some(ActionHash(Hash(hash))),
                action: Some(note.action.clone()),
                artifacts: note.artifacts.clone(),
                decisions: note.decisions.clone(),
                approver_decision: None,
                multi_approval: None,
                items: None,
                basis: Basis::Decision,
                grant: None,
                trust_level: Level::L1,
                outcome: None,
                policy: None,
                ..self.entry.clone()
            },
            ..self.clone()
        };
        giving.hangs_together().map(|()| giving)
    }
}

/// People of whom none gave it in time.
fn not_given() -> Verdict {
    Verdict::ThresholdNotMet { have: 0, need: 1 }
}
