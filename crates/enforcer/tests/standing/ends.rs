//! Of what the ledger and the trust store say of a key's end, the stricter holds.

use super::*;
use countersign_core::keys::KeyId;
use countersign_core::time::Timestamp;
use countersign_core::trust::{Approver, Operator, Status};

impl World {
    fn at(&self, hours: i64) -> Timestamp {
        self.edge.now().plus_millis(hours * HOUR).timestamp()
    }

    /// Writes down what became of a key.
    async fn told(&self, id: &KeyId, members: &[(&str, &str)]) {
        let members: Vec<_> = [("keyId", id.0.as_str())].iter().chain(members).copied().collect();
        self.enforcer.record_key(Event::Key, &members).await.unwrap();
    }

    /// What counts of another key of ann's that the trust store has with this status, after these
    /// receipts about it.
    async fn holds(&self, n: u8, kept: Status, told: &[&[(&str, &str)]]) -> Status {
        let keys = SecretKeys::from_bytes(&[n; 64]).unwrap();
        let id = keys.key_id();
        self.home
            .change_trust(self.enforcer.identity(), |store| {
                let (key_id, label) = (id.clone(), format!("key {n}"));
                let like = store.approvers[0].clone();
                let (keys, pair_id) = (*keys.public(), format!("pair_{n}"));
                store.approvers.push(Approver {
                    key_id,
                    keys,
                    label,
                    pair_id,
                    status: kept,
                    ..like
                });
            })
            .unwrap();
        for members in told {
            self.told(&id, members).await;
        }
        self.enforcer.trust().unwrap().approver(&id).unwrap().status.clone()
    }
}

#[tokio::test]
async fn attack_19_a_trust_store_says_nothing_better_of_an_end_than_receipts() {
    let world = world(POLICY).await;
    let rotated = |hours| Status::Rotated { until: world.at(hours) };
    let (one, two) = (world.at(1), world.at(2));
    let until = |at| [("change", "rotated"), ("until", at)];
    let (first, second) = (until(one.as_str()), until(two.as_str()));
    let active = Status::Active {};
    assert_eq!(world.holds(20, rotated(2), &[&first]).await, rotated(1));
    assert_eq!(world.holds(21, rotated(1), &[&second]).await, rotated(1));
    assert_eq!(world.holds(22, active.clone(), &[&first, &second]).await, rotated(1));
    let now = world.edge.now();
    let unread = world.holds(23, active.clone(), &[&until("soon")]).await;
    assert!(!unread.counts(now), "a date that cannot be read is over: {unread:?}");
    let revoked = [("change", "revoked"), ("revokedAt", "soon")];
    let unread = world.holds(24, active.clone(), &[&revoked]).await;
    assert!(matches!(unread, Status::Revoked { .. }), "{unread:?}");
    let both = world.holds(25, rotated(1), &[&first, &revoked]).await;
    assert!(matches!(both, Status::Revoked { .. }), "{both:?}");
    let not_ended = [("change", "not ended")];
    assert_eq!(world.holds(26, active.clone(), &[&revoked, &not_ended]).await, active);
}

#[tokio::test]
async fn attack_10_since_when_a_key_is_not_its_persons_is_never_later_than_receipts_say() {
    let world = world(POLICY).await;
    let (at, since) = (world.at(0), world.at(-1));
    let told =
        [("change", "revoked"), ("revokedAt", at.as_str()), ("compromisedSince", since.as_str())];
    let revoked = |since| Status::Revoked { at: at.clone(), compromised_since: since };
    for (n, kept, holds) in [(20, None, -1), (21, Some(0), -1), (22, Some(-2), -2)] {
        let kept = revoked(kept.map(|hours| world.at(hours)));
        assert_eq!(world.holds(n, kept, &[&told]).await, revoked(Some(world.at(holds))));
    }
}

#[tokio::test]
async fn attack_10_an_operator_key_that_was_taken_back_does_not_come_back() {
    let world = world(POLICY).await;
    let keys = SecretKeys::from_bytes(&[20; 64]).unwrap();
    let id = keys.key_id();
    let pin = |store: &mut countersign_core::trust::TrustStore| {
        let like = store.operators[0].clone();
        store.operators.push(Operator { key_id: id.clone(), keys: *keys.public(), ..like });
    };
    world.home.change_trust(world.enforcer.identity(), pin).unwrap();
    let status = || world.enforcer.trust().unwrap().operator(&id).unwrap().status.clone();
    assert_eq!(status(), Status::Active {});
    world.told(&id, &[("change", "revoked")]).await;
    assert!(matches!(status(), Status::Revoked { .. }));
}
