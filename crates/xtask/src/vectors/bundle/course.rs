//! What becomes of requests: asked about, allowed, used once, told once, or ended.

use countersign_core::receipt::{Entry, Event};

use super::story::{Question, allowed, ledger, ran};
use super::{Case, Made, Vector};

/// Contradicted, and by no more than its last receipt.
pub(super) fn told(name: &'static str, entries: Vec<Entry>) -> Made<Vector> {
    Case::whole(ledger(entries)?)?.verdict(name, "Contradicted")
}

/// What can have happened.
pub(super) fn can(name: &'static str, entries: Vec<Entry>) -> Made<Vector> {
    Case::whole(ledger(entries)?)?.verdict(name, "Valid")
}

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = once()?;
    all.extend(rounds()?);
    all.extend(batches()?);
    all.extend(nobody()?);
    all.extend(partial()?);
    Ok(all)
}

fn once() -> Made<Vec<Vector>> {
    use Event::{Approved, Executed, Released, Suspended};
    let a = Question::new("a")?;
    let after = |then: Vec<Entry>| -> Made<Vec<Entry>> {
        Ok([a.waits(Suspended)?, a.allowed(Approved)?].into_iter().chain(then).collect())
    };
    let used = || a.allowed(Released);
    Ok(vec![
        can("asked-allowed-used-told", after(vec![used()?, a.allowed(Executed)?])?)?,
        can("asked-and-denied", vec![a.waits(Suspended)?, a.denied()?])?,
        told("attack-18-approval-used-twice", after(vec![used()?, used()?])?)?,
        told("attack-18-approved-after-its-use", after(vec![used()?, a.allowed(Approved)?])?)?,
        told("attack-18-used-without-an-approval", vec![a.waits(Suspended)?, used()?])?,
        told("attack-18-used-without-a-question", vec![used()?])?,
        told("approved-without-a-question", vec![a.allowed(Approved)?])?,
        told("asked-again-after-its-approval", after(vec![a.waits(Suspended)?])?)?,
        told("used-after-its-denial", vec![a.waits(Suspended)?, a.denied()?, used()?])?,
        told("used-after-its-end", after(vec![a.waits(Event::Expired)?, used()?])?)?,
        told("used-after-it-was-taken-back", after(vec![a.waits(Event::Withdrawn)?, used()?])?)?,
        told("attack-18-ended-after-its-use", after(vec![used()?, a.waits(Event::Expired)?])?)?,
        told(
            "attack-18-ended-twice",
            vec![a.waits(Suspended)?, a.denied()?, a.waits(Event::Expired)?],
        )?,
        told("told-twice", after(vec![used()?, a.allowed(Executed)?, a.allowed(Executed)?])?)?,
        told("told-before-its-use", after(vec![a.allowed(Executed)?])?)?,
    ])
}

/// Which artifacts it is about.
fn rounds() -> Made<Vec<Vector>> {
    use Event::{Approved, Escalated, Released, Suspended};
    let a = Question::new("a")?;
    let (other, second) = (a.again(1)?, a.again(2)?);
    let handed_on = |then: Vec<Entry>| -> Made<Vec<Entry>> {
        Ok([a.waits(Suspended)?, a.waits(Escalated)?].into_iter().chain(then).collect())
    };
    Ok(vec![
        can(
            "handed-on-and-allowed",
            handed_on(vec![second.allowed(Approved)?, second.allowed(Released)?])?,
        )?,
        told(
            "attack-43-earlier-round-after-it-was-handed-on",
            handed_on(vec![a.allowed(Approved)?])?,
        )?,
        told(
            "attack-43-other-artifacts-approved",
            vec![a.waits(Suspended)?, other.allowed(Approved)?],
        )?,
        told(
            "attack-43-other-artifacts-used",
            vec![a.waits(Suspended)?, a.allowed(Approved)?, other.allowed(Released)?],
        )?,
        told(
            "later-round-that-nobody-began",
            vec![a.waits(Suspended)?, second.allowed(Approved)?],
        )?,
        told(
            "handed-on-after-its-approval",
            vec![a.waits(Suspended)?, a.allowed(Approved)?, a.waits(Escalated)?],
        )?,
    ])
}

/// Items of a batch, each used and told once.
fn batches() -> Made<Vec<Vector>> {
    use Event::{Approved, Executed, Expired, Released, Suspended};
    let a = Question::batch("a")?;
    let (one, two) = (a.of(&[0]), a.of(&[1]));
    let after = |then: Vec<Entry>| -> Made<Vec<Entry>> {
        Ok([a.waits(Suspended)?, a.allowed(Approved)?, one.allowed(Released)?]
            .into_iter()
            .chain(then)
            .collect())
    };
    Ok(vec![
        can(
            "items-used-one-after-another",
            after(vec![one.allowed(Executed)?, two.allowed(Released)?, two.allowed(Executed)?])?,
        )?,
        told("attack-18-item-used-twice", after(vec![one.allowed(Released)?])?)?,
        told("attack-18-batch-used-whole-after-an-item", after(vec![a.allowed(Released)?])?)?,
        told("item-told-that-was-not-used", after(vec![two.allowed(Executed)?])?)?,
        told("item-told-twice", after(vec![one.allowed(Executed)?, one.allowed(Executed)?])?)?,
        told("batch-ended-twice", after(vec![a.waits(Expired)?, a.waits(Expired)?])?)?,
        told("item-used-after-its-end", after(vec![a.waits(Expired)?, two.allowed(Released)?])?)?,
    ])
}

/// What a policy lets go.
fn nobody() -> Made<Vec<Vector>> {
    let a = Question::new("a")?;
    Ok(vec![
        can("allowed-and-told", vec![allowed("a")?, ran("a")?, allowed("b")?])?,
        told("allowed-twice-under-one-name", vec![allowed("a")?, allowed("a")?])?,
        told("run-that-nobody-let-go", vec![allowed("a")?, ran("b")?])?,
        told("run-that-ended-unused", vec![allowed("a")?, a.waits(Event::Expired)?])?,
        told("run-told-twice", vec![allowed("a")?, ran("a")?, ran("a")?])?,
        told("approved-what-nobody-was-asked", vec![allowed("a")?, a.allowed(Event::Approved)?])?,
        told(
            "attack-18-let-go-what-people-are-asked",
            vec![a.waits(Event::Suspended)?, allowed("a")?],
        )?,
    ])
}

/// Where the first receipts are not there, what they say is not known.
fn partial() -> Made<Vec<Vector>> {
    use Event::{Executed, Released};
    let a = Question::new("a")?;
    let from = |name, expect, entries: Vec<Entry>| {
        let all: Vec<Entry> = [allowed("before")?].into_iter().chain(entries).collect();
        let mut case = Case::whole(ledger(all)?)?;
        case.lines.remove(0);
        case.cover = super::cover(2, u64::try_from(case.lines.len())? + 1);
        case.verdict(name, expect)
    };
    Ok(vec![
        from(
            "part-that-begins-with-a-use",
            "Valid",
            vec![a.allowed(Released)?, a.allowed(Executed)?],
        )?,
        from("part-that-begins-with-what-came-of-it", "Valid", vec![ran("elsewhere")?])?,
        from(
            "attack-18-part-with-a-second-use",
            "Contradicted",
            vec![a.allowed(Released)?, a.allowed(Released)?],
        )?,
    ])
}
