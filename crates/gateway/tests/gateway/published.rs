//! The published messages, byte by byte as they stand in the vectors, through a whole exchange.

use crate::house::House;
use countersign_core::json::parse;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

fn vector(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/gateway");
    parse(&std::fs::read(Path::new(folder).join(name)).unwrap(), 1 << 16).unwrap()
}

#[tokio::test]
async fn the_published_exchange_works() {
    let house = House::open().await;
    let (enforcer, approver) = house.strangers(1);
    let nonce = crate::house::meet(&enforcer, &approver, 1).await;
    let token = enforcer.confirm(&nonce, None, true).await.unwrap().routing_token.unwrap();

    let mut submit = vector("01_artifact_submit.json");
    submit["body"]["metadata"]["routingToken"] = json!(token);
    let request_id = submit["requestId"].as_str().unwrap().to_owned();
    let body = serde_json::from_value(submit["body"].clone()).unwrap();
    assert_eq!(submit["sender"]["enforcerId"], enforcer.device_id());
    enforcer.submit_artifact(&request_id, "named-by-token", body).await.unwrap();

    house.pass(1_000);
    let item = approver.inbox(None, 9).await.unwrap().items.remove(0);
    let item = serde_json::to_value(item).unwrap();
    let mut expected = vector("02_approval_request_sse_or_ws.json");
    expected["msgId"] = item["msgId"].clone();
    expected["sender"]["gatewayId"] = json!("countersign");
    expected["recipient"]["approverId"] = json!(approver.device_id());
    expected["createdAt"] = json!("2026-02-24T10:00:00Z");
    expected["body"]["ciphertextRef"]["alg"] = json!("XChaCha20-Poly1305");
    expected["body"].as_object_mut().unwrap().remove("policyHint");
    assert_eq!(item, expected);

    let decision = vector("03_decision_submit.json");
    let body = serde_json::from_value(decision["body"].clone()).unwrap();
    approver.decide(&request_id, body, None).await.unwrap();
    let delivered = enforcer.wait_decision(&request_id, Duration::from_secs(1)).await.unwrap();
    let delivered = serde_json::to_value(delivered.unwrap()).unwrap();
    let mut expected = vector("04_decision_deliver_ws_or_sse.json");
    expected["msgId"] = delivered["msgId"].clone();
    expected["sender"]["gatewayId"] = json!("countersign");
    expected["createdAt"] = json!("2026-02-24T10:00:01Z");
    assert_eq!(delivered, expected);
}
