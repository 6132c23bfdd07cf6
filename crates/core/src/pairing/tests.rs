//! A man in the middle in every position.

use super::proof::Meeting;
use super::*;
use crate::encoding::base64;
use crate::json;
use crate::keys::SecretKeys;

const R: [u8; 32] = [3; 32];
const R2: Fixed<32> = Fixed([4; 32]);

fn keys(n: u8) -> PublicKeys {
    *SecretKeys::from_bytes(&[n; 64]).unwrap().public()
}

fn enforcer() -> PublicKeys {
    keys(1)
}

fn mallory() -> PublicKeys {
    keys(66)
}

fn origin() -> Origin {
    Origin::parse("https://relay.example").unwrap()
}

fn code() -> Code {
    Code::parse("7K3M-Q9TD").unwrap()
}

fn offer() -> Offer {
    Offer::new("enf-1".into(), enforcer(), R, [9; 32])
}

fn waiting() -> Waiting {
    offer().announced(origin(), code())
}

fn joining() -> Joining {
    Joining { approver_id: "app-1".into(), keys: keys(2), r2: R2 }
}

/// What an honest relay passes on.
fn resolved() -> Resolved {
    let commitment = offer().commitment();
    Resolved { enforcer_id: "enf-1".into(), keys: enforcer(), commitment }
}

fn compare(answered: Answered) -> EnforcerCompare {
    match answered {
        Answered::Compare(compare) => compare,
        Answered::Joined { .. } => panic!("joined without a proof"),
    }
}

#[test]
fn a_link_pairs_both_sides_without_a_question() {
    let link = waiting().link();
    let (approver, completion) = joining().by_link(&link, resolved()).unwrap();
    let Answered::Joined { paired, mac } = waiting().answer(completion).unwrap() else {
        panic!("the proof was not seen")
    };
    assert_eq!((paired.peer_id(), paired.keys()), ("app-1", &keys(2)));
    let pinned = approver.finish(&mac).unwrap();
    assert_eq!((pinned.peer_id(), pinned.keys()), ("enf-1", &enforcer()));
    assert_eq!(pinned.origin(), &origin());
    assert_eq!(pinned.pair_id(), paired.pair_id());
    assert_eq!(pinned.pair_id().len(), 22);
}

#[test]
fn a_typed_code_pairs_when_both_say_yes() {
    let (approver, completion) = joining().by_code(&origin(), &code(), resolved()).unwrap();
    let at_enforcer = compare(waiting().answer(completion).unwrap());
    let at_approver = approver.reveal(&at_enforcer.reveal()).unwrap();
    assert_eq!(at_enforcer.digits(), at_approver.digits());
    assert_eq!(at_enforcer.digits().to_string().len(), 7);
    assert_eq!(at_enforcer.confirm(true).unwrap().keys(), &keys(2));
    assert_eq!(at_approver.confirm(true).unwrap().keys(), &enforcer());
}

#[test]
fn a_no_on_either_side_pairs_nothing() {
    let (approver, completion) = joining().by_code(&origin(), &code(), resolved()).unwrap();
    let at_enforcer = compare(waiting().answer(completion).unwrap());
    let at_approver = approver.reveal(&at_enforcer.reveal()).unwrap();
    assert_eq!(at_enforcer.confirm(false), Err(PairError::DigitsRefused));
    assert_eq!(at_approver.confirm(false), Err(PairError::DigitsRefused));
}

#[test]
fn attack_23_enforcer_keys_swapped_by_the_relay_do_not_fit_the_link() {
    let swapped = Resolved { keys: mallory(), ..resolved() };
    let refused = joining().by_link(&waiting().link(), swapped).err();
    assert_eq!(refused, Some(PairError::WrongFingerprint));
}

#[test]
fn attack_23_approver_keys_swapped_by_the_relay_break_the_proof() {
    let (_, completion) = joining().by_link(&waiting().link(), resolved()).unwrap();
    let swapped = Completion { keys: mallory(), ..completion };
    assert_eq!(waiting().answer(swapped).err(), Some(PairError::WrongMac));
}

#[test]
fn attack_23_every_field_that_the_relay_carries_is_under_the_proof() {
    let link = waiting().link();
    let (_, completion) = joining().by_link(&link, resolved()).unwrap();
    let renamed = Completion { approver_id: "app-2".into(), ..completion.clone() };
    assert_eq!(waiting().answer(renamed).err(), Some(PairError::WrongMac));
    let elsewhere = Origin::parse("https://other.example").unwrap();
    let moved = offer().announced(elsewhere, code());
    assert_eq!(moved.answer(completion.clone()).err(), Some(PairError::WrongMac));
    let recoded = offer().announced(origin(), Code::from_random([0; 5]));
    assert_eq!(recoded.answer(completion).err(), Some(PairError::WrongMac));
    let lied = Resolved { enforcer_id: "enf-2".into(), ..resolved() };
    let (_, completion) = joining().by_link(&link, lied).unwrap();
    assert_eq!(waiting().answer(completion).err(), Some(PairError::WrongMac));
}

#[test]
fn attack_36_a_relay_without_the_secret_completes_no_link_pairing() {
    // Towards the enforcer: it knows code, origin, ids and keys, and guesses the secret.
    let guessed = Link { secret: LinkSecret::new([0; 32]), ..waiting().link() };
    let relay = Joining { approver_id: "app-1".into(), keys: mallory(), r2: R2 };
    let (_, completion) = relay.by_link(&guessed, resolved()).unwrap();
    assert_eq!(waiting().answer(completion).err(), Some(PairError::WrongMac));
    // Towards the approver: it answers with the only MAC that it has seen.
    let (approver, completion) = joining().by_link(&waiting().link(), resolved()).unwrap();
    assert_eq!(approver.finish(&completion.mac.unwrap()).err(), Some(PairError::WrongMac));
}

