//! What happens to a request. Each function here is one caller's whole change: its rows and its
//! receipts stay together or not at all.

use super::claims;
use super::freeze::moves;
use super::register::{Register, Ticket};
use super::requests::{advance, insert, known, sound, unended};
use crate::db::Db;
use countersign_core::decision::Decision;
use countersign_core::keys::KeyId;
use countersign_core::receipt::Entry;
use countersign_core::request::{Event, State};
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::ledger::items::is_claimed_whole;
use countersign_store::ledger::told::Use;
use countersign_store::ledger::{
    Acceptance, Accepted, ClaimRecord, Ending, LedgerError, NewClaim, NewPermit, RequestRecord,
    expired_entry,
};

pub(super) fn submitted(db: &Db, id: &str, now: Instant) -> Result<RequestRecord, LedgerError> {
    let mut request = known(db, id)?;
    if request.state == State::Created && now < request.expires_at {
        advance(db, &mut request, Event::Submitted, vec![], now)?;
    }
    Ok(request)
}

pub(super) fn accept(
    db: &Db,
    register: &Register,
    acceptance: Acceptance,
) -> Result<RequestRecord, LedgerError> {
    let Acceptance { request_id, vote, reason, counts, entry, now } = acceptance;
    let mut request = known(db, &request_id)?;
    let accepted = Accepted { decision: vote.decision().clone(), reason };
    if request.accepted.iter().any(|a| a.decision == accepted.decision) {
        return Ok(request);
    }
    spend(db, &accepted.decision)?;
    if now >= request.expires_at {
        return Err(LedgerError::State(State::Expired));
    }
    let event = request.event_of(&accepted, &counts)?;
    advance(db, &mut request, event, vec![accepted], now)?;
    sound(db, &request, Use::Answer)?;
    register.append(db, entry(&request, event), now)?;
    Ok(request)
}

/// Uses up a decision; it is a replay where any part of it was used before.
pub(super) fn spend(db: &Db, decision: &Decision) -> Result<(), LedgerError> {
    spend_one(db, ["request", &decision.request_id, &decision.artifact_hash.to_string()])?;
    spend_nonce(db, &decision.nonce, &decision.signer_key_id)
}

/// Uses up a nonce of a key, whatever it signed with it.
pub(super) fn spend_nonce(db: &Db, nonce: &str, signer: &KeyId) -> Result<(), LedgerError> {
    spend_one(db, ["nonce", nonce, &signer.to_string()])
}

/// Demands that a decision was used up when it was accepted.
pub(super) fn is_spent(db: &Db, decision: &Decision) -> Result<(), LedgerError> {
    let (hash, signer) = (decision.artifact_hash.to_string(), decision.signer_key_id.to_string());
    let parts = [["request", &decision.request_id, &hash], ["nonce", &decision.nonce, &signer]];
    let sql = "SELECT 1 FROM spent WHERE kind = ?1 AND name = ?2 AND owner = ?3";
    for part in parts {
        if db.one(sql, part, |_| Ok(()))?.is_none() {
            let why =
                format!("an answer to `{}` is kept that nobody accepted", decision.request_id);
            return Err(LedgerError::Contradicted(why));
        }
    }
    Ok(())
}

fn spend_one(db: &Db, part: [&str; 3]) -> Result<(), LedgerError> {
    let sql = "INSERT INTO spent (kind, name, owner) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    if db.run(sql, part)? == 0 { Err(LedgerError::Replay) } else { Ok(()) }
}

pub(super) fn claim(
    db: &Db,
    register: &Register,
    claim: NewClaim,
) -> Result<(ClaimRecord, RequestRecord), LedgerError> {
    let NewClaim { id, request_id, owner, now, recheck, entry } = claim;
    moves(db)?;
    let mut request = known(db, &request_id)?;
    if !request.state.is_final() && now >= request.expires_at {
        return Err(LedgerError::State(State::Expired));
    }
    advance(db, &mut request, Event::Claimed, vec![], now)?;
    sound(db, &request, Use::Whole)?;
    is_claimed_whole(&request)?;
    recheck(&request)?;
    let claim = ClaimRecord { id, request_id, owner, claimed_at: now, open: true };
    claims::insert(db, &claim)?;
    register.append(db, entry, now)?;
    Ok((claim, request))
}

/// Lets an action go that nobody needs to answer for: its request is used up from the start.
pub(super) fn permit(
    db: &Db,
    register: &Register,
    permit: NewPermit,
) -> Result<ClaimRecord, LedgerError> {
    let NewPermit { id, request, owner, now, entry } = permit;
    moves(db)?;
    let claim =
        ClaimRecord { id, request_id: request.id.clone(), owner, claimed_at: now, open: true };
    insert(db, &RequestRecord { state: State::Executed, ..request })?;
    claims::insert(db, &claim)?;
    register.append(db, entry, now)?;
    Ok(claim)
}

pub(super) fn finish(
    db: &Db,
    register: &Register,
    claim_id: &str,
    entry: Entry,
    now: Instant,
) -> Result<Ticket, LedgerError> {
    claims::end(db, claim_id)?;
    Ok(register.append(db, entry, now)?)
}

pub(super) fn close(
    db: &Db,
    register: &Register,
    request_id: &str,
    ending: Ending,
    entry: Entry,
    now: Instant,
) -> Result<RequestRecord, LedgerError> {
    let mut request = known(db, request_id)?;
    if request.state.is_final() {
        return Ok(request);
    }
    if ending == Ending::Expired && now < request.expires_at {
        return Err(LedgerError::State(request.state));
    }
    unended(db, &request)?;
    let event = if ending == Ending::Expired { Event::Tick } else { Event::Withdrawn };
    advance(db, &mut request, event, vec![], now)?;
    let late = request.state == State::Expired;
    register.append(db, if late { expired_entry(&entry, &request) } else { entry }, now)?;
    Ok(request)
}

/// The value that was drawn first under a name.
pub(super) fn name(db: &Db, name: [&str; 3], fresh: &str) -> Result<String, StoreError> {
    let [kind, owner, label] = name;
    let sql = "INSERT INTO name (kind, owner, label, value) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING";
    db.run(sql, [kind, owner, label, fresh])?;
    named(db, name)?.ok_or_else(|| db.damaged("a name did not stay"))
}

pub(super) fn named(db: &Db, name: [&str; 3]) -> Result<Option<String>, StoreError> {
    let sql = "SELECT value FROM name WHERE kind = ?1 AND owner = ?2 AND label = ?3";
    db.one(sql, name, |row| row.get(0))
}
