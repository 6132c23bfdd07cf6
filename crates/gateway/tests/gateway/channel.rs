//! Live channels.

use crate::exchange::code;
use crate::house::{House, decision};
use countersign_client::{Channel, Client, ClientError, Role};
use countersign_gateway::Limits;
use countersign_wire::ErrorCode;
use countersign_wire::envelope::Envelope;
use countersign_wire::exchange::State;
use std::time::Duration;
use tokio::time::timeout;

/// The next message, within what a test may take.
async fn next(channel: &mut Channel) -> Envelope {
    timeout(Duration::from_secs(5), channel.next()).await.unwrap().unwrap()
}

async fn end(channel: &mut Channel) -> ClientError {
    timeout(Duration::from_secs(5), channel.next()).await.unwrap().unwrap_err()
}

async fn submit(house: &House, enforcer: &Client, approver: &Client, id: &str) {
    enforcer.submit_artifact(id, approver.device_id(), house.artifact()).await.unwrap();
}

#[tokio::test]
async fn a_whole_exchange_over_live_channels() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let (mut asks, mut answers) =
        (enforcer.channel().await.unwrap(), approver.channel().await.unwrap());
    submit(&house, &enforcer, &approver, "r").await;
    let request = next(&mut answers).await;
    assert_eq!((request.msg_type.as_str(), request.request_id.as_str()), ("approval.request", "r"));
    let listed = approver.inbox(None, 1).await.unwrap().items.remove(0);
    assert_eq!(listed, request.clone().open().unwrap(), "pushed and listed are the same");
    answers.ack(request.msg_id.as_deref().unwrap(), "r").await.unwrap();
    approver.decide("r", decision("approve"), Some(house.trace())).await.unwrap();
    let delivered = next(&mut asks).await;
    assert_eq!(delivered.msg_type, "decision.deliver");
    assert_eq!(delivered.trace, Some(house.trace()));
    let polled = enforcer.wait_decision("r", Duration::from_secs(1)).await.unwrap().unwrap();
    assert_eq!(polled, delivered.clone().open().unwrap(), "pushed and polled are the same");
    asks.ack(delivered.msg_id.as_deref().unwrap(), "r").await.unwrap();
    // The next message on the same channel comes after the acknowledgement was taken.
    submit(&house, &enforcer, &approver, "s").await;
    approver.decide("s", decision("reject"), None).await.unwrap();
    assert_eq!(next(&mut asks).await.request_id, "s");
    until(&enforcer, "r", State::Delivered).await;
}

/// A frame is taken when it is taken: waits for the state without a clock.
async fn until(client: &Client, request_id: &str, state: State) {
    let reached = async {
        while client.status(request_id).await.unwrap().state != state {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), reached).await.unwrap();
}

#[tokio::test]
async fn decisions_come_again_until_they_are_acknowledged() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let mut asks = enforcer.channel().await.unwrap();
    for id in ["a", "b"] {
        submit(&house, &enforcer, &approver, id).await;
        approver.decide(id, decision("approve"), None).await.unwrap();
    }
    let first = next(&mut asks).await;
    assert_eq!(next(&mut asks).await.request_id, "b");
    drop(asks);
    let mut asks = enforcer.channel().await.unwrap();
    assert_eq!(next(&mut asks).await, first, "the same message, with the same id");
    asks.ack(first.msg_id.as_deref().unwrap(), "a").await.unwrap();
    until(&enforcer, "a", State::Delivered).await;
    let mut asks = enforcer.channel().await.unwrap();
    assert_eq!(next(&mut asks).await.request_id, "b");
}

#[tokio::test]
async fn requests_come_again_until_they_are_acknowledged() {
    let mut house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    for id in ["a", "b"] {
        submit(&house, &enforcer, &approver, id).await;
        house.pass(1);
    }
    let mut answers = approver.channel().await.unwrap();
    let first = next(&mut answers).await;
    assert_eq!(first.request_id, "a");
    approver.ack(first.msg_id.as_deref().unwrap(), "a").await.unwrap();
    house.restart().await;
    let mut answers = approver.channel().await.unwrap();
    assert_eq!(next(&mut answers).await.request_id, "b");
    assert_eq!(approver.inbox(None, 9).await.unwrap().items.len(), 2, "both still wait");
}

