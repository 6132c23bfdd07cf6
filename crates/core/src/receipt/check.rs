//! What a receipt proves to somebody who pinned keys: worked out, never read off.

use super::{Basis, Content, Entry, Event, Level, Receipt, Signed};
use crate::artifact::{Artifact, Assurance, Route};
use crate::decision::Decision;
use crate::keys::{Domain, KeyId, verify_domain};
use crate::time::Instant;
use crate::trust::{Status, TrustStore};
use crate::verify::DEFAULT_SKEW_MILLIS;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The verdict over one receipt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "verdict", rename_all_fields = "camelCase")]
pub enum Verdict {
    /// Authentic. What it proves stands beside it.
    Valid {
        /// The level, worked out.
        level: Level,
        /// The lowest assurance among the decisions that counted.
        assurance: Option<Assurance>,
        /// What happened.
        event: Event,
        /// Who allowed it.
        approvers: Vec<String>,
    },
    /// A key that nobody pinned.
    Untrusted {
        /// The key.
        key_id: KeyId,
    },
    /// A signature does not verify.
    BadSignature,
    /// A hash is not the one of what it names.
    HashMismatch,
    /// The level written down is not the one that the signatures reach.
    LevelMismatch,
    /// Too few distinct persons allowed it in time.
    ThresholdNotMet {
        /// How many did.
        have: usize,
        /// How many the route asked for.
        need: usize,
    },
    /// A decision of somebody who was not asked.
    OffRoster,
    /// The operator approved for itself.
    SelfApproval,
    /// A key that was taken back.
    Revoked,
    /// The receipt does not follow the one before it.
    ChainBroken {
        /// Where.
        seq: u64,
    },
    /// The ledger is shorter than a head that is remembered.
    Truncated,
    /// Two receipts stand at one place.
    Forked,
    /// Not a receipt.
    Malformed,
    /// A receipt of a version that is not known here.
    Unsupported,
}

/// Checks the text of one receipt against pinned keys, at `now`.
#[must_use]
pub fn check(bytes: &[u8], trust: &TrustStore, now: Instant) -> Verdict {
    match Receipt::parse(bytes) {
        Ok(receipt) => receipt.check(trust, now),
        Err(_) if names_other_version(bytes) => Verdict::Unsupported,
        Err(_) => Verdict::Malformed,
    }
}

fn names_other_version(bytes: &[u8]) -> bool {
    let value = crate::json::parse(bytes, crate::json::limit::RECEIPT).ok();
    let kind = value.as_ref().and_then(|v| v.get("type")).and_then(|t| t.as_str());
    kind.is_some_and(|k| k.starts_with("countersign.receipt/") && k != "countersign.receipt/v1")
}

impl Receipt {
    /// Checks this receipt against pinned keys, at `now`.
    #[must_use]
    pub fn check(&self, trust: &TrustStore, now: Instant) -> Verdict {
        match self.judge(trust, now) {
            Ok(verdict) | Err(verdict) => verdict,
        }
    }

    fn judge(&self, trust: &TrustStore, now: Instant) -> Result<Verdict, Verdict> {
        self.signed_by_operator(trust, now)?;
        let entry = &self.content.entry;
        let action_hash = entry
            .action
            .as_ref()
            .map(crate::json::sha256)
            .transpose()
            .or(Err(Verdict::Malformed))?;
        if action_hash != entry.action_hash.map(|h| h.0.0) {
            return Err(Verdict::HashMismatch);
        }
        self.content.hangs_together()?;
        let (level, assurance, approvers) = self.content.level(trust, now)?;
        if level != entry.trust_level {
            return Err(Verdict::LevelMismatch);
        }
        Ok(Verdict::Valid { level, assurance, event: entry.event, approvers })
    }

