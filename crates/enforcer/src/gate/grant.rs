//! Standing permissions: asked for in exact words, signed, and used instead of asking again.
//!
//! Only an identical call is covered: its action hash, its principal, its workspace, and where the
//! grant says so its session. What the row of a grant says counts for nothing that was not signed.

mod check;
mod taken;

use super::standing::Counting;
use super::{Enforcer, GateError, RunOnce};
use crate::entry;
use crate::policy::{Judged, Ruling, Seated, recheck};
use crate::question::{Grounds, Question, payload};
use crate::witness::Contradicted;
use check::Standing;
pub(crate) use check::offered;
use countersign_core::action::{Action, ActionHash};
use countersign_core::artifact::Context;
use countersign_core::display::counted;
use countersign_core::grant::{Grant, GrantNote};
use countersign_core::receipt::course::GRANT;
use countersign_core::receipt::{Basis, Entry, Event, Receipt};
use countersign_core::redact::smuggles_commitment;
use countersign_core::request::State;
use countersign_core::time::Instant;
use countersign_policy::Asker;
use countersign_store::ledger::{
    Given, GrantRecord, GrantUse, LedgerError, NewGrant, NewPermit, RequestKey, RequestRecord,
};
use std::sync::Arc;
pub use taken::terms;

/// Whose call it is: principal, the caller's name for its session, workspace.
pub type Whose<'a> = (&'a str, &'a str, &'a str);

/// What somebody wants to be allowed again and again.
pub struct Wish<'a> {
    /// The call.
    pub action: &'a Action,
    /// Whether something was found that makes it critical.
    pub critical: bool,
    /// What the policies say of it.
    pub judged: &'a Judged,
    /// Whose call it is.
    pub whose: Whose<'a>,
    /// Whether it is to hold in this session only; a policy may want that anyway.
    pub session_only: bool,
    /// How long, in seconds; `None` is as long as is on offer, at most 8 hours.
    pub seconds: Option<u32>,
    /// How often; `None` is until it ends.
    pub count: Option<u32>,
}

/// A grant that somebody wants, and on which grounds it is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    grant: Grant,
    grounds: Grounds,
    session: String,
}

impl Wanted {
    /// The grant, as it would be signed.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The exact rule in words.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.grant.words()
    }
}

impl Enforcer {
    /// What would be signed for a wish, no wider than the policy offers.
    ///
    /// # Errors
    /// [`GateError::NotOffered`] where none is on offer, or less than what is wanted.
    pub async fn want_grant(&self, wish: Wish<'_>) -> Result<Wanted, GateError> {
        let none = |why: &str| Err(GateError::NotOffered(why.to_owned()));
        let grounds = match wish.judged.ruling(wish.critical) {
            Ruling::Asks(grounds) => grounds,
            Ruling::Runs(_) => return none("it runs without asking: no grant is needed"),
            Ruling::Blocked(_) => return none("the policy blocks it, and a grant lifts no block"),
        };
        // Its places would be others inside the grant, and its approver could not check the values.
        if smuggles_commitment(&wish.judged.shown().action().to_payload()?) {
            return none("a part of it is hidden, so each call is asked about");
        }
        let offer = offered(&wish.judged.verdict, wish.critical).map_err(GateError::NotOffered)?;
        let seconds = wish.seconds.unwrap_or(offer.max_seconds.min(USUAL_SECONDS));
        if seconds == 0 || seconds > offer.max_seconds {
            let most = counted(offer.max_seconds, "second");
            return none(&format!("the policy offers at most {most}"));
        }
        if wish.count == Some(0) {
            return none("a grant is used at least once");
        }
        let (principal, session, workspace) = wish.whose;
        let fresh = self.edge.id()?;
        let id = self.ledger.session(principal, session, &fresh).await?;
        let bound = wish.session_only || offer.session;
        let expires_at = self.now().plus_millis(i64::from(seconds) * 1_000).timestamp();
        let grant = Grant {
            action: payload(wish.action)?,
            principal: principal.to_owned(),
            session: bound.then_some(id),
            workspace: workspace.to_owned(),
            expires_at,
            count: wish.count,
        };
        if self.ledger.latest().await?.is_some_and(|seen| !grant.lasts(seen)) {
            return none("the clock is behind what this ledger has seen: it would be over already");
        }
        Ok(Wanted { grant, grounds, session: session.to_owned() })
    }

