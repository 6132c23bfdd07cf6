//! The file of the ledger with rows left out of an index, or with a part that is not the ledger's.

use crate::beside::edit;
use crate::scene::Scene;
use countersign_core::receipt::check::Verdict;

/// Why a check of the whole ends, after somebody did this to a ledger that held.
async fn found(sql: &str) -> String {
    let scene = Scene::set().await;
    scene.enforcer.hold("case-17", None).await.unwrap();
    scene.blocks(4).await;
    assert_eq!(scene.verify().await.broken, None);
    edit(&scene, sql);
    let broken = scene.verify().await.broken.unwrap();
    assert_eq!((broken.at, broken.verdict), (None, Verdict::HashMismatch), "{sql}");
    broken.because
}

#[tokio::test]
async fn attack_28_an_index_that_leaves_rows_out_is_named() {
    let made = "CREATE INDEX receipt_kind ON receipt (event, risk, recorded_at)";
    let left_out = format!("DROP INDEX receipt_kind; {made} WHERE event <> 'blocked';");
    let because = found(&left_out).await;
    assert_eq!(because, "the index `receipt_kind` is not the ledger's");
    // Also where it says again that it holds every row.
    let hidden = format!(
        "{left_out} PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = '{made}' WHERE name = 'receipt_kind';"
    );
    let because = found(&hidden).await;
    assert!(because.contains("damaged") && because.contains("index receipt_kind"), "{because}");
    assert_eq!(found("DROP INDEX receipt_kind;").await, "the index `receipt_kind` is gone");
}

#[tokio::test]
async fn attack_28_a_foreign_trigger_is_named() {
    let trigger = "CREATE TRIGGER t AFTER INSERT ON receipt BEGIN DELETE FROM hold; END;";
    assert_eq!(found(trigger).await, "the trigger `t` is not the ledger's");
    // Also in a file that says it is of an earlier version.
    let earlier = format!("{trigger} PRAGMA user_version = 10;");
    assert_eq!(found(&earlier).await, "the trigger `t` is not the ledger's");
}

#[tokio::test]
async fn attack_28_a_view_in_the_place_of_a_table_is_named() {
    let view = "ALTER TABLE hold RENAME TO kept; CREATE VIEW hold AS SELECT * FROM kept;";
    assert_eq!(found(view).await, "the view `hold` is not the ledger's");
}

/// What SQLite keeps of its own, for its plans, is nobody's damage.
#[tokio::test]
async fn statistics_are_no_damage() {
    let scene = Scene::set().await;
    scene.blocks(4).await;
    edit(&scene, "ANALYZE;");
    assert_eq!(scene.verify().await.broken, None);
}

/// A connection that only reads looks at no `CHECK`, so neither does SQLite's own check.
#[tokio::test]
async fn attack_28_a_row_beside_the_only_one_of_its_table_is_named() {
    for table in ["usable", "checkpoint", "frozen"] {
        let scene = Scene::set().await;
        scene.suspended("a").await;
        scene.enforcer.freeze("ann", None).await.unwrap();
        assert_eq!(scene.verify().await.broken, None);
        let moved = format!("PRAGMA ignore_check_constraints = ON; UPDATE {table} SET only = 2;");
        edit(&scene, &moved);
        assert!(scene.verify().await.broken.is_some(), "{table}");
    }
}
