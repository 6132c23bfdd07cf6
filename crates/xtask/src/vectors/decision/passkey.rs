//! What an answer counts as, by the passkey that was used for it.

use countersign_core::artifact::Assurance;
use countersign_core::decision::{Decision, Word, hint};
use countersign_core::encoding::Hash;
use countersign_core::passkey::Assertion;
use serde_json::{Value, json};

use super::super::authenticator::Authenticator;
use super::super::object;
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    use Assurance::{Device, Local, Verified, Web};
    let mut all = Vec::new();
    for (name, pinned, counts) in [
        ("passkey-of-a-local-key", Local, "local"),
        ("passkey-of-a-web-key", Web, "verified"),
        ("passkey-of-a-device-key", Device, "verified"),
    ] {
        all.push(asked(pinned, Local)?.lifted(name, counts, &Authenticator::new(1))?);
    }
    all.push(asked(Web, Verified)?.lifted(
        "verified-asked-for",
        "verified",
        &Authenticator::new(1),
    )?);
    all.extend(no_passkey()?);
    all.extend(others()?);
    Ok(all)
}

/// Ann, whose key is pinned with this assurance and with a passkey, asked for this much.
fn asked(pinned: Assurance, needed: Assurance) -> Made<Case> {
    let mut case = Case::routed(|route| route.min_assurance = needed)?;
    case.trust.approvers.iter_mut().filter(|a| a.person == "ann").for_each(|ann| {
        (ann.assurance, ann.passkey) = (pinned, Some(Authenticator::new(1).passkey()));
    });
    Ok(case)
}

impl Case {
    fn verified(&self, with: impl FnOnce(&Hash) -> Assertion) -> Made<Decision> {
        Ok(Decision::sign_verified(&self.artifact, self.choice.clone(), &self.key, with)?)
    }

    fn lifted(self, name: &'static str, counts: &str, by: &Authenticator) -> Made<Vector> {
        let decision = self.verified(|challenge| by.assert(challenge))?;
        self.counts(name, counts, &decision)
    }

    fn counts(self, name: &'static str, counts: &str, decision: &Decision) -> Made<Vector> {
        Ok(self.takes(name, decision)?.with("assurance", counts))
    }
}

/// Answers in which no passkey was used, or nothing that could be one.
fn no_passkey() -> Made<Vec<Vector>> {
    use Assurance::{Device, Verified, Web};
    let plain = |name, pinned, counts: &str| {
        let case = asked(pinned, Assurance::Local)?;
        let decision = case.decision()?;
        case.counts(name, counts, &decision)
    };
    let hinted = |name, hints: Value| {
        let mut case = asked(Web, Assurance::Local)?;
        case.choice.hints = Some(object::object(hints));
        let decision = case.decision()?;
        case.counts(name, "web", &decision)
    };
    let mut refusing = asked(Web, Verified)?;
    refusing.choice.word = Word::Deny;
    let no = refusing.decision()?;
    let mut escalating = asked(Web, Verified)?;
    escalating.choice.word = Word::Deny;
    escalating.choice.hints = Some(object::object(json!({"escalate": {}})));
    let mut unpinned = asked(Verified, Verified)?;
    unpinned.trust.approvers.iter_mut().for_each(|one| one.passkey = None);
    let lifting = unpinned.verified(|challenge| Authenticator::new(1).assert(challenge))?;
    Ok(vec![
        plain("no-passkey-used-by-a-web-key", Web, "web")?,
        plain("no-passkey-used-by-a-device-key", Device, "device")?,
        plain("attack-48-verified-by-nothing", Verified, "device")?,
        hinted("attack-48-webauthn-that-is-true", json!({"webauthn": true}))?,
        hinted("attack-48-webauthn-of-null", json!({"webauthn": null}))?,
        asked(Web, Verified)?
            .refused("attack-48-stripped-where-verified-is-asked-for", "Assurance")?,
        refusing.counts("a-plain-no-needs-no-passkey", "web", &no)?,
        escalating.refused("asking-another-needs-a-passkey", "Assurance")?,
        unpinned.with("attack-48-passkey-that-nobody-pinned", "Assurance", &lifting)?,
    ])
}

/// Assertions that were made for, or by, something else.
fn others() -> Made<Vec<Vector>> {
    let one = Authenticator::new(1);
    let refused = |name, with: &dyn Fn(&Hash) -> Assertion| {
        let case = asked(Assurance::Device, Assurance::Verified)?;
        let decision = case.verified(with)?;
        case.with(name, "Assurance", &decision)
    };
    let mut before = asked(Assurance::Device, Assurance::Verified)?;
    before.choice.nonce = countersign_core::encoding::Fixed([6; 24]);
    let before = before.verified(|challenge| one.assert(challenge))?;
    let taken = Assertion::read(before.hint(hint::WEBAUTHN).ok_or("no assertion")?)?;
    let (mut weak, mut elsewhere) = (Authenticator::new(1), Authenticator::new(1));
    (weak.flags, elsewhere.origin) = (0x01, "https://evil.example".into());
    let used = asked(Assurance::Device, Assurance::Local)?;
    let mut stripped = used.verified(|challenge| one.assert(challenge))?;
    stripped.policy_hints = None;
    let mut added = used.decision()?;
    added.policy_hints = used.verified(|challenge| one.assert(challenge))?.policy_hints;
    Ok(vec![
        refused("attack-48-taken-from-another-answer", &|_| taken.clone())?,
        refused("attack-48-of-another-passkey", &|c| Authenticator::new(2).assert(c))?,
        refused("attack-48-without-verification", &|c| weak.assert(c))?,
        refused("attack-48-from-another-page", &|c| elsewhere.assert(c))?,
        asked(Assurance::Device, Assurance::Local)?.with(
            "attack-48-taken-out-afterwards",
            "Signature",
            &stripped,
        )?,
        asked(Assurance::Device, Assurance::Local)?.with(
            "attack-48-put-in-afterwards",
            "Signature",
            &added,
        )?,
    ])
}
