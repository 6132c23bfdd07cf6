//! Which texts a person accepted, and where.
//!
//! The receipts of the event `policy` are the record: there is no file beside them that somebody
//! could put back. Each names its place and the text before it, and only the newest of a place
//! holds. The first one in a home that never pinned an approver is the home's bootstrap; every
//! other is allowed by an approver of the highest assurance, as another approver would be.

use super::layers::hash_of;
use super::{Place, layers, roster};
use crate::ask::{Answered, Relays};
use crate::entry;
use crate::gate::{Enforcer, GateError};
use crate::home::HomeError;
use crate::pairing::PairingError;
use crate::question::{Grounds, Question, Way};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::Context;
use countersign_core::encoding::Hash;
use countersign_core::receipt::check::Verdict;
use countersign_core::receipt::{Event, Receipt};
use countersign_core::time::Instant;
use countersign_core::trust::TrustStore;
use countersign_policy::load::{Dialect, load_with_places};
use countersign_store::ledger::{Change, Proven};
use serde_json::{Map, Value, json};
use std::path::Path;

/// One text that somebody accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acceptance {
    /// Where it holds.
    pub place: Place,
    /// SHA-256 of the text.
    pub sha256: Hash,
    /// The text that it replaced.
    pub previous: Option<Hash>,
    /// When.
    pub at: Instant,
    /// The number of its receipt.
    pub seq: u64,
}

/// A text that somebody wants to accept. It loads, and every label in it is somebody's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    place: Place,
    text: String,
    sha256: Hash,
    previous: Option<Hash>,
}

impl Proposal {
    /// SHA-256 of the text.
    #[must_use]
    pub fn sha256(&self) -> Hash {
        self.sha256
    }

    /// What it would replace.
    #[must_use]
    pub fn previous(&self) -> Option<Hash> {
        self.previous
    }

    /// What an approver allows: the whole text, its place, and what it replaces.
    fn action(&self) -> Action {
        let mut members = self.members();
        members.insert("text".into(), self.text.clone().into());
        let parameters = Value::Object(members);
        let action = "countersign.policy.accept".to_owned();
        Action::Request(Request { action, parameters, verb: None })
    }

    fn members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("place".into(), json!(self.place.layer()));
        if let Place::Workspace(dir) = &self.place {
            members.insert("workspace".into(), json!(dir));
        }
        members.insert("sha256".into(), json!(self.sha256));
        members.extend(self.previous.map(|hash| ("previous".to_owned(), json!(hash))));
        members
    }

    fn question(&self, to: Vec<Way>, ttl_millis: i64) -> Question {
        let note = "allowing this changes what this enforcer runs without asking";
        Question {
            action: self.action(),
            disclosures: Vec::new(),
            context: Context { notes: vec![note.into()], ..Context::default() },
            grounds: Grounds::fixed("policy", "a policy is accepted by those it binds")
                .of_admitters(&to),
            principal: "home".into(),
            session: "policy".into(),
            workspace: "home".into(),
            ttl_millis,
            to,
        }
    }
}

impl Enforcer {
    /// Every acceptance that this home's operator recorded, oldest first.
    ///
    /// # Errors
    /// Where the ledger or the pinned keys cannot be read.
    pub async fn acceptances(&self) -> Result<Vec<Acceptance>, GateError> {
        Ok(self.accepted_by(&self.past().await?)?)
    }

    /// The same by what was read a moment ago.
    pub(crate) fn accepted_by(&self, past: &Proven) -> Result<Vec<Acceptance>, HomeError> {
        let (ledger, trust) = (self.ledger().ledger_id(), self.trust()?);
        Ok(accepted(past.of(&[Change::Policy]), ledger, &trust, self.now()))
    }

