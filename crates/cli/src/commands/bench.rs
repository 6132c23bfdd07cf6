//! Placeholder.
use super::Here;
use crate::failure::{Exit, Outcome};
/// Placeholder.
#[derive(clap::Args)]
pub(crate) struct Bench {}
impl Bench {
    pub(crate) async fn run(self, _: &Here<'_>) -> Outcome {
        Ok(Exit::Ok)
    }
}
