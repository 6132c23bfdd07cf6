//! A check that reads while another process rotates finds no damage where there is none.

use crate::scene::{DAY, Scene, rule};
use async_trait::async_trait;
use countersign_core::encoding::Hash;
use countersign_core::receipt::Receipt;
use countersign_enforcer::segments::Rule;
use countersign_store::error::StoreError;
use countersign_store::ledger::Past;
use countersign_store::ledger::read::{Beside, Mark, Person, Query, Receipts, Row};
use countersign_store::ledger::segments::Segment;
use countersign_store_sqlite::LedgerFile;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A ledger that is rotated right before one of the reads.
struct Racing {
    file: LedgerFile,
    scene: Arc<Scene>,
    reads: AtomicUsize,
    at: usize,
}

impl Racing {
    fn before(&self) {
        if self.reads.fetch_add(1, Ordering::SeqCst) == self.at {
            let scene = Arc::clone(&self.scene);
            std::thread::spawn(move || rotates(&scene)).join().unwrap();
        }
    }
}

#[async_trait]
impl Receipts for Racing {
    async fn receipts_from(&self, seq: u64, limit: usize) -> Result<Vec<Receipt>, StoreError> {
        self.before();
        self.file.receipts_from(seq, limit).await
    }
    async fn rows_after(&self, seq: Option<i64>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.before();
        // Small pages, so that it is rotated between any two.
        self.file.rows_after(seq, limit.min(6)).await
    }
    async fn head_text(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.before();
        self.file.head_text().await
    }
    async fn segments(&self) -> Result<Vec<Segment>, StoreError> {
        self.before();
        self.file.segments().await
    }
    async fn digest(&self, segment: &Segment) -> Result<Option<Hash>, StoreError> {
        self.before();
        self.file.digest(segment).await
    }
    async fn copies(&self) -> Result<Vec<Row>, StoreError> {
        self.before();
        self.file.copies().await
    }
    async fn unfiled(&self, persons: Vec<Person>) -> Result<Option<Person>, StoreError> {
        self.before();
        self.file.unfiled(persons).await
    }
    async fn persons_up_to(&self, seq: u64) -> Result<Option<u64>, StoreError> {
        self.before();
        self.file.persons_up_to(seq).await
    }
    async fn beside(&self) -> Result<Option<Beside>, StoreError> {
        self.before();
        self.file.beside().await
    }
    async fn unsound(&self) -> Result<Option<String>, StoreError> {
        self.before();
        self.file.unsound().await
    }
    async fn past(&self) -> Result<Past, StoreError> {
        self.before();
        self.file.past().await
    }
    async fn find(
        &self,
        query: &Query,
        before: Option<Mark>,
        limit: usize,
    ) -> Result<Vec<Receipt>, StoreError> {
        self.before();
        self.file.find(query, before, limit).await
    }
}

fn rotates(scene: &Scene) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let keep = Rule { keep_millis: Some(50 * DAY), ..rule(8) };
    let rotated = runtime.block_on(scene.enforcer.rotate(&keep)).unwrap();
    assert!(!rotated.sealed.is_empty() && !rotated.dropped.is_empty());
}

/// A ledger of which a part is sealed, and of which more may be sealed and dropped.
async fn scene() -> Arc<Scene> {
    let scene = Scene::set().await;
    scene.blocks(6).await;
    scene.later(40 * DAY);
    scene.enforcer.rotate(&rule(4)).await.unwrap();
    scene.blocks(4).await;
    scene.later(40 * DAY);
    Arc::new(scene)
}

/// How many reads a check takes during which it is rotated before the read `at`.
async fn raced(at: usize) -> usize {
    let scene = scene().await;
    let file = LedgerFile::open(&scene.enforcer.home().ledger_path()).await.unwrap();
    let racing = Racing { file, scene: Arc::clone(&scene), reads: AtomicUsize::new(0), at };
    let racing = Arc::new(racing);
    let report = scene.verify_over(Arc::clone(&racing) as Arc<dyn Receipts>).await;
    assert_eq!(report.broken, None, "rotated before read {at}");
    racing.reads.load(Ordering::SeqCst)
}

#[tokio::test]
async fn attack_28_a_rotation_meanwhile_is_no_damage() {
    let reads = raced(usize::MAX).await;
    for at in 0..reads {
        raced(at).await;
    }
}
