//! Checkpoints, disclosures, and signatures in their domains.

use crate::input::{Damaged, Input};
use crate::suite::{Answer, told};
use countersign_core::checkpoint::Checkpoint;
use countersign_core::json::{self, limit::MESSAGE};
use countersign_core::keys::{Domain, KeyError, Signature, verify_domain};
use countersign_core::redact::{Commitment, Disclosure};
use serde_json::json;

fn malformed() -> Answer {
    Answer::named("Malformed", json!({}))
}

pub(crate) fn checkpoint(input: &Input<'_>) -> Result<Answer, Damaged> {
    let text = input.text("checkpoint")?.as_bytes();
    let Ok(checkpoint) = json::read::<Checkpoint>(text, MESSAGE) else { return Ok(malformed()) };
    Ok(match checkpoint.verify(&input.fixed("publicKey")?) {
        Err(KeyError::Json(_)) => malformed(),
        other => told(
            other.map(|()| json!({"ledger": checkpoint.head.ledger, "seq": checkpoint.head.seq})),
        ),
    })
}

pub(crate) fn disclosure(input: &Input<'_>) -> Result<Answer, Damaged> {
    let read = |name| input.text(name).map(str::as_bytes);
    let (Ok(disclosure), Ok(commitment)) = (
        json::read::<Disclosure>(read("disclosure")?, MESSAGE),
        json::read::<Commitment>(read("commitment")?, MESSAGE),
    ) else {
        return Ok(malformed());
    };
    let outcome = if disclosure.opens(&commitment) { "accepted" } else { "Mismatch" };
    Ok(Answer::named(outcome, json!({})))
}

pub(crate) fn domain(input: &Input<'_>) -> Result<Answer, Damaged> {
    let tag = input.text("domain")?;
    let domain = Domain::ALL.into_iter().find(|d| d.tag() == tag);
    let domain = domain.ok_or_else(|| Damaged::new(&format!("no domain `{tag}`")))?;
    let object = json::parse(input.text("object")?.as_bytes(), MESSAGE);
    let object = object.map_err(|e| Damaged::new(&e))?;
    let signature: Signature = countersign_core::encoding::Fixed(input.fixed("signature")?);
    let verified = verify_domain(&input.fixed("publicKey")?, domain, &object, &signature);
    Ok(told(verified.map(|()| json!({}))))
}
