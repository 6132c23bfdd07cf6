//! How a command ends when it does not succeed: a code, one line, a hint, an exit code.

mod causes;
#[cfg(test)]
mod codes;

use std::process::ExitCode;

/// The documented exit codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It worked, or it was approved.
    Ok = 0,
    /// It failed.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A person said no.
    Denied = 10,
    /// Nobody answered in time.
    Expired = 11,
    /// A policy forbids it.
    Blocked = 12,
    /// A proof does not hold.
    Verification = 13,
    /// Gateway or approver cannot be reached.
    NoRoute = 14,
    /// It still waits for an answer.
    Pending = 15,
    /// Nobody knows whether it ran.
    Uncertain = 16,
    /// `run` itself failed.
    RunFailed = 125,
    /// `run` was refused.
    RunRefused = 126,
    /// `run` found no such program.
    RunNotFound = 127,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The end of a command that did not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        Self { exit, code: code.into(), message: message.into(), hint: String::new() }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same failure under the exit codes of `run`, which belong to its child otherwise.
    pub(crate) fn of_run(mut self) -> Self {
        self.exit = match (self.exit, self.code.as_str()) {
            (Exit::RunFailed | Exit::RunRefused | Exit::RunNotFound, _) => self.exit,
            (_, "not_found") => Exit::RunNotFound,
            (
                Exit::Denied
                | Exit::Expired
                | Exit::Blocked
                | Exit::Verification
                | Exit::NoRoute
                | Exit::Pending,
                _,
            ) => Exit::RunRefused,
            _ => Exit::RunFailed,
        };
        self
    }
}

impl Failure {
    /// The same failure as a hook ends: with the one code that every agent host takes for a refusal.
    pub(crate) fn of_hook(mut self) -> Self {
        self.exit = Exit::Usage;
        self
    }
}

/// The result of a command.
pub(crate) type Outcome = Result<Exit, Failure>;

/// Something may have run, and nobody knows.
pub(crate) fn uncertain(message: String) -> Failure {
    Failure::new(Exit::Uncertain, "uncertain", message)
        .hint("it may have run: look before you repeat it")
}

/// This home has no key for `--local`.
pub(crate) fn no_local_key() -> Failure {
    Failure::new(Exit::NoRoute, "no_local_key", "no local key in this home")
        .hint("`countersign pair --local --name ME` makes one")
}

/// There is nobody to ask.
pub(crate) fn no_approver(message: String) -> Failure {
    Failure::new(Exit::NoRoute, "no_approver", message).hint(
        "`countersign pair --name NAME --relay URL` pairs one, `pair --local` uses this terminal",
    )
}