    /// A text to be accepted at a place; `path` is its file, whose name tells the dialect.
    ///
    /// # Errors
    /// Where it does not load, or asks somebody whom this home does not know.
    pub async fn propose_policy(
        &self,
        place: Place,
        path: &Path,
        text: Vec<u8>,
    ) -> Result<Proposal, GateError> {
        let dialect = Dialect::of_name(&path.to_string_lossy());
        let refused = |mistakes| layers::of_mistakes(path, &mistakes);
        let (policy, labels) = load_with_places(&text, dialect).map_err(refused)?;
        roster::known(&policy, &labels, &self.ways()?)?;
        let accepted = self.acceptances().await?;
        let newest = accepted.iter().rev().find(|one| one.place == place);
        let previous = newest.map(|one| one.sha256);
        let sha256 = hash_of(&text);
        // INVARIANT: what loads is text.
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(Proposal { place, text, sha256, previous })
    }

    /// What one of the [`Enforcer::admitters`] must allow before a text counts; `None` in a home
    /// that never pinned anybody.
    ///
    /// # Errors
    /// As [`Enforcer::admitters`].
    pub async fn policy_question(
        &self,
        proposal: &Proposal,
        ttl_millis: i64,
    ) -> Result<Option<Question>, PairingError> {
        Ok(self.admitters().await?.map(|to| proposal.question(to, ttl_millis)))
    }

    /// Accepts the first policy of a home that has nobody to ask yet.
    ///
    /// # Errors
    /// Where there is somebody to ask, or it cannot be written down.
    pub async fn accept_first_policy(&self, proposal: &Proposal) -> Result<Receipt, PairingError> {
        if self.admitters().await?.is_some() {
            return Err(PairingError::NotAllowed("an approver must allow a policy".into()));
        }
        self.record_acceptance(proposal).await
    }

    /// Accepts a text once its [`Enforcer::policy_question`] was approved.
    ///
    /// # Errors
    /// Where it was not, or it cannot be written down.
    pub async fn accept_policy(
        &self,
        proposal: &Proposal,
        answered: Answered,
        relays: &Relays,
    ) -> Result<Receipt, PairingError> {
        let hash = proposal.action().hash().map_err(GateError::from)?;
        let permit = self.admitted(answered, hash, relays).await?;
        let recorded = self.record_acceptance(proposal).await;
        self.change_made(permit, recorded).await
    }

    async fn record_acceptance(&self, proposal: &Proposal) -> Result<Receipt, PairingError> {
        // What was allowed replaces one text; another that came meanwhile it does not.
        let accepted = self.acceptances().await?;
        let newest = accepted.iter().rev().find(|one| one.place == proposal.place);
        if newest.map(|one| one.sha256) != proposal.previous {
            let why = "another policy was accepted there meanwhile: look at it and accept again";
            return Err(PairingError::NotAllowed(why.into()));
        }
        let mut action = entry::note("policy", &[]);
        action.extend(proposal.members());
        Ok(self.record_change(Event::Policy, action).await?)
    }
}

/// The acceptances among the receipts of policy changes that the pinned operator of a ledger
/// signed, oldest first.
#[must_use]
pub fn accepted<'a>(
    receipts: impl Iterator<Item = &'a Receipt>,
    ledger: &str,
    trust: &TrustStore,
    now: Instant,
) -> Vec<Acceptance> {
    let ours = |receipt: &&Receipt| {
        let valid = matches!(receipt.check(trust, now), Verdict::Valid { .. });
        valid && receipt.content.ledger == ledger
    };
    receipts.filter(ours).filter_map(acceptance).collect()
}

/// Reads an acceptance back. One that is not understood is none.
fn acceptance(receipt: &Receipt) -> Option<Acceptance> {
    let content = &receipt.content;
    let action = content.entry.action.as_ref()?;
    let text = |name| action.get(name).and_then(Value::as_str);
    let hash = |name| action.get(name).and_then(|v| serde_json::from_value(v.clone()).ok());
    let place = match (text("place")?, text("workspace")) {
        ("organisation", None) => Place::Organisation,
        ("home", None) => Place::Home,
        ("workspace", Some(dir)) => Place::Workspace(dir.to_owned()),
        _ => return None,
    };
    let (at, seq) = (content.recorded_at.instant(), content.seq);
    Some(Acceptance { place, sha256: hash("sha256")?, previous: hash("previous"), at, seq })
}
