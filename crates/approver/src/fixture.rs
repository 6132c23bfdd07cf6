//! One pairing and requests in all variations, for the tests of every room.

use crate::home::Home;
use crate::keyfile::{KeyFile, KeyFileEntropy, Work};
use crate::open::{Delivered, Opened, open};
use crate::pairings::{Pairing, PairingName, Pairings, RecordType, Status};
use crate::passphrase::Passphrase;
use countersign_core::action::{Action, Command, PinnedFile};
use countersign_core::artifact::{
    Artifact, ArtifactHash, ArtifactHead, ArtifactType, Assurance, Context, HashAlg, Risk, Route,
    Scope, Seat, Statement, extensions,
};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::json;
use countersign_core::keys::SecretKeys;
use countersign_core::pairing::Origin;
use countersign_core::redact::{Disclosure, Text, commit};
use countersign_core::sealing::{Entropy, Shown, seal};
use countersign_core::time::{Instant, Timestamp};
use countersign_wire::artifact::{ApprovalRequest, Ciphertext, CiphertextRef};
use countersign_wire::envelope::{Envelope, Sender};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(crate) const PASSPHRASE: &str = "correct horse";

pub(crate) fn device() -> SecretKeys {
    SecretKeys::from_bytes(&[2; 64]).unwrap()
}

pub(crate) fn enforcer() -> SecretKeys {
    SecretKeys::from_bytes(&[1; 64]).unwrap()
}

pub(crate) fn mallory() -> SecretKeys {
    SecretKeys::from_bytes(&[66; 64]).unwrap()
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(crate) fn now() -> Instant {
    time("2026-02-21T12:01:00Z").instant()
}

pub(crate) fn pairing() -> Pairing {
    Pairing {
        kind: RecordType::V1,
        name: PairingName::parse("work").unwrap(),
        pair_id: "pair-1".into(),
        relay: Origin::parse("http://127.0.0.1:9").unwrap(),
        enforcer_id: "enf-1".into(),
        enforcer: *enforcer().public(),
        device_id: "app-1".into(),
        device: *device().public(),
        role: None,
        paired_at: time("2026-02-21T11:00:00Z"),
        status: Status::Active,
    }
}

pub(crate) fn key_file() -> KeyFile {
    let work = Work { memory_kib: 8, passes: 1, lanes: 1 };
    let entropy = KeyFileEntropy { salt: [1; 32], nonce: [2; 24] };
    KeyFile::seal(&device(), &Passphrase::new(PASSPHRASE.into()), work, entropy).unwrap()
}

/// A home with one pairing, `work`.
pub(crate) fn paired_home() -> (tempfile::TempDir, Pairing) {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path()).unwrap();
    Pairings::of(&home).add(&pairing(), &key_file()).unwrap();
    (dir, pairing())
}

/// What an enforcer asks, and who signs for it.
pub(crate) struct Ask {
    pub(crate) request_id: String,
    pub(crate) payload: Value,
    pub(crate) context: Context,
    pub(crate) route: Option<Route>,
    pub(crate) disclosures: Vec<Disclosure>,
    pub(crate) signer: SecretKeys,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            request_id: "REQ-1".into(),
            payload: Action::Command(Box::new(command(&["rm", "-rf", "build"])))
                .to_payload()
                .unwrap(),
            context: Context {
                principal: Some("uid 1000".into()),
                description: Some("clean the build".into()),
                ..Context::default()
            },
            route: Some(route()),
            disclosures: vec![],
            signer: enforcer(),
        }
    }
}

impl Ask {
    pub(crate) fn of(payload: Value) -> Self {
        Self { payload, ..Self::default() }
    }

    pub(crate) fn argv(argv: &[&str]) -> Self {
        Self::of(Action::Command(Box::new(command(argv))).to_payload().unwrap())
    }

    /// A command with one committed value in its environment, disclosed.
    pub(crate) fn with_secret() -> Self {
        let (commitment, disclosure) = commit(&[9; 32], "/env/TOKEN", json!("s3cr3t")).unwrap();
        let mut command = command(&["deploy"]);
        command.env.insert("TOKEN".into(), Text::Committed(commitment));
        let payload = Action::Command(Box::new(command)).to_payload().unwrap();
        Self { payload, disclosures: vec![disclosure], ..Self::default() }
    }
}

