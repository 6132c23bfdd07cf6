//! Notes that a relay brings, holds back, changes, swaps and shows again.

use super::*;
use crate::desk::{Desk, Item};
use crate::fixture::{self, Ask, device, enforcer, mallory, now};
use crate::relay::{Relay, RelayError};
use crate::review::{Review, render_so_far, so_far_line};
use countersign_core::artifact::{Artifact, Group, Route, Seat};
use countersign_core::display::has_deceptive;
use countersign_core::json;
use countersign_core::keys::{KeyId, SecretKeys};
use countersign_core::progress::{Note, NoteType};
use countersign_core::sealing::{Entropy, seal};
use countersign_wire::decision::DecisionSubmit;
use countersign_wire::exchange::InboxPage;
use countersign_wire::note;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Never asked: a test hands over what a relay would.
struct NoRelay;

impl Relay for NoRelay {
    async fn inbox(&self, _: Option<&str>) -> Result<InboxPage, RelayError> {
        Err(RelayError::Unreachable("away".into()))
    }

    async fn decide(
        &self,
        _: &str,
        _: &DecisionSubmit,
        _: &Map<String, Value>,
    ) -> Result<(), RelayError> {
        Err(RelayError::Unreachable("away".into()))
    }
}

/// Two of ada, who has this device, and others.
fn ask_with(others: &[&str], request_id: &str) -> Ask {
    let seat = |person: &&str| Seat { person: (*person).into(), key_id: KeyId((*person).into()) };
    let mut route = Route { threshold: 2, ..fixture::route() };
    route.roster.extend(others.iter().map(seat));
    Ask { route: Some(route), request_id: request_id.into(), ..Ask::default() }
}

fn ask() -> Ask {
    ask_with(&["ann", "bob"], "REQ-1")
}

fn artifact(ask: &Ask) -> Artifact {
    fixture::statement(ask).artifact
}

/// What the enforcer would say of `ask` once `allowed` do.
fn note_of(ask: &Ask, allowed: &[&str]) -> Note {
    let head = artifact(ask).head;
    Note {
        kind: NoteType::V1,
        request_id: head.request_id,
        artifact_hash: head.artifact_hash,
        answers: u32::try_from(allowed.len()).unwrap(),
        allowed: allowed.iter().map(|who| (*who).to_owned()).collect(),
        needed: 2,
        told_at: now().timestamp(),
    }
}

fn sealed_by(note: Note, ask: &Ask, signer: &SecretKeys) -> Sealed {
    let signed = SignedNote::sign(note, signer).unwrap();
    let (text, about) = (json::canonical(&signed).unwrap(), shown(&artifact(ask)));
    let mut random = fixture::random(3);
    seal(&text, &about, &[*device().public()], Entropy(&mut random)).unwrap()
}

fn sealed(note: Note, ask: &Ask) -> Sealed {
    sealed_by(note, ask, &enforcer())
}

struct Office {
    _dir: tempfile::TempDir,
    home: Home,
}

impl Office {
    fn new() -> Self {
        let (dir, _) = fixture::paired_home();
        let home = Home::open(dir.path()).unwrap();
        Self { _dir: dir, home }
    }

    /// What a new desk makes of a request with this trace, as after a restart.
    fn item(&self, ask: &Ask, trace: Option<Map<String, Value>>) -> Item {
        let mut envelope = fixture::envelope(ask);
        envelope.trace = trace;
        let desk = Desk::new(&self.home, fixture::pairing(), Arc::new(device()), NoRelay);
        let item = desk.receive(&envelope, now()).unwrap();
        assert!(item.content.is_ok(), "a note hides no request");
        item
    }

    fn allowed(&self, ask: &Ask, note: Option<&Sealed>) -> Option<Vec<String>> {
        let trace = note.map(|sealed| note::trace(sealed).unwrap());
        self.item(ask, trace).so_far.map(|so_far| so_far.allowed().to_vec())
    }
}

#[test]
fn a_note_says_how_far_the_others_are_and_the_review_is_as_before() {
    let (office, ask) = (Office::new(), ask());
    let plain = office.item(&ask, None);
    assert!(plain.so_far.is_none());
    let trace = note::trace(&sealed(note_of(&ask, &["ann"]), &ask)).unwrap();
    let item = office.item(&ask, Some(trace));
    let so_far = item.so_far.unwrap();
    assert_eq!(so_far_line(&so_far), "1 of 2 approved so far: ann");
    let text = render_so_far(&so_far, 100, false);
    assert!(text.contains("as the enforcer tells (no part of what is signed)"), "{text}");
    assert!(text.contains("1 of 2 approved so far: ann"), "{text}");
    assert_eq!(Review::of(&item.content.unwrap()), Review::of(&plain.content.unwrap()));
}

#[test]
fn groups_are_worked_out_from_the_signed_route() {
    let (office, mut ask) = (Office::new(), ask());
    let group = |name: Option<&str>, person: &str| Group {
        name: name.map(str::to_owned),
        persons: vec![person.into()],
        threshold: 1,
    };
    let route = ask.route.as_mut().unwrap();
    route.groups = vec![group(Some("role:sre"), "ann"), group(None, "bob")];
    let trace = note::trace(&sealed(note_of(&ask, &["ann"]), &ask)).unwrap();
    let so_far = office.item(&ask, Some(trace)).so_far.unwrap();
    let line = "1 of 2 approved so far: ann; 1 of 1 of \"role:sre\"; 0 of 1 of a list";
    assert_eq!(so_far_line(&so_far), line);
}

