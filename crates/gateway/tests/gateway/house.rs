//! A gateway with a clock that stands still until a test moves it, and devices that were paired
//! through it.

use countersign_client::{Client, Role};
use countersign_core::encoding::Hash;
use countersign_core::keys::SecretKeys;
use countersign_core::pairing::{Answered, Joining, Offer, Resolved};
use countersign_core::time::{Instant, Timestamp};
use countersign_gateway::{Clock, Config, Entropy, Gateway, Limits, serve};
use countersign_store::relay::RelayStore;
use countersign_store::relay::memory::MemoryRelay;
use countersign_wire::artifact::{ArtifactSubmit, Ciphertext};
use countersign_wire::decision::DecisionSubmit;
use countersign_wire::pairing::{Complete, Initiate};
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The moment at which every test begins.
pub(crate) const START: &str = "2026-02-24T10:00:00Z";

pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Arc<AtomicI64>,
    store: Arc<dyn RelayStore>,
    limits: Limits,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<std::io::Result<()>>>,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let start = Timestamp::parse(START).unwrap().instant();
        let mut house = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Arc::new(AtomicI64::new(start.0)),
            store: Arc::new(MemoryRelay::new()),
            limits,
            stop: None,
            task: None,
        };
        house.start().await;
        house
    }

    async fn start(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let config = Config { limits: self.limits.clone(), ..Config::default() };
        let gateway = Gateway::new(self.store.clone(), config, self.clock(), entropy());
        let (stop, stopped) = oneshot::channel::<()>();
        self.stop = Some(stop);
        self.task = Some(tokio::spawn(serve(listener, gateway, async move {
            let _ = stopped.await;
        })));
    }

    pub(crate) async fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.task.take().unwrap().await.unwrap().unwrap();
    }

    /// Another process over the same store, at the same address.
    pub(crate) async fn restart(&mut self) {
        if self.stop.is_some() {
            self.stop().await;
        }
        self.start().await;
    }

    pub(crate) fn clock(&self) -> Clock {
        let clock = Arc::clone(&self.clock);
        Arc::new(move || Instant(clock.load(Ordering::Relaxed)))
    }

    pub(crate) fn now(&self) -> Instant {
        Instant(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn pass(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::Relaxed);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn client(&self, role: Role, id: &str, seed: u8) -> Client {
        Client::new(&self.url(), role, id, keys(seed), self.clock()).unwrap()
    }

    /// Two devices, paired by link; their ids and keys follow from `n`.
    pub(crate) async fn pair(&self, n: u8) -> (Client, Client) {
        let (enforcer, approver) = self.strangers(n);
        let nonce = meet(&enforcer, &approver, n).await;
        enforcer.confirm(&nonce, None, true).await.unwrap();
        (enforcer, approver)
    }

    pub(crate) fn strangers(&self, n: u8) -> (Client, Client) {
        let enforcer = self.client(Role::Enforcer, &format!("enf-0{n}"), n);
        let approver = self.client(Role::Approver, &format!("app-0{n}"), n | 0x80);
        (enforcer, approver)
    }

    /// An artifact that ends ten minutes after the start of the test.
    pub(crate) fn artifact(&self) -> ArtifactSubmit {
        let ciphertext: Ciphertext =
            serde_json::from_value(json!({"alg": "X", "data": "sealed", "more": [1]})).unwrap();
        ArtifactSubmit {
            artifact_type: "command.review".to_owned(),
            artifact_hash: "ab".repeat(32),
            ciphertext,
            metadata: None,
            expires_at: Timestamp::parse("2026-02-24T10:10:00Z").unwrap(),
        }
    }

    pub(crate) fn trace(&self) -> Map<String, Value> {
        Map::from_iter([("org.countersign.sealed".to_owned(), json!({"any": "thing"}))])
    }
}

pub(crate) fn keys(seed: u8) -> Arc<SecretKeys> {
    Arc::new(SecretKeys::from_bytes(&[seed; 64]).unwrap())
}

/// An enforcer opens a pairing and an approver completes it; nobody has said yes.
pub(crate) async fn meet(enforcer: &Client, approver: &Client, n: u8) -> String {
    let offer = Offer::new(enforcer.device_id().into(), *keys(n).public(), [n; 32], [n; 32]);
    let initiated = enforcer.initiate(&initiate(enforcer, n, offer.commitment())).await.unwrap();
    let joining = approver_side(approver, n);
    let complete = Complete {
        nonce: initiated.nonce.clone(),
        approver_id: joining.approver_id,
        keys: joining.keys,
        r2: Some(joining.r2),
        mac: None,
    };
    approver.complete(&complete).await.unwrap();
    initiated.nonce
}

pub(crate) fn initiate(enforcer: &Client, n: u8, commitment: Hash) -> Initiate {
    Initiate {
        enforcer_id: enforcer.device_id().to_owned(),
        enforcer_label: Some("laptop".to_owned()),
        workspace_name: None,
        keys: *keys(n).public(),
        commitment,
    }
}

pub(crate) fn approver_side(approver: &Client, n: u8) -> Joining {
    Joining {
        approver_id: approver.device_id().to_owned(),
        keys: *keys(n | 0x80).public(),
        r2: countersign_core::encoding::Fixed([n | 0x40; 32]),
    }
}

pub(crate) fn claim(resolved: countersign_wire::pairing::Resolved) -> Resolved {
    let countersign_wire::pairing::Resolved { enforcer_id, keys, commitment, .. } = resolved;
    Resolved { enforcer_id, keys, commitment }
}

pub(crate) fn joined(answered: Answered) -> countersign_core::pairing::Mac {
    match answered {
        Answered::Joined { mac, .. } => mac,
        Answered::Compare(_) => panic!("a link was used"),
    }
}

pub(crate) fn decision(word: &str) -> DecisionSubmit {
    serde_json::from_value(json!({
        "artifactHash": format!("sha256:{}", "ab".repeat(32)),
        "decision": word,
        "signerKeyId": "key",
        "nonce": "nonce",
        "signature": "signature",
    }))
    .unwrap()
}

/// Bytes that differ each time and are the same in each run.
fn entropy() -> Entropy {
    let counter = AtomicU64::new(0);
    Arc::new(move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(32) {
            let n = counter.fetch_add(1, Ordering::Relaxed);
            let hash = Hash::of(&n.to_be_bytes()).0;
            chunk.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        }
    })
}
