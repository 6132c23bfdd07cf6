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
        Err(error) => Err(not_started(&error)),
    }
}

/// A call that was claimed and did not start.
fn not_started(error: &StartError) -> Failure {
    // What could not be looked at is not what differs.
    if matches!(error, StartError::Io { .. } | StartError::NoRuntime) {
        return Failure::new(Exit::RunFailed, "run", error.to_string())
            .hint("nothing was run; put that right, and run it again to ask once more");
    }
    let exit = match error {
        StartError::NotFound { .. } => Exit::RunNotFound,
        _ => Exit::RunRefused,
    };
    Failure::new(exit, "HARP_ERR_HASH_MISMATCH", error.to_string())
        .hint("nothing was run; run it again to ask about what is there now")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_called_another_file() {
        let (path, source) = ("/x".to_owned(), std::io::Error::from_raw_os_error(24));
        let failure = not_started(&StartError::Io { path, source });
        assert_eq!((failure.code.as_str(), failure.exit), ("run", Exit::RunFailed));
        let failure = not_started(&StartError::Changed { path: "/x".to_owned() });
        assert_eq!(failure.code, "HARP_ERR_HASH_MISMATCH");
    }
}
