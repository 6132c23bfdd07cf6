//! What every relay store promises, as checks that each back end runs.
//!
//! A check works on a fresh store and panics by assertion, with the name of the promise.

mod exchanges;
mod fixture;
mod heads;
mod notes;
mod pairings;
mod races;
mod stops;

use super::RelayStore;
use crate::error::StoreError;
use std::fmt::Debug;
use std::sync::Arc;

type Store = Arc<dyn RelayStore>;

/// Runs every check, each on a store of its own that `make` gives.
///
/// # Panics
/// By assertion, where the store breaks a promise.
pub async fn contract(make: impl AsyncFn() -> Arc<dyn RelayStore>) {
    pairings::run(&make).await;
    exchanges::run(&make).await;
    heads::run(&make).await;
    stops::run(&make).await;
    notes::run(&make).await;
    races::run(&make).await;
}

/// Names the promise that an unexpected error of the store belongs to.
fn held<T: Debug>(promise: &str, outcome: &Result<T, StoreError>) {
    assert!(outcome.is_ok(), "{promise}: {outcome:?}");
}

/// Runs each check on a fresh store under its own name.
macro_rules! checks {
    ($($check:ident),+ $(,)?) => {
        pub(super) async fn run(make: &impl AsyncFn() -> super::Store) {
            $(super::held(stringify!($check), &$check(make().await).await);)+
        }
    };
}
use checks;
