//! No change of who may answer leaves nobody who could allow the next.

use super::amendment::phone_and_me;
use super::{NOW, World, key, nobody_of, world};
use countersign_core::artifact::Assurance;
use countersign_core::trust::{Status, TrustStore};
use countersign_enforcer::amendment::{AmendError, Amendment, Particulars};
use countersign_enforcer::home::HomeError;
use countersign_enforcer::pairing::PairingError;
use countersign_enforcer::remembered::Remembered;
use countersign_enforcer::{Answered, Relays};
use countersign_store::ledger::RequestRecord;

impl World {
    fn to(&self, name: &str, assurance: Assurance) -> Amendment {
        let to = Particulars { assurance: Some(assurance), ..Particulars::default() };
        self.set(name, to).unwrap()
    }

    async fn asked(&self, amendment: &Amendment, by: u8) -> RequestRecord {
        let question = self.enforcer.amendment(amendment, 60_000).await.unwrap().unwrap();
        self.allow(&question, by).await
    }

    async fn make(&self, amendment: &Amendment, by: RequestRecord) -> Result<(), PairingError> {
        self.enforcer.amend(amendment, Answered::Approved(by), &Relays::new()).await
    }

    /// Demands that nobody is asked about it, because nobody would be left.
    pub(super) async fn would_lock(&self, amendment: &Amendment, floor: Assurance) {
        locks(self.enforcer.amendment(amendment, 60_000).await.map(|_| ()), floor);
    }
}

fn locks(refused: Result<(), PairingError>, floor: Assurance) {
    let expected = AmendError::NobodyLeft(floor);
    assert!(
        matches!(&refused, Err(PairingError::Home(HomeError::Amend(e))) if *e == expected),
        "{refused:?}"
    );
}

/// Two of the highest assurance, and one below.
async fn three() -> World {
    let world = world().await;
    world.begin("phone", 1, Assurance::Device).await;
    world.pin("tablet", 2, Assurance::Device, 1).await;
    world.pin("me", 3, Assurance::Local, 1).await;
    world
}

#[tokio::test]
async fn attack_09_the_last_at_the_floor_is_not_lowered() {
    let world = phone_and_me().await;
    world.would_lock(&world.to("phone", Assurance::Local), Assurance::Web).await;
    // What leaves it where it is may be asked about, and so may what lifts another over it.
    let roles = Particulars { roles: Some(vec!["sre".into()]), ..Particulars::default() };
    world.amend(&world.set("phone", roles).unwrap(), 1).await.unwrap();
    world.amend(&world.to("me", Assurance::Device), 1).await.unwrap();
    world.would_lock(&world.to("me", Assurance::Web), Assurance::Device).await;
    world.amend(&world.to("phone", Assurance::Local), 2).await.unwrap();
}

#[tokio::test]
async fn attack_09_of_two_lowerings_that_were_allowed_side_by_side_one_is_made() {
    let world = three().await;
    let (phone, tablet) = (world.to("phone", Assurance::Web), world.to("tablet", Assurance::Web));
    let (first, second) = (world.asked(&phone, 2).await, world.asked(&tablet, 2).await);
    world.make(&phone, first).await.unwrap();
    // The tablet allowed it, and is the last now.
    locks(world.make(&tablet, second).await, Assurance::Device);
    assert_eq!(world.record(2).assurance, Assurance::Device);
    assert_eq!(world.asked_about_eve().await.unwrap().unwrap(), ["tablet"]);
    let changes = world.changes().await;
    assert_eq!(changes.iter().filter(|change| *change == "set").count(), 1, "{changes:?}");
}

#[tokio::test]
async fn attack_09_of_two_lowerings_that_were_looked_at_side_by_side_one_is_written() {
    let world = three().await;
    let (phone, tablet) = (world.to("phone", Assurance::Web), world.to("tablet", Assurance::Web));
    // Both were found to leave somebody, and come to the lock one after the other.
    let trust = world.enforcer.trust().unwrap();
    let remembered = Remembered::read(world.enforcer.ledger(), &trust).await.unwrap();
    let write = |one| world.home.amend(world.enforcer.identity(), one, &remembered, false);
    write(&phone).unwrap();
    locks(write(&tablet).map_err(PairingError::from), Assurance::Device);
    assert_eq!(world.record(2).assurance, Assurance::Device);
}

#[tokio::test]
async fn attack_09_a_lowering_is_not_made_once_the_other_ends() {
    for after in [None, Some(60_000)] {
        let world = three().await;
        let lowered = world.to("tablet", Assurance::Local);
        let allowed = world.asked(&lowered, 2).await;
        match after {
            None => drop(world.enforcer.revoke("phone", None).await.unwrap()),
            Some(millis) => drop(world.enforcer.retire("phone", millis).await.unwrap()),
        }
        locks(world.make(&lowered, allowed).await, Assurance::Device);
        assert!(world.asked_about_eve().await.unwrap().unwrap().contains(&"tablet".into()));
    }
}

#[tokio::test]
async fn attack_09_a_file_raises_no_floor_above_those_who_can_be_asked() {
    let (world, theirs) = (phone_and_me().await, super::world().await);
    theirs.begin("eve", 66, Assurance::Device).await;
    let import =
        |file: TrustStore| Amendment::import(&world.enforcer.trust().unwrap(), file, NOW).unwrap();
    let file = TrustStore { operators: vec![], ..theirs.enforcer.trust().unwrap() };
    world.would_lock(&import(file), Assurance::Device).await;
    // Nor does one take back the last who could be asked.
    let mut file = world.enforcer.trust().unwrap();
    let at = world.edge.now().timestamp();
    file.approvers[0].status = Status::Revoked { at, compromised_since: None };
    world.would_lock(&import(file), Assurance::Web).await;
}

#[tokio::test]
async fn attack_09_whom_no_way_leads_to_is_not_left() {
    let world = three().await;
    let lowered = world.to("phone", Assurance::Web);
    assert!(world.enforcer.amendment(&lowered, 60_000).await.is_ok());
    std::fs::remove_file(world.home.root().join("pairings/tablet.json")).unwrap();
    world.would_lock(&lowered, Assurance::Device).await;
    let alone = world.enforcer.retire("phone", 60_000).await.unwrap_err();
    assert!(alone.to_string().contains("no other approver"), "{alone}");
}

#[tokio::test]
async fn attack_09_a_compromised_key_is_taken_back_also_where_it_is_the_last() {
    let world = phone_and_me().await;
    let since = world.edge.now().timestamp();
    world.enforcer.revoke("phone", Some(&since)).await.unwrap();
    assert!(matches!(world.record(1).status, Status::Revoked { .. }));
    // Whoever is below does not climb: not by pairing, and not by a change.
    nobody_of(world.asked_about_eve().await, Assurance::Web);
    let climbed = world.to("me", Assurance::Device);
    let refused = world.enforcer.amendment(&climbed, 60_000).await;
    assert!(matches!(refused, Err(PairingError::NobodyLeft(Assurance::Web))), "{refused:?}");
    assert_eq!(
        world.enforcer.trust().unwrap().approver(&key(2).key_id()).unwrap().status,
        Status::Active {}
    );
}
