//! An approver's device whose keys are in the test's hands: it opens what it is sent, and signs
//! whatever the test wants.

use crate::{Call, PATIENCE, chance, forge};
use countersign_client::{Client, Role};
use countersign_core::artifact::{Artifact, Statement};
use countersign_core::decision::{Answer, Choice, Decision, hint};
use countersign_core::encoding::Fixed;
use countersign_core::json;
use countersign_core::keys::{PublicKeys, SecretKeys};
use countersign_core::pairing::{Joining, Link, Resolved};
use countersign_core::sealing::{Sealed, Shown, open};
use countersign_core::time::Timestamp;
use countersign_wire::Envelope;
use countersign_wire::artifact::{ApprovalRequest, ArtifactSubmit};
use countersign_wire::decision::sealed_trace;
use countersign_wire::pairing::Complete;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a gateway is asked for news.
const PAUSE: Duration = Duration::from_millis(20);

/// A paired approver's device. A clone is the same device.
#[derive(Clone)]
pub struct HostileDevice {
    keys: Arc<SecretKeys>,
    client: Client,
    enforcer: PublicKeys,
}

impl HostileDevice {
    /// Joins by link, as an honest device would.
    ///
    /// # Panics
    /// Where the pairing does not come about.
    #[must_use]
    pub fn join(link: &str) -> Self {
        let keys = chance::keys();
        let id = format!("app_{}", keys.key_id());
        let link = Link::parse(link).expect("a pairing link");
        let clock = Arc::new(chance::now);
        let client =
            Client::new(link.origin.as_str(), Role::Approver, &id, Arc::clone(&keys), clock);
        let client = client.expect("a client");
        let enforcer = chance::block_on(pair(&client, &link, *keys.public()));
        Self { keys, client, enforcer }
    }

    /// The device's keys.
    #[must_use]
    pub fn keys(&self) -> &SecretKeys {
        &self.keys
    }

    /// The pinned keys of the enforcer.
    #[must_use]
    pub fn enforcer(&self) -> &PublicKeys {
        &self.enforcer
    }

    /// Waits until `count` requests are in the inbox, and opens them, oldest first.
    ///
    /// # Panics
    /// Where they do not come in time, or do not open.
    #[must_use]
    pub fn requests(&self, count: usize) -> Vec<Artifact> {
        let deadline = Instant::now() + PATIENCE;
        chance::block_on(async {
            loop {
                let page = self.client.inbox(None, 50).await.expect("an inbox");
                if page.items.len() >= count {
                    return page.items.iter().map(|item| self.open(item)).collect();
                }
                assert!(Instant::now() < deadline, "nothing reached the inbox");
                tokio::time::sleep(PAUSE).await;
            }
        })
    }

    /// The one request that waits.
    ///
    /// # Panics
    /// Where it does not come in time.
    #[must_use]
    pub fn request(&self) -> Artifact {
        self.requests(1).remove(0)
    }

    fn open(&self, item: &Envelope<ApprovalRequest>) -> Artifact {
        let body = &item.body;
        let sealed = body.ciphertext_ref.sealed().expect("one of our seals");
        let end = item.expires_at.as_ref().expect("an end");
        self.unseal(&sealed, &item.request_id, &body.artifact_type, &body.artifact_hash, end)
    }

    /// Reads an `artifact.submit` to this device on its way, as a gateway could that has its keys.
    ///
    /// # Panics
    /// Where it is none, or does not open.
    #[must_use]
    pub fn read(&self, submit: &Call) -> Artifact {
        let envelope = Envelope::<ArtifactSubmit>::read(&submit.body, usize::MAX);
        let Envelope { request_id, body, .. } = envelope.expect("an `artifact.submit`");
        let sealed = body.ciphertext.sealed().expect("one of our seals");
        self.unseal(
            &sealed,
            &request_id,
            &body.artifact_type,
            &body.artifact_hash,
            &body.expires_at,
        )
    }

