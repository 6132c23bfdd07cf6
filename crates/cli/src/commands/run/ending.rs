//! What the run, or its absence, means for the exit code.

use crate::failure::{Exit, Failure, uncertain};
use countersign_core::display::counted;
use countersign_enforcer::child::StartError;
use countersign_enforcer::run::Ran;

/// A yes to this could not be used.
pub(super) fn too_weak(error: &StartError) -> Failure {
    Failure::new(Exit::RunRefused, "HARP_ERR_POLICY_DENY", error.to_string()).hint(
        "nobody was asked; leave out the --env that makes it critical, or have another user own the file",
    )
}

/// A line for each output of which the receipt has no whole digest. It changes no exit code.
pub(super) fn cut(ran: &Ran) -> impl Iterator<Item = String> {
    let outputs = ran.result.as_ref().ok().and_then(|outcome| outcome.outputs);
    let named = outputs.map(|[stdout, stderr]| [("output", stdout), ("error", stderr)]);
    named.into_iter().flatten().filter(|(_, digest)| digest.cut).map(|(name, digest)| {
        let bytes = counted(digest.bytes, "byte");
        format!("countersign: standard {name} was passed on for {bytes} only")
    })
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
