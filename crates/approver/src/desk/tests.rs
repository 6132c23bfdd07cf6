//! A relay that loses, repeats, swaps and lies.

use super::*;
use crate::fixture::{self, Ask};
use countersign_core::sealing::SealError;
use countersign_wire::decision::DecisionSubmit;
use countersign_wire::exchange::InboxPage;
use serde_json::{Map, Value};
use std::sync::Mutex;

type Submitted = (String, DecisionSubmit, Map<String, Value>);

/// What the relay will say, in this order, and what it heard.
#[derive(Default)]
struct FakeRelay {
    pages: Mutex<Vec<InboxPage>>,
    refusals: Mutex<Vec<RelayError>>,
    heard: Mutex<Vec<Submitted>>,
}

impl Relay for FakeRelay {
    async fn inbox(&self, _: Option<&str>) -> Result<InboxPage, RelayError> {
        let mut pages = self.pages.lock().unwrap();
        if pages.len() > 1 { Ok(pages.remove(0)) } else { Ok(pages[0].clone()) }
    }

    async fn decide(
        &self,
        request_id: &str,
        body: &DecisionSubmit,
        trace: &Map<String, Value>,
    ) -> Result<(), RelayError> {
        self.heard.lock().unwrap().push((request_id.into(), body.clone(), trace.clone()));
        self.refusals.lock().unwrap().pop().map_or(Ok(()), Err)
    }
}

fn page(items: Vec<Envelope<ApprovalRequest>>, next: Option<&str>) -> InboxPage {
    InboxPage { items, next_cursor: next.map(str::to_owned) }
}

fn asked(id: &str) -> Envelope<ApprovalRequest> {
    fixture::envelope(&Ask { request_id: id.into(), ..Ask::default() })
}

struct Office {
    _dir: tempfile::TempDir,
    home: Home,
    relay: FakeRelay,
}

impl Office {
    fn new(pages: Vec<InboxPage>) -> Self {
        let (dir, _) = fixture::paired_home();
        let home = Home::open(dir.path()).unwrap();
        let relay = FakeRelay { pages: Mutex::new(pages), ..FakeRelay::default() };
        Self { _dir: dir, home, relay }
    }

    /// A new desk each time, as after a restart.
    fn desk(&self) -> Desk<&FakeRelay> {
        Desk::new(&self.home, fixture::pairing(), Arc::new(fixture::device()), &self.relay)
    }

    async fn answer(&self, reply: &Reply, seed: u8) -> Result<Answered, AnswerError> {
        let opened = fixture::opened(&Ask::default());
        let mut random = fixture::random(seed);
        self.desk().answer(&opened, reply, fixture::now(), &mut random).await
    }

    fn heard(&self) -> Vec<Submitted> {
        self.relay.heard.lock().unwrap().clone()
    }
}

fn away() -> RelayError {
    RelayError::Unreachable("connection refused".into())
}

fn over() -> RelayError {
    RelayError::Refused { code: "exchange_over".into(), message: "expired".into() }
}

#[tokio::test]
async fn every_page_is_read_and_what_does_not_open_is_listed_with_its_reason() {
    let mut swapped = asked("REQ-2");
    swapped.body = asked("REQ-3").body;
    let pages = vec![page(vec![asked("REQ-1")], Some("c1")), page(vec![swapped], None)];
    let office = Office::new(pages);
    let items = office.desk().list(fixture::now()).await.unwrap();
    assert_eq!(items.iter().map(|i| &i.request_id).collect::<Vec<_>>(), ["REQ-1", "REQ-2"]);
    assert!(items[0].content.is_ok());
    let reason = items[1].content.as_ref().err();
    assert_eq!(reason, Some(&OpenError::Seal(SealError::Broken)));
    let past = History::of(&office.home).list().unwrap();
    assert_eq!(past.len(), 1, "what was not shown is not remembered as asked");
}

