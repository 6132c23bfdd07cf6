//! What the run, or its absence, means for the exit code.

use crate::failure::{Exit, Failure, uncertain};
use countersign_enforcer::child::StartError;
use countersign_enforcer::run::Ran;

/// A yes to this could not be used.
pub(super) fn too_weak(error: &StartError) -> Failure {
    Failure::new(Exit::RunRefused, "HARP_ERR_POLICY_DENY", error.to_string()).hint(
        "nobody was asked; leave out the --env that makes it critical, or have another user own the file",
    )
}

pub(super) fn exit_code(ran: Ran) -> Result<i32, Failure> {
    match ran.result {
        Ok(outcome) => Ok(outcome.exit_code.or(outcome.signal.map(|s| 128 + s)).unwrap_or(1)),
        Err(error) if error.has_begun() => Err(uncertain(error.to_string())),
        Err(error) => {
            let exit = match &error {
                StartError::NotFound { .. } => Exit::RunNotFound,
                StartError::Io { .. } | StartError::NoRuntime => Exit::RunFailed,
                _ => Exit::RunRefused,
            };
            Err(Failure::new(exit, "HARP_ERR_HASH_MISMATCH", error.to_string())
                .hint("nothing was run; run it again to ask about what is there now"))
        }
    }
}
