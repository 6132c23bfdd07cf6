//! What must hold for any bytes, one function for each fuzz target.
//!
//! No parser panics; and what one accepts is written again to the canonical bytes of the very text,
//! and is read from those as the same. So an accepted text has exactly one meaning.

mod hook;
mod policy_shell;

pub use hook::hook;
pub use policy_shell::shell;

use countersign_core::artifact::{Artifact, Statement};
use countersign_core::bundle::{Checker, Line};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::decision::{Answer, Decision};
use countersign_core::envelope::Envelope as CoreEnvelope;
use countersign_core::error::ErrorObject;
use countersign_core::json::{self, JsonError, limit};
use countersign_core::keys::{PublicKeys, SecretKeys};
use countersign_core::message::Message;
use countersign_core::pairing::Link;
use countersign_core::passkey::Offer;
use countersign_core::progress::SignedNote;
use countersign_core::prompt::{Prompt, PromptAck};
use countersign_core::receipt::Receipt;
use countersign_core::receipt::check::{Verdict, check};
use countersign_core::reference::{Keys, Wire};
use countersign_core::requested_actions::RequestedActions;
use countersign_core::sealing::{Entropy, Sealed, Shown, open, seal};
use countersign_core::session::Event;
use countersign_core::tally::{Tally, tally};
use countersign_core::time::Instant;
use countersign_core::token::Token;
use countersign_core::trust::TrustStore;
use countersign_policy::load::{Dialect, load_with_places};
use countersign_wire::artifact::{ApprovalRequest, ArtifactSubmit};
use countersign_wire::auth::{Challenge, SessionRequest};
use countersign_wire::decision::{DecisionDeliver, DecisionSubmit, sealed_of};
use countersign_wire::envelope::{Body, Envelope};
use countersign_wire::exchange::{AckSubmit, ExchangeStatus, InboxPage, Withdraw};
use countersign_wire::pairing::{Complete, Completed, Initiate, PairingStatus, Reveal, Revoke};
use countersign_wire::presence::{Hello, Presence, RefreshRequest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The canonical bytes of what was accepted, which are those of the text and are accepted again.
fn one_form<T: Serialize, E>(data: &[u8], parse: impl Fn(&[u8]) -> Result<T, E>) -> Option<T> {
    let read = parse(data).ok()?;
    let written = json::canonical(&read).expect("what was read has a canonical form");
    let value = json::parse(data, usize::MAX).expect("what was read is strict json");
    let text = json::canonical(&value).expect("strict json has a canonical form");
    assert!(written == text, "a second form is accepted");
    again(&written, parse);
    Some(read)
}

/// What was written is accepted, and written the same.
fn again<T: Serialize, E>(written: &[u8], parse: impl Fn(&[u8]) -> Result<T, E>) {
    let read = parse(written).ok().expect("what was written is accepted");
    assert!(json::canonical(&read).expect("a canonical form") == written, "it is written the same");
}

/// For messages that nobody signs or hashes: `null` may stand for what is absent.
fn plain<T: Serialize + DeserializeOwned>(data: &[u8]) {
    let parse = |bytes: &[u8]| json::read::<T>(bytes, limit::MESSAGE);
    if let Ok(read) = parse(data) {
        again(&json::canonical(&read).expect("a canonical form"), parse);
    }
}

fn keys() -> SecretKeys {
    SecretKeys::from_bytes(&[2; 64]).expect("any bytes are keys")
}

/// The strict reader and the canonical writer; serde_json reads what they wrote as the same.
pub fn canonical(data: &[u8]) {
    let parse = |bytes: &[u8]| json::parse(bytes, limit::MESSAGE);
    if let Some(value) = one_form(data, parse) {
        let text = json::canonical(&value).expect("a canonical form");
        let lax: Value = serde_json::from_slice(&text).expect("a strict text is a text");
        // Whole numbers beyond 2^53 are doubles to us and integers to serde_json; those are refused.
        if let Ok(written) = json::canonical(&lax) {
            assert!(written == text, "two readers read two values");
        }
    }
}

/// Artifacts; hashing one never fails.
pub fn artifact(data: &[u8]) {
    if let Some(artifact) = one_form(data, Artifact::parse) {
        artifact.hash().expect("an artifact has a hash");
        let _ = (artifact.action(), artifact.action_hash().expect("a payload has a hash"));
    }
}

/// Statements, which no key of ours has signed but those in the corpus.
pub fn statement(data: &[u8]) {
    if let Some(statement) = one_form(data, Statement::parse) {
        let _ = statement.verify(keys().public());
    }
}

/// Notes, alone or on the line after the artifact that they are about: one that is believed says of no
/// round that it is over.
pub fn progress(data: &[u8]) {
    one_form(data, SignedNote::parse);
    let Some(at) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (artifact, note) = (Artifact::parse(&data[..at]), SignedNote::parse(&data[at + 1..]));
    if let (Ok(artifact), Ok(note)) = (artifact, note) {
        let enforcer = SecretKeys::from_bytes(&[1; 64]).expect("any bytes are keys");
        if let Ok(so_far) = note.verify(&artifact, enforcer.public()) {
            let route = artifact.route().expect("it was read").expect("it has one");
            let yes: Vec<_> = so_far.allowed().iter().map(|who| (who.as_str(), true)).collect();
            assert!(matches!(tally(&route, &yes), Tally::Waiting { .. }), "a round that is over");
        }
    }
}

/// Decisions and the answers around them.
pub fn decision(data: &[u8]) {
    if let Some(decision) = one_form(data, Decision::parse) {
        let _ = decision.verify_signature(&keys().public().signing());
        let _ = decision.challenge();
    }
    one_form(data, Answer::parse);
    one_form(data, Offer::parse);
}

/// Receipts, which prove nothing to somebody who pinned nobody.
pub fn receipt(data: &[u8]) {
    one_form(data, Receipt::parse);
    let verdict = check(data, &TrustStore::default(), Instant(0));
    assert!(!matches!(verdict, Verdict::Valid { .. }), "valid without a pinned key");
}

/// Bundles, line by line, which prove nothing to somebody who pinned nobody.
pub fn bundle(data: &[u8]) {
    let trust = TrustStore::default();
    let mut checker = Checker::new(&trust, Instant(0));
    for line in data.split(|byte| *byte == b'\n') {
        one_form(line, Line::parse);
        if !checker.line(line) {
            break;
        }
    }
    assert!(!checker.end().is_valid(), "valid without a pinned key");
}

/// Stores of pinned keys, and the keys.
pub fn trust(data: &[u8]) {
    if let Ok(store) = TrustStore::parse(data) {
        again(&json::canonical(&store).expect("a canonical form"), TrustStore::parse);
    }
    one_form(data, |bytes| json::read::<PublicKeys>(bytes, limit::MESSAGE));
}

/// Sealed messages: opening one never panics, and what is sealed opens.
pub fn sealed(data: &[u8]) {
    let shown = Shown {
        request_id: "req-1".into(),
        artifact_type: "command.review".into(),
        artifact_hash: "ab".repeat(32),
        expires_at: "2026-02-02T02:45:00Z".into(),
    };
    let key = keys();
    if let Some(sealed) = one_form(data, |b| json::read::<Sealed>(b, limit::MESSAGE)) {
        let _ = open(&sealed, &shown, &key);
    }
    let mut fill = |bytes: &mut [u8]| bytes.fill(7);
    let sealed = seal(data, &shown, &[*key.public()], Entropy(&mut fill)).expect("a usable key");
    assert!(open(&sealed, &shown, &key).expect("it is for us").as_slice() == data);
}

/// Heads of a ledger.
pub fn checkpoint(data: &[u8]) {
    let parse = |bytes: &[u8]| json::read::<Checkpoint>(bytes, limit::MESSAGE);
    if let Some(checkpoint) = one_form(data, parse) {
        let _ = checkpoint.verify(&keys().public().signing());
    }
}

/// The files of HARP's reference programs.
pub fn reference(data: &[u8]) {
    one_form(data, Wire::parse);
    let _ = Keys::parse(data);
}

/// Compact tokens: exactly the bytes that were read.
pub fn token(data: &[u8]) {
    if let Ok(token) = Token::parse(data) {
        assert!(token.to_bytes() == data, "a second form is accepted");
    }
}

/// Pairing links; white space around one is not part of it.
pub fn link(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(link) = Link::parse(text) {
        assert!(link.to_text().as_str() == text.trim(), "a second form is accepted");
    }
}

/// Prompts, their acknowledgements, and error objects.
pub fn message(data: &[u8]) {
    if let Some(prompt) = one_form(data, Prompt::parse) {
        prompt.hash().expect("a prompt has a hash");
    }
    one_form(data, PromptAck::parse);
    one_form(data, ErrorObject::parse);
}

/// Events of a session.
pub fn session(data: &[u8]) {
    let parse = |bytes: &[u8]| -> Result<Value, JsonError> {
        match Event::parse(bytes)? {
            Event::Start(event) => json::value_of(&event),
            Event::Status(event) => json::value_of(&event),
            Event::Snapshot(event) => json::value_of(&event),
            Event::End(event) => json::value_of(&event),
        }
    };
    one_form(data, parse);
}

/// Buttons.
pub fn requested_actions(data: &[u8]) {
    one_form(data, RequestedActions::parse);
}

/// Envelopes of HARP-CORE and what is inside.
pub fn core_envelope(data: &[u8]) {
    if let Some(envelope) = one_form(data, CoreEnvelope::parse) {
        let _ = envelope.contents();
    }
}

/// Messages by which devices meet and prove themselves.
pub fn pairing(data: &[u8]) {
    plain::<Initiate>(data);
    plain::<Complete>(data);
    plain::<Completed>(data);
    plain::<Reveal>(data);
    plain::<Revoke>(data);
    plain::<PairingStatus>(data);
    plain::<Challenge>(data);
    plain::<SessionRequest>(data);
    plain::<Hello>(data);
    plain::<Presence>(data);
}

/// Policies of both dialects: what is refused has a place in the text for each mistake.
pub fn policy(data: &[u8]) {
    for dialect in [Dialect::Toml, Dialect::Yaml] {
        let Err(mistakes) = load_with_places(data, dialect) else { continue };
        assert!(!mistakes.0.is_empty(), "a refusal says why");
        let lines = data.split(|byte| *byte == b'\n').count();
        for mistake in &mistakes.0 {
            assert!(
                (1..=lines).contains(&mistake.line) && mistake.column >= 1,
                "a place in the text"
            );
        }
    }
}

/// Envelopes of the gateway binding and every body.
pub fn wire_envelope(data: &[u8]) {
    body::<ArtifactSubmit>(data);
    body::<ApprovalRequest>(data);
    body::<DecisionSubmit>(data);
    body::<DecisionDeliver>(data);
    body::<AckSubmit>(data);
    body::<ExchangeStatus>(data);
    body::<InboxPage>(data);
    body::<Withdraw>(data);
    body::<RefreshRequest>(data);
}

fn body<B: Body>(data: &[u8]) {
    let parse = |bytes: &[u8]| Envelope::<B>::read(bytes, limit::MESSAGE);
    if let Ok(envelope) = parse(data) {
        let _ = sealed_of(envelope.trace.as_ref());
        again(&json::canonical(&envelope).expect("a canonical form"), parse);
    }
}
