//! A part of a ledger in one file, with everything that an auditor needs beside it.
//!
//! The file is a list of lines, each the canonical JSON of one object with one member, which names
//! its section. The sections stand in the order of [`Line`]; the last line is the manifest: how many
//! lines each section has, their digests, and the operator's signature in a domain of its own. The
//! same ledger and the same range always make the same bytes. `docs/bundle.md` has the whole format.
//!
//! Nothing in a bundle is believed because it is there. [`Checker`] works everything out again under
//! keys that the auditor pinned, and never under those inside; it says what it could not check.
//!
//! # Rooms
//! * `line`: what may stand in the file. `tally`: order and digests, the same for both sides.
//! * `heads`: signed heads compared with the chain. `under`: policy hashes with the texts accepted.
//! * [`Binder`] makes the lines. [`Checker`] judges them, one at a time; [`Report`] is its verdict.

mod bind;
mod check;
mod heads;
mod line;
mod report;
mod tally;
mod under;

pub use bind::Binder;
pub use check::{Checker, check};
pub use line::{
    BundleType, Cover, Key, Line, MAX_LINE, Manifest, Range, Remembered, Section, Summary, Text,
};
pub use report::{Problem, Report};
pub use under::Known;

/// Why a bundle could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// A line has no canonical form, or is too long.
    #[error(transparent)]
    Json(#[from] crate::json::JsonError),
    /// The manifest cannot be signed.
    #[error(transparent)]
    Key(#[from] crate::keys::KeyError),
    /// A line stands where it cannot.
    #[error("{0}")]
    Order(String),
}

#[cfg(test)]
mod tests;
