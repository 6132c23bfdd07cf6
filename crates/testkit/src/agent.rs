//! An enforcer whose keys are in the test's hands: it seals whatever the test wants to a device
//! that trusts it.

use crate::{PATIENCE, chance, forge};
use countersign_client::{Client, Role};
use countersign_core::artifact::Statement;
use countersign_core::encoding::Hash;
use countersign_core::json;
use countersign_core::keys::{PublicKeys, SecretKeys};
use countersign_core::pairing::{Answered, Completion, Offer, Origin};
use countersign_wire::artifact::{ArtifactSubmit, Ciphertext};
use countersign_wire::pairing::{Initiate, PairingStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a gateway is asked for news.
const PAUSE: Duration = Duration::from_millis(20);

/// A paired enforcer.
pub struct HostileEnforcer {
    keys: Arc<SecretKeys>,
    client: Client,
    approver: PublicKeys,
    approver_id: String,
}

impl HostileEnforcer {
    /// Pairs by link: `join` is given the link and has the approver's device join by it.
    ///
    /// # Panics
    /// Where the pairing does not come about.
    pub fn pair<T: Send>(gateway: &str, join: impl FnOnce(String) -> T + Send) -> (Self, T) {
        let keys = chance::keys();
        let id = format!("enf_{}", keys.key_id());
        let clock = Arc::new(chance::now);
        let client = Client::new(gateway, Role::Enforcer, &id, Arc::clone(&keys), clock);
        let client = client.expect("a client");
        let offer = Offer::new(id, *keys.public(), chance::draw(), chance::draw());
        let initiated = chance::block_on(client.initiate(&initiate(&client, &keys, &offer)));
        let initiated = initiated.expect("a code");
        let origin = Origin::parse(gateway).expect("an origin");
        let waiting = offer.announced(origin, initiated.code);
        let link = waiting.link().to_text().to_string();
        let (paired, joined) = std::thread::scope(|scope| {
            let joining = scope.spawn(|| join(link));
            let status = chance::block_on(completed(&client, &initiated.nonce));
            let answered = waiting.answer(completion(status)).expect("the approver's proof");
            let Answered::Joined { paired, mac } = answered else { panic!("a link was used") };
            let confirmed = client.confirm(&initiated.nonce, Some(mac), true);
            chance::block_on(confirmed).expect("the gateway takes the proof");
            (paired, joining.join().expect("the approver joins"))
        });
        let (approver, approver_id) = (*paired.keys(), paired.peer_id().to_owned());
        (Self { keys, client, approver, approver_id }, joined)
    }

    /// The enforcer's keys.
    #[must_use]
    pub fn keys(&self) -> &SecretKeys {
        &self.keys
    }

    /// The approver's keys.
    #[must_use]
    pub fn approver(&self) -> &PublicKeys {
        &self.approver
    }

    /// Puts a statement into the approver's inbox, sealed as it should be.
    ///
    /// # Panics
    /// Where the gateway does not take it.
    pub fn put(&self, statement: &Statement) {
        let plaintext = json::canonical(statement).expect("a statement is canonical");
        let about = forge::shown(&statement.artifact);
        let sealed = forge::sealed(&plaintext, &about, &self.approver);
        let submit = ArtifactSubmit {
            artifact_type: about.artifact_type,
            artifact_hash: about.artifact_hash,
            ciphertext: Ciphertext::of(&sealed).expect("a seal is JSON"),
            metadata: None,
            expires_at: statement.artifact.head.expires_at.clone(),
        };
        let sent = self.client.submit_artifact(&about.request_id, &self.approver_id, submit);
        chance::block_on(sent).expect("the gateway takes it");
    }
}

fn initiate(client: &Client, keys: &SecretKeys, offer: &Offer) -> Initiate {
    let commitment: Hash = offer.commitment();
    Initiate {
        enforcer_id: client.device_id().to_owned(),
        enforcer_label: None,
        workspace_name: None,
        keys: *keys.public(),
        commitment,
    }
}

async fn completed(client: &Client, nonce: &str) -> PairingStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = client.pairing_status(nonce).await.expect("a status");
        if status.keys.is_some() {
            return status;
        }
        assert!(Instant::now() < deadline, "nobody joined");
        tokio::time::sleep(PAUSE).await;
    }
}

fn completion(status: PairingStatus) -> Completion {
    Completion {
        approver_id: status.approver_id.expect("an id"),
        keys: status.keys.expect("keys"),
        r2: status.r2.expect("32 bytes"),
        mac: status.mac,
    }
}
