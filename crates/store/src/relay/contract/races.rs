//! Many at once: exactly one of them is first.

use super::fixture::{Checked, NOW, completion, decision, paired, pairing, submission};
use super::{Store, checks};
use crate::error::StoreError;
use crate::relay::exchange::{Decided, Submitted, Withdrawn};
use crate::relay::pairing::PairingStep;
use tokio::task::JoinSet;

checks!(
    one_of_many_decisions_wins,
    one_of_many_submissions_is_new,
    one_of_many_completions_wins,
    a_decision_or_a_withdrawal_wins,
    the_limit_holds_among_many,
);

/// How many tasks race.
const MANY: u8 = 8;

async fn all<T: 'static>(set: JoinSet<Result<T, StoreError>>) -> Result<Vec<T>, StoreError> {
    set.join_all().await.into_iter().collect()
}

async fn one_of_many_decisions_wins(store: Store) -> Checked {
    paired(&store, 1).await?;
    store.submit_artifact(submission(1, "r"), 9, NOW).await?;
    let mut set = JoinSet::new();
    for n in 0..MANY {
        let (store, decision) = (store.clone(), decision(1, "r", &n.to_string()));
        set.spawn(async move { store.decide(decision, NOW).await });
    }
    let outcomes = all(set).await?;
    let wins = outcomes.iter().filter(|o| matches!(o, Decided::Accepted { .. })).count();
    let losses = outcomes.iter().filter(|o| matches!(o, Decided::DecidedOtherwise)).count();
    assert_eq!((wins, losses), (1, usize::from(MANY) - 1));
    assert_eq!(store.undelivered("enf-1", None, 9).await?.len(), 1);
    Ok(())
}

async fn one_of_many_submissions_is_new(store: Store) -> Checked {
    paired(&store, 1).await?;
    let mut set = JoinSet::new();
    for _ in 0..MANY {
        let store = store.clone();
        set.spawn(async move { store.submit_artifact(submission(1, "r"), 9, NOW).await });
    }
    let outcomes = all(set).await?;
    let new = outcomes.iter().filter(|o| matches!(o, Submitted::Accepted { .. })).count();
    let again = outcomes.iter().filter(|o| matches!(o, Submitted::Again)).count();
    assert_eq!((new, again), (1, usize::from(MANY) - 1));
    assert_eq!(store.inbox("app-1", None, 9, NOW).await?.len(), 1);
    Ok(())
}

async fn one_of_many_completions_wins(store: Store) -> Checked {
    store.open_pairing(pairing(1)?, 9, NOW).await?;
    let mut set = JoinSet::new();
    for n in 0..MANY {
        let (store, completion) = (store.clone(), completion(n)?);
        set.spawn(async move { store.complete_pairing("nonce-1", completion, NOW).await });
    }
    let outcomes = all(set).await?;
    let wins = outcomes.iter().filter(|o| matches!(o, PairingStep::Done(_))).count();
    assert_eq!(wins, 1);
    Ok(())
}

async fn a_decision_or_a_withdrawal_wins(store: Store) -> Checked {
    paired(&store, 1).await?;
    for n in 0..MANY {
        let request = format!("r-{n}");
        store.submit_artifact(submission(1, &request), 99, NOW).await?;
        let (decider, answer) = (store.clone(), decision(1, &request, "yes"));
        let decided = tokio::spawn(async move { decider.decide(answer, NOW).await });
        let withdrawn = store.withdraw("enf-1", &request, NOW).await?;
        let joined = decided.await.map_err(|e| StoreError::Unavailable(e.to_string()))?;
        let decided = matches!(joined?, Decided::Accepted { .. });
        let withdrawn = matches!(withdrawn, Withdrawn::Done { .. });
        assert!(decided != withdrawn, "either, never both: {decided} {withdrawn}");
    }
    Ok(())
}

async fn the_limit_holds_among_many(store: Store) -> Checked {
    paired(&store, 1).await?;
    let mut set = JoinSet::new();
    for n in 0..MANY {
        let (store, request) = (store.clone(), format!("r-{n}"));
        set.spawn(async move { store.submit_artifact(submission(1, &request), 3, NOW).await });
    }
    let outcomes = all(set).await?;
    let new = outcomes.iter().filter(|o| matches!(o, Submitted::Accepted { .. })).count();
    let full = outcomes.iter().filter(|o| matches!(o, Submitted::Full)).count();
    assert_eq!((new, full), (3, usize::from(MANY) - 3));
    Ok(())
}
