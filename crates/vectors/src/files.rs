//! The texts of `vectors/`, built in.

/// Names each file and brings its text.
macro_rules! built_in {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../../vectors/", $path)))),*]
    };
}

/// Which files there are, of which kind, and what each vector must come to.
pub(crate) const MANIFEST: &str = include_str!("../../../vectors/manifest.json");

/// Every other file, by its path below `vectors/`.
pub const FILES: [(&str, &str); 33] = built_in![
    "artifact/artifacts.json",
    "artifact/statements.json",
    "bundle/bundles.json",
    "bundle/courses.json",
    "canonical/numbers.json",
    "canonical/rfc8785.json",
    "canonical/texts.json",
    "checkpoint/checkpoints.json",
    "decision/decisions.json",
    "disclosure/disclosures.json",
    "domain/domains.json",
    "gateway/01_artifact_submit.json",
    "gateway/02_approval_request_sse_or_ws.json",
    "gateway/03_decision_submit.json",
    "gateway/04_decision_deliver_ws_or_sse.json",
    "gateway/05_ack_submit.json",
    "gateway/06_exchange_withdraw.json",
    "gateway/07_hello_message.json",
    "gateway/08_refresh_request.json",
    "gateway/09_presence_query.json",
    "gateway/10_pairing_flow.json",
    "gateway/bad_messages.json",
    "harp-0.2/core.json",
    "message/messages.json",
    "pairing/pairings.json",
    "passkey/passkeys.json",
    "progress/notes.json",
    "receipt/receipts.json",
    "reference/files.json",
    "sealed/sealed.json",
    "stop/stops.json",
    "token/tokens.json",
    "trust/stores.json",
];
