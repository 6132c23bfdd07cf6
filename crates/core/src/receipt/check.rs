//! What a receipt proves to somebody who pinned keys: worked out, never read off.

mod grant;
mod items;
mod quorum;
mod words;

pub use quorum::Quorum;
use quorum::Weighed;
pub use words::word;

use super::validity::{Moment, Place};
use super::{Basis, Content, Entry, Event, Level, Read, Receipt, Signed, output};
use crate::artifact::{Artifact, ArtifactHead, Assurance, Route};
use crate::decision::Decision;
use crate::encoding::Hash;
use crate::grant::Taken;
use crate::json::clip;
use crate::keys::{Domain, KeyId, verify_domain};
use crate::time::Instant;
use crate::trust::{Approver, Status, TrustStore};
use crate::verify::{self, DEFAULT_SKEW_MILLIS, Refusal, Terms};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeSet;

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
    /// It says what cannot have happened after those before it ([`super::course`]), or what stands
    /// beside the receipts is not what they say.
    Contradicted,
    /// Not a receipt.
    Malformed,
    /// A receipt of a version that is not known here.
    Unsupported,
}

/// Checks the text of one receipt against pinned keys, at `now`.
#[must_use]
pub fn check(bytes: &[u8], trust: &TrustStore, now: Instant) -> Verdict {
    match Read::parse(bytes) {
        Ok(read) => read.check_at(trust, &Moment::now(now)),
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
    /// Checks this receipt against pinned keys, at `now`, with no witness of its age.
    #[must_use]
    pub fn check(&self, trust: &TrustStore, now: Instant) -> Verdict {
        self.check_at(trust, &Moment::now(now))
    }

    /// Checks this receipt against pinned keys. Where a head that somebody saw before a key
    /// stopped counting covers it, the key is looked at as of its date.
    #[must_use]
    pub fn check_at(&self, trust: &TrustStore, at: &Moment<'_>) -> Verdict {
        self.verdict(self.content.hash().ok(), trust, at)
    }

    /// The same where `hash` is the content's, worked out; `None` where it has none.
    pub(super) fn verdict(
        &self,
        hash: Option<Hash>,
        trust: &TrustStore,
        at: &Moment<'_>,
    ) -> Verdict {
        match self.judge(hash, trust, at) {
            Ok(verdict) | Err(verdict) => verdict,
        }
    }

    fn judge(
        &self,
        hash: Option<Hash>,
        trust: &TrustStore,
        at: &Moment<'_>,
    ) -> Result<Verdict, Verdict> {
        let judged = Judged { at, place: self.place() };
        self.signed_by_operator(hash, trust, &judged)?;
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
        self.content.rests_on_its_grant(trust, &judged)?;
        let (level, assurance, approvers) = self.content.level(trust, &judged)?;
        if level != entry.trust_level {
            return Err(Verdict::LevelMismatch);
        }
        Ok(Verdict::Valid { level, assurance, event: entry.event, approvers })
    }

    fn place(&self) -> Place<'_> {
        let (ledger, seq, hash) = (&self.content.ledger, self.content.seq, &self.content_hash);
        Place { ledger, seq, hash, recorded: self.content.recorded_at.instant() }
    }

    fn signed_by_operator(
        &self,
        hash: Option<Hash>,
        trust: &TrustStore,
        judged: &Judged<'_>,
    ) -> Result<(), Verdict> {
        let [signature] = self.signatures.as_slice() else { return Err(Verdict::Malformed) };
        let untrusted = || untrusted(&signature.key_id);
        let operator = trust.operator(&signature.key_id).ok_or_else(untrusted)?;
        if !judged.counts(&operator.status) {
            return Err(Verdict::Revoked);
        }
        // INVARIANT: what a witness saw is found by its hash, which was worked out.
        if hash != Some(self.content_hash) {
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

/// The receipt that is judged, and when. An approval that is inside it, such as a grant's, is no
/// older than the receipt to anybody else.
#[derive(Clone, Copy)]
struct Judged<'a> {
    at: &'a Moment<'a>,
    place: Place<'a>,
}

impl Judged<'_> {
    fn counts(&self, status: &Status) -> bool {
        self.at.counts(status, &self.place)
    }
}

type Reached = (Level, Option<Assurance>, Vec<String>);

impl Content {
    /// Those whose yes counted, as they were pinned when it was used. Read off, so it says something
    /// only of a receipt that is [`Verdict::Valid`].
    #[must_use]
    pub fn allowed_by(&self, trust: &TrustStore, now: Instant) -> Vec<Approver> {
        let Ok((artifacts, terms)) = self.asked() else { return Vec::new() };
        let weigh = |decision: &Decision| {
            let signer = trust.approver(&decision.signer_key_id)?;
            self.counted(decision, signer, (&artifacts, terms.as_ref()), now).ok()
        };
        let weighed: Vec<_> = self.entry.decisions.iter().filter_map(weigh).collect();
        let persons = quorum::allowing(&weighed);
        let allows = |w: &&Weighed<'_>| w.says == Some(true) && persons.contains(&*w.signer.person);
        weighed.iter().filter(allows).map(|w| w.signer.newest()).collect()
    }

    /// What must be true of a receipt whoever signed it: it says one thing, about one request.
    fn hangs_together(&self) -> Result<(), Verdict> {
        let entry = &self.entry;
        let numbered = self.seq >= 1 && self.prev.is_some() == (self.seq > 1);
        let ran = matches!(entry.event, Event::Executed | Event::Failed | Event::Uncertain);
        let people = !entry.artifacts.is_empty() || !entry.decisions.is_empty();
        // INVARIANT: what people sign names its request, so an answer is worth nothing in another.
        let own = |head: &ArtifactHead| head.of_request().ok() == entry.request_id;
        let whole =
            entry.artifacts.is_empty() || entry.action.is_some() && entry.request_id.is_some();
        let whole = whole && entry.artifacts.iter().all(own);
        if !numbered || ran != entry.outcome.is_some() || !whole || !items::are_there(entry) {
            return Err(Verdict::Malformed);
        }
        if !output::are_there(entry) {
            return Err(Verdict::Malformed);
        }
        let denies = |decision: &Decision| !decision.decision.allows();
        if entry.event == Event::Denied && people && !entry.decisions.iter().any(denies) {
            return Err(Verdict::LevelMismatch);
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

    /// The artifacts, whole and of this ledger, and the terms that all of them state.
    fn asked(&self) -> Result<(Vec<Artifact>, Option<Terms>), Verdict> {
        let artifacts = self.whole_artifacts();
        let mut common: Option<Terms> = None;
        for artifact in &artifacts {
            let terms = self.terms_of(artifact)?;
            if common.as_ref().is_some_and(|first| *first != terms) {
                return Err(Verdict::HashMismatch);
            }
            common = Some(terms);
        }
        Ok((artifacts, common))
    }

    fn terms_of(&self, artifact: &Artifact) -> Result<Terms, Verdict> {
        if artifact.hash().ok() != Some(artifact.head.artifact_hash) {
            return Err(Verdict::HashMismatch);
        }
        let head = artifact.checkpoint().map_err(|_| Verdict::Malformed)?;
        if !head.is_none_or(|c| c.head.ledger == self.ledger && c.head.seq < self.seq) {
            return Err(Verdict::HashMismatch);
        }
        let action = self.entry.action_hash.ok_or(Verdict::Malformed)?;
        Terms::of(artifact, action).map_err(verdict)
    }

    /// The level that the decisions inside reach, where the words beside them are true.
    fn level(&self, trust: &TrustStore, judged: &Judged<'_>) -> Result<Reached, Verdict> {
        let (artifacts, terms) = self.asked()?;
        if let Some(terms) = &terms {
            words::agrees(&self.entry, &terms.route)?;
        }
        let weighed = self.weighed((&artifacts, terms.as_ref()), trust, judged)?;
        let reached = self.reached(terms.as_ref(), &weighed)?;
        words::said_truly(&self.entry, &weighed)?;
        Ok(reached)
    }

    /// The level that the decisions inside reach, whatever is said beside them.
    fn proven(&self, trust: &TrustStore, judged: &Judged<'_>) -> Result<Reached, Verdict> {
        let (artifacts, terms) = self.asked()?;
        let weighed = self.weighed((&artifacts, terms.as_ref()), trust, judged)?;
        self.reached(terms.as_ref(), &weighed)
    }

    fn reached(&self, terms: Option<&Terms>, weighed: &[Weighed<'_>]) -> Result<Reached, Verdict> {
        let entry = &self.entry;
        let nobody = (Level::L0, None, Vec::new());
        if !entry.event.needs_approval() {
            return Ok(nobody);
        }
        let persons = quorum::allowing(weighed);
        if terms.is_some_and(|terms| terms.met_by(&quorum::answers(weighed))) {
            let counted = weighed.iter().filter(|w| persons.contains(w.signer.person.as_str()));
            let assurance = counted.map(|w| w.assurance).min();
            return Ok((Level::L1, assurance, persons.into_iter().map(str::to_owned).collect()));
        }
        if entry.basis == Basis::Decision {
            return Err(quorum::short(terms.map(|terms| &terms.route), &persons));
        }
        Ok(nobody)
    }

    fn weighed<'a>(
        &self,
        asked: (&[Artifact], Option<&Terms>),
        trust: &'a TrustStore,
        judged: &Judged<'_>,
    ) -> Result<Vec<Weighed<'a>>, Verdict> {
        let weigh = |decision| self.weigh(decision, asked, trust, judged);
        self.entry.decisions.iter().map(weigh).collect()
    }

    /// Whose decision it is, with which assurance, and what the gate would have counted it as.
    fn weigh<'a>(
        &self,
        decision: &Decision,
        asked: (&[Artifact], Option<&Terms>),
        trust: &'a TrustStore,
        judged: &Judged<'_>,
    ) -> Result<Weighed<'a>, Verdict> {
        if trust.operator(&decision.signer_key_id).is_some() {
            return Err(Verdict::SelfApproval);
        }
        let id = &decision.signer_key_id;
        let signer = trust.approver(id).ok_or_else(|| untrusted(id))?;
        if !judged.counts(&signer.status) {
            return Err(Verdict::Revoked);
        }
        self.counted(decision, signer, asked, judged.at.now)
    }

    /// The same of a signer whose key counts.
    fn counted<'a>(
        &self,
        decision: &Decision,
        signer: &'a Approver,
        (artifacts, terms): (&[Artifact], Option<&Terms>),
        now: Instant,
    ) -> Result<Weighed<'a>, Verdict> {
        decision.verify_signature(&signer.keys.signing()).map_err(|_| Verdict::BadSignature)?;
        let hash = decision.artifact_hash;
        // Every artifact's claimed hash was worked out again before.
        let answered = artifacts.iter().find(|a| a.head.artifact_hash == hash);
        let (artifact, terms) = answered.zip(terms).ok_or(Verdict::HashMismatch)?;
        verify::same_names(decision, &artifact.head).map_err(verdict)?;
        let (signer, assurance) = self.as_it_was(signer, decision, &terms.route)?;
        let yes = items::yes(decision, terms, self.entry.items.as_deref());
        // A yes that came too late or takes more than was offered is none, and no no either.
        let in_bounds = || Taken::of(decision, &artifact.head, &terms.route).is_ok();
        let in_time = || self.in_time(decision, artifact, now);
        let says = yes.filter(|yes| !yes || in_bounds() && in_time());
        Ok(Weighed { signer, assurance, says })
    }

    /// The record of the signer by which the gate counted the decision, and what it counted as.
    /// Where the record was changed within the skew of the use, either may have been in force.
    fn as_it_was<'a>(
        &self,
        signer: &'a Approver,
        decision: &Decision,
        route: &Route,
    ) -> Result<(Cow<'a, Approver>, Assurance), Verdict> {
        let judge = |skew| {
            let signer = signer.at(self.used().plus_millis(skew));
            verify::seated(&signer, route)?;
            let assurance = verify::assured(decision, &signer, route)?;
            Ok((signer, assurance))
        };
        let exact = judge(0).map_err(verdict);
        let near = || [-DEFAULT_SKEW_MILLIS, DEFAULT_SKEW_MILLIS].into_iter().map(judge);
        exact.or_else(|refused| near().find_map(Result::ok).ok_or(refused))
    }

    /// When what it records was used: the claim of a run, else when it was recorded.
    fn used(&self) -> Instant {
        let claimed = self.entry.outcome.as_ref().map(|o| o.claimed_at.instant());
        claimed.unwrap_or_else(|| self.recorded_at.instant())
    }

    /// Whether the approval was alive when it was used, and none of it lies in the future.
    fn in_time(&self, decision: &Decision, artifact: &Artifact, now: Instant) -> bool {
        let used = self.used();
        let alive = verify::in_time(decision, &artifact.head, used, DEFAULT_SKEW_MILLIS).is_ok();
        let created = artifact.head.created_at.instant();
        let skewed = |at: Instant| at.plus_millis(DEFAULT_SKEW_MILLIS);
        alive && used <= skewed(self.recorded_at.instant()) && created <= skewed(now)
    }
}

