//! What a ledger keeps of grants beside its receipts, and somebody edited.

use super::grants::{given, goes};
use super::*;
use async_trait::async_trait;
use countersign_enforcer::audit::Audit;
use countersign_store::error::StoreError;
use countersign_store::ledger::read::{Beside, Mark, Query, Receipts, Row};
use countersign_store::ledger::{GrantRecord, Past};

/// The receipts as they are, and rows of grants that were edited.
struct Edited(Arc<MemoryLedger>, fn(&mut GrantRecord));

#[async_trait]
impl Receipts for Edited {
    async fn receipts_from(&self, seq: u64, limit: usize) -> Result<Vec<Receipt>, StoreError> {
        self.0.receipts_from(seq, limit).await
    }
    async fn rows_after(&self, seq: Option<i64>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.0.rows_after(seq, limit).await
    }
    async fn head_text(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.head_text().await
    }
    async fn beside(&self) -> Result<Option<Beside>, StoreError> {
        let mut beside = self.0.beside().await?;
        beside.iter_mut().flat_map(|beside| &mut beside.grants).for_each(self.1);
        Ok(beside)
    }
    async fn past(&self) -> Result<Past, StoreError> {
        self.0.past().await
    }
    async fn find(
        &self,
        query: &Query,
        before: Option<Mark>,
        limit: usize,
    ) -> Result<Vec<Receipt>, StoreError> {
        self.0.find(query, before, limit).await
    }
}

/// Why a check of the whole ends, where it finds something.
async fn found(world: &World, edit: fn(&mut GrantRecord)) -> Option<String> {
    let source = Arc::new(Edited(Arc::clone(&world.ledger), edit));
    let trust = world.enforcer.trust().unwrap();
    let mut audit = Audit::new(source, "ledger-1", trust, world.edge.now());
    audit.walk(&|_| {}).await.unwrap();
    let broken = audit.report().broken?;
    assert_eq!((broken.at, broken.verdict), (None, Verdict::Contradicted));
    Some(broken.because)
}

fn unedited(_: &mut GrantRecord) {}

#[tokio::test]
async fn attack_18_uses_that_were_given_back_are_named() {
    let world = world(POLICY).await;
    given(&world, "spin", (None, Some(2), false)).await;
    assert!(goes(&world).await && goes(&world).await && !goes(&world).await);
    assert_eq!(found(&world, unedited).await, None);
    let why = found(&world, |grant| grant.used = 1).await.unwrap();
    assert!(why.contains("counts 1 use, and receipts tell of 2"), "{why}");
    // Under another name it is the same grant.
    let renamed = |grant: &mut GrantRecord| (grant.id, grant.used) = ("new".into(), 0);
    assert!(
        found(&world, renamed).await.unwrap().contains("counts 0 uses, and receipts tell of 2")
    );
}

#[tokio::test]
async fn attack_19_a_grant_that_stands_again_is_named() {
    let world = world(POLICY).await;
    let grant = given(&world, "spin", (None, None, false)).await;
    assert_eq!(found(&world, |grant| grant.used = 1).await.map(|why| why.len() > 9), Some(true));
    let early = found(&world, |grant| grant.revoked_at = Some(grant.granted_at)).await;
    assert!(early.unwrap().contains("no receipt says so"));
    let receipt = world.enforcer.revoke_grant(&grant.id).await.unwrap();
    let said = receipt.content.entry.action.unwrap();
    assert_eq!(said["request"], grant.request_id.as_str());
    assert_eq!(found(&world, unedited).await, None);
    let why = found(&world, |grant| grant.revoked_at = None).await.unwrap();
    assert!(why.contains("which stands again"), "{why}");
    let renamed = |grant: &mut GrantRecord| (grant.id, grant.revoked_at) = ("new".into(), None);
    assert!(found(&world, renamed).await.unwrap().contains("which stands again"));
}