#[test]
fn attack_36_a_wrong_proof_never_falls_back_to_digits() {
    let (_, completion) = joining().by_link(&waiting().link(), resolved()).unwrap();
    let broken = Completion { mac: Some(Fixed([0; 32])), ..completion };
    assert_eq!(waiting().answer(broken).err(), Some(PairError::WrongMac));
}

#[test]
fn attack_36_a_stripped_proof_leaves_the_approver_unpaired() {
    let (approver, completion) = joining().by_link(&waiting().link(), resolved()).unwrap();
    let stripped = Completion { mac: None, ..completion };
    let at_enforcer = compare(waiting().answer(stripped).unwrap());
    assert_eq!(approver.finish(&at_enforcer.reveal()).err(), Some(PairError::WrongMac));
}

/// What the enforcer shows when the relay answers it with its own keys.
fn digits_towards_enforcer(relay_r2: Fixed<32>) -> Digits {
    let completion =
        Completion { approver_id: "app-1".into(), keys: mallory(), r2: relay_r2, mac: None };
    compare(waiting().answer(completion).unwrap()).digits()
}

/// The relay plays an enforcer towards the approver: it has to commit first.
fn relay_towards_approver(r: &[u8; 32]) -> AwaitingReveal {
    let commitment = proof::commitment(&mallory(), r);
    let claim = Resolved { enforcer_id: "enf-1".into(), keys: mallory(), commitment };
    joining().by_code(&origin(), &code(), claim).unwrap().0
}

#[test]
fn attack_37_a_relay_in_the_middle_shows_different_digits() {
    let r = [5; 32];
    let at_approver = relay_towards_approver(&r).reveal(&Fixed(r)).unwrap();
    assert_ne!(at_approver.digits(), digits_towards_enforcer(R2));
}

#[test]
fn attack_37_a_relay_that_grinds_its_nonce_fails_its_own_commitment() {
    // It knows the digits of the enforcer and tries nonces until the approver's begin alike.
    let wanted = digits_towards_enforcer(R2).to_string();
    let at_approver = |r: [u8; 32]| {
        let compare = relay_towards_approver(&r).reveal(&Fixed(r)).unwrap();
        compare.digits().to_string()
    };
    let mut tries = (0..=u16::MAX).map(|n| {
        let mut r = [0; 32];
        r[..2].copy_from_slice(&n.to_be_bytes());
        r
    });
    let ground = tries.find(|r| at_approver(*r)[..2] == wanted[..2]).unwrap();
    // But it had to commit before it saw the approver's keys and nonce.
    let refused = relay_towards_approver(&[5; 32]).reveal(&Fixed(ground)).err();
    assert_eq!(refused, Some(PairError::WrongCommitment));
}

#[test]
fn attack_37_keys_exchanged_behind_an_honest_commitment_are_noticed() {
    let claim = Resolved { keys: mallory(), ..resolved() };
    let (approver, _) = joining().by_code(&origin(), &code(), claim).unwrap();
    assert_eq!(approver.reveal(&Fixed(R)).err(), Some(PairError::WrongCommitment));
}

#[test]
fn attack_37_every_part_of_the_transcript_changes_the_digits() {
    let honest = Meeting {
        origin: origin(),
        code: code(),
        enforcer_id: "e".into(),
        approver_id: "a".into(),
        enforcer: enforcer(),
        approver: keys(2),
    };
    let digits = |m: &Meeting, r: u8, r2: u8| m.digits(&[r; 32], &[r2; 32]).unwrap();
    let base = digits(&honest, 1, 2);
    assert_ne!(base, digits(&honest, 3, 2));
    assert_ne!(base, digits(&honest, 1, 3));
    for changed in [
        Meeting { origin: Origin::parse("https://x.example").unwrap(), ..honest.clone() },
        Meeting { code: Code::from_random([1; 5]), ..honest.clone() },
        Meeting { enforcer_id: "x".into(), ..honest.clone() },
        Meeting { approver_id: "x".into(), ..honest.clone() },
        Meeting { enforcer: mallory(), ..honest.clone() },
        Meeting { approver: mallory(), ..honest.clone() },
    ] {
        assert_ne!(base, digits(&changed, 1, 2), "{changed:?}");
    }
}

#[test]
fn attack_37_a_swapped_exchange_half_is_no_completion() {
    let (_, completion) = joining().by_code(&origin(), &code(), resolved()).unwrap();
    let mut message = serde_json::to_value(&completion).unwrap();
    assert!(json::typed::<Completion>(message.clone()).is_ok());
    let mut bytes = completion.keys.bytes().0;
    bytes[32..].copy_from_slice(&mallory().exchange());
    message["keys"]["publicKey"] = base64(&bytes).into();
    assert!(json::typed::<Completion>(message).is_err());
}

#[test]
fn a_message_reflected_to_its_sender_is_refused() {
    let (_, completion) = joining().by_code(&origin(), &code(), resolved()).unwrap();
    let reflected = Completion { keys: enforcer(), ..completion };
    assert_eq!(waiting().answer(reflected).err(), Some(PairError::Reflected));
    let own = Resolved { keys: keys(2), ..resolved() };
    assert_eq!(joining().by_code(&origin(), &code(), own).err(), Some(PairError::Reflected));
}

#[test]
fn digits_keep_their_leading_zeros() {
    assert_eq!(proof::Digits::of(42).to_string(), "000 042");
}
