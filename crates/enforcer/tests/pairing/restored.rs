//! A trust store of yesterday that is put back counts nobody whom the ledger says was taken back.

use super::{World, key, world};
use countersign_core::artifact::Assurance;
use countersign_core::trust::{Status, TrustStore};
use countersign_enforcer::amendment::{Amendment, Particulars};
use countersign_enforcer::notary::OperatorNotary;
use countersign_enforcer::remembered::Remembered;
use countersign_enforcer::{Answered, Edge, Enforcer, Home, Relays};
use countersign_store::ledger::{LedgerStore, MemoryLedger};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

impl World {
    /// The files that say who counts and how to reach them.
    fn files(&self) -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let root = self.home.root();
        let pairings = std::fs::read_dir(root.join("pairings")).unwrap();
        let pairings = pairings.map(|entry| entry.unwrap().path());
        let all = pairings.chain([root.join("trust.json")]);
        all.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
    }

    fn put_back(&self, files: &[(std::path::PathBuf, Vec<u8>)]) {
        files.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    }

    fn status(&self, n: u8) -> Status {
        self.enforcer.trust().unwrap().approver(&key(n).key_id()).unwrap().status.clone()
    }

    fn people(&self) -> Vec<String> {
        let ways = self.enforcer.ways().unwrap();
        ways.into_iter().map(|way| way.approver.person).collect()
    }
}

async fn phone_and_tablet() -> World {
    let world = world().await;
    world.begin("phone", 1, Assurance::Device).await;
    world.pin("tablet", 2, Assurance::Device, 1).await;
    world
}

#[tokio::test]
async fn attack_39_an_old_trust_store_revives_no_revoked_approver() {
    let world = phone_and_tablet().await;
    let yesterday = world.files();
    world.enforcer.revoke("tablet", None).await.unwrap();
    world.put_back(&yesterday);
    assert!(matches!(world.status(2), Status::Revoked { .. }));
    assert_eq!(world.people(), ["phone"]);
    let raw: TrustStore =
        countersign_store::files::read(&world.home.root().join("trust.json")).unwrap().unwrap();
    let remembered = Remembered::of(&world.enforcer.past().await.unwrap());
    let [revived] = &remembered.revived(&raw)[..] else { panic!("not noticed") };
    assert_eq!((revived.label.as_str(), revived.seq > 0), ("tablet", true));
    assert!(remembered.revived(&world.enforcer.trust().unwrap()).is_empty());
}

#[tokio::test]
async fn attack_39_what_a_revoked_approver_allowed_stays_void_under_an_old_trust_store() {
    let world = phone_and_tablet().await;
    let eve = world.candidate("eve", 66, Assurance::Verified);
    let request = world.allowed(&eve, 2).await;
    let yesterday = world.files();
    world.enforcer.revoke("tablet", None).await.unwrap();
    world.put_back(&yesterday);
    assert!(world.admit(eve, request).await.is_err());
    assert_eq!(world.enforcer.trust().unwrap().approvers.len(), 2, "nobody came");
}

/// A home that several processes may open, over one ledger.
pub(super) struct Shared {
    dir: tempfile::TempDir,
    home: Home,
    edge: Edge,
    clock: Arc<AtomicI64>,
    ledger: Arc<dyn LedgerStore>,
}

impl Shared {
    pub(super) fn new() -> Self {
        let (dir, (clock, edge)) = (tempfile::tempdir().unwrap(), super::edge());
        let home = Home::open(dir.path()).unwrap();
        let keys = home.identity_or_new(&edge).unwrap().keys;
        let ledger = MemoryLedger::new("ledger-1", [7; 32], Arc::new(OperatorNotary(keys)));
        Self { dir, home, edge, clock, ledger: Arc::new(ledger) }
    }

    async fn open(&self) -> Enforcer {
        let identity = self.home.identity().unwrap().unwrap();
        let ledger = Arc::clone(&self.ledger);
        Enforcer::open(self.home.clone(), identity, ledger, self.edge.clone()).await.unwrap()
    }

