//! `policy`: write down what needs a person, check it, try it out, and accept it.
//!
//! All of them judge with the engine of the gate, so what they say of an action is what the gate
//! would say.

pub(crate) mod accept;
mod asked;
mod check;
mod explain;
mod init;
mod labels;
mod layers;
mod page;
mod simulate;
mod situation;
mod status;
mod suggest;
mod test;

use super::Here;
use crate::failure::{Exit, Failure, Outcome};

/// Write, check, try out and accept the policy.
#[derive(clap::Subcommand)]
pub(crate) enum Policy {
    /// Write a policy with comments, to begin with
    Init(init::Init),
    /// Load a policy and show every mistake in it, with its place
    Check(check::Check),
    /// Say what the policy makes of an action, and why
    Explain(explain::Explain),
    /// Judge the cases of a policy, and compare with what they expect
    Test(test::Test),
    /// Say what another policy would have made of everything that was recorded
    Simulate(simulate::Simulate),
    /// Make a policy count: at once in a new home, else when an approver has allowed it
    Accept(accept::Accept),
    /// Write rules for what was approved every time, ready to paste
    Suggest(suggest::Suggest),
    /// Say which policies hold in this place, and whether somebody accepted them
    Status(status::Status),
}

impl Policy {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        match self {
            Self::Init(c) => c.run(here).await,
            Self::Check(c) => c.run(here).await,
            Self::Explain(c) => c.run(here).await,
            Self::Test(c) => c.run(here).await,
            Self::Simulate(c) => c.run(here).await,
            Self::Accept(c) => c.run(here).await,
            Self::Suggest(c) => c.run(here).await,
            Self::Status(c) => c.run(here).await,
        }
    }
}

/// The end of a command whose policy, action or case cannot be used.
fn unusable(code: &str, message: impl Into<String>) -> Failure {
    Failure::new(Exit::Failed, code, message)
}
