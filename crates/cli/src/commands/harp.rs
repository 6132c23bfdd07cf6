//! `harp`: HARP objects as files, and the conformance report.

pub(crate) mod conformance;

use super::Here;
use crate::failure::Outcome;

/// HARP objects as files, and the conformance report.
#[derive(clap::Subcommand)]
pub(crate) enum Harp {
    /// Check this binary against the HARP compliance categories
    Conformance(conformance::Conformance),
}

impl Harp {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        match self {
            Self::Conformance(command) => command.run(here).await,
        }
    }
}
