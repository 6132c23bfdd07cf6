//! `harp`: HARP objects as files, and the conformance report.

mod conformance;
mod enforce;
mod files;
mod hash;
mod journal;
mod propose;
mod review;

use super::Here;
use crate::failure::Outcome;

/// Propose, review, enforce and hash HARP objects as files; report conformance.
#[derive(clap::Subcommand)]
pub(crate) enum Harp {
    /// Seal a command or another payload to an approver, as a file
    Propose(propose::Propose),
    /// Open such a file, show it whole, and sign an answer as a file
    Review(review::Review),
    /// Judge an answer: 0 allow, 10 deny, 13 refused. Runs nothing
    Enforce(enforce::Enforce),
    /// Print the hash, or the canonical bytes, of any JSON
    Hash(hash::Hash),
    /// Check this binary against HARP-COMPLIANCE, and say which level is complete
    Conformance(conformance::Conformance),
}

impl Harp {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        match self {
            Self::Propose(command) => command.run(here),
            Self::Review(command) => command.run(here).await,
            Self::Enforce(command) => command.run(here),
            Self::Hash(command) => command.run(here),
            Self::Conformance(command) => command.run(here).await,
        }
    }
}
