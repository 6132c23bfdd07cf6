//! What is missing, moved, edited, another's, or forged with a manifest that fits.

use countersign_core::encoding::Hash;
use countersign_core::receipt::{Event, Receipt};
use countersign_core::trust::Status;

use super::super::object::{self, NOW};
use super::good::again;
use super::story::{Question, allowed, ledger, next, plain};
use super::{Case, Made, Vector, head_of, remembered};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = missing()?;
    all.extend(others()?);
    all.extend(operators()?);
    all.extend(alone()?);
    Ok(all)
}

fn missing() -> Made<Vec<Vector>> {
    let all = plain()?;
    let at = |seq: usize| all.get(seq - 1).ok_or("no such receipt");
    let operator = object::operator_key()?;
    let middle = Case::but(|case| case.lines.retain(|line| !super::is_receipt(line, 4)))?;
    let first = Case::but(|case| case.lines.retain(|line| !super::is_receipt(line, 3)))?;
    let mut tail = Case::new()?;
    tail.lines.pop();
    tail.cover = super::cover(3, 4);
    let unlinked = again(at(4)?, |content| content.prev = Some(Hash([9; 32])))?;
    let mut neighbour = Case::new()?;
    neighbour.without("head");
    let other = next(Some(at(2)?), allowed("x")?, &operator)?;
    let other = again(&other, |content| content.prev = Some(Hash([9; 32])))?;
    let after = next(Some(&other), allowed("y")?, &operator)?;
    let last = next(Some(&after), allowed("z")?, &operator)?;
    [other, after, last].into_iter().for_each(|receipt| neighbour.put_receipt(receipt));
    Ok(vec![
        middle.verdict("attack-28-receipt-missing", "ChainBroken")?,
        first.verdict("attack-28-first-receipt-missing", "ChainBroken")?,
        tail.verdict("attack-28-tail-cut-that-the-home-remembers", "Truncated")?,
        Case::but(|case| case.put_receipt(unlinked))?
            .verdict("receipt-that-does-not-follow", "ChainBroken")?,
        neighbour.verdict("first-that-does-not-follow-its-neighbour", "ChainBroken")?,
    ])
}

/// Other histories, and other ledgers.
fn others() -> Made<Vec<Vector>> {
    let all = plain()?;
    let at = |seq: usize| all.get(seq - 1).ok_or("no such receipt");
    let operator = object::operator_key()?;
    let other = next(Some(at(4)?), allowed("other")?, &operator)?;
    let elsewhere =
        |receipt: &Receipt| again(receipt, |content| content.ledger = "ledger-2".into());
    let (head, foreign) = (head_of(&elsewhere(at(5)?)?, &operator)?, elsewhere(at(5)?)?);
    let inside = |head| {
        let asked = Question::new("r1")?.knowing(&head)?;
        let mut case = Case::new()?;
        case.without("head");
        case.put_receipt(next(Some(at(4)?), asked.waits(Event::Suspended)?, &operator)?);
        Made::Ok(case)
    };
    let forked = head_of(&next(Some(at(3)?), allowed("other")?, &operator)?, &operator)?;
    let forged = head_of(at(4)?, &object::strangers()?)?;
    Ok(vec![
        Case::but(|case| case.put_receipt(other))?
            .verdict("attack-39-another-last-receipt", "Forked")?,
        Case::but(|case| case.put_receipt(foreign))?
            .verdict("attack-39-receipt-of-another-ledger", "Forked")?,
        Case::but(|case| case.put(remembered("home", head)))?
            .verdict("attack-39-head-of-another-ledger", "Forked")?,
        inside(head_of(at(4)?, &operator)?)?.verdict("a-head-inside-an-artifact", "Valid")?,
        inside(forked)?.verdict("attack-39-head-inside-an-artifact-says-otherwise", "Forked")?,
        inside(forged)?.verdict("head-inside-an-artifact-of-a-stranger", "Untrusted")?,
    ])
}