#[tokio::test]
async fn more_than_one_page_is_redelivered() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    for n in 0..33 {
        submit(&house, &enforcer, &approver, &format!("{n:02}")).await;
    }
    let mut answers = approver.channel().await.unwrap();
    for n in 0..33 {
        assert_eq!(next(&mut answers).await.request_id, format!("{n:02}"));
    }
    for n in 0..33 {
        approver.decide(&format!("{n:02}"), decision("approve"), None).await.unwrap();
    }
    let mut asks = enforcer.channel().await.unwrap();
    for n in 0..33 {
        assert_eq!(next(&mut asks).await.request_id, format!("{n:02}"));
    }
}

#[tokio::test]
async fn the_newest_channel_of_an_enforcer_wins() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let mut old = enforcer.channel().await.unwrap();
    let mut new = enforcer.channel().await.unwrap();
    assert_eq!(end(&mut old).await.code(), Some(ErrorCode::ChannelReplaced));
    submit(&house, &enforcer, &approver, "r").await;
    approver.decide("r", decision("approve"), None).await.unwrap();
    assert_eq!(next(&mut new).await.request_id, "r");
}

#[tokio::test]
async fn a_withdrawal_is_told_to_the_approver() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let mut answers = approver.channel().await.unwrap();
    submit(&house, &enforcer, &approver, "r").await;
    assert_eq!(next(&mut answers).await.msg_type, "approval.request");
    enforcer.withdraw("r", Some("not-needed")).await.unwrap();
    let farewell = next(&mut answers).await;
    assert_eq!(farewell.msg_type, "exchange.withdrawn");
    assert_eq!(farewell.body["state"], "withdrawn");
    assert_eq!(farewell.body["reason"], "not-needed");
}

#[tokio::test]
async fn attack_25_a_channel_is_its_own_devices() {
    let house = House::open().await;
    let (enforcer, _) = house.pair(1).await;
    house.pair(2).await;
    let imposter = house.client(Role::Enforcer, "enf-02", 1);
    let wrong_role = house.client(Role::Approver, "enf-01", 1);
    for client in [imposter, wrong_role] {
        assert_eq!(code(client.channel().await), ErrorCode::NotFound);
    }
    enforcer.channel().await.unwrap();
}

#[tokio::test]
async fn attack_26_an_approver_has_only_so_many_channels() {
    let house = House::with(Limits { channels: 1, ..Limits::default() }).await;
    let (_, approver) = house.pair(1).await;
    let first = approver.channel().await.unwrap();
    assert_eq!(code(approver.channel().await), ErrorCode::TooMany);
    drop(first);
}

#[tokio::test]
async fn silence_ends_a_channel() {
    let (ping, idle) = (Duration::from_millis(5), Duration::from_millis(500));
    let house = House::with(Limits { ping, idle, ..Limits::default() }).await;
    let (enforcer, _) = house.pair(1).await;
    let mut asks = enforcer.channel().await.unwrap();
    // Who reads answers the pings by itself, and stays.
    assert!(timeout(2 * idle, asks.next()).await.is_err());
    // Who does not read is let go.
    tokio::time::sleep(2 * idle).await;
    assert!(matches!(end(&mut asks).await, ClientError::Unreachable(_)));
}

#[tokio::test]
async fn a_gateway_that_closes_says_so() {
    let mut house = House::open().await;
    let (enforcer, _) = house.pair(1).await;
    let mut asks = enforcer.channel().await.unwrap();
    house.stop().await;
    assert!(matches!(end(&mut asks).await, ClientError::Unreachable(_)));
    assert!(matches!(enforcer.channel().await, Err(ClientError::Unreachable(_))));
}
