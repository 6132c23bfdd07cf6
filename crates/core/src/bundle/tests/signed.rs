//! What the pinned operator signs over and no honest home writes: each lie is named for itself.

use super::*;
use crate::artifact::{
    Artifact, ArtifactHash, ArtifactHead, ArtifactType, Assurance, Context, HashAlg, Route, Scope,
    Seat, extensions,
};
use crate::encoding::Fixed;
use crate::receipt::Basis;
use crate::trust::Operator;
use serde_json::json;

/// The verdict over a bundle of these lines whose manifest holds.
fn signed(cover: Cover, lines: &[Line]) -> String {
    verdict(&bound(cover, lines, &secret(1)))
}

/// Everything but the receipts.
fn around(all: &[Receipt]) -> Vec<Line> {
    let lines = body(all).into_iter();
    lines.filter(|line| !matches!(line, Line::Receipt(_) | Line::Earlier(_))).collect()
}

/// The receipt in its place, as it is after a change.
fn changed(of: &Receipt, change: impl FnOnce(&mut Content)) -> Receipt {
    let mut content = of.content.clone();
    change(&mut content);
    Receipt::sign(content, &secret(1)).unwrap()
}

/// The honest lines with another newest receipt, and nobody who remembers the old one.
fn ending_with(last: Receipt) -> Vec<Line> {
    let mut lines = body(&ledger());
    lines.retain(|line| !matches!(line, Line::Head(_)));
    lines.pop();
    lines.push(Line::Receipt(Box::new(last)));
    lines
}

#[test]
fn attack_28_a_cover_that_promises_nothing_that_can_be_is_malformed() {
    for (first, last) in [(0, 0), (5, 3)] {
        assert_eq!(signed(cover(first, last, None), &[]), "Malformed", "{first} to {last}");
    }
    // Fewer than are inside, or from a later time.
    assert_eq!(signed(cover(3, 6, None), &body(&ledger())), "ChainBroken");
    let late = Cover { since: Some(NOW.plus_millis(3_001).timestamp()), ..cover(3, 7, None) };
    assert_eq!(signed(late, &body(&ledger())), "Malformed");
}

#[test]
fn a_key_beside_another_keys_name_is_malformed() {
    let mut stranger = operator(&secret(9));
    stranger.key_id = secret(1).key_id();
    let mut lines = body(&ledger());
    let own = |line: &Line| matches!(line, Line::Key(key) if *key.id() == stranger.key_id);
    let place = lines.iter().position(own).unwrap();
    lines[place] = Line::Key(Box::new(Key::Operator(Box::new(stranger.clone()))));
    assert_eq!(signed(cover(3, 7, None), &lines), "Malformed");
}

#[test]
fn attack_39_a_head_or_a_receipt_of_another_ledger_is_forked() {
    let all = ledger();
    let other = changed(&all[6], |content| content.ledger = "l2".into());
    assert_eq!(signed(cover(3, 7, None), &ending_with(other)), "Forked");
    let mut head = head(&all[6], &secret(1)).head;
    head.ledger = "l2".into();
    let head = Checkpoint::sign(head, &secret(1)).unwrap();
    assert_eq!(signed(cover(3, 7, None), &remembering(&all, head)), "Forked");
}

/// The honest lines where the home remembers another head.
fn remembering(all: &[Receipt], head: Checkpoint) -> Vec<Line> {
    let mut lines = body(all);
    let place = lines.iter().position(|line| matches!(line, Line::Head(_))).unwrap();
    lines[place] = remembered("home", head);
    lines
}

#[test]
fn attack_28_a_remembered_head_is_there_or_missing_and_signed_by_one_who_counts() {
    let all = ledger();
    let at = |checkpoint: Option<Checkpoint>, missing: Option<&str>| {
        let (by, missing) = ("home".into(), missing.map(str::to_owned));
        let mut lines = body(&all);
        let place = lines.iter().position(|line| matches!(line, Line::Head(_))).unwrap();
        lines[place] = Line::Head(Remembered { by, checkpoint, missing });
        signed(cover(3, 7, None), &lines)
    };
    let good = head(&all[6], &secret(1));
    assert_eq!(at(None, None), "Malformed");
    assert_eq!(at(Some(good.clone()), Some("away")), "Malformed");
    assert_eq!(at(None, Some("away")), "Valid");
    let changed = Checkpoint {
        head: Head { time: NOW.plus_millis(1).timestamp(), ..good.head.clone() },
        ..good
    };
    assert_eq!(at(Some(changed), None), "BadSignature");
    let mut trust = trust();
    let status = Status::Revoked { at: NOW.timestamp(), compromised_since: None };
    trust.operators.push(Operator { status, ..operator(&secret(9)) });
    let text = bound(cover(3, 7, None), &remembering(&all, head(&all[6], &secret(9))), &secret(1));
    assert_eq!(check_under(text.as_bytes(), &trust).verdict, "Revoked");
}

