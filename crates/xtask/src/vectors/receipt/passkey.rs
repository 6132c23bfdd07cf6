//! What a receipt proves of an answer with a passkey.

use countersign_core::artifact::Assurance;
use countersign_core::decision::Decision;

use super::super::authenticator::Authenticator;
use super::super::object;
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    use Assurance::{Local, Verified};
    let valid = |name, case: Case, counts: &str| {
        let said = case.verdict(name, "Valid")?;
        Made::Ok(
            said.with("level", "L1")
                .with("event", "executed")
                .with("assurance", counts)
                .with("approvers", vec!["ann"]),
        )
    };
    let unpinned = |needed| {
        let mut case = ran(needed, 1)?;
        case.trust.approvers.iter_mut().for_each(|one| one.passkey = None);
        Made::Ok(case)
    };
    Ok(vec![
        valid("approved-with-a-passkey", ran(Local, 1)?, "verified")?,
        valid("approved-with-the-passkey-that-was-asked-for", ran(Verified, 1)?, "verified")?,
        valid("attack-48-approved-with-anothers-passkey", ran(Local, 2)?, "web")?,
        valid("attack-48-approved-with-a-passkey-not-pinned", unpinned(Local)?, "web")?,
        ran(Verified, 2)?.verdict("attack-48-verified-by-anothers-passkey", "OffRoster")?,
        unpinned(Verified)?.verdict("attack-48-verified-by-a-passkey-not-pinned", "OffRoster")?,
    ])
}

/// A run that was allowed with the passkey `n`, under a route that asks for this much.
fn ran(needed: Assurance, n: u8) -> Made<Case> {
    let mut case = Case::routed(|route| route.min_assurance = needed)?;
    let with = |challenge: &_| Authenticator::new(n).assert(challenge);
    let key = object::anns()?;
    let decision = Decision::sign_verified(&case.artifact, object::choice(), &key, with)?;
    case.content.entry.decisions = vec![decision];
    case.trust.approvers.iter_mut().filter(|a| a.person == "ann").for_each(|ann| {
        (ann.assurance, ann.passkey) = (Assurance::Web, Some(Authenticator::new(1).passkey()));
    });
    Ok(case)
}
