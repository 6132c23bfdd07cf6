//! Nobody is served who has not proved to hold a key.

use crate::exchange::code;
use crate::house::{House, keys};
use crate::raw::{self, Raw};
use countersign_core::decision::Decision;
use countersign_core::json;
use countersign_core::keys::{Domain, SecretKeys};
use countersign_core::pairing::Origin;
use countersign_core::time::{Instant, Timestamp};
use countersign_wire::ErrorCode;
use countersign_wire::auth::{AuthError, Challenge, Possession, Session, SessionRequest};
use serde_json::json;

async fn challenge(house: &House) -> Challenge {
    let reply = raw::get(house.address, "/v1/auth/challenge", None).await;
    json::read(reply.body.as_bytes(), 9_999).unwrap()
}

fn sign(challenge: &Challenge, origin: &str, time: Instant, keys: &SecretKeys) -> SessionRequest {
    SessionRequest::sign(challenge, Origin::parse(origin).unwrap(), time.timestamp(), keys).unwrap()
}

async fn submit(house: &House, request: &SessionRequest) -> Raw {
    raw::post(house.address, "/v1/auth/session", None, serde_json::to_vec(request).unwrap()).await
}

#[tokio::test]
async fn a_proof_opens_a_session_once() {
    let house = House::open().await;
    house.pair(1).await;
    let request = sign(&challenge(&house).await, &house.url(), house.now(), &keys(1));
    let opened = submit(&house, &request).await;
    assert_eq!(opened.status, 200);
    let session: Session = json::read(opened.body.as_bytes(), 9_999).unwrap();
    let seen = raw::get(house.address, "/v1/exchanges/r", Some(&session.token)).await;
    assert_eq!(seen.status, 404);
    let replayed = submit(&house, &request).await;
    assert_eq!((replayed.status, replayed.code().as_str()), (401, "bad_proof"));
    house.pass(900_000);
    let seen = raw::get(house.address, "/v1/exchanges/r", Some(&session.token)).await;
    assert_eq!((seen.status, seen.code().as_str()), (401, "unauthenticated"));
}

#[tokio::test]
async fn attack_35_forged_proofs_are_refused_alike() {
    let house = House::open().await;
    house.pair(1).await;
    let (now, url) = (house.now(), house.url());
    let fresh = challenge(&house).await;
    let other_gateway = sign(&fresh, "https://relay.example", now, &keys(1));
    let unknown = sign(&fresh, &url, now, &keys(77));
    let mut other_key = sign(&fresh, &url, now, &keys(77));
    other_key.key_id = keys(1).key_id();
    let mut moved = sign(&fresh, "https://relay.example", now, &keys(1));
    moved.gateway_origin = Origin::parse(&url).unwrap();
    let mut invented = fresh.clone();
    invented.server_nonce = "A".repeat(75);
    let invented = sign(&invented, &url, now, &keys(1));
    let mut bodies = Vec::new();
    for forged in [other_gateway, unknown, other_key, moved, invented] {
        let reply = submit(&house, &forged).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "bad_proof"), "{forged:?}");
        bodies.push(reply.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "nobody learns which part was wrong");
    let honest = sign(&fresh, &url, now, &keys(1));
    assert_eq!(submit(&house, &honest).await.status, 200, "failed tries use no nonce up");
    let stale = challenge(&house).await;
    house.pass(60_000);
    assert_eq!(submit(&house, &sign(&stale, &url, house.now(), &keys(1))).await.status, 401);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_of_and_nothing_else() {
    let house = House::open().await;
    house.pair(1).await;
    let (now, url) = (house.now(), house.url());
    let fresh = challenge(&house).await;
    for (off, words) in [(300_001, "5 minutes ahead of"), (-7_200_000, "120 minutes behind")] {
        let mut bodies = Vec::new();
        for seed in [1, 77] {
            let reply =
                submit(&house, &sign(&fresh, &url, now.plus_millis(off), &keys(seed))).await;
            assert_eq!((reply.status, reply.code().as_str()), (401, "bad_proof"));
            bodies.push(reply.body);
        }
        assert!(bodies[0].contains(words), "{}", bodies[0]);
        let body: serde_json::Value = serde_json::from_str(&bodies[0]).unwrap();
        assert_eq!(body["body"]["details"], json!({"gatewayTime": now.timestamp()}));
        assert_eq!(bodies[0], bodies[1], "not whether the key is known");
    }
    for off in [300_000, -300_000] {
        let good = sign(&challenge(&house).await, &url, now.plus_millis(off), &keys(1));
        assert_eq!(submit(&house, &good).await.status, 200);
    }
}