#[tokio::test]
async fn attack_23_a_relay_that_repeats_itself_is_heard_once() {
    let office = Office::new(vec![
        page(vec![asked("REQ-1"), asked("REQ-1")], Some("c")),
        page(vec![asked("REQ-1")], None),
    ]);
    assert_eq!(office.desk().list(fixture::now()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn attack_26_a_relay_that_lists_without_end_is_not_listened_to() {
    for endless in [page(vec![], Some("c")), page(vec![asked("REQ-1")], Some("c"))] {
        let office = Office::new(vec![endless]);
        let refused = office.desk().list(fixture::now()).await;
        assert!(matches!(refused, Err(InboxError::Endless)));
    }
}

#[tokio::test]
async fn an_answer_is_written_down_sent_and_marked() {
    let office = Office::new(vec![page(vec![asked("REQ-1")], None)]);
    let answered = office.answer(&Reply::allow(), 1).await.unwrap();
    assert!(answered.submitted);
    assert_eq!(History::of(&office.home).answered("REQ-1").unwrap(), Some(answered.clone()));
    assert_eq!(office.heard(), [("REQ-1".into(), answered.signed.body, answered.signed.trace)]);
    let items = office.desk().list(fixture::now()).await.unwrap();
    assert_eq!(items[0].answered, Some(Verdict::Allow));
}

#[tokio::test]
async fn attack_18_a_double_tap_sends_the_same_bytes() {
    let office = Office::new(vec![]);
    office.answer(&Reply::allow(), 1).await.unwrap();
    office.answer(&Reply::allow(), 2).await.unwrap();
    let heard = office.heard();
    assert_eq!((heard.len(), &heard[0]), (2, &heard[1]));
}

#[tokio::test]
async fn attack_43_a_change_of_mind_is_refused_and_not_sent() {
    let office = Office::new(vec![]);
    office.answer(&Reply::deny(None), 1).await.unwrap();
    let refused = office.answer(&Reply::allow(), 2).await;
    let expected = matches!(refused, Err(AnswerError::History(HistoryError::AlreadyAnswered(_))));
    assert!(expected);
    assert_eq!(office.heard().len(), 1);
}

#[tokio::test]
async fn attack_21_an_answer_that_did_not_arrive_is_sent_again_as_it_was() {
    let office = Office::new(vec![]);
    office.relay.refusals.lock().unwrap().push(away());
    let lost = office.answer(&Reply::allow(), 1).await;
    assert!(matches!(lost, Err(AnswerError::NotSent(_))));
    let sent = office.desk().resend(fixture::now()).await.unwrap();
    assert!(sent.len() == 1 && sent[0].is_ok());
    let heard = office.heard();
    assert_eq!((heard.len(), &heard[0]), (2, &heard[1]));
    assert!(office.desk().resend(fixture::now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_told_and_not_repeated() {
    let office = Office::new(vec![]);
    office.relay.refusals.lock().unwrap().push(over());
    let late = office.answer(&Reply::allow(), 1).await;
    assert!(matches!(late, Err(AnswerError::NotTaken(_))));
    assert!(office.desk().resend(fixture::now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn attack_21_an_answer_of_another_pairing_is_left_to_its_own_desk() {
    let office = Office::new(vec![]);
    office.relay.refusals.lock().unwrap().push(away());
    let _ = office.answer(&Reply::allow(), 1).await;
    let name = crate::pairings::PairingName::parse("other").unwrap();
    let other = Pairing { name, ..fixture::pairing() };
    let keys = Arc::new(fixture::device());
    let desk = Desk::new(&office.home, other, keys, &office.relay);
    assert!(desk.resend(fixture::now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn attack_20_what_cannot_be_written_down_is_not_sent() {
    let office = Office::new(vec![]);
    let history = office.home.root().join("history");
    std::fs::remove_dir(&history).unwrap();
    std::fs::write(&history, "").unwrap();
    let refused = office.answer(&Reply::allow(), 1).await;
    assert!(matches!(refused, Err(AnswerError::History(HistoryError::Home(_)))));
    assert!(office.heard().is_empty());
}

#[tokio::test]
async fn attack_10_a_revoked_pairing_signs_nothing() {
    let office = Office::new(vec![]);
    let revoked = Pairing { status: Status::Revoked, ..fixture::pairing() };
    let desk = Desk::new(&office.home, revoked, Arc::new(fixture::device()), &office.relay);
    let opened = fixture::opened(&Ask::default());
    let mut random = fixture::random(1);
    let refused = desk.answer(&opened, &Reply::allow(), fixture::now(), &mut random).await;
    assert!(matches!(refused, Err(AnswerError::Revoked(_))));
    assert!(office.heard().is_empty());
}

#[test]
fn ids_may_be_shortened_while_they_are_unique() {
    let ids = ["01ABC", "01ABD", "01AB", "02X"];
    assert_eq!(pick(ids, "02"), Ok("02X"));
    assert_eq!(pick(ids, "01abc"), Ok("01ABC"));
    assert_eq!(pick(ids, "01AB"), Ok("01AB"), "an exact id wins");
    assert_eq!(pick(ids, "01A"), Err(PickError::Ambiguous("01A".into(), 3)));
    assert_eq!(pick(ids, "3"), Err(PickError::Unknown("3".into())));
    assert!(pick(["only"], "").is_err());
    assert!(pick(ids, "\u{e4}").is_err());
}
