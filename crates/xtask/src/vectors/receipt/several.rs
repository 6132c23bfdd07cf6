//! Whether enough people allowed it: threshold, groups, veto, rounds, and the words beside them.

use countersign_core::artifact::{Artifact, Group, Route};
use countersign_core::decision::Word;
use countersign_core::keys::SecretKeys;
use countersign_core::receipt::{ApproverDecision, Event, Level, MultiApproval};
use serde_json::{Value, json};

use super::super::object::{self, seat};
use super::{Case, Made, Vector, content_of};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = counted()?;
    all.extend(told()?);
    all.extend(votes()?);
    all.extend(rounds()?);
    Ok(all)
}

use Word::{Allow, Deny};

const VOTES: [Option<Word>; 3] = [Some(Allow), Some(Deny), Some(Allow)];

/// The keys of Ann, Bob and Cat.
fn team() -> Made<[(SecretKeys, &'static str); 3]> {
    Ok([(object::anns()?, "ann"), (object::bobs()?, "bob"), (object::secret(5)?, "cat")])
}

/// Ann, Bob and Cat, of whom two must allow, and what they say; `None` is no answer.
fn three(said: [Option<Word>; 3], change: impl Fn(&mut Route)) -> Made<Case> {
    let team = team()?;
    let roster: Vec<_> = team.iter().map(|(key, person)| seat(key, person)).collect();
    let mut case = Case::routed(|route| {
        (route.threshold, route.roster) = (2, roster.clone());
        change(route);
    })?;
    let [_, _, (cats, cat)] = &team;
    case.trust.approvers.push(object::approver(cats, cat));
    let answers: Vec<_> = team.iter().zip(said).collect();
    let signed = answers.iter().filter_map(|((key, _), word)| word.map(|word| (key, word)));
    case.content.entry.decisions =
        signed.map(|(key, word)| object::decide(&case.artifact, word, key)).collect::<Made<_>>()?;
    let yes = answers.iter().filter(|(_, word)| *word == Some(Allow));
    let approvers = yes.map(|((_, person), _)| (*person).to_owned()).collect();
    let route = case.artifact.route()?.ok_or("no route")?;
    case.content.entry.multi_approval =
        Some(MultiApproval { threshold: route.threshold, roster: route.roster, approvers });
    Ok(case)
}

fn group(persons: &[&str]) -> Group {
    let persons = persons.iter().map(|person| (*person).to_owned()).collect();
    Group { name: Some("security".into()), persons, threshold: 1 }
}

fn counted() -> Made<Vec<Vector>> {
    let few = "ThresholdNotMet";
    let both = [Some(Allow), None, Some(Allow)];
    let grouped = |persons: &'static [&str], threshold| {
        move |route: &mut Route| {
            (route.threshold, route.groups) = (threshold, vec![group(persons)]);
        }
    };
    let mut alone = three([Some(Allow), None, None], grouped(&["bob"], 1))?;
    alone.content.entry.multi_approval = None;
    let veto = |route: &mut Route| route.veto = true;
    let other = three([None, None, Some(Allow)], |route| route.round = 2)?;
    let mut rounds = three([Some(Allow), None, None], |_| ())?;
    rounds.content.entry.decisions.extend(other.content.entry.decisions.clone());
    let mut both_rounds = three([Some(Allow), None, None], |_| ())?;
    both_rounds.content.entry.decisions.extend(other.content.entry.decisions);
    both_rounds.content.entry.artifacts.extend(other.content.entry.artifacts);
    Ok(vec![
        three(VOTES, |_| ())?.allowed_by("two-of-three-and-a-denial", &["ann", "cat"])?,
        three(both, veto)?.allowed_by("two-of-three-with-a-veto-unused", &["ann", "cat"])?,
        three(both, grouped(&["cat"], 2))?.allowed_by("two-one-of-a-group", &["ann", "cat"])?,
        three(VOTES, veto)?.verdict("attack-43-executed-after-a-veto", few)?,
        three([Some(Allow), Some(Deny), Some(Deny)], |_| ())?
            .verdict("attack-43-executed-after-two-denials", few)?,
        three(both, grouped(&["bob"], 2))?.verdict("attack-10-nobody-of-the-group", few)?,
        three(VOTES, grouped(&["bob"], 2))?
            .verdict("attack-10-the-one-of-the-group-denied", few)?,
        three(both, grouped(&["eve"], 2))?.verdict("group-of-people-not-asked", few)?,
        three(both, grouped(&[], 2))?.verdict("group-of-nobody", few)?,
        alone.verdict("one-is-enough-but-not-of-the-group", few)?,
        rounds.verdict("attack-43-vote-of-another-round", "HashMismatch")?,
        both_rounds.verdict("attack-43-votes-of-two-rounds", "HashMismatch")?,
    ])
}

/// A quorum that people reached, told otherwise.
fn told() -> Made<Vec<Vector>> {
    let but = |name, expect, change: fn(&mut MultiApproval)| {
        let mut case = three(VOTES, |_| ())?;
        case.content.entry.multi_approval.iter_mut().for_each(change);
        case.verdict(name, expect)
    };
    let level = "LevelMismatch";
    Ok(vec![
        but("quorum-told-larger", level, |multi| multi.threshold = 3)?,
        but("quorum-told-of-nobody", level, |multi| multi.approvers.clear())?,
        but("quorum-told-of-one-too-few", level, |multi| multi.approvers.truncate(1))?,
        but("attack-43-denial-told-among-the-approvers", level, |multi| {
            multi.approvers.push("bob".into());
        })?,
        but("quorum-told-with-a-larger-roster", "OffRoster", |multi| {
            multi.roster.extend(multi.roster.first().cloned());
        })?,
        but("quorum-told-with-a-renamed-seat", "OffRoster", |multi| {
            multi.roster.iter_mut().take(1).for_each(|seat| seat.person = "eve".into());
        })?,
        but("quorum-told-in-another-order", "OffRoster", |multi| multi.roster.reverse())?,
    ])
}

