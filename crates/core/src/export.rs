//! Receipts in the shapes that other systems read: lines of an audit log, a table, and the entries
//! of human-in-the-loop gates.
//!
//! A receipt is the truth and these are derived from it: the same receipt and the same pinned keys
//! always make the same bytes. Nothing here is signed. Each line names the receipt that proves it.
//! Values that were redacted before hashing stay the commitments that they are.

mod csv;
mod hitl;
mod line;

pub use csv::{cell, header, row};
pub use hitl::entries as hitl;
pub use line::{Line, lines};

#[cfg(test)]
mod tests;