    fn unseal(&self, seal: &Sealed, id: &str, kind: &str, hash: &str, end: &Timestamp) -> Artifact {
        let shown = Shown {
            request_id: id.to_owned(),
            artifact_type: kind.to_owned(),
            artifact_hash: hash.to_owned(),
            expires_at: end.to_string(),
        };
        let plaintext = open(seal, &shown, &self.keys).expect("sealed to this device");
        Statement::parse(&plaintext).expect("a statement").artifact
    }

    /// Signs any choice about any artifact.
    ///
    /// # Panics
    /// Where it has no canonical form.
    #[must_use]
    pub fn sign(&self, artifact: &Artifact, choice: Choice) -> Decision {
        Decision::sign(artifact, choice, &self.keys).expect("it can be signed")
    }

    /// Signs an honest yes.
    #[must_use]
    pub fn yes(&self, artifact: &Artifact) -> Decision {
        self.sign(artifact, forge::yes(artifact))
    }

    /// Sends a decision as the answer to an artifact, whether or not it is one.
    ///
    /// # Panics
    /// Where the gateway does not take it.
    pub fn send(&self, decision: &Decision, about: &Artifact) {
        let named = decision.policy_hints.as_ref().and_then(|hints| hints.get(hint::REASON_HASH));
        let theirs = named.is_some_and(|hash| *hash == forge::reason().hash().to_string());
        let reason = theirs.then(forge::reason);
        let answer = Answer { decision: decision.clone(), reason };
        let answer = json::canonical(&answer).expect("a decision is canonical");
        self.send_sealed(&answer, decision, about);
    }

    /// The same with any bytes under the seal.
    ///
    /// # Panics
    /// Where the gateway does not take it.
    pub fn send_sealed(&self, answer: &[u8], decision: &Decision, about: &Artifact) {
        let sealed = forge::sealed(answer, &forge::shown(about), &self.enforcer);
        let trace = sealed_trace(&sealed).expect("a seal is JSON");
        let mut told = forge::told(decision);
        // The gateway compares it with what was asked; the enforcer looks under the seal.
        told.artifact_hash = about.head.artifact_hash.to_string();
        let id = &about.head.request_id;
        let sent = chance::block_on(self.client.decide(id, told, Some(trace)));
        sent.expect("the gateway takes it");
    }

    /// Answers a fresh challenge, whatever the gateway says to the proof.
    pub fn log_in_again(&self) {
        let (origin, id) = (self.client.origin().as_str(), self.client.device_id());
        let (keys, clock) = (Arc::clone(&self.keys), Arc::new(chance::now));
        let fresh = Client::new(origin, Role::Approver, id, keys, clock).expect("a client");
        let _ = chance::block_on(fresh.inbox(None, 1));
    }

    /// Waits for the request and allows it.
    pub fn approve(&self) -> Artifact {
        let artifact = self.request();
        self.send(&self.yes(&artifact), &artifact);
        artifact
    }
}

async fn pair(client: &Client, link: &Link, keys: PublicKeys) -> PublicKeys {
    let found = client.resolve(&link.code).await.expect("an enforcer waits behind the code");
    let r2 = Fixed(chance::draw());
    let joining = Joining { approver_id: client.device_id().to_owned(), keys, r2 };
    let claim =
        Resolved { enforcer_id: found.enforcer_id, keys: found.keys, commitment: found.commitment };
    let (waiting, completion) = joining.by_link(link, claim).expect("the link's enforcer");
    let complete = Complete {
        nonce: found.nonce.clone(),
        approver_id: completion.approver_id,
        keys: completion.keys,
        r2: Some(completion.r2),
        mac: completion.mac,
    };
    client.complete(&complete).await.expect("the gateway takes the keys");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = client.pairing_status(&found.nonce).await.expect("a status");
        if let Some(mac) = status.enforcer_mac {
            return *waiting.finish(&mac).expect("the enforcer's proof").keys();
        }
        assert!(Instant::now() < deadline, "the enforcer did not answer");
        tokio::time::sleep(PAUSE).await;
    }
}
