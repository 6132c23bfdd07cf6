//! What a host is told.

use crate::{Call, Host};

/// The verdict about one call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The tool runs. The words say on what grounds.
    Allow(String),
    /// It does not. The words are for the model: what was refused, why, and what to do next.
    Deny(String),
}

/// What a hook's process says: these bytes and this exit code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// On standard output.
    pub stdout: String,
    /// On standard error.
    pub stderr: String,
    /// The exit code.
    pub exit: u8,
}

impl Answer {
    /// The answer in the words of the host that made the call.
    #[must_use]
    pub fn said(&self, call: &Call) -> Said {
        let _ = call;
        refused(call.host, "")
    }
}

/// The refusal of what could not even be read, in the form that a host takes for a refusal whatever
/// the event.
#[must_use]
pub fn refused(host: Host, because: &str) -> Said {
    let _ = host;
    Said { stdout: String::new(), stderr: because.to_owned(), exit: 2 }
}
