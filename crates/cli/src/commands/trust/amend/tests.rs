#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

use super::*;
use countersign_core::encoding::Fixed;
use countersign_core::keys::SecretKeys;
use countersign_core::passkey::{Passkey, PasskeyAlg};
use countersign_core::time::{Instant, Timestamp};
use countersign_core::trust::Status;

/// 2026-03-01, after what the file tells of.
const NOW: Instant = Instant(1_772_323_200_000);

fn until(text: &str) -> Past {
    Past {
        until: Timestamp::parse(text).unwrap(),
        person: "bob".into(),
        roles: vec!["sre".into(), "finance".into()],
        assurance: Assurance::Web,
        passkey: None,
    }
}

fn preview(past: Vec<Past>) -> Vec<String> {
    let key = SecretKeys::from_bytes(&[1; 64]).unwrap();
    let ann = Approver {
        key_id: key.key_id(),
        keys: *key.public(),
        device_id: "dev".into(),
        person: "ann".into(),
        label: "phone".into(),
        roles: vec![],
        assurance: Assurance::Device,
        passkey: None,
        created_at: Instant(0).timestamp(),
        status: Status::Active {},
        pair_id: "pair".into(),
        past,
    };
    let file = TrustStore { approvers: vec![ann], ..TrustStore::default() };
    let amendment = Amendment::import(&TrustStore::default(), file, NOW).unwrap();
    difference(&amendment).lines().map(str::to_owned).collect()
}

/// Who imports a file sees what it says of the time before, and every word of it.
#[test]
fn attack_06_the_preview_of_an_import_tells_what_a_key_was_before() {
    let origin = "https://old.example".to_owned();
    let (public_key, rp_id) = (Fixed([4; 64]), "old.example".into());
    let passkey = Some(Passkey { alg: PasskeyAlg::Es256, public_key, rp_id, origin });
    let first = Past { roles: vec![], passkey, ..until("2026-02-02T00:00:00Z") };
    let lines = preview(vec![first, until("2026-02-03T00:00:00Z")]);
    assert!(lines[0].starts_with("+ phone of ann: active, assurance device, no roles, "));
    assert_eq!(
        lines[1..],
        [
            "    until 2026-02-02T00:00:00Z: of bob, assurance web, no roles  \
             passkey of https://old.example",
            "    until 2026-02-03T00:00:00Z: of bob, assurance web, roles sre,finance",
        ]
    );
}