/// Votes that were given before it was decided, or that decided it against.
fn votes() -> Made<Vec<Vector>> {
    let of = |said, event| -> Made<Case> {
        let mut case = three(said, |_| ())?;
        let entry = &mut case.content.entry;
        (entry.event, entry.trust_level, entry.outcome) = (event, Level::L0, None);
        Ok(case)
    };
    let one = [Some(Allow), None, None];
    let early = |name, event| of(one, event)?.allowed_by(name, &[]);
    let mut unsaid = of([None; 3], Event::Expired)?;
    unsaid.content.entry.decisions.clear();
    let mut level = of(one, Event::Suspended)?;
    level.content.entry.trust_level = Level::L1;
    Ok(vec![
        early("one-vote-of-two-waits", Event::Suspended)?,
        early("one-vote-of-two-escalated", Event::Escalated)?,
        early("one-vote-of-two-expired", Event::Expired)?,
        early("one-vote-of-two-withdrawn", Event::Withdrawn)?,
        of([Some(Deny), Some(Allow), Some(Deny)], Event::Denied)?
            .allowed_by("denied-by-two-of-three", &[])?,
        of(one, Event::Approved)?.verdict("attack-43-approved-by-one-of-two", "ThresholdNotMet")?,
        of(one, Event::Released)?.verdict("attack-43-released-by-one-of-two", "ThresholdNotMet")?,
        of(one, Event::Denied)?.verdict("denied-by-nobody", "LevelMismatch")?,
        unsaid.verdict("votes-told-that-nobody-gave", "LevelMismatch")?,
        level.verdict("one-vote-of-two-claims-a-level", "LevelMismatch")?,
        escalated("escalated-by-a-person", "escalated", "Valid")?,
        escalated("escalation-told-as-a-denial", "rejected", "LevelMismatch")?,
        escalated("attack-43-escalation-told-as-approved", "approved", "LevelMismatch")?,
    ])
}

/// A run under an artifact of a later round, whose own name is another and whose context says this.
fn later(context: Value) -> Made<Case> {
    let mut case = Case::routed(|route| route.round = 2)?;
    let Artifact { mut head, payload } = case.artifact;
    head.request_id = "req-2".into();
    let extensions = head.extensions.get_or_insert_default();
    extensions.insert("org.countersign.context".into(), context);
    case.artifact = Artifact::build(head, payload)?;
    case.content = content_of(&case.artifact)?;
    Ok(case)
}

/// A run that was put to two devices at once: the first artifact has the request's name, and what
/// was answered is the second.
fn second(context: Value) -> Made<Case> {
    let mut case = Case::new()?;
    let Artifact { mut head, payload } = case.artifact.clone();
    head.request_id = "req-2".into();
    let extensions = head.extensions.get_or_insert_default();
    extensions.insert("org.countersign.context".into(), context);
    let other = Artifact::build(head, payload)?;
    let entry = &mut case.content.entry;
    entry.decisions = vec![object::decide(&other, Allow, &object::anns()?)?];
    entry.artifacts.push(other.head);
    Ok(case)
}

/// Of which request an artifact is, under the signature of whoever answered it.
fn rounds() -> Made<Vec<Vector>> {
    let of = |request| later(json!({"request": request}));
    let mut own = later(json!({}))?;
    own.content.entry.request_id = Some("req-2".into());
    let refused = |name, context| later(context)?.verdict(name, "Malformed");
    Ok(vec![
        of("req-1")?.allowed_by("a-later-round-of-the-request", &["ann"])?,
        own.allowed_by("a-round-under-its-own-name", &["ann"])?,
        of("req-3")?.verdict("attack-43-a-later-round-of-another-request", "Malformed")?,
        refused("attack-43-a-later-round-that-names-no-request", json!({}))?,
        refused("a-later-round-with-a-number-as-request", json!({"request": 1}))?,
        refused("a-context-with-an-unknown-member", json!({"request": "req-1", "trusted": true}))?,
        refused("a-context-with-empty-details", json!({"request": "req-1", "details": {}}))?,
        refused("a-context-as-text", json!("req-1"))?,
        second(json!({"request": "req-1"}))?
            .allowed_by("answered-on-the-second-device", &["ann"])?,
        second(json!({}))?
            .verdict("attack-18-second-artifact-that-names-no-request", "Malformed")?,
        second(json!({"request": "req-3"}))?
            .verdict("attack-18-second-artifact-of-another-request", "Malformed")?,
        second(json!("req-1"))?.verdict("second-artifact-with-a-context-as-text", "Malformed")?,
    ])
}

/// Ann's answer that somebody else be asked, in these words.
fn escalated(name: &'static str, verdict: &str, expect: &'static str) -> Made<Vector> {
    let anns = object::anns()?;
    let mut case = Case::of_event(Event::Escalated)?;
    let hints = Some(object::object(json!({"escalate": {"to": "lead"}})));
    let choice = countersign_core::decision::Choice { word: Deny, hints, ..object::choice() };
    let decision = countersign_core::decision::Decision::sign(&case.artifact, choice, &anns)?;
    case.content.entry.decisions = vec![decision];
    case.content.entry.approver_decision = Some(ApproverDecision {
        verdict: verdict.into(),
        person: "ann".into(),
        key_id: anns.key_id(),
        reason: None,
    });
    if expect == "Valid" { case.allowed_by(name, &[]) } else { case.verdict(name, expect) }
}
