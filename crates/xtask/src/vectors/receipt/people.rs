//! Who allowed an action: pinned, asked, in force, in time, enough of them, and told truly.

use countersign_core::artifact::{Assurance, Scope};
use countersign_core::decision::Word;
use countersign_core::receipt::{ApproverDecision, Content, Event, Level};
use countersign_core::trust::Status;

use super::super::forge::flipped;
use super::super::object::{self, NOW, seat};
use super::good::quorum;
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = signers()?;
    all.extend(too_few()?);
    all.extend(too_late()?);
    all.extend(words()?);
    all.extend(quorums()?);
    Ok(all)
}

/// The good receipt with one decision of somebody else in it.
fn decided_by(key: &countersign_core::keys::SecretKeys, word: Word) -> Made<Case> {
    let mut case = Case::new()?;
    case.content.entry.decisions = vec![object::decide(&case.artifact, word, key)?];
    Ok(case)
}

fn signers() -> Made<Vec<Vector>> {
    let status = |name, status: Status| {
        let mut case = Case::new()?;
        case.trust.approvers.iter_mut().for_each(|a| a.status = status.clone());
        case.verdict(name, "Revoked")
    };
    let mut unpinned = Case::new()?;
    unpinned.trust.approvers.clear();
    let mut renamed = Case::new()?;
    renamed.trust.approvers.iter_mut().for_each(|a| a.person = "eve".into());
    let mut weak = Case::routed(|r| r.min_assurance = Assurance::Verified)?;
    weak.now = NOW.plus_millis(10_000);
    let broken = Case::but(|c| {
        c.entry.decisions.iter_mut().for_each(|d| d.signature = flipped(d.signature, 5));
    })?;
    let reworded = Case::but(|c| {
        c.entry.decisions.iter_mut().for_each(|d| d.decision = Word::Approve);
    })?;
    let operator = object::operator_key()?;
    let on_roster = seat(&operator, "ann");
    let mut seated = Case::routed(|r| r.roster.push(on_roster))?;
    seated.content.entry.decisions =
        vec![object::decide(&seated.artifact, Word::Allow, &operator)?];
    Ok(vec![
        unpinned.verdict("approver-not-pinned", "Untrusted")?,
        decided_by(&object::strangers()?, Word::Allow)?
            .verdict("approved-by-a-stranger", "Untrusted")?,
        status(
            "approver-revoked",
            Status::Revoked { at: NOW.timestamp(), compromised_since: None },
        )?,
        status(
            "attack-10-approver-compromised-since-later",
            Status::Revoked {
                at: NOW.timestamp(),
                compromised_since: Some(NOW.plus_millis(3_600_000).timestamp()),
            },
        )?,
        status("approver-rotated-and-over", Status::Rotated { until: NOW.timestamp() })?,
        decided_by(&operator, Word::Allow)?
            .verdict("attack-10-operator-approves", "SelfApproval")?,
        decided_by(&operator, Word::Deny)?.verdict("attack-10-operator-denies", "SelfApproval")?,
        seated.verdict("attack-10-operator-on-the-roster", "SelfApproval")?,
        decided_by(&object::bobs()?, Word::Allow)?
            .verdict("approved-by-one-not-asked", "OffRoster")?,
        decided_by(&object::bobs()?, Word::Deny)?
            .verdict("denied-by-one-not-asked", "OffRoster")?,
        renamed.verdict("key-pinned-under-another-name", "OffRoster")?,
        weak.verdict("assurance-below-the-route", "OffRoster")?,
        broken.verdict("decision-with-a-broken-signature", "BadSignature")?,
        reworded.verdict("decision-in-other-words-than-signed", "BadSignature")?,
    ])
}

fn too_few() -> Made<Vec<Vector>> {
    let few = "ThresholdNotMet";
    let mut both = Case::new()?;
    let anns = object::anns()?;
    both.content.entry.decisions = vec![
        object::decide(&both.artifact, Word::Allow, &anns)?,
        object::decide(&both.artifact, Word::Deny, &anns)?,
    ];
    let mut scoped = Case::routed(|r| r.scopes = vec![Scope::Timebox])?;
    scoped.now = NOW.plus_millis(10_000);
    let released = Case::but(|c| {
        (c.entry.event, c.entry.outcome) = (Event::Released, None);
        c.entry.decisions.clear();
    })?;
    Ok(vec![
        Case::but(|c| c.entry.decisions.clear())?.verdict("executed-without-decision", few)?,
        released.verdict("released-without-decision", few)?,
        decided_by(&anns, Word::Deny)?.verdict("attack-43-executed-after-a-denial", few)?,
        decided_by(&anns, Word::Reject)?.verdict("attack-43-executed-after-a-rejection", few)?,
        both.verdict("said-yes-and-no", few)?,
        scoped.verdict("scope-not-on-offer", few)?,
    ])
}

