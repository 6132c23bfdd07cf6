//! Heads of the ledger that are remembered outside it, and what they say of it today.

use crate::edge::Edge;
use crate::home::{Home, HomeError, Pairing};
use countersign_client::{Client, ClientError};
use countersign_core::checkpoint::{Checkpoint, Head, Standing};
use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;
use countersign_store::error::StoreError;
use countersign_store::files::{self, Target};
use countersign_store::ledger::LedgerStore;
use std::time::Duration;

/// The ledger is not the one that somebody remembers.
#[derive(Debug, thiserror::Error)]
pub enum Contradicted {
    /// Its tail was cut, or a backup was restored.
    #[error("the ledger was cut or restored: {who} remembers receipt {seq}, it ends before that")]
    Truncated {
        /// Who remembers.
        who: String,
        /// What.
        seq: u64,
    },
    /// A copy of it went on elsewhere, or it is another ledger.
    #[error("the ledger is not the one that {who} remembers at receipt {seq}")]
    Forked {
        /// Who remembers.
        who: String,
        /// What.
        seq: u64,
    },
    /// The remembered head is not ours.
    #[error("the head that {who} remembers is not signed by this home's operator")]
    Forged {
        /// Who remembers.
        who: String,
    },
    /// A gateway remembered heads of this ledger, and now says that it knows none.
    #[error(
        "the gateway `{relay}` was a witness of this ledger and now says that it knows no heads"
    )]
    Gone {
        /// Which.
        relay: String,
    },
    /// A gateway that should remember the ledger's head cannot be reached.
    #[error("the gateway cannot witness the ledger: {0}")]
    NoWitness(ClientError),
    /// The ledger could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The home could not be read.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// Compares the ledger with a head that `who` remembers.
///
/// # Errors
/// Where they contradict each other, or the ledger cannot be read.
pub async fn compare(
    ledger: &dyn LedgerStore,
    operator: &SecretKeys,
    remembered: &Checkpoint,
    who: &str,
) -> Result<(), Contradicted> {
    let (who, head) = (who.to_owned(), &remembered.head);
    if remembered.verify(&operator.public().signing()).is_err() {
        return Err(Contradicted::Forged { who });
    }
    let seq = head.seq;
    if head.ledger != ledger.ledger_id() {
        return Err(Contradicted::Forked { who, seq });
    }
    let newest = ledger.newest().await?.map_or(0, |(seq, _)| seq);
    match head.standing(newest, ledger.content_hash(seq).await?) {
        Standing::Consistent => Ok(()),
        Standing::Truncated => Err(Contradicted::Truncated { who, seq }),
        Standing::Forked => Err(Contradicted::Forked { who, seq }),
    }
}

/// Compares the ledger with the head that the home itself remembers.
///
/// # Errors
/// As [`compare`].
pub async fn check_home(
    home: &Home,
    ledger: &dyn LedgerStore,
    operator: &SecretKeys,
) -> Result<(), Contradicted> {
    // A ledger whose own signed head was taken says so here.
    ledger.checkpoint().await?;
    match read(home)? {
        Some(head) => compare(ledger, operator, &head, "`head.json`").await,
        None => Ok(()),
    }
}

/// Remembers a head in the home, unless a newer one of the same ledger is there. Where power is
/// lost, an older one may stand there again; it is as true.
///
/// # Errors
/// Where the file cannot be written.
pub fn remember(home: &Home, head: &Checkpoint) -> Result<(), HomeError> {
    let _lock = home.lock("head.lock")?;
    let newer = read(home)?
        .is_some_and(|old| old.head.ledger == head.head.ledger && old.head.seq >= head.head.seq);
    if newer {
        return Ok(());
    }
    Ok(files::write(&home.head_path(), head, Target::ReplaceSoon)?)
}

/// What a gateway is to the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Witness {
    /// It remembers the newest head.
    Remembers,
    /// It says that it only speaks the plain binding: the home is the one witness.
    KnowsNoHeads,
    /// There is no head yet that could be remembered.
    NothingYet,
}

/// Hands the newest head to a gateway and compares the ledger with what that one remembers.
///
/// What it remembers is asked for first, with a head so old that it replaces none: a ledger that was
/// put back and grew past the remembered head would otherwise replace it unseen.
///
/// # Errors
/// Where the gateway cannot be reached, or remembers what the ledger does not contain.
pub async fn hand_in(
    client: &Client,
    ledger: &dyn LedgerStore,
    operator: &SecretKeys,
) -> Result<Witness, Contradicted> {
    let Some(head) = ledger.checkpoint().await? else { return Ok(Witness::NothingYet) };
    for said in [oldest(ledger, operator, &head).await?, head] {
        match client.remember_head(said.clone()).await {
            Ok(newest) if newest == said => {}
            Ok(newest) => compare(ledger, operator, &newest, "the gateway").await?,
            Err(ClientError::Refused { status: 404 | 405, .. }) => {
                return Ok(Witness::KnowsNoHeads);
            }
            Err(error) => return Err(Contradicted::NoWitness(error)),
        }
    }
    Ok(Witness::Remembers)
}

