//! A question and its answer, by calls and long polls.

use crate::house::{House, decision};
use crate::raw;
use countersign_client::{ClientError, Role};
use countersign_gateway::Limits;
use countersign_wire::ErrorCode;
use countersign_wire::exchange::State;
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

const SHORT: Duration = Duration::from_secs(1);

const LONG: Duration = Duration::from_secs(60);

/// The code of a refusal.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, ClientError>) -> ErrorCode {
    result.unwrap_err().code().unwrap()
}

#[tokio::test]
async fn a_whole_exchange_by_long_poll() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    let page = approver.inbox(None, 10).await.unwrap();
    assert_eq!(page.next_cursor, None);
    let item = &page.items[0];
    assert_eq!(item.expires_at, Some(house.artifact().expires_at));
    assert_eq!(item.body.artifact_hash, house.artifact().artifact_hash);
    let members = item.body.ciphertext_ref.members();
    assert_eq!(json!(members), json!({"alg": "X", "data": "sealed", "more": [1]}));
    approver.ack(item.msg_id.as_deref().unwrap(), "r").await.unwrap();

    let waiting = tokio::spawn({
        let enforcer = enforcer.clone();
        async move { enforcer.wait_decision("r", LONG).await }
    });
    tokio::task::yield_now().await;
    approver.decide("r", decision("approve"), Some(house.trace())).await.unwrap();
    let delivered = waiting.await.unwrap().unwrap().unwrap();
    assert_eq!(delivered.body.0, decision("approve"), "as given, prefix and all");
    assert_eq!(delivered.trace, Some(house.trace()));
    assert_eq!(enforcer.status("r").await.unwrap().state, State::Decided);
    enforcer.ack(delivered.msg_id.as_deref().unwrap(), "r").await.unwrap();
    let status = enforcer.status("r").await.unwrap();
    assert_eq!(status.state, State::Delivered);
    assert_eq!(status.decision.unwrap()["decision"], "approve");
    assert!(approver.inbox(None, 10).await.unwrap().items.is_empty());
    let again = enforcer.wait_decision("r", SHORT).await.unwrap().unwrap();
    assert_eq!(again, delivered, "it can be read again, the same");
}

#[tokio::test]
async fn a_long_poll_without_an_answer_comes_back_empty() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    assert_eq!(enforcer.wait_decision("r", SHORT).await.unwrap(), None);
}

#[tokio::test]
async fn submitting_again_is_fine_and_changes_nothing() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let id = approver.device_id();
    let mut artifact = house.artifact();
    enforcer.submit_artifact("r", id, artifact.clone()).await.unwrap();
    artifact.artifact_hash = format!("sha256:{}", artifact.artifact_hash);
    enforcer.submit_artifact("r", id, artifact.clone()).await.unwrap();
    assert_eq!(approver.inbox(None, 10).await.unwrap().items.len(), 1);
    artifact.artifact_hash = "cd".repeat(32);
    let other = enforcer.submit_artifact("r", id, artifact).await;
    assert_eq!(code(other), ErrorCode::AlreadyExists);
}

#[tokio::test]
async fn the_first_decision_stays() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    approver.decide("r", decision("reject"), None).await.unwrap();
    approver.decide("r", decision("reject"), Some(house.trace())).await.unwrap();
    approver.decide("r", decision("deny"), None).await.unwrap();
    let other = approver.decide("r", decision("approve"), None).await;
    assert_eq!(code(other), ErrorCode::AlreadyDecided);
    let delivered = enforcer.wait_decision("r", SHORT).await.unwrap().unwrap();
    assert_eq!((delivered.body.0, delivered.trace), (decision("reject"), None));
    let mut other_nonce = decision("reject");
    other_nonce.nonce = "another".to_owned();
    let other = approver.decide("r", other_nonce, None).await;
    assert_eq!(code(other), ErrorCode::AlreadyDecided);
}

#[tokio::test]
async fn attack_23_a_decision_for_another_artifact_is_refused() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    let mut other = decision("approve");
    other.artifact_hash = "cd".repeat(32);
    let refused = approver.decide("r", other, None).await;
    assert_eq!(code(refused), ErrorCode::HashMismatch);
    assert_eq!(enforcer.status("r").await.unwrap().state, State::PendingApproval);
}

