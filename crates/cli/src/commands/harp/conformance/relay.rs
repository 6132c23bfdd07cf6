//! What a gateway of this binary does with two devices that it never met before.

use super::binary::broken;
use super::category::{Check, State};
use crate::failure::Failure;
use crate::parties;
use countersign_client::{Client, ClientError};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::keys::SecretKeys;
use countersign_core::pairing::Offer;
use countersign_enforcer::Edge;
use countersign_wire::artifact::{ArtifactSubmit, Ciphertext};
use countersign_wire::decision::DecisionSubmit;
use countersign_wire::exchange::State as Stage;
use countersign_wire::pairing::{Complete, Initiate, Initiated, PairingState, Role};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The longest that a pairing code may live: ten minutes, and the clock's steps.
const CODE_LIFE_MILLIS: i64 = 601_000;

/// Two devices at one gateway, paired with each other.
pub(super) struct Relay {
    enforcer: Client,
    approver: Client,
    pairing: Vec<Check>,
    routing_token: Option<String>,
    ends_at: String,
}

/// A device with fresh keys.
fn device(url: &str, role: Role, edge: &Edge) -> Result<(Client, Arc<SecretKeys>), Failure> {
    let secret = edge.random::<64>().map_err(broken)?;
    let keys = Arc::new(SecretKeys::from_bytes(&secret).map_err(broken)?);
    let id = format!("{}_{}", role.name(), edge.id().map_err(broken)?);
    Ok((Client::new(url, role, &id, Arc::clone(&keys), parties::clock())?, keys))
}

impl Relay {
    /// Meets a gateway, and looks on the way how it pairs.
    pub(super) async fn meet(url: &str) -> Result<Self, Failure> {
        let edge = Edge::system();
        let (enforcer, enforcer_keys) = device(url, Role::Enforcer, &edge)?;
        let (approver, approver_keys) = device(url, Role::Approver, &edge)?;
        let initiated = initiate(&enforcer, &enforcer_keys, &edge).await?;
        let complete = Complete {
            nonce: initiated.nonce.clone(),
            approver_id: approver.device_id().to_owned(),
            keys: *approver_keys.public(),
            r2: Some(Fixed(edge.random().map_err(broken)?)),
            mac: None,
        };
        approver.complete(&complete).await?;
        let again = approver.complete(&complete).await;
        let used = approver.resolve(&initiated.code).await;
        let confirmed = enforcer.confirm(&initiated.nonce, None, true).await?;
        let left = initiated.expires_at.instant().0 - edge.now().0;
        let pairing = vec![
            Check::new(
                "a pairing code ends within ten minutes",
                State::of((1..=CODE_LIFE_MILLIS).contains(&left), || format!("{left} ms")),
            ),
            Check::new("a code is used once", refused(used, 404)),
            Check::new("a second complete is 409", refused(again, 409)),
            Check::new(
                "a routing token exists once both sides met",
                State::of(
                    confirmed.routing_token.is_some() && confirmed.state == PairingState::Confirmed,
                    || format!("{:?}", confirmed.state),
                ),
            ),
        ];
        let ends_at = edge.now().plus_millis(600_000).timestamp().to_string();
        Ok(Self { enforcer, approver, pairing, routing_token: confirmed.routing_token, ends_at })
    }

    /// HARP-COMPLIANCE §2.12.
    pub(super) fn pairing(self) -> Vec<Check> {
        self.pairing
    }

    fn artifact(&self, metadata: Value) -> Result<ArtifactSubmit, Failure> {
        let sealed = json!({"alg": "XChaCha20-Poly1305", "data": "c2VhbGVk"});
        let ciphertext: Ciphertext = serde_json::from_value(sealed).map_err(broken)?;
        Ok(ArtifactSubmit {
            artifact_type: "command.review".into(),
            artifact_hash: Hash([7; 32]).to_string(),
            ciphertext,
            metadata: serde_json::from_value(metadata).map_err(broken)?,
            expires_at: serde_json::from_value(json!(self.ends_at)).map_err(broken)?,
        })
    }

    async fn submit(&self, id: &str, artifact: ArtifactSubmit) -> Result<(), ClientError> {
        self.enforcer.submit_artifact(id, self.approver.device_id(), artifact).await
    }

    /// What the approver would see of request `id`.
    async fn seen(&self, id: &str) -> Result<Option<Value>, Failure> {
        let page = self.approver.inbox(None, 100).await?;
        let item = page.items.iter().find(|item| item.request_id == id);
        item.map(serde_json::to_value).transpose().map_err(broken)
    }

    fn decision(word: &str) -> Result<DecisionSubmit, Failure> {
        let body = json!({
            "artifactHash": Hash([7; 32]),
            "decision": word,
            "signerKeyId": "key",
            "nonce": "nonce",
            "signature": "signature",
        });
        serde_json::from_value(body).map_err(broken)
    }

    /// HARP-COMPLIANCE §2.9.
    pub(super) async fn metadata(&self) -> Result<Vec<Check>, Failure> {
        let routing = ["routingToken", "approverId", "tenantId"];
        let shown = ["workspaceName", "repoName"];
        let mut all: Map<String, Value> =
            routing.iter().chain(&shown).map(|name| ((*name).into(), json!("x"))).collect();
        all.insert("routingToken".into(), json!(self.routing_token));
        self.submit("metadata", self.artifact(Value::Object(all))?).await?;
        self.submit("bare", self.artifact(json!({"tenantId": "x"}))?).await?;
        let item = self.seen("metadata").await?.unwrap_or_default();
        let members = item.pointer("/body/metadata").and_then(Value::as_object);
        let has = |name: &&str| members.is_some_and(|members| members.contains_key(*name));
        let routed = routing.iter().any(has);
        let bare = self.seen("bare").await?.unwrap_or_default();
        let see = || item.to_string();
        Ok(vec![
            Check::new(
                "routing metadata is taken out of an approval request",
                State::of(members.is_some() && !routed, see),
            ),
            Check::new("metadata for people is forwarded", State::of(shown.iter().all(has), see)),
            Check::new(
                "without any, metadata is left out",
                State::of(bare.is_object() && bare.pointer("/body/metadata").is_none(), || {
                    bare.to_string()
                }),
            ),
        ])
    }

