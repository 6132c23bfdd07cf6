//! Whose answer it is: pinned, in force, asked, sure enough, and truly signed.

use countersign_core::artifact::Assurance;
use countersign_core::decision::{Decision, Word};
use countersign_core::encoding::Fixed;
use countersign_core::keys::Domain;
use countersign_core::time::Timestamp;
use countersign_core::trust::{Status, TrustStore};
use serde_json::json;

use super::super::forge::{flipped, malleated, sign_bytes};
use super::super::object::{self, NOW, seat, secret};
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = unknown()?;
    all.extend(out_of_force()?);
    all.extend(not_asked()?);
    all.extend(forged()?);
    Ok(all)
}

fn unknown() -> Made<Vec<Vector>> {
    let (stranger, operator) = (object::strangers()?, object::operator_key()?);
    let seated = seat(&stranger, "ann");
    let mut asked = Case::routed(|r| r.roster.push(seated))?;
    asked.key = object::strangers()?;
    let mut cased = Case::new()?;
    let lower = cased.resigned(|d| d.signer_key_id.0 = d.signer_key_id.0.to_lowercase())?;
    cased.now = NOW;
    let expect = "UnknownSigner";
    let by_operator = seat(&operator, "ann");
    let mut operated = Case::routed(|r| r.roster.push(by_operator))?;
    operated.key = operator;
    Ok(vec![
        Case::but(|c| c.trust = TrustStore::default())?.refused("nobody-pinned", expect)?,
        asked.refused("stranger-on-the-roster", expect)?,
        operated.refused("attack-10-operator-on-the-roster", expect)?,
        Case::but(|c| c.trust.approvers.retain(|a| a.person != "ann"))?
            .refused("key-taken-from-the-store", expect)?,
        cased.with("key-id-in-small-letters", expect, &lower)?,
        Case::new()?.with(
            "key-id-empty",
            expect,
            &Case::new()?.resigned(|d| d.signer_key_id.0.clear())?,
        )?,
    ])
}

fn out_of_force() -> Made<Vec<Vector>> {
    let pinned = |name, status: Status| {
        let mut case = Case::new()?;
        case.trust.approvers.iter_mut().for_each(|a| a.status = status.clone());
        case.refused(name, "RevokedSigner")
    };
    let at = |millis| -> Timestamp { NOW.plus_millis(millis).timestamp() };
    Ok(vec![
        pinned("revoked-before", Status::Revoked { at: at(-1_000), compromised_since: None })?,
        pinned(
            "revoked-later-counts-no-more-either",
            Status::Revoked { at: at(1_000_000), compromised_since: None },
        )?,
        pinned("rotated-and-over", Status::Rotated { until: at(-1) })?,
        pinned("rotated-and-over-this-moment", Status::Rotated { until: at(0) })?,
    ])
}

fn not_asked() -> Made<Vec<Vector>> {
    let (second, bobs) = (secret(5)?, object::bobs()?);
    let mut other_key = Case::new()?;
    other_key.trust.approvers.push(object::approver(&second, "ann"));
    other_key.key = second;
    let misnamed = seat(&bobs, "ann");
    let mut named = Case::routed(|r| r.roster = vec![misnamed])?;
    named.key = bobs;
    let low = |name, have, need| {
        let mut case = Case::routed(|r| r.min_assurance = need)?;
        case.trust.approvers.iter_mut().for_each(|a| a.assurance = have);
        case.refused(name, "Assurance")
    };
    use Assurance::{Device, Local, Verified, Web};
    Ok(vec![
        Case { key: object::bobs()?, ..Case::new()? }
            .refused("pinned-and-not-asked", "OffRoster")?,
        other_key.refused("key-of-the-person-that-was-not-asked", "OffRoster")?,
        named.refused("key-asked-under-another-name", "OffRoster")?,
        Case::routed(|r| r.roster.clear())?.refused("nobody-asked", "OffRoster")?,
        low("local-where-web-is-asked-for", Local, Web)?,
        low("web-where-device-is-asked-for", Web, Device)?,
        low("device-where-verified-is-asked-for", Device, Verified)?,
    ])
}

fn forged() -> Made<Vec<Vector>> {
    let tagged = object::anns()?.sign(Domain::Token, &Case::new()?.artifact)?;
    let artifact = object::text(&Case::new()?.artifact)?;
    let over_artifact = sign_bytes(&object::anns()?, artifact.as_bytes())?;
    let whole = object::text(&Case::new()?.decision()?)?;
    let over_whole = sign_bytes(&object::anns()?, whole.as_bytes())?;
    let bobs = Case { key: object::bobs()?, ..Case::new()? }.resigned(|d| {
        if let Ok(ann) = object::anns() {
            d.signer_key_id = ann.key_id();
        }
    })?;
    let mut vectors = vec![
        broken("first-bit-of-the-signature", |d| d.signature = flipped(d.signature, 0))?,
        broken("middle-bit-of-the-signature", |d| d.signature = flipped(d.signature, 32))?,
        broken("last-bit-of-the-signature", |d| d.signature = flipped(d.signature, 63))?,
        broken("signature-of-zeros", |d| d.signature = Fixed([0; 64]))?,
        broken("signature-malleated", |d| d.signature = malleated(d.signature))?,
        broken("word-changed", |d| d.decision = Word::Deny)?,
        broken("word-renamed", |d| d.decision = Word::Approve)?,
        broken("nonce-changed", |d| d.nonce.push('A'))?,
        broken("expiry-extended", |d| d.expires_at = NOW.plus_millis(250_000).timestamp())?,
        broken("expiry-in-other-words", |d| {
            let said = d.expires_at.as_str().replace('Z', "+00:00");
            d.expires_at = Timestamp::parse(&said).unwrap_or_else(|| d.expires_at.clone());
        })?,
        broken("hints-added", |d| d.policy_hints = Some(object::object(json!({}))))?,
        broken("attack-35-signature-of-a-token", |d| d.signature = tagged)?,
        broken("signature-over-the-artifact", |d| d.signature = over_artifact)?,
        broken("signature-over-the-whole-decision", |d| d.signature = over_whole)?,
        Case::new()?.with("signature-of-another-approver", "Signature", &bobs)?,
    ];
    let hinted = Case::but(|c| c.choice.hints = Some(object::object(json!({"a": 1, "b": 2}))))?;
    let gone = hinted.broken(|d| d.policy_hints = None)?;
    let less = hinted.broken(|d| d.policy_hints = Some(object::object(json!({"a": 1}))))?;
    vectors.push(Case::new()?.with("hints-removed", "Signature", &gone)?);
    vectors.push(Case::new()?.with("one-hint-removed", "Signature", &less)?);
    Ok(vectors)
}

fn broken(name: &'static str, change: impl FnOnce(&mut Decision)) -> Made<Vector> {
    let decision = Case::new()?.broken(change)?;
    Case::new()?.with(name, "Signature", &decision)
}
