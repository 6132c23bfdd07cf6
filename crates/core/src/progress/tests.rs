use super::*;
use crate::artifact::{
    ArtifactHead, ArtifactType, Assurance, Context, HashAlg, Risk, Scope, Seat, Statement,
    extensions,
};
use crate::decision::Decision;
use crate::encoding::{Fixed, Hash};
use crate::keys::KeyId;
use crate::sealing::{Entropy, open, seal};
use crate::time::Instant;
use crate::trust::tests::secret;
use serde_json::Map;

const NOW: Instant = Instant(1_770_000_000_000);

/// Two of ann, bob and cat, of whom one is of `security`, which is bob.
fn route() -> Route {
    let seat = |person: &str| Seat { person: person.into(), key_id: KeyId(person.into()) };
    let security = Group { name: Some("security".into()), persons: names(&["bob"]), threshold: 1 };
    Route {
        round: 1,
        rule_id: "default".into(),
        risk: Risk::High,
        policy_hash: Hash([0; 32]),
        roster: ["ann", "bob", "cat", "ann"].map(seat).into(),
        threshold: 2,
        min_assurance: Assurance::Local,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![security],
        veto: false,
        escalate_to: vec![],
        grant: None,
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn artifact_of(request_id: &str, route: &Route) -> Artifact {
    let head = ArtifactHead {
        request_id: request_id.into(),
        session_id: None,
        artifact_type: ArtifactType::Command,
        repo_ref: "repo".into(),
        base_revision: None,
        created_at: NOW.timestamp(),
        expires_at: NOW.plus_millis(60_000).timestamp(),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: extensions(Fixed([1; 32]), &Context::default(), route, None).ok(),
    };
    Artifact::build(head, Map::new()).unwrap()
}

fn artifact() -> Artifact {
    artifact_of("r1", &route())
}

fn note() -> Note {
    Note {
        kind: NoteType::V1,
        request_id: "r1".into(),
        artifact_hash: artifact().head.artifact_hash,
        answers: 1,
        allowed: names(&["ann"]),
        needed: 2,
        told_at: NOW.timestamp(),
    }
}

fn told(note: Note) -> Result<SoFar, NotTold> {
    let signed = SignedNote::sign(note, &secret(1)).unwrap();
    signed.verify(&artifact(), secret(1).public())
}

#[test]
fn a_note_reads_back_and_tells_persons_and_groups() {
    let signed = SignedNote::sign(note(), &secret(1)).unwrap();
    let read = SignedNote::parse(&json::canonical(&signed).unwrap()).unwrap();
    assert_eq!(read, signed);
    let so_far = read.verify(&artifact(), secret(1).public()).unwrap();
    assert_eq!((so_far.allowed(), so_far.needed()), (&names(&["ann"])[..], 2));
    let security = GroupSoFar { name: Some("security".into()), have: 0, need: 1 };
    assert_eq!((so_far.groups(), so_far.told_at()), (&[security][..], &NOW.timestamp()));
}

#[test]
fn more_than_the_threshold_may_allow_while_a_group_is_missing() {
    let two = Note { answers: 2, allowed: names(&["ann", "cat"]), ..note() };
    assert_eq!(told(two).unwrap().allowed().len(), 2);
    let none = Note { allowed: vec![], ..note() };
    assert!(told(none).unwrap().allowed().is_empty(), "the one answer was a no");
}

#[test]
fn of_two_notes_the_one_with_more_answers_is_newer_and_else_the_later_one() {
    let sign = |note| SignedNote::sign(note, &secret(1)).unwrap();
    let later = |millis| NOW.plus_millis(millis).timestamp();
    let (first, more) = (sign(note()), sign(Note { answers: 2, told_at: later(-9), ..note() }));
    let after = sign(Note { told_at: later(1), ..note() });
    assert!(more.is_newer_than(&first) && !first.is_newer_than(&more));
    assert!(after.is_newer_than(&first) && !first.is_newer_than(&after));
    assert!(!first.is_newer_than(&first));
}

#[test]
fn attack_23_a_note_of_another_artifact_or_request_tells_nothing() {
    let signed = SignedNote::sign(note(), &secret(1)).unwrap();
    let keys = *secret(1).public();
    let other_route = Route { threshold: 3, ..route() };
    for other in [artifact_of("r2", &route()), artifact_of("r1", &other_route)] {
        assert_eq!(signed.verify(&other, &keys), Err(NotTold::OtherArtifact));
    }
    let renamed = Note { request_id: "r2".into(), ..note() };
    assert_eq!(told(renamed), Err(NotTold::OtherArtifact));
    let mut foreign = artifact();
    foreign.head.extensions = None;
    assert_eq!(signed.verify(&foreign, &keys), Err(NotTold::OtherArtifact), "no route");
}

#[test]
fn attack_36_a_note_that_another_key_signed_or_somebody_changed_tells_nothing() {
    let stranger = SignedNote::sign(note(), &secret(2)).unwrap();
    let refused = stranger.verify(&artifact(), secret(1).public());
    assert_eq!(refused, Err(NotTold::Signature));
    let mut changed = SignedNote::sign(note(), &secret(1)).unwrap();
    changed.note.allowed = names(&["bob"]);
    let refused = changed.verify(&artifact(), secret(1).public());
    assert_eq!(refused, Err(NotTold::Signature));
}

#[test]
fn attack_36_people_who_were_not_asked_or_are_named_twice_are_not_told() {
    for wrong in [&["zoe"][..], &["ann", "zoe"], &["ann", "ann"], &["bob", "ann"], &[""]] {
        let note = Note { answers: 9, allowed: names(wrong), ..note() };
        assert_eq!(told(note), Err(NotTold::People), "{wrong:?}");
    }
}

#[test]
fn attack_36_a_count_that_the_route_has_no_room_for_is_not_told() {
    let met = Note { answers: 2, allowed: names(&["ann", "bob"]), ..note() };
    let all = Note { answers: 3, allowed: names(&["ann", "bob", "cat"]), ..note() };
    let unheard = Note { answers: 0, ..note() };
    for needed in [0, 1, 3] {
        assert_eq!(told(Note { needed, ..note() }), Err(NotTold::Count), "{needed} needed");
    }
    for wrong in [met, all, unheard] {
        assert_eq!(told(wrong.clone()), Err(NotTold::Count), "{wrong:?}");
    }
}

#[test]
fn attack_05_a_note_has_one_form() {
    let good = json::canonical(&SignedNote::sign(note(), &secret(1)).unwrap()).unwrap();
    let good = String::from_utf8(good).unwrap();
    for (from, to) in [
        ("\"needed\":2", "\"needed\":2,\"extra\":1"),
        ("\"needed\":2", "\"needed\":2.5"),
        ("\"needed\":2", "\"needed\":-2"),
        ("\"needed\":2", "\"needed\":2,\"needed\":2"),
        ("\"answers\":1,", ""),
        ("[\"ann\"]", "null"),
        ("progress/v1", "progress/v2"),
        ("{\"note\"", "{\"more\":1,\"note\""),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(matches!(SignedNote::parse(bad.as_bytes()), Err(NotTold::Json(_))), "{bad}");
    }
    let long = Note { allowed: vec!["x".repeat(limit::MESSAGE)], ..note() };
    let long = json::canonical(&SignedNote::sign(long, &secret(1)).unwrap()).unwrap();
    assert!(SignedNote::parse(&long).is_err(), "too long to be read");
}

#[test]
fn attack_35_a_note_is_no_decision_and_no_other_word_of_the_enforcer_a_note() {
    let signed = SignedNote::sign(note(), &secret(1)).unwrap();
    for bytes in [json::canonical(&signed).unwrap(), json::canonical(&signed.note).unwrap()] {
        assert!(Decision::parse(&bytes).is_err() && Statement::parse(&bytes).is_err());
    }
    let mut others: Vec<Signature> = Domain::ALL
        .into_iter()
        .filter(|domain| *domain != Domain::Progress)
        .map(|domain| secret(1).sign(domain, &note()).unwrap())
        .collect();
    others.push(secret(1).sign_decision(&json::canonical(&note()).unwrap()).unwrap());
    for signature in others {
        let other = SignedNote { note: note(), signature };
        let refused = other.verify(&artifact(), secret(1).public());
        assert_eq!(refused, Err(NotTold::Signature));
    }
}

#[test]
fn attack_23_a_seal_around_a_note_opens_for_its_own_artifact_and_as_nothing_else() {
    let device = secret(2);
    let mut fill = |bytes: &mut [u8]| bytes.fill(7);
    let about = shown(&artifact());
    let sealed = seal(b"note", &about, &[*device.public()], Entropy(&mut fill)).unwrap();
    assert!(open(&sealed, &about, &device).is_ok());
    let statement = Shown { artifact_type: "command.review".into(), ..about };
    for other in [shown(&artifact_of("r2", &route())), statement] {
        assert!(open(&sealed, &other, &device).is_err());
    }
}
