//! The newest head of each ledger stays, and never becomes older.

use super::{Store, checks};
use crate::error::StoreError;
use countersign_core::checkpoint::{Checkpoint, Head};
use countersign_core::encoding::{Fixed, Hash};
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;

checks! {
    attack_39_a_head_never_becomes_older,
    heads_of_other_ledgers_and_enforcers_stand_apart,
    only_so_many_ledgers_are_remembered,
}

type Checked = Result<(), StoreError>;

fn head(ledger: &str, seq: u64, content: u8) -> Checkpoint {
    let time = Instant(1_770_000_000_000).timestamp();
    let (ledger, content_hash) = (ledger.to_owned(), Hash([content; 32]));
    let head = Head { ledger, seq, content_hash, time, changes: None, usable: None };
    Checkpoint { head, key_id: KeyId("k".into()), signature: Fixed([0; 64]) }
}

async fn attack_39_a_head_never_becomes_older(store: Store) -> Checked {
    assert_eq!(store.remember_head("e", head("l", 5, 5)).await?, head("l", 5, 5));
    assert_eq!(store.remember_head("e", head("l", 4, 4)).await?, head("l", 5, 5));
    assert_eq!(store.remember_head("e", head("l", 5, 9)).await?, head("l", 5, 5));
    assert_eq!(store.remember_head("e", head("l", 6, 6)).await?, head("l", 6, 6));
    Ok(())
}

async fn heads_of_other_ledgers_and_enforcers_stand_apart(store: Store) -> Checked {
    store.remember_head("e", head("l", 5, 5)).await?;
    assert_eq!(store.remember_head("e", head("m", 1, 1)).await?, head("m", 1, 1));
    assert_eq!(store.remember_head("f", head("l", 1, 1)).await?, head("l", 1, 1));
    assert_eq!(store.remember_head("e", head("l", 1, 1)).await?, head("l", 5, 5));
    Ok(())
}

async fn only_so_many_ledgers_are_remembered(store: Store) -> Checked {
    let most = super::super::LEDGERS_REMEMBERED;
    for n in 0..=most {
        store.remember_head("e", head(&format!("l{n}"), 9, 9)).await?;
    }
    assert_eq!(store.remember_head("e", head("l0", 1, 1)).await?, head("l0", 1, 1));
    let newest = format!("l{most}");
    assert_eq!(store.remember_head("e", head(&newest, 1, 1)).await?, head(&newest, 9, 9));
    Ok(())
}