    fn signed_by_operator(&self, trust: &TrustStore, now: Instant) -> Result<(), Verdict> {
        let [signature] = self.signatures.as_slice() else { return Err(Verdict::Malformed) };
        let untrusted = Verdict::Untrusted { key_id: signature.key_id.clone() };
        let operator = trust.operator(&signature.key_id).ok_or(untrusted)?;
        if matches!(operator.status, Status::Revoked { .. }) || !operator.status.counts(now) {
            return Err(Verdict::Revoked);
        }
        if self.content.hash().ok() != Some(self.content_hash) {
            return Err(Verdict::HashMismatch);
        }
        let key = operator.keys.signing();
        let signed = Signed { content_hash: &self.content_hash };
        verify_domain(&key, Domain::Receipt, &signed, &signature.signature)
            .map_err(|_| Verdict::BadSignature)?;
        if signature.public_key.0 == key { Ok(()) } else { Err(Verdict::BadSignature) }
    }

    /// Whether this receipt follows `prev` in one ledger.
    #[must_use]
    pub fn follows(&self, prev: &Self) -> bool {
        self.content.ledger == prev.content.ledger
            && prev.content.seq.checked_add(1) == Some(self.content.seq)
            && self.content.prev == Some(prev.content_hash)
    }
}

type Reached = (Level, Option<Assurance>, Vec<String>);

impl Content {
    /// What must be true of a receipt whoever signed it: it says one thing, about one request.
    fn hangs_together(&self) -> Result<(), Verdict> {
        let entry = &self.entry;
        let numbered = self.seq >= 1 && self.prev.is_some() == (self.seq > 1);
        let ran = matches!(entry.event, Event::Executed | Event::Failed | Event::Uncertain);
        let people = !entry.artifacts.is_empty() || !entry.decisions.is_empty();
        let named = entry.artifacts.first().map(|a| Some(&a.request_id));
        let whole =
            named.is_none_or(|id| entry.action.is_some() && id == entry.request_id.as_ref());
        if !numbered || ran != entry.outcome.is_some() || !whole {
            return Err(Verdict::Malformed);
        }
        // A run under a policy or a grant carries nobody's decision.
        if people && entry.basis != Basis::Decision {
            return Err(Verdict::LevelMismatch);
        }
        let hashes: BTreeSet<_> = entry.artifacts.iter().map(|a| a.artifact_hash.0).collect();
        let signed: BTreeSet<_> = entry.decisions.iter().map(|d| d.signature).collect();
        let unique = hashes.len() == entry.artifacts.len() && signed.len() == entry.decisions.len();
        if unique { Ok(()) } else { Err(Verdict::Malformed) }
    }

    /// Whether one artifact is of this ledger, before this receipt, and put like the others.
    fn belongs(&self, artifact: &Artifact, first: &Artifact) -> Result<Route, Verdict> {
        let route = route_of(artifact)?;
        let head = artifact.checkpoint().map_err(|_| Verdict::Malformed)?;
        let ours = head.is_none_or(|c| c.head.ledger == self.ledger && c.head.seq < self.seq);
        let (one, other) = (&artifact.head, &first.head);
        let same = one.session_id == other.session_id
            && one.repo_ref == other.repo_ref
            && route == route_of(first)?;
        if ours && same { Ok(route) } else { Err(Verdict::HashMismatch) }
    }

    /// The level that the decisions inside reach.
    fn level(&self, trust: &TrustStore, now: Instant) -> Result<Reached, Verdict> {
        let entry = &self.entry;
        let artifacts = self.whole_artifacts();
        let (mut persons, mut against) = (BTreeMap::new(), BTreeSet::new());
        let mut need = 0;
        for artifact in &artifacts {
            let route = self.belongs(artifact, artifacts.first().unwrap_or(artifact))?;
            need = need.max(route.threshold.max(1) as usize);
            agrees(entry, &route)?;
        }
        for decision in &entry.decisions {
            let (person, assurance, counts) = self.weigh(decision, &artifacts, trust, now)?;
            if counts {
                persons.insert(person, assurance);
            } else {
                against.insert(person);
            }
            if !counts && need <= 1 {
                need = usize::MAX;
            }
        }
        // Who said both yes and no said no.
        persons.retain(|person, _| !against.contains(person));
        let reached = need > 0 && persons.len() >= need && entry.event.needs_approval();
        if reached {
            said_truly(entry, &persons)?;
            let assurance = persons.values().min().copied();
            return Ok((Level::L1, assurance, persons.into_keys().collect()));
        }
        let claims_people = entry.basis == Basis::Decision && entry.event.needs_approval();
        if claims_people {
            let need = if need == usize::MAX { 1 } else { need.max(1) };
            return Err(Verdict::ThresholdNotMet { have: persons.len().min(need - 1), need });
        }
        Ok((Level::L0, None, Vec::new()))
    }

