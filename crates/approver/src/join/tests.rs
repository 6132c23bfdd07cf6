//! A relay in the middle of a pairing, honest and not.

use super::*;
use crate::fixture;
use countersign_core::pairing::{Answered, EnforcerCompare, Offer, Waiting};
use countersign_wire::pairing::{self as wire, Completed};
use std::sync::Mutex;

/// An enforcer and a relay in one: it answers as the enforcer's steps say.
struct FakeRelay {
    waiting: Mutex<Option<Waiting>>,
    compare: Mutex<Option<EnforcerCompare>>,
    status: Mutex<PairingStatus>,
    resolved: wire::Resolved,
    /// What the enforcer's person says; none means that nobody comes.
    yes: Option<bool>,
    /// How many calls go wrong before the relay is back.
    away: Mutex<usize>,
    heard: Mutex<Vec<bool>>,
}

fn origin() -> Origin {
    Origin::parse("http://127.0.0.1:9").unwrap()
}

fn code() -> Code {
    Code::parse("7K3MQ9TD").unwrap()
}

fn waiting() -> Waiting {
    let keys = *fixture::enforcer().public();
    Offer::new("enf-1".into(), keys, [3; 32], [9; 32]).announced(origin(), code())
}

fn nothing(state: PairingState) -> PairingStatus {
    serde_json::from_value(serde_json::json!({ "state": state })).unwrap()
}

fn conflict() -> RelayError {
    RelayError::Refused { code: "pairing_conflict".into(), message: "taken".into() }
}

impl FakeRelay {
    fn new(yes: Option<bool>) -> Self {
        let keys = *fixture::enforcer().public();
        let commitment = Offer::new("enf-1".into(), keys, [3; 32], [9; 32]).commitment();
        let resolved = wire::Resolved {
            nonce: "n-1".into(),
            enforcer_id: "enf-1".into(),
            enforcer_label: None,
            workspace_name: None,
            keys,
            commitment,
            expires_at: fixture::time("2026-02-21T12:10:00Z"),
        };
        Self {
            waiting: Mutex::new(Some(waiting())),
            compare: Mutex::new(None),
            status: Mutex::new(nothing(PairingState::Open)),
            resolved,
            yes,
            away: Mutex::new(0),
            heard: Mutex::new(Vec::new()),
        }
    }

    fn fail_at_first(&self) -> Result<(), RelayError> {
        let mut away = self.away.lock().unwrap();
        if *away == 0 {
            return Ok(());
        }
        *away -= 1;
        Err(RelayError::Unreachable("gone".into()))
    }

    fn digits(&self) -> String {
        self.compare.lock().unwrap().as_ref().unwrap().digits().to_string()
    }
}

impl PairingRelay for FakeRelay {
    async fn resolve(&self, _: &Code) -> Result<wire::Resolved, RelayError> {
        Ok(self.resolved.clone())
    }

    async fn complete(&self, complete: &Complete) -> Result<Completed, RelayError> {
        assert_eq!(complete.nonce, "n-1");
        let completion = Completion {
            approver_id: complete.approver_id.clone(),
            keys: complete.keys,
            r2: complete.r2.unwrap(),
            mac: complete.mac,
        };
        let taken = self.waiting.lock().unwrap().take();
        let waiting = taken.ok_or_else(conflict)?;
        let mut status = self.status.lock().unwrap();
        match waiting.answer(completion) {
            Ok(Answered::Joined { mac, .. }) => {
                *status = nothing(PairingState::Confirmed);
                status.enforcer_mac = Some(mac);
            }
            Ok(Answered::Compare(compare)) => {
                *status = nothing(PairingState::Revealed);
                status.r = Some(compare.reveal());
                *self.compare.lock().unwrap() = Some(compare);
            }
            Err(_) => *status = nothing(PairingState::Refused),
        }
        status.keys = Some(complete.keys);
        let routing_token = "t".into();
        // The keys have arrived; whether the answer does is another matter.
        self.fail_at_first()?;
        Ok(Completed { routing_token, enforcer_label: None, workspace_name: None })
    }

