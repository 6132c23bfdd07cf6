//! What must be true after every sequence, whatever happened in it.

use super::play::{Held, Play, ensure};
use super::rules::{Call, Fate};
use super::steps::Person;
use countersign_core::receipt::Event;
use countersign_core::trust::Status;
use countersign_enforcer::audit::Audit;
use countersign_store::files;
use countersign_store::ledger::RequestRecord;

/// The process begins anew, and everything is looked at.
pub(crate) fn check(play: &mut Play) -> Held {
    play.real.restart();
    play.agree()?;
    chain(play)?;
    every_outcome(play)?;
    every_revocation(play)?;
    what_is_approved_goes_on(play)?;
    chain(play)?;
    every_outcome(play)
}

/// Every receipt holds and follows the one before it, and the heads in and beside the ledger name it.
fn chain(play: &Play) -> Held {
    let enforcer = play.real.enforcer();
    let mut trust = enforcer.trust().unwrap();
    // They counted when they signed.
    trust.approvers.iter_mut().for_each(|approver| approver.status = Status::Active {});
    // Somebody looks whose clock is not behind.
    let now = play.rules.now.max(play.real.latest());
    let mut audit = Audit::new(play.real.receipts(), enforcer.ledger().ledger_id(), trust, now);
    let head = files::read(&enforcer.home().head_path()).unwrap().ok_or("no head is remembered")?;
    play.real.block_on(async {
        audit.walk(&|_| {}).await.unwrap();
        audit.witness("`head.json`", &head).await.unwrap();
    });
    let report = audit.report();
    ensure!(report.broken.is_none(), "the chain: {:?}", report.broken);
    Ok(())
}

/// What came of each request is recorded, once, and what ran was released.
fn every_outcome(play: &Play) -> Held {
    let enforcer = play.real.enforcer();
    let open = play.real.block_on(enforcer.ledger().open_claims()).unwrap();
    ensure!(open.is_empty(), "claims without an end: {open:?}");
    for record in play.real.all() {
        let receipts = play.real.block_on(enforcer.ledger().receipts_of(&record.id)).unwrap();
        let events: Vec<Event> = receipts.iter().map(|r| r.content.entry.event).collect();
        let told: Vec<Event> = events.into_iter().filter(|e| *e != Event::Observed).collect();
        let fate = play.fate_of(&record.id);
        ensure!(are_told(&record, fate, &told), "{} is {fate:?}, and told {told:?}", record.id);
        let ran = play.ran.get(&record.id).copied().unwrap_or_default();
        let released = told.iter().filter(|event| **event == Event::Released).count();
        ensure!(ran <= released && released <= 1, "{} ran {ran} times: {told:?}", record.id);
        ensure!(ran == 0 || told.last() != Some(&Event::Uncertain), "{} is known", record.id);
    }
    Ok(())
}

/// Whose key was taken back has a receipt of it; who was cut off before it was written does it once
/// more, and can.
fn every_revocation(play: &Play) -> Held {
    for person in Person::ALL {
        if play.rules.active.contains(&person) || play.real.is_revoked(person) {
            continue;
        }
        play.real.revoke(person).map_err(|e| format!("{person:?} is not told: {e}"))?;
        ensure!(play.real.is_revoked(person), "{person:?} is not told");
    }
    Ok(())
}

fn are_told(record: &RequestRecord, fate: Fate, told: &[Event]) -> bool {
    use Event::{
        Approved, Denied, Escalated, Executed, Expired, Granted, Released, Suspended, Uncertain,
        Withdrawn,
    };
    if record.asked.is_empty() {
        return matches!(told, [Released] | [Released, Uncertain]);
    }
    // Votes that end nothing, and others who are asked.
    let waits = told.iter().take_while(|event| matches!(event, Suspended | Escalated)).count();
    let then = &told[waits..];
    told.first() == Some(&Suspended)
        && match fate {
            Fate::Waits => then.is_empty(),
            Fate::Approved => matches!(then, [Approved]),
            Fate::Denied => matches!(then, [Denied]),
            Fate::Withdrawn => matches!(then, [Withdrawn] | [Approved, Withdrawn]),
            Fate::Expired => matches!(then, [Expired] | [Approved, Expired]),
            Fate::Used => matches!(
                then,
                [Approved, Granted | Released] | [Approved, Released, Executed | Uncertain]
            ),
        }
}

/// Nothing that people allowed is lost: whoever asks gets it, once.
fn what_is_approved_goes_on(play: &mut Play) -> Held {
    for request in play.rules.requests.clone() {
        if request.call == Call::Other || !play.rules.may_run(&request) {
            continue;
        }
        let record = play.real.stored(&request.id).ok_or("a request is gone")?;
        let (first, second) = (play.real.runs(&record), play.real.runs(&record));
        ensure!(first.is_ok(), "{request:?} was approved and does not go on: {first:?}");
        ensure!(second.is_err(), "{request:?} ran twice");
        play.runs(&request.id);
    }
    Ok(())
}