#[test]
fn attack_10_an_operator_key_whose_time_is_over_signs_no_bundle() {
    let quiet = Cover { range: None, ..cover(1, 1, None) };
    let text = bound(quiet, &[], &secret(1));
    let mut trust = trust();
    trust.operators[0].status = Status::Rotated { until: NOW.timestamp() };
    assert_eq!(check_under(text.as_bytes(), &trust).verdict, "Revoked");
    trust.operators[0].status = Status::Rotated { until: NOW.plus_millis(60_001).timestamp() };
    assert_eq!(check_under(text.as_bytes(), &trust).verdict, "Valid");
}

#[test]
fn an_earlier_receipt_is_earlier_and_a_change() {
    let all = ledger();
    let with = |earlier: &Receipt| {
        let mut lines = around(&all);
        lines.retain(|line| !matches!(line, Line::Policy(_)));
        lines.push(Line::Earlier(Box::new(earlier.clone())));
        lines.extend(all[2..].iter().cloned().map(|r| Line::Receipt(Box::new(r))));
        signed(cover(3, 7, None), &lines)
    };
    assert_eq!(with(&all[0]), "Valid");
    assert_eq!(with(&receipt(1, Event::Allowed, None, &secret(1))), "Malformed");
    assert_eq!(with(&receipt(4, Event::Key, Some(&all[2]), &secret(1))), "Malformed");
}

#[test]
fn attack_18_receipts_of_a_bundle_that_cannot_follow_one_another_are_contradicted() {
    let all = ledger();
    let twice = changed(&all[6], |content| content.entry.request_id = Some("r6".into()));
    assert_eq!(signed(cover(3, 7, None), &ending_with(twice)), "Contradicted");
}

#[test]
fn attack_28_nothing_is_taken_to_have_been_before_the_first_receipt() {
    let thawed = |seq, prev: Option<&Receipt>| {
        let action = json!({"kind": "freeze", "change": "thawed", "request": "t"});
        changed(&receipt(seq, Event::Key, prev, &secret(1)), |content| {
            let action = action.as_object().unwrap().clone();
            content.entry.event = Event::Frozen;
            content.entry.action_hash = Some(ActionHash(Hash(json::sha256(&action).unwrap())));
            content.entry.action = Some(action);
        })
    };
    let alone = |receipt: Receipt| {
        let seq = receipt.content.seq;
        signed(cover(seq, seq, None), &[Line::Receipt(Box::new(receipt))])
    };
    assert_eq!(alone(thawed(1, None)), "Contradicted");
    assert_eq!(alone(thawed(3, Some(&ledger()[1]))), "Valid", "the approval may be the one before");
}

/// A question that carries this head.
fn asked(seq: u64, prev: &Receipt, head: &Checkpoint) -> Receipt {
    let route = Route {
        round: 1,
        rule_id: "default".into(),
        risk: Risk::High,
        policy_hash: Hash([0; 32]),
        roster: vec![Seat { person: "ann".into(), key_id: secret(2).key_id() }],
        threshold: 1,
        min_assurance: Assurance::Local,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![],
        veto: false,
        escalate_to: vec![],
        grant: None,
    };
    let signed = extensions(Fixed([7; 32]), &Context::default(), &route, Some(head)).unwrap();
    let bare = ArtifactHead {
        request_id: format!("r{seq}"),
        session_id: None,
        artifact_type: ArtifactType::Command,
        repo_ref: "repo".into(),
        base_revision: None,
        created_at: NOW.timestamp(),
        expires_at: NOW.plus_millis(300_000).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: Some(signed),
    };
    let artifact = Artifact::build(bare, action(Event::Allowed, seq)).unwrap();
    changed(&receipt(seq, Event::Suspended, Some(prev), &secret(1)), |content| {
        content.entry.artifacts = vec![artifact.head];
        content.entry.basis = Basis::Decision;
    })
}

#[test]
fn attack_39_a_head_inside_an_artifact_is_the_operators_and_names_what_is_here() {
    let all = ledger();
    let told = |head: &Checkpoint| signed(cover(3, 7, None), &ending_with(asked(7, &all[5], head)));
    assert_eq!(told(&head(&all[5], &secret(1))), "Valid");
    assert_eq!(told(&head(&all[5], &secret(9))), "Untrusted");
    let other = receipt(6, Event::Blocked, Some(&all[4]), &secret(1));
    assert_eq!(told(&head(&other, &secret(1))), "Forked");
}
