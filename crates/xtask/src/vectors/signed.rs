//! Checkpoints, signatures in their domains, and disclosures.

mod checkpoint;
mod disclosure;
mod domain;

pub(super) use checkpoint::file as checkpoints;
pub(super) use disclosure::file as disclosures;
pub(super) use domain::file as domains;
