//! Changes of who is pinned as what, other than by pairing (PROTOCOL §8).
//!
//! Roles, persons and assurance that are changed, a key that follows another and keys out of a
//! file are one thing: records of the trust store that become others. Whoever may allow another
//! approver allows them too, sees each whole, before and after, and each leaves a receipt.

use crate::ask::{Answered, Relays};
use crate::gate::{Enforcer, GateError};
use crate::home::{HomeError, Pairing};
use crate::pairing::PairingError;
use crate::question::{Grounds, Question, Way};
use crate::remembered::{PASSKEY, change};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::{Assurance, Context};
use countersign_core::json;
use countersign_core::keys::PublicKeys;
use countersign_core::keys::rotation::Rotation;
use countersign_core::passkey::{Offer, OfferError};
use countersign_core::receipt::Event;
use countersign_core::trust::{Approver, Operator, Status, TrustStore};
use countersign_core::verify::DEFAULT_SKEW_MILLIS;
use serde::Serialize;

/// Records of the trust store that become others, for one reason.
#[derive(Clone, PartialEq, Debug)]
pub struct Amendment {
    kind: Kind,
    edits: Vec<Edit>,
    operators: Vec<Operator>,
    pairing: Option<Pairing>,
}

/// Why records change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Set,
    Rotate,
    Import,
}

/// One record before and after. What is not as it was when it was asked about changes nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Edit {
    /// As it is; `None` where it is new.
    pub before: Option<Approver>,
    /// As it will be.
    pub after: Approver,
}

/// What becomes of an approver; what is `None` stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Particulars {
    /// Whose it is.
    pub person: Option<String>,
    /// What the person may answer for.
    pub roles: Option<Vec<String>>,
    /// How sure we are that it is the person.
    pub assurance: Option<Assurance>,
}

/// Why nothing was amended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmendError {
    /// Nothing would be different.
    #[error("nothing would change")]
    Nothing,
    /// A record is not as it was when people were asked.
    #[error("the pinned keys changed meanwhile: try again")]
    Changed,
    /// The key that speaks counts no more, or was replaced before.
    #[error("the key `{0}` was replaced or taken back, or is not pinned here")]
    NotCounting(String),
    /// A key is pinned here as something else.
    #[error("the key `{0}` is pinned here already, as somebody else or as something else")]
    Conflict(String),
    /// A name that no person or role can have.
    #[error("`{0}` is no name: use 1 to 64 of a-z, A-Z, 0-9, `.`, `_`, `@` and `-`")]
    Name(String),
    /// The statement of a key about its successor is not good.
    #[error(transparent)]
    Rotation(#[from] countersign_core::keys::rotation::RotationError),
    /// What a device says of its passkey is not good.
    #[error(transparent)]
    Passkey(#[from] OfferError),
    /// The key lives on this machine.
    #[error("`{0}` is a `local` key, which no passkey lifts: pair it with `web` or `device` first")]
    Local(String),
    /// Taking it back would leave nobody who may allow anything that changes who may answer.
    #[error(
        "`{0}` has the only passkey that counts here, and nobody could admit an approver without one: pin another device's first"
    )]
    OnlyPasskey(String),
}

/// Whether a text can name a person or a role: a policy can write it, and a screen show it.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._@-".contains(&b);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

impl Amendment {
    /// Other particulars for the key of a pairing.
    ///
    /// # Errors
    /// Where the key does not count, a name is none, or nothing would change.
    pub fn set(trust: &TrustStore, of: &Pairing, to: Particulars) -> Result<Self, AmendError> {
        let before = active(trust, of)?.clone();
        let mut after = before.clone();
        after.person = to.person.unwrap_or(after.person);
        after.roles = to.roles.unwrap_or(after.roles);
        after.assurance = to.assurance.unwrap_or(after.assurance);
        if mixes_names(trust, &after) {
            return Err(AmendError::Conflict(after.key_id.to_string()));
        }
        Self::of(Kind::Set, vec![Edit { before: Some(before), after }])
    }

