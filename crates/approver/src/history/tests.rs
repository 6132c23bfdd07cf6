//! Double taps, changes of mind, crashes, and files that somebody touched.

use super::*;
use crate::fixture::{self, Ask};
use crate::sign::{Reply, sign};

fn answered(reply: &Reply, seed: u8) -> Answered {
    let opened = fixture::opened(&Ask::default());
    let random = &mut fixture::random(seed);
    let signed = sign(&opened, reply, &fixture::device(), fixture::now(), random).unwrap();
    Answered::new(opened.pairing().clone(), Review::of(&opened), signed, fixture::now())
}

fn history() -> (tempfile::TempDir, History) {
    let dir = tempfile::tempdir().unwrap();
    let history = History::of(&Home::open(dir.path()).unwrap());
    (dir, history)
}

#[test]
fn attack_18_the_same_answer_again_is_the_older_one_byte_for_byte() {
    let (_dir, history) = history();
    let first = history.record(answered(&Reply::allow(), 1)).unwrap();
    let again = answered(&Reply::allow(), 2);
    assert_ne!(first.signed, again.signed, "another nonce");
    assert_eq!(history.record(again).unwrap().signed, first.signed);
}

#[test]
fn attack_43_a_second_different_answer_is_refused() {
    let (_dir, history) = history();
    history.record(answered(&Reply::allow(), 1)).unwrap();
    let refused = history.record(answered(&Reply::deny(None), 2));
    assert!(matches!(refused, Err(HistoryError::AlreadyAnswered(_))));
    assert_eq!(history.list().unwrap().len(), 1);
}

#[test]
fn attack_18_of_two_processes_one_answer_wins() {
    let (_dir, history) = history();
    let replies = [Reply::allow(), Reply::deny(None)];
    let done: Vec<_> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|n| {
                let (history, reply) = (history.clone(), &replies[n % 2]);
                scope.spawn(move || history.record(answered(reply, n as u8)))
            })
            .collect();
        tries.into_iter().filter_map(|t| t.join().unwrap().ok()).collect()
    });
    assert_eq!(done.len(), 4, "those that agree with the first");
    assert!(done.iter().all(|d| d.signed == done[0].signed));
}

#[test]
fn attack_21_what_was_signed_and_not_sent_is_found_after_a_crash() {
    let (dir, history) = history();
    let kept = history.record(answered(&Reply::allow(), 1)).unwrap();
    let after = History::of(&Home::open(dir.path()).unwrap());
    assert_eq!(after.unsent(fixture::now()).unwrap(), std::slice::from_ref(&kept));
    let end = kept.signed.answer.decision.expires_at.instant();
    assert!(after.unsent(end).unwrap().is_empty(), "nothing is sent after the end");
    after.submitted(kept).unwrap();
    assert!(after.unsent(fixture::now()).unwrap().is_empty());
    assert!(after.answered("REQ-1").unwrap().unwrap().submitted);
}

#[test]
fn what_the_gateway_will_never_take_is_not_sent_again() {
    let (_dir, history) = history();
    let kept = history.record(answered(&Reply::allow(), 1)).unwrap();
    history.refused(&kept, "exchange_over").unwrap();
    assert!(history.unsent(fixture::now()).unwrap().is_empty());
    let stored = history.answered("REQ-1").unwrap().unwrap();
    assert_eq!((stored.submitted, stored.refused.as_deref()), (false, Some("exchange_over")));
}

#[test]
fn what_was_asked_is_kept_as_it_was_first_seen() {
    let (_dir, history) = history();
    let opened = fixture::opened(&Ask::default());
    let asked = |now| Asked::new("REQ-1", opened.pairing().clone(), Review::of(&opened), now);
    history.saw(&asked(fixture::now())).unwrap();
    history.saw(&asked(fixture::now().plus_millis(1000))).unwrap();
    let past = history.list().unwrap();
    assert_eq!(past[0].asked, Some(asked(fixture::now())));
    assert_eq!((past.len(), past[0].answered.is_none()), (1, true));
}

#[test]
fn attack_30_a_disclosed_secret_is_not_kept() {
    let (dir, history) = history();
    let opened = fixture::opened(&Ask::with_secret());
    let review = Review::of(&opened);
    assert!(serde_json::to_string(&review).unwrap().contains("s3cr3t"));
    let random = &mut fixture::random(1);
    let (reply, now) = (Reply::allow(), fixture::now());
    let signed = sign(&opened, &reply, &fixture::device(), now, random).unwrap();
    let pairing = opened.pairing().clone();
    history.saw(&Asked::new("REQ-1", pairing.clone(), review.clone(), now)).unwrap();
    history.record(Answered::new(pairing, review, signed, now)).unwrap();
    for file in ["asked/REQ-1.json", "history/REQ-1.json"] {
        let text = std::fs::read_to_string(dir.path().join(file)).unwrap();
        assert!(!text.contains("s3cr3t"), "{file}");
    }
}

#[test]
fn a_request_id_cannot_leave_the_directory() {
    let (_dir, history) = history();
    for bad in ["", ".", "..", "../x", "a/b", ".x", "a\0b", "a b", &"x".repeat(129)] {
        assert!(matches!(history.answered(bad), Err(FileError::BadName { .. })), "{bad}");
    }
    assert!(history.answered("01J2V8V3K6B2Z9X6G1V7Y2QK8H").unwrap().is_none());
}

#[test]
fn a_damaged_or_exchanged_record_is_an_error_that_names_its_file() {
    let (dir, history) = history();
    history.record(answered(&Reply::allow(), 1)).unwrap();
    let path = dir.path().join("history/REQ-1.json");
    std::fs::copy(&path, dir.path().join("history/REQ-2.json")).unwrap();
    let error = history.unsent(fixture::now()).unwrap_err();
    assert!(error.to_string().contains("REQ-2.json"), "{error}");
    std::fs::write(&path, "{").unwrap();
    assert!(matches!(history.answered("REQ-1"), Err(FileError::Corrupt { .. })));
}
