//! Every refusal has a vector. The matches are exhaustive: a new refusal does not compile until
//! somebody says which vector shows it, or why none can.

use crate::outcomes;
use countersign_core::freeze::NotHeeded;
use countersign_core::json::JsonError;
use countersign_core::keys::KeyError;
use countersign_core::pairing::PairError;
use countersign_core::progress::NotTold;
use countersign_core::receipt::check::Verdict;
use countersign_core::sealing::SealError;
use countersign_core::token;
use countersign_core::trust::TrustError;
use countersign_core::verify::Refusal;

/// Lists the variants of an enum as patterns, and makes them a match that must stay exhaustive.
macro_rules! names {
    ($of:ident { $($variant:ident),* $(,)? } but { $($without:ident),* $(,)? }) => {{
        #[allow(dead_code, reason = "compiling it is the test")]
        fn exhaustive(value: &$of) {
            match value {
                $($of::$variant { .. } => {})*
                $($of::$without { .. } => {})*
            }
        }
        [$(stringify!($variant)),*]
    }};
}

#[track_caller]
fn assert_shown(kinds: &[&str], names: &[&str]) {
    let shown = outcomes(kinds);
    for name in names {
        assert!(shown.contains(*name), "no vector of {kinds:?} shows `{name}`");
    }
}

#[test]
fn every_refusal_of_a_decision_has_a_vector() {
    let names = names!(Refusal {
        Schema, NoRoute, UnknownSigner, RevokedSigner, OffRoster, Assurance, Signature,
        DecisionExpired, ArtifactExpired, FromTheFuture, HashMismatch, WrongRequest,
        WrongRepository, WrongSession, Scope, Unclear, NoReason, Replay,
    } but {});
    assert_shown(&["decision"], &names);
}

#[test]
fn every_refusal_of_a_text_has_a_vector() {
    // A canonical text is any JSON, so it has every shape.
    let names = names!(JsonError {
        TooLarge, Syntax, TooDeep, DuplicateKey, Number, KeyOrder
    } but { Shape });
    assert_shown(&["canonical"], &names);
    assert_shown(&["artifact"], &["Shape"]);
    assert_shown(&["artifact"], &names);
}

#[test]
fn every_verdict_on_one_receipt_has_a_vector() {
    // Those left out are verdicts on a ledger, not on one receipt.
    let names = names!(Verdict {
        Valid, Untrusted, BadSignature, HashMismatch, LevelMismatch, ThresholdNotMet, OffRoster,
        SelfApproval, Revoked, Malformed, Unsupported,
    } but { ChainBroken, Truncated, Forked, Contradicted });
    assert_shown(&["receipt"], &names);
}

#[test]
fn every_refusal_of_a_seal_has_a_vector() {
    // Only who seals meets `TooMany`, and fields that are texts always have a canonical form.
    let names = names!(SealError { NotForUs, WeakKey, Broken } but { TooMany, Json });
    assert_shown(&["sealed"], &names);
    assert_shown(&["sealed"], &["Malformed"]);
}

#[test]
fn every_refusal_of_a_key_or_a_trust_store_has_a_vector() {
    let names = names!(KeyError { BadKey, BadSignature } but { Json, Holder });
    assert_shown(&["domain"], &names);
    let names = names!(TrustError { WrongKeyId, Twice, Disordered } but { Json });
    assert_shown(&["trust"], &names);
}

#[test]
fn every_refusal_of_a_token_has_a_vector() {
    use token::Refusal;
    let names = names!(Refusal {
        Malformed, WrongKey, BadSignature, Expired, Scope, Replay
    } but {});
    assert_shown(&["token"], &names);
}

#[test]
fn every_refusal_of_a_note_has_a_vector() {
    let names = names!(NotTold { OtherArtifact, Signature, People, Count } but { Json });
    assert_shown(&["progress"], &names);
}

#[test]
fn every_refusal_of_a_pairing_or_a_stop_has_a_vector() {
    let names = names!(PairError {
        BadOrigin, BadCode, BadLink, WrongFingerprint, WrongCommitment, WrongMac, DigitsRefused,
        Reflected,
    } but { Json });
    assert_shown(&["pairing"], &names);
    let names = names!(NotHeeded { TooLong, OtherEnforcer, Signer, Signature } but { Json });
    assert_shown(&["stop"], &names);
}