#[tokio::test]
async fn attack_19_nobody_decides_after_expiry_or_withdrawal() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let id = approver.device_id();
    enforcer.submit_artifact("late", id, house.artifact()).await.unwrap();
    enforcer.submit_artifact("back", id, house.artifact()).await.unwrap();
    enforcer.withdraw("back", Some("not-needed")).await.unwrap();
    enforcer.withdraw("back", None).await.unwrap();
    let refused = approver.decide("back", decision("approve"), None).await;
    assert_eq!(refused.as_ref().unwrap_err().state(), Some("withdrawn"));
    assert_eq!(code(refused), ErrorCode::ExchangeOver);
    let waited = enforcer.wait_decision("back", SHORT).await;
    assert_eq!(waited.unwrap_err().state(), Some("withdrawn"));
    house.pass(600_000);
    let refused = approver.decide("late", decision("approve"), None).await;
    assert_eq!(refused.as_ref().unwrap_err().state(), Some("expired"));
    assert_eq!(code(refused), ErrorCode::ExchangeOver);
    assert_eq!(code(enforcer.withdraw("late", None).await), ErrorCode::ExchangeOver);
    assert_eq!(enforcer.status("late").await.unwrap().state, State::Expired);
    assert!(approver.inbox(None, 10).await.unwrap().items.is_empty());
    let expired = enforcer.submit_artifact("next", id, house.artifact()).await;
    assert_eq!(code(expired), ErrorCode::Expired);
}

#[tokio::test]
async fn a_withdrawal_wakes_who_waits() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    let waiting = tokio::spawn({
        let enforcer = enforcer.clone();
        async move { enforcer.wait_decision("r", LONG).await }
    });
    tokio::task::yield_now().await;
    enforcer.withdraw("r", None).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap_err().state(), Some("withdrawn"));
}

#[tokio::test]
async fn expiry_wakes_who_waits() {
    let limits = Limits { housekeeping: Duration::from_millis(5), ..Limits::default() };
    let house = House::with(limits).await;
    let (enforcer, approver) = house.pair(1).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    let waiting = tokio::spawn({
        let enforcer = enforcer.clone();
        async move { enforcer.wait_decision("r", LONG).await }
    });
    tokio::task::yield_now().await;
    // The session that waits outlives the exchange.
    house.pass(600_000);
    let over = timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
    assert_eq!(over.unwrap_err().state(), Some("expired"));
}

#[tokio::test]
async fn attack_25_what_is_anothers_looks_like_what_is_not() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let (stranger, other) = house.pair(2).await;
    enforcer.submit_artifact("mine", approver.device_id(), house.artifact()).await.unwrap();
    let to_stranger = stranger.submit_artifact("r", approver.device_id(), house.artifact()).await;
    let to_nobody = stranger.submit_artifact("r", "nobody", house.artifact()).await;
    assert_eq!(to_stranger, to_nobody);
    assert_eq!(code(to_nobody), ErrorCode::NoApprover);
    for foreign in ["mine", "nothing"] {
        assert_eq!(code(stranger.status(foreign).await), ErrorCode::NotFound);
        assert_eq!(code(other.status(foreign).await), ErrorCode::NotFound);
        assert_eq!(code(stranger.wait_decision(foreign, SHORT).await), ErrorCode::NotFound);
        assert_eq!(code(stranger.withdraw(foreign, None).await), ErrorCode::NotFound);
        assert_eq!(code(other.dismiss(foreign).await), ErrorCode::NotFound);
        let decided = other.decide(foreign, decision("approve"), None).await;
        assert_eq!(code(decided), ErrorCode::NotFound);
    }
    assert_eq!(
        stranger.status("mine").await.unwrap_err(),
        stranger.status("no").await.unwrap_err()
    );
    let item = approver.inbox(None, 10).await.unwrap().items.remove(0);
    let msg_id = item.msg_id.unwrap();
    assert_eq!(code(other.ack(&msg_id, "mine").await), ErrorCode::NotFound);
    assert_eq!(code(enforcer.ack(&msg_id, "mine").await), ErrorCode::NotFound);
    assert!(other.inbox(None, 10).await.unwrap().items.is_empty());
    let imposter = house.client(Role::Approver, approver.device_id(), 0x82);
    assert_eq!(code(imposter.inbox(None, 10).await), ErrorCode::NotFound);
    assert_eq!(code(imposter.dismiss("mine").await), ErrorCode::NotFound);
    assert_eq!(approver.inbox(None, 10).await.unwrap().items.len(), 1);
    assert_eq!(code(enforcer.inbox(None, 10).await), ErrorCode::Forbidden);
    assert_eq!(
        code(enforcer.decide("mine", decision("approve"), None).await),
        ErrorCode::Forbidden
    );
    let submitted = approver.submit_artifact("r", approver.device_id(), house.artifact()).await;
    assert_eq!(code(submitted), ErrorCode::Forbidden);
    stranger.submit_artifact("mine", other.device_id(), house.artifact()).await.unwrap();
}

