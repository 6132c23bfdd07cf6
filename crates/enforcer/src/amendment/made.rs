//! An amendment asked about, made and recorded.

use super::{Amendment, Edit, Kind};
use crate::ask::{Answered, Relays};
use crate::floor;
use crate::gate::{Enforcer, GateError};
use crate::home::HomeError;
use crate::pairing::PairingError;
use crate::question::{Grounds, Question, Way};
use crate::remembered::{PASSKEY, change};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::Context;
use countersign_core::json;
use countersign_core::receipt::Event;
use countersign_core::trust::Status;

impl Enforcer {
    /// What must be allowed before records change; `None` in a new home, for an import only.
    ///
    /// # Errors
    /// As [`Enforcer::admitters`], and where it could not be made or nobody would be left after it.
    pub async fn amendment(
        &self,
        amendment: &Amendment,
        ttl_millis: i64,
    ) -> Result<Option<Question>, PairingError> {
        let Some(to) = self.admitters().await? else { return Ok(None) };
        self.can_be(amendment).await?;
        Ok(Some(amendment.question(to, ttl_millis)))
    }

    /// Demands that the records are as they were, and that somebody is left after it.
    async fn can_be(&self, amendment: &Amendment) -> Result<(), PairingError> {
        let before = self.floor().await?;
        let mut after = self.trust()?;
        amendment.apply(&mut after).map_err(HomeError::from)?;
        // The first file of a new home is the home's bootstrap: an auditor's asks nobody.
        if before.is_some() {
            let ways = amendment.ways(self.home().pairings()?);
            floor::kept(before, &after, &ways).map_err(HomeError::from)?;
        }
        Ok(())
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
        self.can_be(amendment).await?;
        // Recorded first: a key that counts is never one that the ledger does not know of.
        for edit in &amendment.edits {
            self.record_edit(edit, edit.change(amendment.kind)).await?;
        }
        for operator in &amendment.operators {
            let id = &operator.key_id.0;
            let members = [("change", "operator imported"), ("keyId", id.as_str())];
            self.record_key(Event::Key, &members).await?;
        }
        // Looked at once more under the lock: another change may have been made meanwhile.
        let remembered = self.look_back().await?;
        let done = self.home().amend(self.identity(), amendment, &remembered, bootstrap);
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

impl Amendment {
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
}