    async fn status(&self, _: &str) -> Result<PairingStatus, RelayError> {
        self.fail_at_first()?;
        Ok(self.status.lock().unwrap().clone())
    }

    async fn confirm(&self, _: &str, confirm: &Confirm) -> Result<PairingStatus, RelayError> {
        self.fail_at_first()?;
        self.heard.lock().unwrap().push(confirm.accepted);
        let mut status = self.status.lock().unwrap();
        status.enforcer_confirmed = self.yes;
        if self.yes == Some(false) {
            status.state = PairingState::Refused;
        }
        Ok(status.clone())
    }
}

/// A person who looks at both screens.
struct Person<'a> {
    other_screen: &'a FakeRelay,
    asked: usize,
}

impl Compare for Person<'_> {
    async fn same(&mut self, digits: Digits) -> bool {
        self.asked += 1;
        digits.to_string() == self.other_screen.digits()
    }
}

struct Outcome {
    joined: Result<Pairing, JoinError>,
    asked: usize,
    pairings: Vec<Pairing>,
    key_files: usize,
}

async fn join_at(relay: &FakeRelay, invitation: &Invitation) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path()).unwrap();
    let (joined, asked) = join_home(&home, relay, invitation).await;
    let key_files = std::fs::read_dir(dir.path().join("keys")).unwrap().count();
    Outcome { joined, asked, pairings: Pairings::of(&home).list().unwrap(), key_files }
}

async fn join_home(
    home: &Home,
    relay: &FakeRelay,
    invitation: &Invitation,
) -> (Result<Pairing, JoinError>, usize) {
    let mut person = Person { other_screen: relay, asked: 0 };
    let keys = fixture::device();
    let device = NewDevice {
        name: PairingName::parse("work").unwrap(),
        device_id: "app-1".into(),
        keys: &keys,
        r2: [4; 32],
        passphrase: &Passphrase::new(fixture::PASSPHRASE.into()),
        work: Work { memory_kib: 8, passes: 1, lanes: 1 },
        entropy: KeyFileEntropy { salt: [1; 32], nonce: [2; 24] },
    };
    let joined = join(home, relay, invitation, device, &mut person, fixture::now()).await;
    (joined, person.asked)
}

fn by_link() -> Invitation {
    Invitation::Link(Box::new(waiting().link()))
}

fn by_code() -> Invitation {
    Invitation::Code(origin(), code())
}

impl Outcome {
    /// Nothing was pinned and no key is left behind.
    fn refused(self) -> JoinError {
        assert!(self.pairings.is_empty());
        assert_eq!(self.key_files, 0);
        self.joined.unwrap_err()
    }
}

#[tokio::test]
async fn a_link_joins_without_a_question() {
    let relay = FakeRelay::new(Some(true));
    let outcome = join_at(&relay, &by_link()).await;
    let pairing = outcome.joined.unwrap();
    assert_eq!(pairing.enforcer, *fixture::enforcer().public());
    assert_eq!((pairing.enforcer_id.as_str(), pairing.device_id.as_str()), ("enf-1", "app-1"));
    assert_eq!((outcome.asked, outcome.pairings), (0, vec![pairing]));
    assert_eq!(*relay.heard.lock().unwrap(), [true]);
}

#[tokio::test]
async fn a_code_joins_when_the_digits_are_the_same_on_both_screens() {
    let outcome = join_at(&FakeRelay::new(Some(true)), &by_code()).await;
    assert_eq!(outcome.joined.unwrap().relay, origin());
    assert_eq!((outcome.asked, outcome.pairings.len(), outcome.key_files), (1, 1, 1));
}

#[tokio::test]
async fn attack_37_different_digits_join_nothing_and_tell_the_other_side() {
    // The relay put its own keys between: what it shows to the approver commits to them.
    let mut relay = FakeRelay::new(Some(true));
    let keys = *fixture::mallory().public();
    relay.resolved.keys = keys;
    relay.resolved.commitment = Offer::new("enf-1".into(), keys, [3; 32], [0; 32]).commitment();
    let error = join_at(&relay, &by_code()).await.refused();
    assert!(matches!(error, JoinError::Pair(PairError::DigitsRefused)));
    assert_eq!(*relay.heard.lock().unwrap(), [false]);
}