    /// HARP-COMPLIANCE §2.10.
    pub(super) async fn withdrawal(&self) -> Result<Vec<Check>, Failure> {
        for id in ["taken-back", "decided"] {
            self.submit(id, self.artifact(json!({"repoName": "x"}))?).await?;
        }
        self.approver.decide("decided", Self::decision("reject")?, None).await?;
        self.enforcer.withdraw("taken-back", None).await?;
        let state = self.enforcer.status("taken-back").await?.state;
        let late = self.approver.decide("taken-back", Self::decision("approve")?, None).await;
        let gone = self.seen("taken-back").await?;
        Ok(vec![
            Check::new(
                "a pending exchange can be withdrawn",
                State::of(state == Stage::Withdrawn, || state.name().into()),
            ),
            Check::new(
                "a decided one is 409",
                refused(self.enforcer.withdraw("decided", None).await, 409),
            ),
            Check::new("nobody decides a withdrawn one", refused(late, 409)),
            Check::new("the inbox item is gone", State::of(gone.is_none(), || format!("{gone:?}"))),
        ])
    }

    /// The part of HARP-COMPLIANCE §2.5 that artifacts and decisions have.
    pub(super) async fn idempotency(&self) -> Result<Vec<Check>, Failure> {
        let artifact = || self.artifact(json!({"repoName": "x"}));
        self.submit("twice", artifact()?).await?;
        let again = self.submit("twice", artifact()?).await;
        let mut other = artifact()?;
        other.artifact_hash = Hash([8; 32]).to_string();
        let other = self.submit("twice", other).await;
        self.approver.decide("twice", Self::decision("reject")?, None).await?;
        let same = self.approver.decide("twice", Self::decision("reject")?, None).await;
        let changed = self.approver.decide("twice", Self::decision("approve")?, None).await;
        Ok(vec![
            Check::new("the same artifact again is accepted once", taken(again)),
            Check::new("another artifact under its id is 409", refused(other, 409)),
            Check::new("the same decision again is accepted once", taken(same)),
            Check::new("another decision is 409", refused(changed, 409)),
        ])
    }

    /// The part of HARP-COMPLIANCE §2.7 that a gateway on loopback has.
    pub(super) async fn transport(&self, url: &str) -> Result<Vec<Check>, Failure> {
        let edge = Edge::system();
        let (stranger, _) = device(url, Role::Enforcer, &edge)?;
        let unknown = stranger.status("nothing").await;
        let mut past = self.artifact(json!({"repoName": "x"}))?;
        past.expires_at = edge.now().plus_millis(-600_000).timestamp();
        let past = self.submit("past", past).await;
        let nowhere = self.artifact(json!({"repoName": "x"}))?;
        let nowhere = self.enforcer.submit_artifact("nowhere", "nobody", nowhere).await;
        Ok(vec![
            Check::new("a device that proved no key is 401", refused(unknown, 401)),
            Check::new(
                "an unknown exchange is 404",
                refused(self.enforcer.status("no").await, 404),
            ),
            Check::new("an artifact that is over is 422", refused(past, 422)),
            Check::new("an approver who is not there is 422", refused(nowhere, 422)),
            Check::new("a message is pushed in a WebSocket frame", self.pushed().await?),
        ])
    }

    async fn pushed(&self) -> Result<State, Failure> {
        let mut channel = self.approver.channel().await?;
        self.submit("pushed", self.artifact(json!({"repoName": "x"}))?).await?;
        let wait = async {
            loop {
                let message = channel.next().await?;
                if message.request_id == "pushed" {
                    return Ok::<_, ClientError>(message.msg_type);
                }
            }
        };
        Ok(match tokio::time::timeout(Duration::from_secs(10), wait).await {
            Ok(Ok(kind)) => State::of(kind == "approval.request", || kind.clone()),
            Ok(Err(error)) => State::Failed(error.to_string()),
            Err(_) => State::Failed("nothing came in ten seconds".into()),
        })
    }
}

async fn initiate(enforcer: &Client, keys: &SecretKeys, edge: &Edge) -> Result<Initiated, Failure> {
    let random = || edge.random().map_err(broken);
    let offer = Offer::new(enforcer.device_id().into(), *keys.public(), random()?, random()?);
    let request = Initiate {
        enforcer_id: enforcer.device_id().to_owned(),
        enforcer_label: None,
        workspace_name: None,
        keys: *keys.public(),
        commitment: offer.commitment(),
    };
    Ok(enforcer.initiate(&request).await?)
}

fn taken<T>(result: Result<T, ClientError>) -> State {
    State::of(result.is_ok(), || result.err().map(|e| e.to_string()).unwrap_or_default())
}

/// Passed where the gateway refused with this HTTP status.
fn refused<T>(result: Result<T, ClientError>, wanted: u16) -> State {
    match result {
        Err(ClientError::Refused { status, .. }) if status == wanted => State::Passed,
        Err(error) => State::Failed(error.to_string()),
        Ok(_) => State::Failed("it was accepted".into()),
    }
}