#[tokio::test]
async fn an_inbox_comes_in_pages_and_a_dismissed_item_is_gone() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    for n in 0..5 {
        let id = format!("r/{n} ?%");
        let submitted = enforcer.submit_artifact(&id, approver.device_id(), house.artifact()).await;
        assert!(
            matches!(submitted, Err(ClientError::Refused { status: 400, .. })),
            "{submitted:?}"
        );
        let id = format!("r/{n}?%#");
        enforcer.submit_artifact(&id, approver.device_id(), house.artifact()).await.unwrap();
        house.pass(1);
    }
    approver.dismiss("r/1?%#").await.unwrap();
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = approver.inbox(cursor.as_deref(), 2).await.unwrap();
        seen.extend(page.items.into_iter().map(|item| item.request_id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["r/0?%#", "r/2?%#", "r/3?%#", "r/4?%#"]);
    assert_eq!(code(approver.inbox(Some("x"), 2).await), ErrorCode::InvalidMessage);
    assert_eq!(approver.status("r/1?%#").await.unwrap().state, State::PendingApproval);
}

#[tokio::test]
async fn attack_24_routing_stays_behind() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    let mut artifact = house.artifact();
    artifact.metadata = json!({
        "approverId": approver.device_id(),
        "tenantId": "tenant",
        "workspaceName": "airlock",
        "requestLabel": {"not": "text"},
        "command": "rm -rf /",
    })
    .as_object()
    .cloned();
    enforcer.submit_artifact("r", approver.device_id(), artifact).await.unwrap();
    let item = approver.inbox(None, 1).await.unwrap().items.remove(0);
    assert_eq!(json!(item.body.metadata), json!({"workspaceName": "airlock"}));
    assert_eq!(item.trace, None);
}

#[tokio::test]
async fn attack_21_a_restart_loses_nothing() {
    let mut house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    let waiting = tokio::spawn({
        let enforcer = enforcer.clone();
        async move { enforcer.wait_decision("r", LONG).await }
    });
    tokio::task::yield_now().await;
    house.stop().await;
    let cut = waiting.await.unwrap();
    assert!(matches!(cut, Ok(None) | Err(ClientError::Unreachable(_))), "{cut:?}");
    let down = approver.decide("r", decision("approve"), None).await.unwrap_err();
    assert!(matches!(down, ClientError::Unreachable(_)), "{down:?}");
    assert!(down.is_retryable());
    house.restart().await;
    approver.decide("r", decision("approve"), None).await.unwrap();
    let delivered = enforcer.wait_decision("r", SHORT).await.unwrap().unwrap();
    assert_eq!(delivered.body.0, decision("approve"));
}

#[tokio::test]
async fn health_says_only_that_it_runs() {
    let house = House::open().await;
    let reply = raw::get(house.address, "/v1/health", None).await;
    assert_eq!(reply.status, 200);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(reply.body, format!("{{\"ok\":true,\"version\":\"{version}\"}}"));
    house.strangers(1).0.health().await.unwrap();
}
