//! The one table of parsers.

use crate::good::{envelope, link, ours, published, vector};
use countersign_core::artifact::{Artifact, Statement};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::decision::{Answer, Decision};
use countersign_core::encoding::unbase64;
use countersign_core::envelope::Envelope as CoreEnvelope;
use countersign_core::error::ErrorObject;
use countersign_core::json::{self, limit::MESSAGE};
use countersign_core::keys::PublicKeys;
use countersign_core::message::Message;
use countersign_core::pairing::Link;
use countersign_core::progress::SignedNote;
use countersign_core::prompt::{Prompt, PromptAck};
use countersign_core::receipt::Receipt;
use countersign_core::redact::Disclosure;
use countersign_core::reference::{Keys, Wire};
use countersign_core::requested_actions::RequestedActions;
use countersign_core::sealing::Sealed;
use countersign_core::session::{End, Snapshot, Start, Status};
use countersign_core::token::Token;
use countersign_core::trust::TrustStore;
use countersign_wire::ErrorBody;
use countersign_wire::artifact::{ApprovalRequest, ArtifactAccepted, ArtifactSubmit};
use countersign_wire::auth::{Challenge, SessionRequest};
use countersign_wire::decision::{DecisionAccepted, DecisionDeliver, DecisionSubmit};
use countersign_wire::envelope::{Body, Envelope};
use countersign_wire::exchange::{
    AckAccepted, AckSubmit, ExchangeStatus, InboxPage, Withdraw, Withdrawn,
};
use countersign_wire::head::{HeadRemembered, HeadSubmit};
use countersign_wire::note::{NoteAccepted, NoteDeliver, NoteSubmit};
use countersign_wire::pairing::{
    Complete, Completed, Confirm, Initiate, Initiated, PairingStatus, Resolved, Reveal, Revoke,
    Revoked,
};
use countersign_wire::presence::{Hello, Presence, RefreshRequest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// What reads bytes, and writes again what it accepted.
type Parse = fn(&[u8]) -> Result<Vec<u8>, String>;

pub(crate) struct Parser {
    pub(crate) name: &'static str,
    pub(crate) good: Vec<u8>,
    pub(crate) parse: Parse,
    pub(crate) form: Form,
}

impl Parser {
    pub(crate) fn is_object(&self) -> bool {
        matches!(self.form, Form::Exact | Form::Plain)
    }
}

/// What is known of the texts that a parser accepts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// An object whose members are all known, in one form only.
    Exact,
    /// The same, but `null` may stand for a member that is absent: nobody signs or hashes it.
    Plain,
    /// No object.
    Other,
    /// Any JSON.
    Any,
}

fn object(name: &'static str, good: Vec<u8>, parse: Parse) -> Parser {
    Parser { name, good, parse, form: Form::Exact }
}

fn other(name: &'static str, good: Vec<u8>, parse: Parse) -> Parser {
    Parser { name, good, parse, form: Form::Other }
}