    pub(super) async fn world(self) -> (World, Arc<dyn LedgerStore>) {
        let enforcer = self.open().await;
        let Self { dir, home, edge, clock, ledger } = self;
        (World { _dir: dir, home, enforcer, edge, clock }, ledger)
    }
}

#[tokio::test]
async fn attack_39_another_process_may_have_revoked_before_the_file_was_put_back() {
    let shared = Shared::new();
    let other = shared.open().await;
    let (world, _) = shared.world().await;
    world.begin("phone", 1, Assurance::Device).await;
    world.pin("tablet", 2, Assurance::Device, 1).await;
    let eve = world.candidate("eve", 66, Assurance::Verified);
    let request = world.allowed(&eve, 2).await;
    let yesterday = world.files();
    other.revoke("tablet", None).await.unwrap();
    world.put_back(&yesterday);
    assert!(world.admit(eve, request).await.is_err());
    assert_eq!(world.people(), ["phone"]);
}

#[tokio::test]
async fn attack_39_an_old_trust_store_gives_no_role_or_assurance_back() {
    let world = phone_and_tablet().await;
    let set = |to: Particulars| async {
        let trust = world.enforcer.trust().unwrap();
        let pairing = world.home.pairings().unwrap().into_iter().find(|p| p.name == "tablet");
        let amendment = Amendment::set(&trust, &pairing.unwrap(), to).unwrap();
        let question = world.enforcer.amendment(&amendment, 60_000).await.unwrap().unwrap();
        let request = world.allow(&question, 1).await;
        let answered = Answered::Approved(request);
        world.enforcer.amend(&amendment, answered, &Relays::new()).await.unwrap();
    };
    let roles = |roles: &[&str]| Some(roles.iter().map(|r| (*r).to_owned()).collect());
    set(Particulars { roles: roles(&["sre", "finance"]), ..Particulars::default() }).await;
    let yesterday = world.files();
    let assurance = Some(Assurance::Local);
    set(Particulars { roles: roles(&["sre"]), assurance, ..Particulars::default() }).await;
    let today = world.files();
    world.put_back(&yesterday);
    let record = world.enforcer.trust().unwrap().approver(&key(2).key_id()).unwrap().clone();
    assert_eq!((record.assurance, record.roles), (Assurance::Local, vec!["sre".to_owned()]));
    // A person cannot be held halfway: such a key counts for nobody.
    let person = Some("bob".to_owned());
    world.put_back(&today);
    set(Particulars { person, ..Particulars::default() }).await;
    world.put_back(&today);
    assert!(matches!(world.status(2), Status::Revoked { .. }));
}

#[tokio::test]
async fn attack_39_an_old_trust_store_prolongs_no_key_that_runs_out() {
    let world = phone_and_tablet().await;
    let yesterday = world.files();
    world.enforcer.retire("tablet", 60_000).await.unwrap();
    world.put_back(&yesterday);
    let until = world.edge.now().plus_millis(60_000).timestamp();
    assert_eq!(world.status(2), Status::Rotated { until });
}

#[tokio::test]
async fn an_end_that_a_crash_kept_out_of_the_ledger_is_told_when_it_is_opened() {
    let (world, ledger) = Shared::new().world().await;
    world.begin("phone", 1, Assurance::Device).await;
    world.pin("tablet", 2, Assurance::Device, 1).await;
    let yesterday = world.files();
    let at = world.edge.now().timestamp();
    // The file was written, and the process ended before its receipt.
    world.home.revoke(world.enforcer.identity(), "tablet", &at, None).unwrap();
    let identity = world.home.identity().unwrap().unwrap();
    let (home, edge) = (world.home.clone(), world.edge.clone());
    let again = Enforcer::open(home, identity, ledger, edge).await.unwrap();
    world.put_back(&yesterday);
    let trust = again.trust().unwrap();
    assert!(matches!(trust.approver(&key(2).key_id()).unwrap().status, Status::Revoked { .. }));
}