#[test]
fn attack_35_a_nonce_that_is_a_decision_gets_no_decision_signed() {
    let time = Timestamp::parse("2026-02-24T10:00:00Z").unwrap();
    let mut decision = json!({
        "requestId": "r", "artifactHashAlg": "SHA-256", "artifactHash": "ab".repeat(32),
        "repoRef": "r", "decision": "allow", "scope": "once", "expiresAt": &time, "nonce": "n",
        "sigAlg": "Ed25519", "signerKeyId": "k",
    });
    let text = String::from_utf8(json::canonical(&decision).unwrap()).unwrap();
    let gateway_origin = Origin::parse("https://relay.example").unwrap();
    let challenge = Challenge { server_nonce: text.clone(), expires_at: time.clone() };
    let refused = SessionRequest::sign(&challenge, gateway_origin.clone(), time.clone(), &keys(1));
    assert_eq!(refused.unwrap_err(), AuthError::BadNonce, "too long for a nonce");
    let key_id = keys(1).key_id();
    let possession = Possession { gateway_origin, server_nonce: text, key_id, time };
    let signature = keys(1).sign(Domain::Auth, &possession).unwrap();
    decision["signature"] = json!(signature);
    let forged = Decision::parse(&serde_json::to_vec(&decision).unwrap()).unwrap();
    assert!(forged.verify_signature(&keys(1).public().signing()).is_err());
}

#[tokio::test]
async fn nothing_but_pairing_and_health_is_served_to_strangers() {
    let house = House::open().await;
    for (method, path) in [
        ("POST", "/v1/artifacts"),
        ("POST", "/v1/decisions"),
        ("POST", "/v1/acks"),
        ("GET", "/v1/exchanges/r"),
        ("GET", "/v1/exchanges/r/wait"),
        ("POST", "/v1/exchanges/r/withdraw"),
        ("GET", "/v1/approvers/a/inbox"),
        ("DELETE", "/v1/approvers/a/inbox/r"),
        ("GET", "/v1/ws?role=enforcer&id=e"),
        ("POST", "/v1/pairing/n/reveal"),
        ("POST", "/v1/pairing/n/confirm"),
        ("POST", "/v1/pairings/revoke"),
    ] {
        for token in [None, Some("guess")] {
            let json = "application/json";
            let reply = raw::send(house.address, method, path, token, json, b"{}").await;
            assert_eq!((reply.status, reply.code().as_str()), (401, "unauthenticated"), "{path}");
        }
    }
    let unknown = raw::get(house.address, "/v1/secrets", None).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "not_found"));
    let wrong = raw::post(house.address, "/v1/health", None, "{}").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (405, "method_not_allowed"));
    assert!(wrong.head.contains("content-type: application/harp+json"));
}

#[tokio::test]
async fn a_client_proves_itself_again_when_its_session_ends() {
    let house = House::open().await;
    let (enforcer, approver) = house.pair(1).await;
    enforcer.submit_artifact("r", approver.device_id(), house.artifact()).await.unwrap();
    house.pass(900_000);
    enforcer.status("r").await.unwrap();
    let stranger = house.client(countersign_client::Role::Enforcer, "enf-09", 9);
    assert_eq!(code(stranger.status("r").await), ErrorCode::BadProof);
}

#[tokio::test]
async fn attack_23_a_message_names_no_other_sender_than_its_caller() {
    let house = House::open().await;
    house.pair(1).await;
    let token = crate::limits::token(&house).await;
    let at = house.now().timestamp();
    let send = async |sender: serde_json::Value| {
        let message = json!({
            "msgType": "ack.submit", "requestId": "r", "createdAt": &at, "sender": sender,
            "body": {"msgId": "m", "status": "processed", "ackAt": &at},
        });
        let body = serde_json::to_vec(&message).unwrap();
        raw::post(house.address, "/v1/acks", Some(&token), body).await.code()
    };
    for own in [json!({}), json!({"enforcerId": "enf-01"})] {
        assert_eq!(send(own).await, "not_found", "the sender passes, the message is unknown");
    }
    for other in [
        json!({"enforcerId": "enf-02"}),
        json!({"approverId": "enf-01"}),
        json!({"enforcerId": "enf-01", "approverId": "app-01"}),
        json!({"gatewayId": "countersign"}),
    ] {
        assert_eq!(send(other.clone()).await, "forbidden", "{other}");
    }
}
