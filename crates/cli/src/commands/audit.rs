//! `audit`: what the ledger says, taken out of it and checked elsewhere.

mod bundle;
mod daily;
mod export;
mod lines;
mod page;
mod settings;
mod ship;
mod verify;
mod when;

use super::Here;
use crate::failure::Outcome;

pub(crate) use daily::catch_up_quietly;

/// Take receipts out of the ledger, and check what was taken out.
#[derive(clap::Subcommand)]
pub(crate) enum Audit {
    /// Write the ledger as lines, as a table or as entries of a gate
    Export(export::Export),
    /// Send the ledger's lines to a collector, each once it is durable
    Ship(ship::Ship),
    /// Write a part of the ledger into one signed file for an auditor
    Bundle(bundle::Bundle),
    /// Check a bundle offline against pinned keys, with no home and no network
    Verify(verify::Verify),
}

impl Audit {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        match self {
            Self::Export(export) => export.run(here).await,
            Self::Ship(ship) => ship.run(here).await,
            Self::Bundle(bundle) => bundle.run(here).await,
            Self::Verify(verify) => verify.run(here),
        }
    }
}
