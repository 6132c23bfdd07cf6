//! What is missing, moved, edited, another's, or forged with a manifest that fits.

use countersign_core::decision::Word;
use countersign_core::encoding::Hash;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{Entry, Event, Level, Receipt};
use countersign_core::trust::{Status, TrustStore};

use super::super::forge::flipped;
use super::super::object::{self, NOW};
use super::good::again;
use super::story::{Question, allowed, ledger, next, plain};
use super::{Case, Made, Vector, head_of, remembered};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = missing()?;
    all.extend(others()?);
    all.extend(operators()?);
    all.extend(alone()?);
    all.extend(people()?);
    all.extend(pinned()?);
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
    let last = plain()?.pop().ok_or("no receipt")?;
    let mut edited = last.clone();
    edited.content.entry.request_id = Some("z".into());
    let mut forged = last;
    for signature in &mut forged.signatures {
        signature.signature = flipped(signature.signature, 3);
    }
    Ok(vec![
        Case::but(|case| case.put_receipt(edited))?
            .verdict("attack-28-receipt-edited", "HashMismatch")?,
        Case::but(|case| case.put_receipt(forged))?
            .verdict("receipt-with-a-broken-signature", "BadSignature")?,
    ])
}

/// The last receipt is about people, and says more of them than they said.
fn people() -> Made<Vec<Vector>> {
    let (asked, operator) = (Question::new("r1")?, object::operator_key()?);
    let waits = asked.waits(Event::Suspended)?;
    let claimed = Entry { trust_level: Level::L1, ..waits.clone() };
    let approved = asked.allowed(Event::Approved)?;
    let by = |key: &SecretKeys| -> Made<Entry> {
        let decisions = vec![object::decide(&asked.artifact, Word::Allow, key)?];
        Ok(Entry { decisions, ..approved.clone() })
    };
    let last = |name, expect, entry| {
        let before = plain()?.into_iter().nth(3).ok_or("no receipt")?;
        let mut case = Case::new()?;
        case.without("head");
        case.put_receipt(next(Some(&before), entry, &operator)?);
        case.verdict(name, expect)
    };
    let nobody = Entry { decisions: vec![], ..approved.clone() };
    Ok(vec![
        last("a-call-that-waits", "Valid", waits)?,
        last("attack-43-level-that-nobody-reached", "LevelMismatch", claimed)?,
        last("attack-43-approval-without-an-answer", "ThresholdNotMet", nobody)?,
        last("approval-by-somebody-else", "OffRoster", by(&object::bobs()?)?)?,
        last("approval-by-the-operator", "SelfApproval", by(&operator)?)?,
    ])
}

/// What Ann approved, to somebody who pins her no more.
fn pinned() -> Made<Vec<Vector>> {
    let asked = Question::new("r1")?;
    let but = |change: &dyn Fn(&mut TrustStore)| -> Made<Case> {
        let entries = vec![asked.waits(Event::Suspended)?, asked.allowed(Event::Approved)?];
        let mut case = Case::whole(ledger(entries)?)?;
        change(&mut case.trust);
        Ok(case)
    };
    let revoked = Status::Revoked { at: NOW.timestamp(), compromised_since: None };
    Ok(vec![
        but(&|trust| trust.approvers.clear())?
            .verdict("approver-whom-nobody-pinned", "Untrusted")?,
        but(&|trust| trust.approvers.iter_mut().for_each(|a| a.status = revoked.clone()))?
            .verdict("attack-10-approver-revoked", "Revoked")?,
    ])
}