/// A stranger chose the name of the key: it is quoted and not repeated.
fn untrusted(key_id: &KeyId) -> Verdict {
    Verdict::Untrusted { key_id: KeyId(clip(&key_id.0)) }
}

/// What a refusal of the gate is called in a receipt. What only makes an answer not count (its
/// time, session, scope or reason) is counted, and never comes here.
fn verdict(refusal: Refusal) -> Verdict {
    match refusal {
        Refusal::UnknownSigner(key_id) => untrusted(&key_id),
        Refusal::RevokedSigner(_) => Verdict::Revoked,
        Refusal::OffRoster(_) | Refusal::Assurance { .. } => Verdict::OffRoster,
        Refusal::Signature => Verdict::BadSignature,
        Refusal::HashMismatch | Refusal::WrongRequest(_) | Refusal::WrongRepository => {
            Verdict::HashMismatch
        }
        Refusal::Schema(_)
        | Refusal::NoRoute
        | Refusal::DecisionExpired(_)
        | Refusal::ArtifactExpired(_)
        | Refusal::FromTheFuture(_)
        | Refusal::WrongSession
        | Refusal::Scope(_)
        | Refusal::Unclear(_)
        | Refusal::NoReason
        | Refusal::Replay => Verdict::Malformed,
    }
}

#[cfg(test)]
mod tests;