    /// The passkey that the device of a pairing offers, in place of any that it has.
    ///
    /// # Errors
    /// Where the key is not active or `local`, or the offer is not good at `now`.
    pub fn passkey(
        trust: &TrustStore,
        of: &Pairing,
        offer: Offer,
        now: countersign_core::time::Instant,
    ) -> Result<Self, AmendError> {
        let before = active(trust, of)?.clone();
        if before.assurance == Assurance::Local {
            return Err(AmendError::Local(of.name.clone()));
        }
        let passkey = Some(offer.verify(&before.keys, now, DEFAULT_SKEW_MILLIS)?);
        let after = Approver { passkey, ..before.clone() };
        Self::of(Kind::Set, vec![Edit { before: Some(before), after }])
    }

    /// No passkey for the key of a pairing: its answers count as they did before it had one.
    ///
    /// # Errors
    /// Where the key is not active, has none, or has the only one. What was once asked of approvers
    /// is asked of them for ever: without any passkey nobody could meet it again.
    pub fn no_passkey(trust: &TrustStore, of: &Pairing) -> Result<Self, AmendError> {
        let before = active(trust, of)?.clone();
        let after = Approver { passkey: None, ..before.clone() };
        let mut others = trust.approvers.iter().filter(|one| one.key_id != before.key_id);
        let verified = |one: &Approver| {
            one.status == (Status::Active {}) && one.reach() == Assurance::Verified
        };
        if before.reach() == Assurance::Verified && !others.any(verified) {
            return Err(AmendError::OnlyPasskey(of.name.clone()));
        }
        Self::of(Kind::Set, vec![Edit { before: Some(before), after }])
    }

    /// The successor that the key of a pairing signed. Everything but the key stays.
    ///
    /// # Errors
    /// Where the older key is not active, or the statement is not good at `now`.
    pub fn rotate(
        trust: &TrustStore,
        of: &Pairing,
        rotation: &Rotation,
        now: countersign_core::time::Instant,
    ) -> Result<Self, AmendError> {
        let before = active(trust, of)?.clone();
        rotation.verify(&before.keys, now, DEFAULT_SKEW_MILLIS)?;
        let new = rotation.body.new_keys;
        unpinned(trust, &new)?;
        let until = rotation.body.until.clone();
        let old = Approver { status: Status::Rotated { until }, ..before.clone() };
        let (key_id, created_at) = (new.key_id(), now.timestamp());
        let successor =
            Approver { key_id: key_id.clone(), keys: new, created_at, ..before.clone() };
        let edits = vec![
            Edit { before: Some(before), after: old },
            Edit { before: None, after: successor },
        ];
        let pairing = Some(Pairing { key_id, ..of.clone() });
        Ok(Self { pairing, ..Self::of(Kind::Rotate, edits)? })
    }

    /// What a file pins and this home does not. A key that the file says was taken back is taken
    /// back here too; of keys that both know, nothing else changes.
    ///
    /// # Errors
    /// Where a key is something else here, a name is none, or nothing would change.
    pub fn import(trust: &TrustStore, file: TrustStore) -> Result<Self, AmendError> {
        let mut edits = Vec::new();
        for after in file.approvers {
            let before = trust.approver(&after.key_id).cloned();
            match &before {
                None if mixes_names(trust, &after) => {
                    return Err(AmendError::Conflict(after.key_id.to_string()));
                }
                None => unpinned(trust, &after.keys)?,
                Some(ours) if taken_back(ours, &after) => {
                    let after = Approver { status: after.status, ..ours.clone() };
                    edits.push(Edit { before, after });
                    continue;
                }
                Some(ours) if same(ours, &after) => continue,
                Some(_) => return Err(AmendError::Conflict(after.key_id.to_string())),
            }
            edits.push(Edit { before, after });
        }
        let mut operators = Vec::new();
        for operator in file.operators {
            match trust.operator(&operator.key_id) {
                Some(_) => {}
                None if trust.approver(&operator.key_id).is_some() => {
                    return Err(AmendError::Conflict(operator.key_id.to_string()));
                }
                None => operators.push(operator),
            }
        }
        if edits.is_empty() && !operators.is_empty() {
            return Ok(Self { kind: Kind::Import, edits, operators, pairing: None });
        }
        Ok(Self { operators, ..Self::of(Kind::Import, edits)? })
    }

