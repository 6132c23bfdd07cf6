//! What a key was pinned as: receipts of that time are judged by it, and the ledger tells it.

use super::{NOW, World, key, world};
use countersign_core::artifact::Assurance;
use countersign_core::receipt::check::Verdict;
use countersign_core::trust::{Approver, Past, TrustStore};
use countersign_enforcer::amendment::{AmendError, Amendment, Particulars};
use countersign_enforcer::pairing::PairingError;
use countersign_enforcer::{Answered, Relays};
use std::sync::atomic::Ordering;

impl World {
    fn pass(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::Relaxed);
    }

    fn pinned_as(&self, n: u8) -> Approver {
        self.enforcer.trust().unwrap().approver(&key(n).key_id()).unwrap().clone()
    }

    /// Makes the key `n` under this name somebody else's, allowed by the key `by`.
    async fn rename(&self, name: &str, to: &str, by: u8) -> Result<(), PairingError> {
        let pairings = self.home.pairings().unwrap();
        let pairing = pairings.iter().find(|p| p.name == name).unwrap();
        let to = Particulars { person: Some(to.into()), ..Particulars::default() };
        let amendment = Amendment::set(&self.enforcer.trust().unwrap(), pairing, to).unwrap();
        let question = self.enforcer.amendment(&amendment, 60_000).await?.unwrap();
        let request = self.allow(&question, by).await;
        self.enforcer.amend(&amendment, Answered::Approved(request), &Relays::new()).await
    }

    /// The verdicts that are not `Valid`, of all receipts, under these keys.
    async fn bad(&self, trust: &TrustStore) -> Vec<(u64, Verdict)> {
        let receipts = self.enforcer.ledger().receipts_from(1, 1_000).await.unwrap();
        let judged = receipts.iter().map(|r| (r.content.seq, r.check(trust, self.edge.now())));
        judged.filter(|(_, verdict)| !matches!(verdict, Verdict::Valid { .. })).collect()
    }
}

/// A home whose only approver allowed another key.
async fn phone_that_admitted_me() -> World {
    let world = world().await;
    world.begin("phone", 1, Assurance::Device).await;
    world.pin("me", 2, Assurance::Local, 1).await;
    world
}

#[tokio::test]
async fn what_was_allowed_before_a_change_stays_valid() {
    let world = phone_that_admitted_me().await;
    world.pass(3_600_000);
    world.rename("phone", "ann", 1).await.unwrap();
    world.pass(3_600_000);
    world.pin("tablet", 3, Assurance::Device, 1).await;
    let trust = world.enforcer.trust().unwrap();
    assert_eq!(world.bad(&trust).await, []);
    let [past] = &world.pinned_as(1).past[..] else { panic!("no past") };
    assert_eq!((past.person.as_str(), past.assurance), ("phone", Assurance::Device));
    // Whoever knows only the newest record cannot tell.
    let newest = trust.approvers.iter().map(Approver::newest).collect();
    let bad = world.bad(&TrustStore { approvers: newest, ..trust }).await;
    assert!(!bad.is_empty());
    assert!(bad.iter().all(|(_, verdict)| *verdict == Verdict::OffRoster), "{bad:?}");
}

#[tokio::test]
async fn attack_09_a_past_that_the_ledger_does_not_tell_is_none() {
    let world = phone_that_admitted_me().await;
    world.rewrite_trust(|trust| {
        for approver in &mut trust.approvers {
            approver.past.push(Past {
                until: world.edge.now().plus_millis(60_000).timestamp(),
                person: "ceo".into(),
                roles: vec!["boss".into()],
                assurance: Assurance::Device,
                passkey: None,
            });
        }
    });
    assert!(world.enforcer.trust().unwrap().approvers.iter().all(|one| one.past.is_empty()));
}

#[tokio::test]
async fn a_past_is_in_order_also_where_the_clock_was_set_back() {
    const DAY: i64 = 86_400_000;
    let world = phone_that_admitted_me().await;
    for (person, clock) in [("ann", DAY), ("anna", -DAY), ("annie", 0), ("andrea", DAY)] {
        world.pass(clock);
        world.rename("phone", person, 1).await.unwrap();
    }
    let trust = world.enforcer.trust().unwrap().checked().unwrap();
    let people: Vec<_> = trust.approvers[0].past.iter().map(|past| past.person.as_str()).collect();
    assert_eq!(people, ["phone", "annie"]);
}

#[tokio::test]
async fn a_past_goes_with_its_key_into_another_home() {
    let world = phone_that_admitted_me().await;
    world.pass(1_000);
    world.rename("phone", "ann", 1).await.unwrap();
    let (file, to) = (world.enforcer.trust().unwrap(), super::world().await);
    let amendment = Amendment::import(&to.enforcer.trust().unwrap(), file.clone(), NOW).unwrap();
    to.enforcer.amend_new(&amendment).await.unwrap();
    assert_eq!(to.enforcer.trust().unwrap().approvers, file.approvers);
    assert!(!to.pinned_as(1).past.is_empty());
}

#[tokio::test]
async fn attack_09_a_past_that_is_not_over_or_names_nobody_is_not_imported() {
    let (from, to) = (phone_that_admitted_me().await, super::world().await);
    from.rename("phone", "ann", 1).await.unwrap();
    let file = from.enforcer.trust().unwrap();
    let import = |change: &dyn Fn(&mut Past)| {
        let mut file = file.clone();
        file.approvers.iter_mut().flat_map(|one| &mut one.past).for_each(change);
        Amendment::import(&to.enforcer.trust().unwrap(), file, NOW)
    };
    let until = |millis: i64| NOW.plus_millis(millis).timestamp();
    assert!(import(&|past| past.until = until(60_000)).is_ok());
    let late = import(&|past| past.until = until(60_001));
    assert!(matches!(late, Err(AmendError::Future(_))), "{late:?}");
    for bad in ["", "a b", "\u{202e}"] {
        let person = import(&|past| past.person = bad.into());
        assert!(matches!(person, Err(AmendError::Name(_))), "{person:?}");
        let role = import(&|past| past.roles = vec![bad.into()]);
        assert!(matches!(role, Err(AmendError::Name(_))), "{role:?}");
    }
}
