//! Two devices meet through a gateway that understands none of it.

use crate::exchange::code;
use crate::house::{House, approver_side, claim, initiate, joined, keys, meet};
use countersign_core::pairing::{Answered, Code, Completion, Joining, Offer};
use countersign_wire::ErrorCode;
use countersign_wire::pairing::{Complete, PairingState, PairingStatus};

fn complete(nonce: &str, completion: Completion) -> Complete {
    let Completion { approver_id, keys, r2, mac } = completion;
    Complete { nonce: nonce.to_owned(), approver_id, keys, r2: Some(r2), mac }
}

/// What the enforcer makes of the approver's side.
fn completion(status: &PairingStatus) -> Completion {
    Completion {
        approver_id: status.approver_id.clone().unwrap(),
        keys: status.keys.unwrap(),
        r2: status.r2.unwrap(),
        mac: status.mac,
    }
}

#[tokio::test]
async fn by_link() {
    let house = House::open().await;
    let (enforcer, approver) = house.strangers(1);
    let offer = Offer::new(enforcer.device_id().into(), *keys(1).public(), [1; 32], [2; 32]);
    let initiated = enforcer.initiate(&initiate(&enforcer, 1, offer.commitment())).await.unwrap();
    let waiting = offer.announced(enforcer.origin().clone(), initiated.code);
    let link = waiting.link();

    let found = approver.resolve(&link.code).await.unwrap();
    assert_eq!(found.enforcer_label.as_deref(), Some("laptop"));
    assert_eq!(found.nonce, initiated.nonce);
    let (awaiting, message) = approver_side(&approver, 1).by_link(&link, claim(found)).unwrap();
    approver.complete(&complete(&initiated.nonce, message)).await.unwrap();

    let status = enforcer.pairing_status(&initiated.nonce).await.unwrap();
    assert_eq!(status.state, PairingState::Completed);
    let mac = joined(waiting.answer(completion(&status)).unwrap());
    let confirmed = enforcer.confirm(&initiated.nonce, Some(mac), true).await.unwrap();
    assert!(confirmed.routing_token.is_some());

    let status = approver.pairing_status(&initiated.nonce).await.unwrap();
    assert_eq!(status.state, PairingState::Confirmed);
    assert_eq!(status.routing_token, None);
    let paired = awaiting.finish(&status.enforcer_mac.unwrap()).unwrap();
    assert_eq!(paired.keys(), keys(1).public());
    approver.confirm(&initiated.nonce, None, true).await.unwrap();
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
}

#[tokio::test]
async fn by_typed_code() {
    let house = House::open().await;
    let (enforcer, approver) = house.strangers(1);
    let offer = Offer::new(enforcer.device_id().into(), *keys(1).public(), [1; 32], [2; 32]);
    let initiated = enforcer.initiate(&initiate(&enforcer, 1, offer.commitment())).await.unwrap();
    let (nonce, code) = (initiated.nonce, initiated.code);
    let waiting = offer.announced(enforcer.origin().clone(), code.clone());

    let found = approver.resolve(&code).await.unwrap();
    let origin = approver.origin().clone();
    let (awaiting, message) =
        approver_side(&approver, 1).by_code(&origin, &code, claim(found)).unwrap();
    approver.complete(&complete(&nonce, message)).await.unwrap();

    let status = enforcer.pairing_status(&nonce).await.unwrap();
    let Answered::Compare(enforcer_screen) = waiting.answer(completion(&status)).unwrap() else {
        panic!("no secret was used");
    };
    enforcer.reveal(&nonce, enforcer_screen.reveal()).await.unwrap();
    let status = approver.pairing_status(&nonce).await.unwrap();
    assert_eq!(status.state, PairingState::Revealed);
    let approver_screen = awaiting.reveal(&status.r.unwrap()).unwrap();
    assert_eq!(approver_screen.digits(), enforcer_screen.digits());
    approver.confirm(&nonce, None, true).await.unwrap();
    let half = enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await;
    assert_eq!(crate::exchange::code(half), ErrorCode::NoApprover, "the enforcer said nothing yet");
    let confirmed = enforcer.confirm(&nonce, None, true).await.unwrap();
    assert_eq!(confirmed.approver_confirmed, Some(true));
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
}