/// Who signed it.
fn operators() -> Made<Vec<Vector>> {
    let all = plain()?;
    let at = |seq: usize| all.get(seq - 1).ok_or("no such receipt");
    let strangers = object::strangers()?;
    let forged = next(Some(at(4)?), allowed("c")?, &strangers)?;
    let head = head_of(at(5)?, &strangers)?;
    let status = |status: Status| {
        Case::but(|case| case.trust.operators.iter_mut().for_each(|o| o.status = status.clone()))
    };
    let (at_now, until) = (NOW.timestamp(), NOW.plus_millis(1_000).timestamp());
    let mut manifest = Case::new()?;
    manifest.operator = object::strangers()?;
    let text = Case::new()?.text()?;
    let signature = text.rfind("\"signature\":\"").ok_or("no signature")? + 13;
    let changed = |at: usize| {
        let old = text.get(at..=at).unwrap_or_default();
        let new = if old == "A" { "B" } else { "A" };
        format!(
            "{}{new}{}",
            text.get(..at).unwrap_or_default(),
            text.get(at + 1..).unwrap_or_default()
        )
    };
    Ok(vec![
        Case::but(|case| case.trust.operators.clear())?
            .verdict("attack-07-nobody-pinned", "Untrusted")?,
        Case::but(|case| case.put_receipt(forged))?
            .verdict("attack-07-receipt-of-a-stranger", "Untrusted")?,
        Case::but(|case| case.put(remembered("home", head)))?
            .verdict("attack-07-head-of-a-stranger", "Untrusted")?,
        manifest.verdict("attack-07-manifest-of-a-stranger", "Untrusted")?,
        status(Status::Revoked { at: at_now, compromised_since: None })?
            .verdict("attack-10-operator-revoked", "Revoked")?,
        status(Status::Rotated { until })?.verdict("operator-rotated-before", "Revoked")?,
        Case::new()?.reads(
            "manifest-with-another-signature",
            "BadSignature",
            &changed(signature + 4),
        )?,
    ])
}

/// Receipts that do not hold by themselves, under a manifest that fits.
fn alone() -> Made<Vec<Vector>> {
    let all = plain()?;
    let at = |seq: usize| all.get(seq - 1).ok_or("no such receipt");
    let mut edited = at(5)?.clone();
    edited.content.entry.request_id = Some("z".into());
    let mut forged = at(5)?.clone();
    if let Some(signature) = forged.signatures.first_mut() {
        signature.signature = super::super::forge::flipped(signature.signature, 3);
    }
    let operator = object::operator_key()?;
    let asked = Question::new("r1")?;
    let unanswered = asked.waits(Event::Suspended)?;
    let claimed = countersign_core::receipt::Entry {
        trust_level: countersign_core::receipt::Level::L1,
        ..unanswered.clone()
    };
    let pending = |entry| {
        let mut case = Case::new()?;
        case.without("head");
        case.put_receipt(next(Some(at(4)?), entry, &operator)?);
        Made::Ok(case)
    };
    let mut approved = asked.allowed(Event::Approved)?;
    approved.decisions.clear();
    let unpinned = {
        let mut case = Case::whole(ledger(vec![
            asked.waits(Event::Suspended)?,
            asked.allowed(Event::Approved)?,
        ])?)?;
        case.trust.approvers.clear();
        case
    };
    let revoked = {
        let mut case = Case::whole(ledger(vec![
            asked.waits(Event::Suspended)?,
            asked.allowed(Event::Approved)?,
        ])?)?;
        let at = NOW.timestamp();
        case.trust
            .approvers
            .iter_mut()
            .for_each(|a| a.status = Status::Revoked { at: at.clone(), compromised_since: None });
        case
    };
    let mut bobs = asked.allowed(Event::Approved)?;
    bobs.decisions = vec![object::decide(
        &asked.artifact,
        countersign_core::decision::Word::Allow,
        &object::bobs()?,
    )?];
    let mut operators = asked.allowed(Event::Approved)?;
    operators.decisions =
        vec![object::decide(&asked.artifact, countersign_core::decision::Word::Allow, &operator)?];
    Ok(vec![
        Case::but(|case| case.put_receipt(edited))?
            .verdict("attack-28-receipt-edited", "HashMismatch")?,
        Case::but(|case| case.put_receipt(forged))?
            .verdict("receipt-with-a-broken-signature", "BadSignature")?,
        pending(unanswered)?.verdict("a-call-that-waits", "Valid")?,
        pending(claimed)?.verdict("attack-43-level-that-nobody-reached", "LevelMismatch")?,
        pending(approved)?.verdict("attack-43-approval-without-an-answer", "ThresholdNotMet")?,
        pending(bobs)?.verdict("approval-by-somebody-else", "OffRoster")?,
        pending(operators)?.verdict("approval-by-the-operator", "SelfApproval")?,
        unpinned.verdict("approver-whom-nobody-pinned", "Untrusted")?,
        revoked.verdict("attack-10-approver-revoked", "Revoked")?,
    ])
}