pub(crate) fn command(argv: &[&str]) -> Command {
    Command {
        argv: argv.iter().map(|a| Text::from(*a)).collect(),
        cwd: "/work".into(),
        env: BTreeMap::from([("PATH".into(), Text::from("/usr/bin"))]),
        program: PinnedFile { path: format!("/usr/bin/{}", argv[0]), sha256: Hash([3; 32]) },
        files: vec![],
        stdin_sha256: None,
        verb: None,
    }
}

pub(crate) fn route() -> Route {
    Route {
        round: 1,
        rule_id: "deletes".into(),
        risk: Risk::High,
        policy_hash: Hash([5; 32]),
        roster: vec![Seat { person: "ada".into(), key_id: device().key_id() }],
        threshold: 1,
        min_assurance: Assurance::Local,
        reason_required: false,
        scopes: vec![Scope::Once],
        max_uses: 1,
        groups: vec![],
        veto: false,
        escalate_to: vec![],
        grant: None,
    }
}

pub(crate) fn statement(ask: &Ask) -> Statement {
    let mut extensions =
        extensions(Fixed([6; 32]), &ask.context, ask.route.as_ref().unwrap_or(&route()), None)
            .unwrap();
    if ask.route.is_none() {
        extensions.remove("org.countersign.route");
    }
    let head = ArtifactHead {
        request_id: ask.request_id.clone(),
        session_id: None,
        artifact_type: ArtifactType::Command,
        repo_ref: "repo-1".into(),
        base_revision: None,
        created_at: time("2026-02-21T12:00:00Z"),
        expires_at: time("2026-02-21T12:10:00Z"),
        artifact_hash_alg: HashAlg::Sha256,
        artifact_hash: ArtifactHash(Hash([0; 32])),
        metadata: None,
        extensions: Some(extensions),
    };
    let payload: Map<String, Value> = ask.payload.as_object().unwrap().clone();
    let artifact = Artifact::build(head, payload).unwrap();
    Statement::sign(artifact, ask.disclosures.clone(), &ask.signer).unwrap()
}

pub(crate) fn shown(statement: &Statement) -> Shown {
    let head = &statement.artifact.head;
    Shown {
        request_id: head.request_id.clone(),
        artifact_type: head.artifact_type.name().into(),
        artifact_hash: head.artifact_hash.to_string(),
        expires_at: head.expires_at.to_string(),
    }
}

pub(crate) fn delivered(ask: &Ask) -> Delivered {
    deliver(&statement(ask))
}

pub(crate) fn deliver(statement: &Statement) -> Delivered {
    deliver_as(statement, &shown(statement))
}

pub(crate) fn deliver_as(statement: &Statement, shown: &Shown) -> Delivered {
    deliver_bytes(&json::canonical(statement).unwrap(), shown)
}

pub(crate) fn deliver_bytes(plaintext: &[u8], shown: &Shown) -> Delivered {
    let sealed = seal(plaintext, shown, &[*device().public()], Entropy(&mut random(1))).unwrap();
    Delivered {
        request_id: shown.request_id.clone(),
        artifact_type: shown.artifact_type.clone(),
        artifact_hash: shown.artifact_hash.clone(),
        expires_at: shown.expires_at.clone(),
        sealed,
    }
}

/// The same as the relay delivers it.
pub(crate) fn envelope(ask: &Ask) -> Envelope<ApprovalRequest> {
    let delivered = delivered(ask);
    let ciphertext = Ciphertext::of(&delivered.sealed).unwrap();
    let body = ApprovalRequest {
        artifact_type: delivered.artifact_type,
        artifact_hash: delivered.artifact_hash,
        ciphertext_ref: CiphertextRef::inline(ciphertext),
        metadata: None,
        policy_hint: None,
    };
    let sender = Sender::gateway("gw");
    let envelope = Envelope::new(&delivered.request_id, now().timestamp(), sender, body);
    Envelope { expires_at: Some(time(&delivered.expires_at)), ..envelope }
}

pub(crate) fn opened(ask: &Ask) -> Opened {
    open(&delivered(ask), &pairing(), &device(), now()).unwrap()
}

/// Bytes that differ from call to call and are the same in every run.
pub(crate) fn random(seed: u8) -> impl FnMut(&mut [u8]) {
    let mut next = seed;
    move |bytes| {
        bytes.iter_mut().for_each(|b| {
            next = next.wrapping_mul(31).wrapping_add(17);
            *b = next;
        });
    }
}