#[tokio::test]
async fn a_code_is_used_once() {
    let house = House::open().await;
    let (enforcer, approver) = house.strangers(1);
    let offer = Offer::new(enforcer.device_id().into(), *keys(1).public(), [1; 32], [2; 32]);
    let initiated = enforcer.initiate(&initiate(&enforcer, 1, offer.commitment())).await.unwrap();
    let Joining { approver_id, keys: own, r2 } = approver_side(&approver, 1);
    let message = complete(&initiated.nonce, Completion { approver_id, keys: own, r2, mac: None });
    approver.complete(&message).await.unwrap();
    let again = approver.complete(&message).await;
    assert_eq!(again.as_ref().unwrap_err().state(), Some("completed"));
    assert_eq!(code(again), ErrorCode::PairingConflict);
    assert_eq!(code(approver.resolve(&initiated.code).await), ErrorCode::NotFound);
    let unknown = Complete { nonce: "unknown".to_owned(), ..message };
    assert_eq!(code(house.strangers(2).1.complete(&unknown).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_pairing_ends_after_ten_minutes() {
    let house = House::open().await;
    let (enforcer, approver) = house.strangers(1);
    let nonce = meet(&enforcer, &approver, 1).await;
    let offer = Offer::new(enforcer.device_id().into(), *keys(1).public(), [1; 32], [2; 32]);
    let second = enforcer.initiate(&initiate(&enforcer, 1, offer.commitment())).await.unwrap();
    house.pass(600_000);
    assert_eq!(code(approver.resolve(&second.code).await), ErrorCode::NotFound);
    let late = enforcer.confirm(&nonce, None, true).await;
    assert_eq!(late.as_ref().unwrap_err().state(), Some("expired"));
    let state = enforcer.pairing_status(&nonce).await.unwrap().state;
    assert_eq!(state, PairingState::Expired);
}

#[tokio::test]
async fn attack_09_an_enforcer_cannot_speak_for_the_approver() {
    let house = House::open().await;
    let (enforcer, approver) = house.strangers(1);
    let nonce = meet(&enforcer, &approver, 1).await;
    let (stranger, other) = house.pair(2).await;
    assert_eq!(code(stranger.confirm(&nonce, None, true).await), ErrorCode::NotFound);
    assert_eq!(code(other.confirm(&nonce, None, true).await), ErrorCode::NotFound);
    let r = countersign_core::encoding::Fixed([1; 32]);
    assert_eq!(code(stranger.reveal(&nonce, r).await), ErrorCode::NotFound);
    assert_eq!(code(approver.reveal(&nonce, r).await), ErrorCode::Forbidden);
    approver.confirm(&nonce, None, false).await.unwrap();
    let refused = enforcer.confirm(&nonce, None, true).await;
    assert_eq!(refused.as_ref().unwrap_err().state(), Some("refused"));
}

#[tokio::test]
async fn attack_23_a_known_device_is_not_taken_over() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let mut other_keys = initiate(
        &enforcer,
        2,
        Offer::new("e".into(), *keys(2).public(), [1; 32], [2; 32]).commitment(),
    );
    other_keys.enforcer_id = enforcer.device_id().to_owned();
    assert_eq!(code(enforcer.initiate(&other_keys).await), ErrorCode::DeviceConflict);
    let mine = house.strangers(3).0;
    let offer = Offer::new(mine.device_id().into(), *keys(3).public(), [1; 32], [2; 32]);
    let initiated = mine.initiate(&initiate(&mine, 3, offer.commitment())).await.unwrap();
    let Joining { approver_id, keys: own, r2 } = approver_side(&approver, 1);
    let message = complete(&initiated.nonce, Completion { approver_id, keys: own, r2, mac: None });
    let thief = house.client(countersign_client::Role::Approver, "app-09", 99);
    assert_eq!(code(thief.complete(&message).await), ErrorCode::DeviceConflict);
    approver.complete(&message).await.unwrap();
}

#[tokio::test]
async fn a_revoked_pairing_carries_nothing() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let (stranger, _) = house.pair(2).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    assert_eq!(stranger.revoke(approver.device_id()).await.unwrap(), 0);
    assert_eq!(approver.inbox(None, 9).await.unwrap().items.len(), 1);
    assert_eq!(approver.revoke(enforcer.device_id()).await.unwrap(), 1);
    assert_eq!(approver.revoke(enforcer.device_id()).await.unwrap(), 0);
    assert!(approver.inbox(None, 9).await.unwrap().items.is_empty());
    let over = enforcer.wait_decision("r", std::time::Duration::from_secs(1)).await;
    assert_eq!(over.unwrap_err().state(), Some("cancelled"));
    let closed = enforcer.submit_artifact("s", approver.device_id(), house.artifact()).await;
    assert_eq!(code(closed), ErrorCode::NoApprover);
}

#[tokio::test]
async fn codes_are_read_as_people_type_them() {
    let house = House::open().await;
    let (enforcer, _) = house.strangers(1);
    let offer = Offer::new(enforcer.device_id().into(), *keys(1).public(), [1; 32], [2; 32]);
    let initiated = enforcer.initiate(&initiate(&enforcer, 1, offer.commitment())).await.unwrap();
    let typed = initiated.code.to_string().to_lowercase();
    assert_eq!(Code::parse(&typed).unwrap(), initiated.code);
    let reply = crate::raw::get(house.address, &format!("/v1/pairing/resolve/{typed}"), None).await;
    assert_eq!(reply.status, 200);
}