fn loose(name: &'static str, good: Vec<u8>, parse: Parse) -> Parser {
    Parser { name, good, parse, form: Form::Plain }
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn written<T: Serialize>(read: Result<T, impl std::fmt::Display>) -> Result<Vec<u8>, String> {
    read.map_err(said).and_then(|value| json::canonical(&value).map_err(said))
}

fn message<M: Message>(bytes: &[u8]) -> Result<Vec<u8>, String> {
    written(M::parse(bytes))
}

fn body<B: Body>(bytes: &[u8]) -> Result<Vec<u8>, String> {
    written(Envelope::<B>::read(bytes, countersign_wire::limit::ARTIFACT_SUBMIT))
}

fn plain<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<Vec<u8>, String> {
    written(json::read::<T>(bytes, MESSAGE))
}

fn decision() -> Vec<u8> {
    vector("decision/decisions.json", "allow", "decision")
}

fn head(kind: &str) -> Vec<u8> {
    let checkpoint = vector("checkpoint/checkpoints.json", "signed", "checkpoint");
    let checkpoint: serde_json::Value = serde_json::from_slice(&checkpoint).unwrap();
    envelope(kind, json!({"checkpoint": checkpoint}))
}

fn note<B: Body>() -> Vec<u8> {
    let sealed = vector("sealed/sealed.json", "one-device", "sealed");
    let sealed: serde_json::Value = serde_json::from_slice(&sealed).unwrap();
    envelope(B::MSG_TYPE, json!({"ciphertext": sealed}))
}

fn accepted<B: Body>() -> Vec<u8> {
    envelope(B::MSG_TYPE, json!({"artifactHash": "ab".repeat(32)}))
}

fn reference(member: &str) -> Vec<u8> {
    vector("reference/files.json", "allow", member)
}

fn core_message(name: &str) -> Vec<u8> {
    vector("message/messages.json", name, "text")
}

pub(crate) fn parsers() -> Vec<Parser> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let answer = format!("{{\"decision\":{}}}", text(decision())).into_bytes();
    let keys = vector("artifact/statements.json", "signed", "enforcer");
    let token = text(vector("token/tokens.json", "approve", "token"));
    let statement = vector("artifact/statements.json", "with-a-disclosure", "text");
    let status = json!({"requestId": "r", "state": "decided", "createdAt": "2026-02-02T02:40:00Z",
        "expiresAt": "2026-02-02T02:45:00Z"});
    vec![
        object("artifact", vector("artifact/artifacts.json", "request", "text"), |b| {
            written(Artifact::parse(b))
        }),
        object("statement", statement, |b| written(Statement::parse(b))),
        object("decision", decision(), |b| written(Decision::parse(b))),
        object("answer", answer, |b| written(Answer::parse(b))),
        object("receipt", vector("receipt/receipts.json", "executed", "receipt"), |b| {
            written(Receipt::parse(b))
        }),
        object(
            "trust store",
            vector("trust/stores.json", "one-operator-two-approvers", "text"),
            |b| written(TrustStore::parse(b)),
        ),
        object("sealed", vector("sealed/sealed.json", "one-device", "sealed"), plain::<Sealed>),
        object(
            "checkpoint",
            vector("checkpoint/checkpoints.json", "signed", "checkpoint"),
            plain::<Checkpoint>,
        ),
        object("public keys", keys, plain::<PublicKeys>),
        other(
            "disclosure",
            vector("disclosure/disclosures.json", "text", "disclosure"),
            plain::<Disclosure>,
        ),
        other("token", unbase64(&token).unwrap(), |b| {
            Token::parse(b).map(|token| token.to_bytes()).map_err(said)
        }),
        other("pairing link", link(), |b| {
            let text = std::str::from_utf8(b).map_err(said)?;
            Link::parse(text).map(|link| link.to_text().as_bytes().to_vec()).map_err(said)
        }),
        object("prompt", core_message("prompt"), message::<Prompt>),
        object("prompt ack", core_message("prompt-ack"), message::<PromptAck>),
        object("session start", core_message("session-start"), message::<Start>),
        object("session status", core_message("session-status"), message::<Status>),
        object("session snapshot", core_message("session-snapshot"), message::<Snapshot>),
        object("session end", core_message("session-end"), message::<End>),
        object("requested actions", core_message("requested-actions"), message::<RequestedActions>),
        object("error object", core_message("error"), message::<ErrorObject>),
        object("reference artifact", reference("artifact"), |b| written(Wire::parse(b))),
        object("reference keys", reference("keys"), |b| {
            written(Keys::parse(b).as_ref().map(Keys::file).map_err(ToString::to_string))
        }),
        object("core envelope", core_message("core-envelope"), message::<CoreEnvelope>),
        object("artifact.submit", published("01_artifact_submit"), body::<ArtifactSubmit>),
        object(
            "approval.request",
            published("02_approval_request_sse_or_ws"),
            body::<ApprovalRequest>,
        ),
        object("decision.submit", published("03_decision_submit"), body::<DecisionSubmit>),
        object(
            "decision.deliver",
            published("04_decision_deliver_ws_or_sse"),
            body::<DecisionDeliver>,
        ),
        object("ack.submit", published("05_ack_submit"), body::<AckSubmit>),
        object("refresh.request", published("08_refresh_request"), body::<RefreshRequest>),
        object(
            "inbox.page",
            envelope("inbox.page", json!({"items": [], "nextCursor": null})),
            body::<InboxPage>,
        ),
        object("head.submit", head(HeadSubmit::MSG_TYPE), body::<HeadSubmit>),
        object("head.remembered", head(HeadRemembered::MSG_TYPE), body::<HeadRemembered>),
        object("progress note", ours("progress"), |b| written(SignedNote::parse(b))),
        object("note.submit", note::<NoteSubmit>(), body::<NoteSubmit>),
        object("note.deliver", note::<NoteDeliver>(), body::<NoteDeliver>),
        object("note.accepted", envelope(NoteAccepted::MSG_TYPE, json!({})), body::<NoteAccepted>),
        object("artifact.accepted", accepted::<ArtifactAccepted>(), body::<ArtifactAccepted>),
        object("decision.accepted", accepted::<DecisionAccepted>(), body::<DecisionAccepted>),
        object(
            "ack.accepted",
            envelope(AckAccepted::MSG_TYPE, json!({"msgId": "m"})),
            body::<AckAccepted>,
        ),
        object(
            "exchange.withdrawn",
            envelope(
                Withdrawn::MSG_TYPE,
                json!({"state": "withdrawn", "withdrawnAt": "2026-02-02T02:40:00Z"}),
            ),
            body::<Withdrawn>,
        ),
        object("exchange.status", envelope("exchange.status", status), body::<ExchangeStatus>),
        object("exchange.withdraw", envelope("exchange.withdraw", json!({})), body::<Withdraw>),
        object(
            "error",
            envelope("error", json!({"code": "NOT_FOUND", "message": "m"})),
            body::<ErrorBody>,
        ),
        loose("hello", published("07_hello_message"), plain::<Hello>),
        loose("pairing initiate", ours("initiate"), plain::<Initiate>),
        loose("pairing complete", ours("complete"), plain::<Complete>),
        loose("pairing completed", ours("completed"), plain::<Completed>),
        object("pairing initiated", ours("initiated"), plain::<Initiated>),
        loose("pairing resolved", ours("resolved"), plain::<Resolved>),
        loose("pairing status", ours("status"), plain::<PairingStatus>),
        loose("pairing confirm", ours("confirm"), plain::<Confirm>),
        object("pairing revoke", ours("revoke"), plain::<Revoke>),
        object("pairing revoked", ours("revoked"), plain::<Revoked>),
        loose("presence", ours("presence"), plain::<Presence>),
        object("pairing reveal", ours("reveal"), plain::<Reveal>),
        object("challenge", ours("challenge"), plain::<Challenge>),
        object("session request", ours("session"), plain::<SessionRequest>),
        Parser {
            name: "canonical",
            good: b"{\"a\":[1.5,\"\\u00e9\",null,{}]}".to_vec(),
            parse: |b| written(json::parse(b, MESSAGE)),
            form: Form::Any,
        },
    ]
}
