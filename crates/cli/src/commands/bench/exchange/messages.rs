//! What is sent. Inside the seals is nothing of the gateway's business, so they are made once.

use crate::commands::bench::failed;
use crate::commands::bench::stage::Stage;
use crate::failure::Failure;
use countersign_core::decision::Word;
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::keys::PublicKeys;
use countersign_core::sealing::{Entropy, Sealed, Shown, seal};
use countersign_core::time::Timestamp;
use countersign_enforcer::Edge;
use countersign_wire::Envelope;
use countersign_wire::artifact::{ArtifactSubmit, Ciphertext};
use countersign_wire::decision::{DecisionSubmit, sealed_trace};
use countersign_wire::envelope::{Body, Recipient, Sender};
use countersign_wire::exchange::{AckStatus, AckSubmit};
use serde_json::{Map, Value};

/// As long as a sealed statement about a small action.
const STATEMENT: usize = 2_048;

/// As long as a sealed Decision.
const DECISION: usize = 768;

/// How long exchanges may take.
const LIFE_MILLIS: i64 = 600_000;

/// The bodies of all exchanges; only their ids differ.
pub(super) struct Messages {
    submit: ArtifactSubmit,
    decide: DecisionSubmit,
    trace: Map<String, Value>,
    enforcer: Sender,
    approver: Sender,
    to: Recipient,
    now: Timestamp,
}

impl Messages {
    pub(super) fn new(stage: &Stage) -> Result<Self, Failure> {
        let edge = Edge::system();
        let (enforcer, approver) = (stage.enforcer.identity(), &stage.approver);
        let artifact_hash = Hash([5; 32]).to_string();
        let question = sealed(STATEMENT, *approver.keys.public(), &edge)?;
        let answer = sealed(DECISION, *enforcer.keys.public(), &edge)?;
        let approver_id = approver.client.device_id();
        Ok(Self {
            submit: ArtifactSubmit {
                artifact_type: "command.review".into(),
                artifact_hash: artifact_hash.clone(),
                ciphertext: Ciphertext::of(&question).map_err(failed)?,
                metadata: None,
                expires_at: edge.now().plus_millis(LIFE_MILLIS).timestamp(),
            },
            decide: DecisionSubmit {
                artifact_hash,
                decision: Word::Approve,
                reason: None,
                signer_key_id: approver.keys.key_id().0,
                nonce: Fixed([6; 24]).to_string(),
                signature: Fixed([7; 64]).to_string(),
                decision_hash: None,
            },
            trace: sealed_trace(&answer).map_err(failed)?,
            enforcer: Sender::enforcer(&enforcer.device_id),
            approver: Sender::approver(approver_id),
            to: Recipient::approver(approver_id),
            now: edge.now().timestamp(),
        })
    }

    pub(super) fn submit(&self, id: &str) -> Result<Vec<u8>, Failure> {
        let mut envelope = self.envelope(id, &self.enforcer, self.submit.clone());
        envelope.expires_at = Some(self.submit.expires_at.clone());
        envelope.recipient = Some(self.to.clone());
        serde_json::to_vec(&envelope).map_err(failed)
    }

    pub(super) fn decide(&self, id: &str) -> Result<Vec<u8>, Failure> {
        let mut envelope = self.envelope(id, &self.approver, self.decide.clone());
        envelope.trace = Some(self.trace.clone());
        serde_json::to_vec(&envelope).map_err(failed)
    }

    pub(super) fn ack(&self, id: &str, msg_id: &str) -> Result<Vec<u8>, Failure> {
        let (msg_id, ack_at) = (msg_id.to_owned(), self.now.clone());
        let body = AckSubmit { msg_id, status: AckStatus::Processed, ack_at };
        serde_json::to_vec(&self.envelope(id, &self.enforcer, body)).map_err(failed)
    }

    fn envelope<B: Body>(&self, id: &str, sender: &Sender, body: B) -> Envelope<B> {
        Envelope::new(id, self.now.clone(), sender.clone(), body)
    }
}

fn sealed(length: usize, to: PublicKeys, edge: &Edge) -> Result<Sealed, Failure> {
    let shown = Shown {
        request_id: "bench".into(),
        artifact_type: "command.review".into(),
        artifact_hash: Hash([5; 32]).to_string(),
        expires_at: edge.now().timestamp().to_string(),
    };
    let mut missing = None;
    let mut fill = |bytes: &mut [u8]| missing = edge.fill(bytes).err().or(missing.take());
    let sealed = seal(&vec![b'x'; length], &shown, &[to], Entropy(&mut fill));
    match missing {
        Some(error) => Err(failed(error)),
        None => sealed.map_err(failed),
    }
}