    fn of(kind: Kind, edits: Vec<Edit>) -> Result<Self, AmendError> {
        if edits.iter().all(|edit| edit.before.as_ref() == Some(&edit.after)) {
            return Err(AmendError::Nothing);
        }
        let after = edits.iter().map(|edit| &edit.after);
        let bad = after.flat_map(|a| a.roles.iter().chain([&a.person])).find(|name| !is_name(name));
        if let Some(bad) = bad {
            return Err(AmendError::Name(countersign_core::display::visible(bad, false)));
        }
        Ok(Self { kind, edits, operators: Vec::new(), pairing: None })
    }

    /// What becomes of the approvers.
    #[must_use]
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// Which keys that sign receipts are pinned besides.
    #[must_use]
    pub fn operators(&self) -> &[Operator] {
        &self.operators
    }

    fn action(&self) -> Action {
        let action = match self.kind {
            Kind::Set => "countersign.trust.set",
            Kind::Rotate => "countersign.key.rotate",
            Kind::Import => "countersign.trust.import",
        };
        let parameters = serde_json::json!({"approvers": self.edits, "operators": self.operators});
        Action::Request(Request { action: action.into(), parameters, verb: None })
    }

    fn question(&self, to: Vec<Way>, ttl_millis: i64) -> Question {
        let note = "allowing this changes who may answer for this home, and as what";
        Question {
            action: self.action(),
            disclosures: Vec::new(),
            context: Context { notes: vec![note.into()], ..Context::default() },
            grounds: Grounds::fixed("admission", "pinned approvers are changed by those who admit")
                .of_admitters(&to),
            principal: "home".into(),
            session: "trust".into(),
            workspace: "home".into(),
            ttl_millis,
            to,
        }
    }

    /// Changes the records, where all of them are as they were.
    pub(crate) fn apply(&self, store: &mut TrustStore) -> Result<(), AmendError> {
        for Edit { before, after } in &self.edits {
            if store.approver(&after.key_id) != before.as_ref() {
                return Err(AmendError::Changed);
            }
            match store.approvers.iter_mut().find(|a| a.key_id == after.key_id) {
                Some(record) => record.clone_from(after),
                None => store.approvers.push(after.clone()),
            }
        }
        for operator in &self.operators {
            if store.operator(&operator.key_id).is_some() {
                return Err(AmendError::Changed);
            }
            store.operators.push(operator.clone());
        }
        Ok(())
    }

    /// The way to the successor.
    pub(crate) fn pairing(&self) -> Option<&Pairing> {
        self.pairing.as_ref()
    }
}

impl Edit {
    /// What its receipt says happened.
    fn change(&self, kind: Kind) -> &'static str {
        match (kind, &self.before, &self.after.status) {
            (Kind::Import, Some(_), _) => change::REVOKED,
            (Kind::Import, None, _) => "imported",
            (Kind::Rotate, None, _) => "successor",
            (Kind::Rotate, Some(_), _) => change::ROTATED,
            (Kind::Set, ..) => "set",
        }
    }
}

/// The record of a pairing's key, which counts and was not replaced.
fn active<'a>(trust: &'a TrustStore, of: &Pairing) -> Result<&'a Approver, AmendError> {
    let found = trust.approver(&of.key_id).filter(|one| one.status == Status::Active {});
    found.ok_or_else(|| AmendError::NotCounting(of.key_id.to_string()))
}

/// Whether a device would bear a person's name and be another's, so that a policy which names the
/// person would be answered by the device.
pub(crate) fn mixes_names(trust: &TrustStore, new: &Approver) -> bool {
    let other = |a: &&Approver| a.person != new.person && a.key_id != new.key_id;
    trust.approvers.iter().filter(other).any(|a| a.person == new.label || a.label == new.person)
}

/// Neither half may be anybody's already, whatever became of it.
fn unpinned(trust: &TrustStore, keys: &PublicKeys) -> Result<(), AmendError> {
    let approvers = trust.approvers.iter().map(|a| &a.keys);
    let mut pinned = approvers.chain(trust.operators.iter().map(|o| &o.keys));
    let known = pinned.any(|p| p.key_id() == keys.key_id() || p.exchange() == keys.exchange());
    if known { Err(AmendError::Conflict(keys.key_id().to_string())) } else { Ok(()) }
}

