//! Notes of how far the others are, beside an exchange that waits.

use crate::exchange::code;
use crate::house::{House, decision, keys};
use crate::limits::token;
use crate::raw;
use countersign_core::sealing::{Entropy, Sealed, Shown, seal};
use countersign_wire::envelope::{Envelope, Sender};
use countersign_wire::note::{self, NoteDeliver, NoteSubmit};
use countersign_wire::{ErrorCode, limit};
use std::time::Duration;
use tokio::time::timeout;

/// A seal that no gateway opens; `text` makes it another one.
fn sealed(text: &[u8]) -> Sealed {
    let about = Shown {
        request_id: "r".into(),
        artifact_type: "t".into(),
        artifact_hash: "h".into(),
        expires_at: "e".into(),
    };
    let mut fill = |bytes: &mut [u8]| bytes.fill(7);
    seal(text, &about, &[*keys(9).public()], Entropy(&mut fill)).unwrap()
}

#[tokio::test]
async fn the_last_note_is_listed_and_pushed_beside_its_request() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    for request in ["r", "s"] {
        enforcer.submit_artifact(request, approver.device_id(), house.artifact()).await.unwrap();
    }
    let before = approver.inbox(None, 9).await.unwrap().items;
    let mut channel = approver.channel().await.unwrap();
    let mut next = async || timeout(Duration::from_secs(5), channel.next()).await.unwrap().unwrap();
    for _ in 0..2 {
        assert_eq!(next().await.msg_type, "approval.request");
    }
    for text in [b"1", b"2"] {
        enforcer.submit_note("r", sealed(text)).await.unwrap();
        let pushed: Envelope<NoteDeliver> = next().await.open().unwrap();
        assert_eq!((pushed.request_id.as_str(), pushed.body.ciphertext), ("r", sealed(text)));
    }
    let items = approver.inbox(None, 9).await.unwrap().items;
    let notes: Vec<_> = items.iter().map(|item| note::of_trace(item.trace.as_ref())).collect();
    assert_eq!(notes, [Some(sealed(b"2")), None]);
    let stripped: Vec<_> = items.into_iter().map(|item| Envelope { trace: None, ..item }).collect();
    assert_eq!(stripped, before, "nothing else of a request changes");
}

#[tokio::test]
async fn attack_25_nobody_but_its_enforcer_leaves_a_note() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let (stranger, _) = house.pair(2).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    let foreign = stranger.submit_note("r", sealed(b"x")).await;
    let unknown = stranger.submit_note("none", sealed(b"x")).await;
    assert_eq!(format!("{foreign:?}"), format!("{unknown:?}"), "the same answer");
    assert_eq!(code(foreign), ErrorCode::NotFound);
    let own = approver.submit_note("r", sealed(b"x")).await;
    assert_eq!(code(own), ErrorCode::Forbidden);
    let item = approver.inbox(None, 9).await.unwrap().items.remove(0);
    assert_eq!(item.trace, None);
}

#[tokio::test]
async fn attack_19_no_note_is_taken_once_the_exchange_is_over() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    for request in ["decided", "back", "late"] {
        enforcer.submit_artifact(request, approver.device_id(), house.artifact()).await.unwrap();
    }
    approver.decide("decided", decision("approve"), None).await.unwrap();
    enforcer.withdraw("back", None).await.unwrap();
    let mut states = Vec::new();
    for request in ["decided", "back"] {
        states.push(enforcer.submit_note(request, sealed(b"x")).await);
    }
    house.pass(24 * 60 * 60 * 1_000);
    states.push(enforcer.submit_note("late", sealed(b"x")).await);
    let told: Vec<_> = states.iter().map(|s| s.as_ref().unwrap_err().state().unwrap()).collect();
    assert_eq!(told, ["decided", "withdrawn", "expired"]);
}

#[tokio::test]
async fn attack_26_a_note_is_small_and_one_of_ours() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    let large = enforcer.submit_note("r", sealed(&vec![b' '; limit::NOTE])).await;
    assert_eq!(code(large), ErrorCode::TooLarge);
    let token = token(&house).await;
    let path = "/v1/exchanges/r/note";
    let posted = async |body: Vec<u8>| raw::post(house.address, path, Some(&token), body).await;
    let message = |request: &str| {
        let body = NoteSubmit { ciphertext: sealed(b"x") };
        let (time, sender) = (house.now().timestamp(), Sender::enforcer("enf-01"));
        serde_json::to_value(Envelope::new(request, time, sender, body)).unwrap()
    };
    let mut plain = message("r");
    plain["body"]["ciphertext"]["words"] = "1 of 2".into();
    for bad in [message("s"), plain] {
        let reply = posted(bad.to_string().into_bytes()).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "invalid_message"), "{bad}");
    }
    let reply = raw::post(house.address, path, None, message("r").to_string().into_bytes()).await;
    assert_eq!(reply.status, 401);
    assert_eq!(approver.inbox(None, 9).await.unwrap().items[0].trace, None);
    let reply = posted(message("r").to_string().into_bytes()).await;
    assert_eq!(reply.status, 200);
}