fn too_late() -> Made<Vec<Vector>> {
    let claimed = |name, at: i64, recorded: i64| {
        let change = |c: &mut Content| {
            let at = NOW.plus_millis(at).timestamp();
            c.entry.outcome.iter_mut().for_each(|o| o.claimed_at = at.clone());
            c.recorded_at = NOW.plus_millis(recorded).timestamp();
        };
        Case::but(change)?.verdict(name, "ThresholdNotMet")
    };
    let approved_late = Case::but(|c| {
        (c.entry.event, c.entry.outcome) = (Event::Approved, None);
        c.recorded_at = NOW.plus_millis(900_000).timestamp();
    })?;
    Ok(vec![
        claimed("attack-19-claimed-after-the-end", 260_000, 261_000)?,
        claimed("attack-19-claimed-long-after-the-end", 9_000_000, 9_001_000)?,
        claimed("claimed-before-it-was-asked", -60_001, 6_000)?,
        claimed("claimed-after-it-was-recorded", 100_000, 6_000)?,
        approved_late.verdict("approved-after-the-end", "ThresholdNotMet")?,
    ])
}

fn words() -> Made<Vec<Vector>> {
    let told = |verdict: &str, person: &str, key_id| ApproverDecision {
        verdict: verdict.into(),
        person: person.into(),
        key_id,
        reason: None,
    };
    let said = |name, verdict: &str, person: &str, key_id| {
        let said = told(verdict, person, key_id);
        Case::but(|c| c.entry.approver_decision = Some(said))?.verdict(name, "LevelMismatch")
    };
    let (ann, operator) = (object::anns()?.key_id(), object::operator_key()?.key_id());
    let mut unsaid = Case::of_event(Event::Withdrawn)?;
    unsaid.content.entry.approver_decision = Some(told("approved", "ann", ann.clone()));
    let mut denied = Case::of_event(Event::Denied)?;
    denied.content.entry.decisions =
        vec![object::decide(&denied.artifact, Word::Deny, &object::anns()?)?];
    denied.content.entry.approver_decision = Some(told("approved", "ann", ann.clone()));
    Ok(vec![
        unsaid.verdict("attack-08-told-without-a-decision", "LevelMismatch")?,
        denied.verdict("attack-43-denial-told-as-approved", "LevelMismatch")?,
        said("attack-43-told-as-rejected", "rejected", "ann", ann.clone())?,
        said("attack-43-told-of-another-person", "approved", "ceo", ann)?,
        said("attack-43-told-of-another-key", "approved", "ann", operator)?,
    ])
}

fn quorums() -> Made<Vec<Vector>> {
    let but = |name, expect, change: fn(&mut Content)| {
        let mut case = quorum()?;
        change(&mut case.content);
        case.verdict(name, expect)
    };
    let mut one_person = quorum()?;
    one_person.content.entry.decisions.truncate(1);
    let second = countersign_core::decision::Choice {
        nonce: countersign_core::encoding::Fixed([6; 24]),
        ..object::choice()
    };
    let anns = object::anns()?;
    let again = countersign_core::decision::Decision::sign(&one_person.artifact, second, &anns)?;
    one_person.content.entry.decisions.push(again);
    let level = "LevelMismatch";
    Ok(vec![
        but("one-of-two", "ThresholdNotMet", |c| c.entry.decisions.truncate(1))?,
        one_person.verdict("one-person-twice", "ThresholdNotMet")?,
        but("quorum-not-told", level, |c| c.entry.multi_approval = None)?,
        but("quorum-told-smaller", level, |c| {
            c.entry.multi_approval.iter_mut().for_each(|m| m.threshold = 1);
        })?,
        but("quorum-told-with-another-person", level, |c| {
            c.entry.multi_approval.iter_mut().for_each(|m| m.approvers = vec!["eve".into()]);
        })?,
        but("attack-10-quorum-told-with-one-person-twice", level, |c| {
            c.entry.multi_approval.iter_mut().for_each(|m| m.approvers = vec!["ann".into(); 2]);
        })?,
        but("quorum-told-of-one-persons-key-as-anothers", level, |c| {
            c.entry.approver_decision = c.entry.decisions.last().map(|bobs| ApproverDecision {
                verdict: "approved".into(),
                person: "ann".into(),
                key_id: bobs.signer_key_id.clone(),
                reason: None,
            });
        })?,
        but("quorum-told-with-another-roster", "OffRoster", |c| {
            c.entry.multi_approval.iter_mut().for_each(|m| m.roster.truncate(1));
        })?,
        but("quorum-level-too-low", level, |c| c.entry.trust_level = Level::L0)?,
    ])
}
