//! Who signed a receipt, and whether anything was changed since.

use countersign_core::encoding::Fixed;
use countersign_core::keys::Domain;
use countersign_core::receipt::{Event, Receipt};
use countersign_core::trust::{Status, TrustStore};

use super::super::forge::{flipped, malleated};
use super::super::object::{self, NOW};
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = unknown()?;
    all.extend(forged()?);
    all.extend(changed()?);
    Ok(all)
}

fn unknown() -> Made<Vec<Vector>> {
    let mut empty = Case::new()?;
    empty.trust = TrustStore::default();
    let stranger = Case { operator: object::strangers()?, ..Case::new()? };
    let by_approver = Case { operator: object::anns()?, ..Case::new()? };
    let status = |name, status| {
        let mut case = Case::new()?;
        case.trust.operators.iter_mut().for_each(|o| o.status = Status::clone(&status));
        case.verdict(name, "Revoked")
    };
    Ok(vec![
        empty.verdict("attack-07-nobody-pinned", "Untrusted")?,
        stranger.verdict("signed-by-a-stranger", "Untrusted")?,
        by_approver.verdict("signed-by-an-approver", "Untrusted")?,
        status(
            "operator-revoked",
            Status::Revoked { at: NOW.timestamp(), compromised_since: None },
        )?,
        status(
            "attack-10-operator-compromised-since-later",
            Status::Revoked {
                at: NOW.timestamp(),
                compromised_since: Some(NOW.plus_millis(3_600_000).timestamp()),
            },
        )?,
        status("operator-rotated-and-over", Status::Rotated { until: NOW.timestamp() })?,
    ])
}

fn forged() -> Made<Vec<Vector>> {
    let expect = "BadSignature";
    let change = |name, change: fn(Fixed<64>) -> Fixed<64>| {
        let case = Case::new()?;
        let mut receipt = case.receipt()?;
        receipt.signatures.iter_mut().for_each(|s| s.signature = change(s.signature));
        case.text(name, expect, object::text(&receipt)?)
    };
    let case = Case::new()?;
    let mut other = case.receipt()?;
    let operator = object::operator_key()?;
    let body = serde_json::json!({"contentHash": other.content_hash});
    let signature = operator.sign(Domain::Checkpoint, &body)?;
    other.signatures.iter_mut().for_each(|s| s.signature = signature);
    Ok(vec![
        change("first-bit-of-the-signature", |s| flipped(s, 0))?,
        change("last-bit-of-the-signature", |s| flipped(s, 63))?,
        change("signature-of-zeros", |_| Fixed([0; 64]))?,
        change("signature-malleated", malleated)?,
        case.text("attack-35-signature-of-a-checkpoint", expect, object::text(&other)?)?,
        Case::broken("content-and-hash-changed", expect, |r| {
            r.content.seq = 1;
            r.content.entry.event = Event::Failed;
            again(r);
        })?,
        Case::broken("other-key-beside-the-signature", expect, |r| {
            r.signatures.iter_mut().for_each(|s| s.public_key = Fixed([3; 32]));
        })?,
    ])
}

/// Works the content hash out again, as a forger would.
fn again(receipt: &mut Receipt) {
    if let Ok(hash) = receipt.content.hash() {
        receipt.content_hash = hash;
    }
}

fn changed() -> Made<Vec<Vector>> {
    let hash = "HashMismatch";
    Ok(vec![
        Case::broken("content-changed", hash, |r| r.content.ledger.push('2'))?,
        Case::broken("outcome-changed", hash, |r| {
            r.content.entry.outcome.iter_mut().for_each(|o| o.exit_code = Some(1));
        })?,
        Case::broken("content-hash-changed", hash, |r| r.content_hash.0 = [0; 32])?,
        Case::broken("no-signature", "Malformed", |r| r.signatures.clear())?,
        Case::broken("two-signatures", "Malformed", |r| r.signatures.extend(r.signatures.clone()))?,
    ])
}
