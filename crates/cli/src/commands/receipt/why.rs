//! The place in a receipt that does not hold.
//!
//! The verdict is worked out elsewhere; this only says where to look, in the order in which it was.

use countersign_core::decision::Decision;
use countersign_core::encoding::Hash;
use countersign_core::json;
use countersign_core::receipt::Receipt;
use countersign_core::receipt::check::Verdict;
use countersign_core::trust::TrustStore;

/// What a verdict is about, in words; `None` where the verdict says it.
pub(super) fn because(bytes: &[u8], verdict: &Verdict, trust: &TrustStore) -> Option<String> {
    let receipt = Receipt::parse(bytes).ok()?;
    match verdict {
        Verdict::HashMismatch => Some(other_hash(&receipt)),
        Verdict::BadSignature => Some(bad_signature(&receipt, trust)),
        _ => None,
    }
}

fn other_hash(receipt: &Receipt) -> String {
    let entry = &receipt.content.entry;
    if receipt.content.hash().ok() != Some(receipt.content_hash) {
        return "`contentHash` is not the hash of `content`: something in it was changed".into();
    }
    let action = entry.action.as_ref().and_then(|action| json::sha256(action).ok());
    if action.map(Hash) != entry.action_hash.map(|hash| hash.0) {
        return "`content.actionHash` is not the hash of `content.action`".into();
    }
    let artifacts = receipt.content.whole_artifacts();
    let wrong = artifacts.iter().position(|one| one.hash().ok() != Some(one.head.artifact_hash));
    if let Some(at) = wrong {
        return format!(
            "`content.artifacts[{at}].artifactHash` is not the hash of what an approver was shown"
        );
    }
    let asked = |decision: &Decision| {
        artifacts.iter().any(|one| one.head.artifact_hash == decision.artifact_hash)
    };
    match entry.decisions.iter().position(|decision| !asked(decision)) {
        Some(at) => format!("`content.decisions[{at}]` answers something else than was asked here"),
        None => "what was asked and answered does not belong together, or to this ledger".into(),
    }
}

fn bad_signature(receipt: &Receipt, trust: &TrustStore) -> String {
    let entry = &receipt.content.entry;
    let given = entry.grant.as_ref().map(|grant| grant.decisions.as_slice()).unwrap_or_default();
    for (place, decisions) in
        [("decisions", entry.decisions.as_slice()), ("grant.decisions", given)]
    {
        for (at, decision) in decisions.iter().enumerate() {
            let Some(signer) = trust.approver(&decision.signer_key_id) else { continue };
            if decision.verify_signature(&signer.keys.signing()).is_err() {
                return format!(
                    "`content.{place}[{at}].signature` does not verify under the pinned key of `{}`",
                    signer.person
                );
            }
        }
    }
    "`signatures[0]` does not verify under the pinned key of the operator".into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::receipt::check::check;
    use countersign_core::time::Instant;

    #[test]
    fn every_hash_and_signature_that_does_not_hold_has_a_place() {
        let places = [
            ("content-changed", "`contentHash`"),
            ("outcome-changed", "`contentHash`"),
            ("other-action-hash", "`content.actionHash`"),
            ("artifact-that-ends-later", "`content.artifacts[0].artifactHash`"),
            ("decisions-of-no-artifact", "`content.decisions[0]`"),
            ("first-bit-of-the-signature", "`signatures[0]`"),
            ("decision-with-a-broken-signature", "`content.decisions[0].signature`"),
        ];
        let mut named = 0;
        for vector in countersign_vectors::suite().unwrap() {
            let bad = ["HashMismatch", "BadSignature"].contains(&vector.expect());
            if vector.kind() != "receipt" || !bad {
                continue;
            }
            let text = |name: &str| vector.question()[name].as_str().unwrap().to_owned();
            let (receipt, trust) = (text("receipt"), text("trust"));
            let trust = TrustStore::parse(trust.as_bytes()).unwrap();
            let now = Instant(vector.question()["now"].as_i64().unwrap());
            let verdict = check(receipt.as_bytes(), &trust, now);
            let because = because(receipt.as_bytes(), &verdict, &trust).unwrap();
            if let Some((_, place)) = places.iter().find(|(name, _)| *name == vector.name()) {
                assert!(because.starts_with(place), "{}: {because}", vector.name());
                named += 1;
            }
        }
        assert_eq!(named, places.len());
    }
}
