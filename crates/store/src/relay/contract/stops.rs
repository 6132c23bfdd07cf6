//! A stop of a paired approver waits until its enforcer has taken it.

use super::fixture::{Checked, paired};
use super::{Store, checks};
use crate::relay::stop::Stop;

checks! {
    a_stop_waits_until_it_is_taken,
    attack_36_only_a_paired_approver_stops_an_enforcer,
}

fn stop(n: u8, id: &str) -> Stop {
    Stop {
        stop_id: id.to_owned(),
        enforcer_id: format!("enf-{n}"),
        approver_id: format!("app-{n}"),
        content: format!("sealed {id}"),
    }
}

async fn a_stop_waits_until_it_is_taken(store: Store) -> Checked {
    paired(&store, 1).await?;
    paired(&store, 2).await?;
    assert!(store.keep_stop(stop(1, "a")).await?);
    assert!(store.keep_stop(stop(1, "b")).await?, "a later one takes its place");
    assert!(store.keep_stop(stop(2, "b")).await?);
    assert_eq!(store.stops("enf-1").await?, [stop(1, "b")]);
    store.drop_stop("enf-1", "a").await?;
    assert_eq!(store.stops("enf-1").await?, [stop(1, "b")]);
    store.drop_stop("enf-1", "b").await?;
    store.drop_stop("enf-1", "b").await?;
    assert_eq!(store.stops("enf-1").await?, []);
    assert_eq!(store.stops("enf-2").await?, [stop(2, "b")]);
    Ok(())
}

async fn attack_36_only_a_paired_approver_stops_an_enforcer(store: Store) -> Checked {
    paired(&store, 1).await?;
    paired(&store, 2).await?;
    let crossed = Stop { enforcer_id: "enf-2".to_owned(), ..stop(1, "a") };
    assert!(!store.keep_stop(crossed).await?);
    store.revoke_route("enf-1", "app-1", super::fixture::NOW).await?;
    assert!(!store.keep_stop(stop(1, "a")).await?, "taken back");
    assert_eq!(store.stops("enf-1").await?, []);
    assert_eq!(store.stops("enf-2").await?, []);
    Ok(())
}