#[test]
fn attack_23_an_older_note_or_none_changes_nothing() {
    let (office, mut ask) = (Office::new(), ask_with(&["ann", "bob", "cat"], "REQ-1"));
    ask.route.as_mut().unwrap().threshold = 3;
    let needed = |allowed: &[&str]| Note { needed: 3, ..note_of(&ask, allowed) };
    let (old, new) = (sealed(needed(&["ann"]), &ask), sealed(needed(&["ann", "bob"]), &ask));
    let said = |names: &[&str]| Some(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
    assert_eq!(office.allowed(&ask, Some(&old)), said(&["ann"]));
    assert_eq!(office.allowed(&ask, Some(&new)), said(&["ann", "bob"]));
    for later in [Some(&old), None, Some(&sealed_by(needed(&["cat"]), &ask, &mallory()))] {
        assert_eq!(office.allowed(&ask, later), said(&["ann", "bob"]));
    }
}

#[test]
fn attack_36_what_the_paired_enforcer_did_not_sign_is_as_if_it_were_not_there() {
    let (office, ask) = (Office::new(), ask());
    let good = note_of(&ask, &["ann"]);
    for signer in [mallory(), device()] {
        let forged = sealed_by(good.clone(), &ask, &signer);
        assert_eq!(office.allowed(&ask, Some(&forged)), None);
    }
    let met = note_of(&ask, &["ann", "bob"]);
    let unknown = note_of(&ask, &["zoe"]);
    let fewer = Note { needed: 1, ..good };
    for wrong in [met, unknown, fewer] {
        assert_eq!(office.allowed(&ask, Some(&sealed(wrong.clone(), &ask))), None, "{wrong:?}");
    }
    for trace in [serde_json::json!({}), serde_json::json!("1 of 2"), Value::Null] {
        let trace = Map::from_iter([(note::TRACE.to_owned(), trace)]);
        assert!(office.item(&ask, Some(trace)).so_far.is_none());
    }
}

#[test]
fn attack_23_notes_that_a_relay_swaps_between_two_requests_tell_nothing() {
    let (office, one) = (Office::new(), ask());
    let two = ask_with(&["ann", "bob"], "REQ-2");
    let of_one = sealed(note_of(&one, &["ann"]), &one);
    assert_eq!(office.allowed(&two, Some(&of_one)), None);
    // Also where the enforcer's own note was sealed for the other one.
    let sealed_wrong = sealed(note_of(&one, &["ann"]), &two);
    assert_eq!(office.allowed(&two, Some(&sealed_wrong)), None);
    assert!(office.allowed(&one, Some(&of_one)).is_some());
    let changed = Ask { context: Default::default(), ..ask() };
    assert_eq!(office.allowed(&changed, None), None, "the same id and another artifact");
}

#[test]
fn attack_06_names_in_a_note_neither_mislead_nor_make_two_of_one() {
    let hostile = "bob\u{1b}[2J\u{202e}\n3 of 3";
    let ask = ask_with(&["ann, bob", hostile], "REQ-1");
    for name in ["ann, bob", hostile] {
        let trace = note::trace(&sealed(note_of(&ask, &[name]), &ask)).unwrap();
        let so_far = Office::new().item(&ask, Some(trace)).so_far.unwrap();
        let line = so_far_line(&so_far);
        assert!(line.starts_with("1 of 2 approved so far: \"") && line.ends_with('"'), "{line}");
        let page = render_so_far(&so_far, 60, false);
        assert!(!has_deceptive(&line) && !line.contains('\n') && !has_deceptive(&page), "{page}");
    }
}

#[test]
fn attack_20_a_note_that_cannot_be_kept_is_shown_and_a_damaged_one_hides_nothing() {
    let (office, ask) = (Office::new(), ask());
    let note = sealed(note_of(&ask, &["ann"]), &ask);
    let opened = fixture::opened(&ask);
    let path = place(&office.home, &opened);
    std::fs::create_dir(&path).unwrap();
    assert_eq!(office.allowed(&ask, Some(&note)), Some(vec!["ann".to_owned()]));
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, "{").unwrap();
    assert_eq!(office.allowed(&ask, None), None);
    assert!(office.allowed(&ask, Some(&note)).is_some());
}

fn kept(office: &Office) -> usize {
    std::fs::read_dir(office.home.told()).unwrap().count()
}

/// A relay that hides a request makes nobody forget what was told of it: only time does.
#[tokio::test]
async fn attack_23_what_was_told_goes_when_its_request_is_over_and_not_before() {
    let (office, ask) = (Office::new(), ask());
    assert!(office.allowed(&ask, Some(&sealed(note_of(&ask, &["ann"]), &ask))).is_some());
    std::fs::write(office.home.told().join("damaged.json"), "{").unwrap();
    assert_eq!(kept(&office), 2);
    let desk = Desk::new(&office.home, fixture::pairing(), Arc::new(device()), NoRelay);
    let end = artifact(&ask).head.expires_at.instant();
    for (at, left) in [(now(), 1), (end.plus_millis(60_000), 1), (end.plus_millis(60_001), 0)] {
        assert!(desk.list(at).await.is_err(), "the relay is away");
        assert_eq!(kept(&office), left, "{at:?}");
    }
}