    /// Whose decision it is, with which assurance, and whether it allows in time.
    fn weigh(
        &self,
        decision: &Decision,
        artifacts: &[Artifact],
        trust: &TrustStore,
        now: Instant,
    ) -> Result<(String, Assurance, bool), Verdict> {
        let id = &decision.signer_key_id;
        if trust.operator(id).is_some() {
            return Err(Verdict::SelfApproval);
        }
        let signer = trust.approver(id).ok_or(Verdict::Untrusted { key_id: id.clone() })?;
        if !signer.status.counts(now) {
            return Err(Verdict::Revoked);
        }
        decision.verify_signature(&signer.keys.signing()).map_err(|_| Verdict::BadSignature)?;
        let answered = artifacts.iter().find(|a| a.hash().ok() == Some(decision.artifact_hash));
        let artifact = answered.ok_or(Verdict::HashMismatch)?;
        let head = &artifact.head;
        let same = decision.request_id == head.request_id && decision.repo_ref == head.repo_ref;
        if !same {
            return Err(Verdict::HashMismatch);
        }
        let route = route_of(artifact)?;
        let seated = route.roster.iter().any(|s| s.key_id == *id && s.person == signer.person);
        if !seated || signer.assurance < route.min_assurance {
            return Err(Verdict::OffRoster);
        }
        let counts = decision.decision.allows()
            && route.scopes.contains(&decision.scope)
            && self.in_time(decision, artifact);
        Ok((signer.person.clone(), signer.assurance, counts))
    }

    /// Whether the approval was alive when it was used.
    fn in_time(&self, decision: &Decision, artifact: &Artifact) -> bool {
        let claimed = self.entry.outcome.as_ref().map(|o| o.claimed_at.instant());
        let used = claimed.unwrap_or_else(|| self.recorded_at.instant());
        let ends = decision.expires_at.instant().min(artifact.head.expires_at.instant());
        let begins = artifact.head.created_at.instant().plus_millis(-DEFAULT_SKEW_MILLIS);
        let recorded = self.recorded_at.instant().plus_millis(DEFAULT_SKEW_MILLIS);
        begins <= used && used <= recorded && used < ends.plus_millis(DEFAULT_SKEW_MILLIS)
    }
}

/// The words beside the decisions say what the decisions say.
fn said_truly(entry: &Entry, persons: &BTreeMap<String, Assurance>) -> Result<(), Verdict> {
    let one = entry.approver_decision.as_ref().is_none_or(|said| {
        said.verdict == "approved"
            && persons.contains_key(&said.person)
            && entry.decisions.iter().any(|d| d.signer_key_id == said.key_id)
    });
    let many = entry
        .multi_approval
        .as_ref()
        .is_none_or(|multi| multi.approvers.iter().all(|name| persons.contains_key(name)));
    if one && many { Ok(()) } else { Err(Verdict::LevelMismatch) }
}

fn route_of(artifact: &Artifact) -> Result<Route, Verdict> {
    if artifact.hash().ok() != Some(artifact.head.artifact_hash) {
        return Err(Verdict::HashMismatch);
    }
    artifact.route().ok().flatten().ok_or(Verdict::Malformed)
}

/// Threshold and roster come from the signed route and must equal the receipt's.
fn agrees(entry: &Entry, route: &Route) -> Result<(), Verdict> {
    match &entry.multi_approval {
        Some(multi) if multi.threshold != route.threshold => Err(Verdict::LevelMismatch),
        Some(multi) if multi.roster != route.roster => Err(Verdict::OffRoster),
        None if route.threshold > 1 && entry.event.needs_approval() => Err(Verdict::LevelMismatch),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