fn taken_back(ours: &Approver, theirs: &Approver) -> bool {
    let revoked = |a: &Approver| matches!(a.status, Status::Revoked { .. });
    !revoked(ours) && revoked(theirs) && ours.keys == theirs.keys
}

/// Whether two records say the same of a key; ours may be the stricter one.
fn same(ours: &Approver, theirs: &Approver) -> bool {
    let lax = Approver {
        status: ours.status.clone(),
        created_at: ours.created_at.clone(),
        ..theirs.clone()
    };
    *ours == lax
}

impl Enforcer {
    /// What must be allowed before records change; `None` in a new home, for an import only.
    ///
    /// # Errors
    /// As [`Enforcer::admitters`].
    pub async fn amendment(
        &self,
        amendment: &Amendment,
        ttl_millis: i64,
    ) -> Result<Option<Question>, PairingError> {
        Ok(self.admitters().await?.map(|to| amendment.question(to, ttl_millis)))
    }

    /// Changes the records of a new home, whose first pinned keys are its bootstrap.
    ///
    /// # Errors
    /// Where the home is not new, or it cannot be written down.
    pub async fn amend_new(&self, amendment: &Amendment) -> Result<(), PairingError> {
        if amendment.kind != Kind::Import || self.admitters().await?.is_some() {
            return Err(PairingError::NotAllowed("this home has pinned keys already".into()));
        }
        self.amended(amendment, true).await
    }

    /// Changes the records once the question was approved.
    ///
    /// # Errors
    /// Where it was not, a record changed meanwhile, or it cannot be written down.
    pub async fn amend(
        &self,
        amendment: &Amendment,
        answered: Answered,
        relays: &Relays,
    ) -> Result<(), PairingError> {
        let hash = amendment.action().hash().map_err(GateError::from)?;
        let permit = self.admitted(answered, hash, relays).await?;
        let changed = self.amended(amendment, false).await;
        self.change_made(permit, changed).await
    }

    async fn amended(&self, amendment: &Amendment, bootstrap: bool) -> Result<(), PairingError> {
        // Else a receipt would tell of what never came to be.
        amendment.apply(&mut self.trust()?).map_err(HomeError::from)?;
        // Recorded first: a key that counts is never one that the ledger does not know of.
        for edit in &amendment.edits {
            self.record_edit(edit, edit.change(amendment.kind)).await?;
        }
        for operator in &amendment.operators {
            let id = &operator.key_id.0;
            let members = [("change", "operator imported"), ("keyId", id.as_str())];
            self.record_key(Event::Key, &members).await?;
        }
        let done = self.home().amend(self.identity(), amendment, bootstrap);
        if done.is_err() {
            for edit in &amendment.edits {
                let ended =
                    matches!(edit.change(amendment.kind), change::ROTATED | change::REVOKED);
                let unsaid = if ended { change::NOT_ENDED } else { change::NOT_PINNED };
                let members = [("change", unsaid), ("keyId", edit.after.key_id.0.as_str())];
                self.record_key(Event::Key, &members).await?;
            }
        }
        Ok(done?)
    }

    async fn record_edit(&self, edit: &Edit, change: &str) -> Result<(), GateError> {
        let after = &edit.after;
        let fingerprint = after.keys.fingerprint().to_string();
        let roles = json::canonical(&after.roles)?;
        let roles = String::from_utf8_lossy(&roles);
        let mut members = vec![
            ("change", change),
            ("keyId", &after.key_id.0),
            ("person", &after.person),
            ("fingerprint", &fingerprint),
            ("assurance", after.assurance.name()),
            ("roles", &roles),
        ];
        let passkey = after.passkey.as_ref().map(json::canonical).transpose()?;
        let passkey = passkey.as_deref().map(String::from_utf8_lossy);
        members.extend(passkey.as_deref().map(|passkey| (PASSKEY, passkey)));
        match &after.status {
            Status::Active {} => {}
            Status::Rotated { until } => members.push(("until", until.as_str())),
            Status::Revoked { at, compromised_since } => {
                members.push(("revokedAt", at.as_str()));
                let since = compromised_since.as_ref();
                members.extend(since.map(|since| ("compromisedSince", since.as_str())));
            }
        }
        self.record_key(Event::Key, &members).await?;
        Ok(())
    }
}
