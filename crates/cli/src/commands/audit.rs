//! `audit`: what the ledger says: searched, counted, checked, and taken out of it.

mod bundle;
mod daily;
mod disclose;
mod erase;
mod export;
mod hold;
pub(crate) mod kept;
mod lines;
mod live;
mod page;
mod query;
mod rotate;
mod settings;
mod ship;
mod stats;
mod tail;
pub(crate) mod verify;
mod when;
mod words;

use super::Here;
use crate::failure::Outcome;

pub(crate) use daily::catch_up_quietly;
pub(crate) use query::ledger;
pub(crate) use when::when;

/// Search, count and check the ledger, and take receipts out of it.
#[derive(clap::Subcommand)]
pub(crate) enum Audit {
    /// Write the ledger as lines, as a table or as entries of a gate
    Export(export::Export),
    /// Send the ledger's lines to a collector, each once it is durable
    Ship(ship::Ship),
    /// Write a part of the ledger into one signed file for an auditor
    Bundle(bundle::Bundle),
    /// Check this home's whole ledger, a copy of one, or a bundle, against pinned keys
    Verify(verify::Verify),
    /// Find receipts by what they say
    Query(query::Query),
    /// Count who approved what and how fast, and warn of rubber stamps
    Stats(stats::Stats),
    /// Move old receipts into sealed segments, and drop the segments that are old enough
    Rotate(rotate::Rotate),
    /// Forbid that any receipt is dropped, whatever its age
    #[command(subcommand)]
    Hold(hold::HoldCommand),
    /// Show the newest receipts, and those that follow
    Tail(tail::Tail),
    /// Show what a policy hid of a call
    Disclose(disclose::Disclose),
    /// Delete values that policies hid, with a receipt
    Erase(erase::Erase),
}

impl Audit {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        match self {
            Self::Export(export) => export.run(here).await,
            Self::Ship(ship) => ship.run(here).await,
            Self::Bundle(bundle) => bundle.run(here).await,
            Self::Verify(verify) => verify.run(here).await,
            Self::Query(query) => query.run(here).await,
            Self::Stats(stats) => stats.run(here).await,
            Self::Rotate(rotate) => rotate.run(here).await,
            Self::Hold(hold) => hold.run(here).await,
            Self::Tail(tail) => tail.run(here).await,
            Self::Disclose(disclose) => disclose.run(here).await,
            Self::Erase(erase) => erase.run(here).await,
        }
    }
}
