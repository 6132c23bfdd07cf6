//! A past proves nothing under another head than the one of its newest receipt.

use super::*;
use countersign_core::checkpoint::Head;
use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;

fn head(changes: Option<Changes>) -> Checkpoint {
    let (ledger, content_hash) = ("ledger-1".to_owned(), Hash([2; 32]));
    let time = Instant(1_770_000_000_000).timestamp();
    let head = Head { ledger, seq: 2, content_hash, time, changes, usable: None };
    Checkpoint::sign(head, &SecretKeys::from_bytes(&[1; 64]).unwrap()).unwrap()
}

fn past(newest: Option<(u64, Hash)>) -> Past {
    Past { head: Some(head(Some(Changes::NONE))), newest, ..Past::default() }
}

fn refused(past: Past, is_ours: bool) -> String {
    past.proven(|_| is_ours).unwrap_err().to_string()
}

#[test]
fn attack_39_a_head_of_another_receipt_than_the_newest_proves_nothing() {
    assert!(past(Some((2, Hash([2; 32])))).proven(|_| true).is_ok());
    for newest in
        [None, Some((1, Hash([2; 32]))), Some((3, Hash([2; 32]))), Some((2, Hash([3; 32])))]
    {
        let why = refused(past(newest), true);
        assert!(why.contains("names another receipt"), "{newest:?}: {why}");
    }
}

#[test]
fn attack_39_a_head_of_somebody_else_or_of_other_changes_proves_nothing() {
    let newest = Some((2, Hash([2; 32])));
    assert!(refused(past(newest), false).contains("not signed by this home's operator"));
    let other = Some(head(Some(Changes::NONE.and(Hash([7; 32])))));
    let why = refused(Past { head: other, ..past(newest) }, true);
    assert!(why.contains("not those that its head counts"), "{why}");
    let why = refused(Past { head: None, ..past(newest) }, true);
    assert!(why.contains("no signed head"), "{why}");
    assert!(Past::default().proven(|_| true).is_ok(), "a new ledger");
}
