//! A command line made into a pinned action, and later run exactly as it was pinned.
//!
//! [`prepare`] reads the machine once: which file would be executed, through which interpreter,
//! in which directory, with which environment and input. The result holds the whole action
//! (PROTOCOL §2) and everything needed to run it. Starting reads the machine again and refuses
//! whatever differs, so that an approval never fits anything but what was shown.
//!
//! # Rooms, in the order in which a call passes through
//! * `call`: what somebody wants to run.
//! * `environment` and `secrets`: the child's variables, and which of them are committed to.
//! * `directory`: the working directory, held open.
//! * `lookup`, `shebang`, `interpreters`, `plan`: which files the call leads to.
//! * `pin`, `owner`: what ties the run to their content.
//! * `prepared`, `ready`, `seal`, `start`, `output`, `running`: the run itself.
//!
//! It works on Linux only: descriptors are executed and handed on through `/proc/self/fd`.

mod call;
mod directory;
mod environment;
mod interpreters;
mod lookup;
mod notes;
mod output;
mod owner;
mod pin;
mod plan;
mod prepared;
mod ready;
mod running;
mod seal;
mod secrets;
mod shebang;
mod start;
#[cfg(test)]
mod tests;

pub use call::{Call, PrepareError, utf8_argv};
pub use notes::outdated;
pub use prepared::{Prepared, prepare};
pub use running::{Outcome, Running, Signals};
pub use start::StartError;