#[tokio::test]
async fn attack_37_a_broken_commitment_shows_no_digits() {
    let mut relay = FakeRelay::new(Some(true));
    relay.resolved.keys = *fixture::mallory().public();
    let outcome = join_at(&relay, &by_code()).await;
    assert_eq!(outcome.asked, 0);
    assert!(matches!(outcome.refused(), JoinError::Pair(PairError::WrongCommitment)));
}

#[tokio::test]
async fn attack_23_other_keys_than_the_link_names_are_refused_before_anything_is_sent() {
    let mut relay = FakeRelay::new(Some(true));
    relay.resolved.keys = *fixture::mallory().public();
    let error = join_at(&relay, &by_link()).await.refused();
    assert!(matches!(error, JoinError::Pair(PairError::WrongFingerprint)));
    assert!(relay.waiting.lock().unwrap().is_some());
}

#[tokio::test]
async fn attack_36_an_enforcer_that_does_not_know_the_secret_is_not_pinned() {
    let relay = FakeRelay::new(Some(true));
    let keys = *fixture::enforcer().public();
    let other = Offer::new("enf-1".into(), keys, [3; 32], [0; 32]).announced(origin(), code());
    *relay.waiting.lock().unwrap() = Some(other);
    let error = join_at(&relay, &by_link()).await.refused();
    assert!(matches!(error, JoinError::Refused));
}

#[tokio::test]
async fn a_no_at_the_enforcer_takes_the_pairing_back() {
    let error = join_at(&FakeRelay::new(Some(false)), &by_code()).await.refused();
    assert!(matches!(error, JoinError::Refused));
}

#[tokio::test(start_paused = true)]
async fn attack_20_an_enforcer_that_never_answers_joins_nothing() {
    let error = join_at(&FakeRelay::new(None), &by_code()).await.refused();
    assert!(matches!(error, JoinError::Expired));
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_comes_back_goes_on() {
    for invitation in [by_code(), by_link()] {
        // The reply to the keys is lost first of all.
        for away in [1, 2, 3, 4] {
            let relay = FakeRelay::new(Some(true));
            *relay.away.lock().unwrap() = away;
            let joined = join_at(&relay, &invitation).await.joined;
            assert!(joined.is_ok(), "{away}: {joined:?}");
        }
    }
}

#[tokio::test]
async fn attack_23_a_pairing_that_somebody_else_completed_is_refused() {
    let relay = FakeRelay::new(Some(true));
    *relay.waiting.lock().unwrap() = None;
    let error = join_at(&relay, &by_link()).await.refused();
    assert!(matches!(error, JoinError::Relay(RelayError::Refused { .. })));
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_before_anything_is_sent() {
    let (dir, _) = fixture::paired_home();
    let relay = FakeRelay::new(Some(true));
    let home = Home::open(dir.path()).unwrap();
    let (joined, _) = join_home(&home, &relay, &by_link()).await;
    assert!(matches!(joined, Err(JoinError::NameTaken(_))));
    assert!(relay.waiting.lock().unwrap().is_some());
}

#[test]
fn an_invitation_is_a_link_or_a_code_with_a_relay() {
    let link = waiting().link().to_text();
    assert!(matches!(Invitation::parse(&link, None), Ok(Invitation::Link(_))));
    let typed = Invitation::parse("7k3m-q9td", Some(&origin())).unwrap();
    assert_eq!((typed.relay(), typed.code()), (&origin(), &code()));
    assert!(matches!(Invitation::parse("7K3MQ9TD", None), Err(JoinError::NoRelay)));
    assert!(matches!(Invitation::parse("http://x", None), Err(JoinError::Pair(_))));
    assert!(matches!(Invitation::parse("hello", Some(&origin())), Err(JoinError::Pair(_))));
}