    /// The question by which a grant is asked for. What an approver signs is the grant itself.
    ///
    /// # Errors
    /// Where it has no canonical form.
    pub fn grant_question(
        &self,
        wanted: &Wanted,
        seated: Seated,
        ttl_millis: i64,
    ) -> Result<Question, GateError> {
        let Wanted { grant, grounds, session } = wanted;
        let Seated { ways: to, quorum } = seated;
        let context = Context {
            principal: Some(grant.principal.clone()),
            session: Some(session.clone()),
            workspace: Some(grant.workspace.clone()),
            notes: std::iter::once("allowing this gives a standing permission".to_owned())
                .chain(wanted.words())
                .collect(),
            ..Context::default()
        };
        Ok(Question {
            action: grant.to_action()?,
            disclosures: Vec::new(),
            context,
            grounds: grounds.clone().with_quorum(quorum),
            principal: grant.principal.clone(),
            session: session.clone(),
            workspace: grant.workspace.clone(),
            ttl_millis,
            to,
        })
    }

    /// Gives the grant once its question was approved.
    ///
    /// # Errors
    /// Where it was not, or something is true no more.
    pub async fn give_grant(
        &self,
        wanted: &Wanted,
        request: &RequestRecord,
        asker: Asker,
    ) -> Result<(GrantRecord, Receipt), GateError> {
        let signed = wanted.grant.to_action()?.hash()?;
        if request.state != State::Approved || request.key.action_hash != signed {
            return Err(LedgerError::State(request.state).into());
        }
        let (grant, now) = (&wanted.grant, self.now());
        let record = self.row(grant, request, now)?;
        let standing = self.standing(asker).await?;
        let own = record.clone();
        let recheck = Box::new(move |request: &RequestRecord| standing.allows(&own, request));
        let entry = self.granted(request)?;
        self.remember_head().await?;
        let given = Given::AskedFor;
        let new = NewGrant { grant: record.clone(), given, now, recheck, entry };
        let given = self.ledger.grant(new).await;
        let receipt = match self.unless_contradicted(&request.id, given).await {
            Ok(receipt) => receipt,
            Err(error) => {
                let action = grant.to_action()?;
                return Err(self.stopped(&action, wanted.grounds.note(), error).await);
            }
        };
        self.remember_head().await?;
        Ok((record, receipt))
    }

    fn row(
        &self,
        grant: &Grant,
        request: &RequestRecord,
        now: Instant,
    ) -> Result<GrantRecord, GateError> {
        Ok(GrantRecord {
            id: self.edge.id()?,
            request_id: request.id.clone(),
            principal: grant.principal.clone(),
            session: grant.session.clone(),
            workspace: grant.workspace.clone(),
            action_hash: grant.action_hash()?,
            granted_at: now,
            expires_at: grant.expires_at.instant(),
            count: grant.count,
            used: 0,
            revoked_at: None,
        })
    }

    fn granted(&self, request: &RequestRecord) -> Result<Entry, GateError> {
        let frame = self.entry_of(Event::Granted, request)?;
        let Some(last) = request.accepted_now().last() else { return Ok(frame) };
        Ok(entry::answered(frame, &last.decision, last.reason.as_ref(), &self.trust()?))
    }

    /// Takes a grant back, with its receipt.
    ///
    /// # Errors
    /// Where there is none of this id, or it was taken back before.
    pub async fn revoke_grant(&self, id: &str) -> Result<Receipt, GateError> {
        let given = self.ledger.grants().await?.into_iter().find(|grant| grant.id == id);
        let mut members = vec![("change", "revoked"), ("grant", id)];
        // The name of a grant is the ledger's; the request is what people signed.
        members.extend(given.iter().map(|grant| ("request", grant.request_id.as_str())));
        let note = entry::note(GRANT, &members);
        let entry = self.change(Event::Revoked, note)?;
        let receipt = self.ledger.revoke_grant(id, entry, self.now()).await?;
        self.remember_head().await?;
        self.tell_everywhere().await;
        Ok(receipt)
    }

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
            let why = format!("receipt {seq} took back the grant that would be used");
            let gone = Err(LedgerError::Contradicted(why));
            return Ok(self.unless_contradicted(&grant.request_id, gone).await?);
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

    async fn standing(&self, asker: Asker) -> Result<Standing, GateError> {
        let keys = self.keys_now().await?;
        let judge = recheck::Judge::of(self).await?;
        Ok(Standing { keys, judge, asker, now: self.now() })
    }
}

/// How long a grant lasts where nobody says: 8 hours, or less where less is on offer.
const USUAL_SECONDS: u32 = 8 * 3_600;

/// Whether a time is over already, for lists.
#[must_use]
pub fn state_of(grant: &GrantRecord, seen: Instant) -> &'static str {
    grant.over(seen).unwrap_or("it stands")
}
