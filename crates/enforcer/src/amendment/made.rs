//! An amendment asked about, made and recorded.

use super::{Amendment, Edit, Kind};
use crate::ask::{Answered, Relays};
use crate::cut_off::Told;
use crate::floor;
use crate::gate::{Enforcer, GateError};
use crate::home::{HomeError, Pairing};
use crate::pairing::PairingError;
use crate::question::{Grounds, Question, Way};
use crate::remembered::{PASSKEY, PAST, change};
use countersign_core::action::{Action, Request};
use countersign_core::artifact::Context;
use countersign_core::json::{self, JsonError};
use countersign_core::receipt::Event;
use countersign_core::trust::{Operator, Status};
use serde::Deserialize;
use serde_json::Value;

/// What the receipt of an operator's key that a file pins says happened to it.
const OPERATOR: &str = "operator imported";

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
        let since = self.newest_seq().await?;
        // Recorded first: a key that counts is never one that the ledger does not know of.
        let told = self.tell(amendment, &Told::default()).await;
        let done = match told {
            Ok(()) => self.make(amendment, bootstrap).await,
            Err(error) => Err(error.into()),
        };
        if done.is_err() {
            let unsaid = async { self.untell(amendment, &self.told_since(since).await?).await };
            unsaid.await.map_err(|error| GateError::Unrecorded(Box::new(error)))?;
        }
        done
    }

    /// Changes the records. All is looked at once more under the lock, since another change may
    /// have been made meanwhile.
    pub(crate) async fn make(
        &self,
        amendment: &Amendment,
        bootstrap: bool,
    ) -> Result<(), PairingError> {
        let remembered = self.look_back().await?;
        Ok(self.home().amend(self.identity(), amendment, &remembered, bootstrap)?)
    }

    /// Writes down what changes, but for what is told already.
    pub(crate) async fn tell(&self, amendment: &Amendment, told: &Told) -> Result<(), GateError> {
        for edit in &amendment.edits {
            if !amendment.tells(edit, told) {
                let members = edit.members(amendment.kind)?;
                let members: Vec<_> = members.iter().map(|(k, v)| (*k, v.as_str())).collect();
                self.record_key(Event::Key, &members).await?;
            }
        }
        for Operator { key_id, .. } in &amendment.operators {
            if !told.says(key_id, OPERATOR) {
                let members = [("change", OPERATOR), ("keyId", key_id.0.as_str())];
                self.record_key(Event::Key, &members).await?;
            }
        }
        Ok(())
    }

    /// Takes back what was told and did not come to be.
    pub(crate) async fn untell(&self, amendment: &Amendment, told: &Told) -> Result<(), GateError> {
        for edit in &amendment.edits {
            let change = edit.change(amendment.kind);
            // Another's word about the same key, told meanwhile, stands.
            if amendment.tells(edit, told) {
                let ended = matches!(change, change::ROTATED | change::REVOKED);
                let unsaid = if ended { change::NOT_ENDED } else { change::NOT_PINNED };
                let members = [("change", unsaid), ("keyId", edit.after.key_id.0.as_str())];
                self.record_key(Event::Key, &members).await?;
            }
        }
        Ok(())
    }
}

/// What the people are asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    approvers: Vec<Edit>,
    operators: Vec<Operator>,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Set, Self::Rotate, Self::Import];

    fn action(self) -> &'static str {
        match self {
            Self::Set => "countersign.trust.set",
            Self::Rotate => "countersign.key.rotate",
            Self::Import => "countersign.trust.import",
        }
    }
}

impl Edit {
    /// What its receipt says.
    fn members(&self, kind: Kind) -> Result<Vec<(&'static str, String)>, JsonError> {
        let after = &self.after;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let mut members = vec![
            ("change", self.change(kind).to_owned()),
            ("keyId", after.key_id.to_string()),
            ("person", after.person.clone()),
            ("fingerprint", after.keys.fingerprint().to_string()),
            ("assurance", after.assurance.name().to_owned()),
            ("roles", text(json::canonical(&after.roles)?)),
        ];
        let passkey = after.passkey.as_ref().map(json::canonical).transpose()?;
        members.extend(passkey.map(|passkey| (PASSKEY, text(passkey))));
        if !after.past.is_empty() {
            members.push((PAST, text(json::canonical(&after.past)?)));
        }
        match &after.status {
            Status::Active {} => {}
            Status::Rotated { until } => members.push(("until", until.to_string())),
            Status::Revoked { at, compromised_since } => {
                members.push(("revokedAt", at.to_string()));
                let since = compromised_since.as_ref();
                members.extend(since.map(|since| ("compromisedSince", since.to_string())));
            }
        }
        Ok(members)
    }
}

impl Amendment {
    /// Whether receipts tell, or take back, a part of it, and nothing else of any of its keys: what
    /// was changed later is not overruled.
    pub(crate) fn is_begun(&self, told: &Told) -> bool {
        let said = |edit: &&Edit| told.newest(&edit.after.key_id).is_some();
        let ours = |edit: &Edit| self.tells(edit, told) || told.unsays(&edit.after.key_id);
        let mut said = self.edits.iter().filter(said).peekable();
        said.peek().is_some() && said.all(ours)
    }

    /// Whether the newest word about the key of an edit is this edit.
    fn tells(&self, edit: &Edit, told: &Told) -> bool {
        let members = edit.members(self.kind);
        members.is_ok_and(|members| told.holds(&edit.after.key_id, &members))
    }

    /// Whether an action of this name asks for one.
    pub(crate) fn is_asked_by(name: &str) -> bool {
        Kind::ALL.iter().any(|kind| kind.action() == name)
    }

    /// What was asked, read back. `ways` are those before it.
    pub(crate) fn read(name: &str, parameters: &Value, ways: Vec<Pairing>) -> Option<Self> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.action() == name)?;
        let Asked { approvers: edits, operators } = Asked::deserialize(parameters).ok()?;
        let new = edits.iter().find(|edit| kind == Kind::Rotate && edit.before.is_none());
        let new = new.map(|edit| &edit.after);
        let way = ways.into_iter().find(|way| new.is_some_and(|new| new.pair_id == way.pair_id));
        let pairing = way.zip(new).map(|(way, new)| Pairing { key_id: new.key_id.clone(), ..way });
        Some(Self { kind, edits, operators, pairing })
    }

    pub(crate) fn action(&self) -> Action {
        let action = self.kind.action().to_owned();
        let parameters = serde_json::json!({"approvers": self.edits, "operators": self.operators});
        Action::Request(Request { action, parameters, verb: None })
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
