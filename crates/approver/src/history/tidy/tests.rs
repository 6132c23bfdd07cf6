//! What goes, and above all what stays.

use super::*;
use crate::fixture::{self, Ask};
use crate::home::Home;
use crate::pairings::PairingName;
use crate::review::Review;
use crate::sign::{Reply, sign};
use countersign_core::time::Timestamp;

const HOUR: i64 = 3_600_000;

struct Desk {
    _dir: tempfile::TempDir,
    history: History,
}

fn desk() -> Desk {
    let dir = tempfile::tempdir().unwrap();
    let history = History::of(&Home::open(dir.path()).unwrap());
    Desk { _dir: dir, history }
}

fn ask(id: &str) -> Ask {
    Ask { request_id: id.into(), ..Ask::default() }
}

/// When every request of these tests ends.
fn end() -> Instant {
    Timestamp::parse("2026-02-21T12:10:00Z").unwrap().instant()
}

fn days_after(days: i64) -> Instant {
    end().plus_millis(days * DAY_MILLIS + HOUR)
}

impl Desk {
    fn asks(&self, id: &str) {
        let opened = fixture::opened(&ask(id));
        let name = PairingName::parse("work").unwrap();
        self.history.saw(&Asked::new(id, name, Review::of(&opened), fixture::now())).unwrap();
    }

    fn answers(&self, id: &str) {
        let opened = fixture::opened(&ask(id));
        let random = &mut fixture::random(1);
        let signed =
            sign(&opened, &Reply::allow(), &fixture::device(), fixture::now(), random).unwrap();
        let review = Review::of(&opened);
        let answered = Answered::new(opened.pairing().clone(), review, signed, fixture::now());
        self.history.record(answered).unwrap();
    }

    /// As many records of one moment, without the price of signing each.
    fn many(&self, count: usize) {
        self.asks("A");
        let text = std::fs::read_to_string(self.history.asked_path("A").unwrap()).unwrap();
        for n in 0..count {
            let id = format!("N{n:05}");
            let path = self.history.asked_path(&id).unwrap();
            std::fs::write(
                path,
                text.replace("\"requestId\":\"A\"", &format!("\"requestId\":\"{id}\"")),
            )
            .unwrap();
        }
    }

    /// The files look as old as what they say.
    fn look_old(&self) {
        for dir in [self.history.home.asked(), self.history.home.history()] {
            for entry in std::fs::read_dir(dir).unwrap() {
                let file =
                    std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
                let at = u64::try_from(fixture::now().0).unwrap();
                let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(at);
                file.set_modified(at).unwrap();
            }
        }
    }

    fn left(&self) -> Vec<String> {
        self.history.list().unwrap().into_iter().map(|past| past.request_id).collect()
    }
}

#[test]
fn what_ended_long_ago_goes_whole() {
    let desk = desk();
    desk.asks("OLD");
    desk.answers("OLD");
    desk.look_old();
    assert_eq!(desk.history.tidy(days_after(DAYS - 1)).unwrap(), 0);
    assert_eq!(desk.left(), ["OLD"]);
    assert_eq!(desk.history.tidy(days_after(DAYS)).unwrap(), 1);
    assert!(desk.left().is_empty());
    assert_eq!(desk.history.tidy(days_after(DAYS)).unwrap(), 0, "and again does no harm");
}

#[test]
fn of_too_many_the_oldest_go_and_what_nobody_answered_goes_first() {
    let desk = desk();
    desk.many(MOST);
    desk.answers("Z");
    let gone = desk.history.tidy(days_after(2)).unwrap();
    let left = desk.left();
    assert_eq!((left.len(), gone), (MOST - ROOM, MOST + 2 - (MOST - ROOM)));
    assert!(left.contains(&"Z".to_owned()), "the one that was answered");
    assert_eq!(desk.history.tidy(days_after(2)).unwrap(), 0, "there is room now");
}

/// Whatever its number: what can still be answered is answered once, and what is signed is sent.
#[test]
fn attack_18_a_flood_pushes_out_nothing_that_is_not_over() {
    let desk = desk();
    desk.many(MOST + 10);
    desk.answers("Z");
    assert_eq!(desk.history.tidy(fixture::now()).unwrap(), 0);
    assert_eq!(desk.history.tidy(days_after(0)).unwrap(), 0, "nor what ended a moment ago");
    assert_eq!(desk.history.unsent(fixture::now()).unwrap().len(), 1);
    let again = fixture::opened(&ask("Z"));
    let signed = sign(
        &again,
        &Reply::deny(None),
        &fixture::device(),
        fixture::now(),
        &mut fixture::random(2),
    );
    let other =
        Answered::new(again.pairing().clone(), Review::of(&again), signed.unwrap(), fixture::now());
    assert!(desk.history.record(other).is_err(), "it is answered once");
}

#[test]
fn what_cannot_be_read_stays_for_whoever_looks_into_it() {
    let desk = desk();
    desk.asks("BAD");
    std::fs::write(desk.history.asked_path("BAD").unwrap(), "{").unwrap();
    desk.asks("HALF");
    std::fs::write(desk.history.path("HALF").unwrap(), "{").unwrap();
    desk.look_old();
    assert_eq!(desk.history.tidy(days_after(2 * DAYS)).unwrap(), 0);
    assert!(desk.history.asked_path("BAD").unwrap().exists());
    assert!(desk.history.path("HALF").unwrap().exists());
}