/// The head that the ledger had with its first receipt. The hash of that one is always there, also
/// when the receipt stands in a segment or was dropped: without it nobody could be asked without
/// telling them, so the ledger is then not the one that it was.
async fn oldest(
    ledger: &dyn LedgerStore,
    operator: &SecretKeys,
    head: &Checkpoint,
) -> Result<Checkpoint, Contradicted> {
    let Some(content_hash) = ledger.content_hash(1).await? else {
        let (who, seq) = ("the ledger's own signed head".to_owned(), 1);
        return Err(Contradicted::Forked { who, seq });
    };
    let oldest = Head { seq: 1, content_hash, changes: None, usable: None, ..head.head.clone() };
    Checkpoint::sign(oldest, operator)
        .map_err(|e| Contradicted::Store(StoreError::Unavailable(e.to_string())))
}

/// As [`hand_in`], again and again while the gateway is away, until a moment.
///
/// # Errors
/// As [`hand_in`].
pub async fn hand_in_until(
    until: Instant,
    edge: &Edge,
    client: &Client,
    ledger: &dyn LedgerStore,
    operator: &SecretKeys,
) -> Result<Witness, Contradicted> {
    let mut attempt = 0;
    loop {
        match hand_in(client, ledger, operator).await {
            Err(Contradicted::NoWitness(away)) if away.is_retryable() && edge.now() < until => {
                tokio::time::sleep(edge.pause(&mut attempt)).await;
            }
            other => return other,
        }
    }
}

/// Demands that the gateway of the pairing `name` is what it was: one that witnessed this ledger
/// once, for whichever of the pairings, must always do so. Remembers the first time.
///
/// # Errors
/// [`Contradicted::Gone`], or where it cannot be remembered.
pub fn as_before(
    home: &Home,
    found: Witness,
    name: &str,
    pairings: &[Pairing],
) -> Result<(), Contradicted> {
    let own = pairings.iter().find(|pairing| pairing.name == name);
    match found {
        Witness::NothingYet => {}
        Witness::Remembers if own.is_some_and(|pairing| pairing.witnessed) => {}
        Witness::Remembers => home.mark_witnessed(name)?,
        Witness::KnowsNoHeads => {
            let relay = own.and_then(|pairing| pairing.relay.clone());
            let mut same = pairings.iter().filter(|pairing| pairing.relay == relay);
            // A pairing that was taken back meanwhile excuses nobody.
            if relay.is_none() || same.any(|pairing| pairing.witnessed) {
                return Err(Contradicted::Gone { relay: relay.unwrap_or_else(|| name.to_owned()) });
            }
        }
    }
    Ok(())
}

/// The newest head that the home itself remembers.
///
/// # Errors
/// Where it cannot be read.
pub fn remembered(home: &Home) -> Result<Option<Checkpoint>, HomeError> {
    read(home)
}

/// The newest head that a gateway remembers, whatever it says; none where it knows no heads, or the
/// ledger has none yet. It is asked with a head so old that it replaces none.
///
/// # Errors
/// Where the gateway cannot be asked, or the ledger cannot be read.
pub async fn recall(
    client: &Client,
    ledger: &dyn LedgerStore,
    operator: &SecretKeys,
) -> Result<Option<Checkpoint>, Contradicted> {
    let Some(head) = ledger.checkpoint().await? else { return Ok(None) };
    match client.remember_head(oldest(ledger, operator, &head).await?).await {
        Ok(newest) => Ok(Some(newest)),
        Err(ClientError::Refused { status: 404 | 405, .. }) => Ok(None),
        Err(error) => Err(Contradicted::NoWitness(error)),
    }
}

/// Demands that the ledger is the one of which a gateway remembers a head, as far as that can be
/// learned within `patience`: one that is away, or shows a head that this home never signed, proves
/// nothing.
///
/// # Errors
/// Where the ledger was cut, restored or copied, or cannot be read.
pub async fn as_remembered(
    client: &Client,
    ledger: &dyn LedgerStore,
    operator: &SecretKeys,
    patience: Duration,
) -> Result<(), Contradicted> {
    let who = format!("the gateway `{}`", client.origin());
    let looking = async {
        match recall(client, ledger, operator).await? {
            Some(head) => compare(ledger, operator, &head, &who).await,
            None => Ok(()),
        }
    };
    match tokio::time::timeout(patience, looking).await {
        Err(_) | Ok(Err(Contradicted::NoWitness(_) | Contradicted::Forged { .. })) => Ok(()),
        Ok(looked) => looked,
    }
}

fn read(home: &Home) -> Result<Option<Checkpoint>, HomeError> {
    Ok(files::read(&home.head_path())?)
}

#[cfg(test)]
mod tests;
