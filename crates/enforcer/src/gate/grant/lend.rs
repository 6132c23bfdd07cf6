//! A call that goes under a grant, in place of a question. The use is counted before anything runs.

use super::Whose;
use crate::entry;
use crate::gate::standing::Counting;
use crate::gate::{Enforcer, GateError, RunOnce};
use crate::question::Grounds;
use crate::witness::Contradicted;
use countersign_core::action::{Action, ActionHash};
use countersign_core::grant::GrantNote;
use countersign_core::receipt::{Basis, Entry, Event};
use countersign_core::request::State;
use countersign_policy::Asker;
use countersign_store::ledger::{
    GrantRecord, GrantUse, LedgerError, NewPermit, RequestKey, RequestRecord,
};
use std::sync::Arc;

impl Enforcer {
    /// Lets a call go under a grant that covers it; `None` where none does, and it is asked about.
    /// The use is counted, durably, before this returns.
    ///
    /// # Errors
    /// Where it cannot be written down, or everything is frozen.
    pub async fn by_grant(
        &self,
        action: &Action,
        grounds: &Grounds,
        whose: Whose<'_>,
        asker: Asker,
    ) -> Result<Option<RunOnce>, GateError> {
        let (principal, session, workspace) = whose;
        let (action_hash, fresh) = (action.hash()?, self.edge.id()?);
        let key = RequestKey {
            session: self.ledger.session(principal, session, &fresh).await?,
            principal: principal.to_owned(),
            workspace: workspace.to_owned(),
            action_hash,
        };
        // A grant covers nothing critical, whoever gave it.
        if grounds.is_critical() {
            return Ok(None);
        }
        let grants = self.ledger.grants_for(&key).await?;
        // Nobody is there who would notice: where no gateway says that nobody stopped, and that the
        // ledger is the one of before, one is asked.
        let may = grants.is_empty() || self.heed_everywhere().await && self.is_witnessed().await?;
        if !may {
            return Ok(None);
        }
        for grant in grants {
            let under = (&grant, &key);
            match self.use_one(action, grounds, under, asker.clone()).await {
                Ok(permit) => return Ok(Some(permit)),
                // One that does not hold is none: a person is asked.
                Err(GateError::Ledger(LedgerError::Void { .. })) => {}
                Err(GateError::Ledger(error)) => {
                    return Err(self.stopped(action, grounds.note(), error).await);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn use_one(
        &self,
        action: &Action,
        grounds: &Grounds,
        (grant, key): (&GrantRecord, &RequestKey),
        asker: Asker,
    ) -> Result<RunOnce, GateError> {
        if let Some(seq) = self.past().await?.taken_back(grant) {
            return self.not_lent(seq, grant, key).await;
        }
        let unknown = || LedgerError::Unknown(grant.request_id.clone());
        let giver = self.ledger.request(&grant.request_id).await?.ok_or_else(unknown)?;
        let (id, now) = (self.edge.id()?, self.now());
        let mut entry = self.under(action, key.action_hash, grounds, (grant, &giver))?;
        entry.request_id = Some(id.clone());
        let request = RequestRecord {
            id,
            key: key.clone(),
            state: State::Executed,
            created_at: now,
            expires_at: now,
            step_ends: None,
            policy: Some(grounds.note().clone()),
            asked: Vec::new(),
            accepted: Vec::new(),
        };
        let standing = self.standing(asker).await?;
        self.remember_head().await?;
        let (id, owner) = (self.edge.id()?, self.owner.name().to_owned());
        let (frame, used) = (entry.clone(), request.clone());
        let permit = NewPermit { id, request, owner, now, entry };
        let recheck =
            move |grant: &GrantRecord, giver: &RequestRecord| standing.allows(grant, giver);
        let grant_id = grant.id.clone();
        let using = GrantUse { grant_id, permit, recheck: Box::new(recheck) };
        let claim = self.ledger.use_grant(using).await;
        let claim = self.unless_contradicted(&giver.id, claim).await?;
        // A use that no witness knows of could be had again, from a ledger that is put back.
        let kept = match self.remember_head().await {
            Ok(()) => self.witnessed_everywhere().await,
            error => error,
        };
        if let Err(error) = kept {
            self.give_up(&claim, frame, &error.to_string()).await?;
            return Err(error);
        }
        Ok(RunOnce { claim, request: used, frame })
    }

    /// Why a grant is not used that the receipt `seq` took back. Its row was read before: where it
    /// was taken back meanwhile, row and receipt agree. A row that still stands was edited.
    async fn not_lent<T>(
        &self,
        seq: u64,
        grant: &GrantRecord,
        key: &RequestKey,
    ) -> Result<T, GateError> {
        let why = format!("receipt {seq} took back the grant that would be used");
        let stands = self.ledger.grants_for(key).await?.iter().any(|row| row.id == grant.id);
        if !stands {
            let code = "HARP_ERR_POLICY_DENY".to_owned();
            return Err(LedgerError::Void { code, message: why }.into());
        }
        let gone = Err(LedgerError::Contradicted(why));
        Ok(self.unless_contradicted(&grant.request_id, gone).await?)
    }

    /// Whether every gateway agrees with the ledger; not where one is away.
    async fn is_witnessed(&self) -> Result<bool, GateError> {
        match self.witnessed_everywhere().await {
            Ok(()) => Ok(true),
            Err(GateError::Contradicted(Contradicted::NoWitness(_))) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What a receipt says of a call that goes under a grant.
    fn under(
        &self,
        action: &Action,
        hash: ActionHash,
        grounds: &Grounds,
        (grant, giver): (&GrantRecord, &RequestRecord),
    ) -> Result<Entry, GateError> {
        let note = grounds.note().clone();
        let trust = Arc::new(self.trust()?);
        let counting = Counting::new(trust, self.now()).since(grant.granted_at);
        let entry = entry::of_action(Event::Released, self.boundary, action, hash, note)?;
        let signed = giver.asked.first().map(|asked| asked.artifact.payload.clone());
        let note = GrantNote {
            id: grant.id.clone(),
            granted_at: grant.granted_at.timestamp(),
            action: signed.unwrap_or_default(),
            artifacts: giver.asked_now().map(|asked| asked.artifact.head.clone()).collect(),
            decisions: counting.decisions(giver),
        };
        Ok(Entry { basis: Basis::Grant, grant: Some(Box::new(note)), ..entry })
    }
}
