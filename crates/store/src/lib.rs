//! What Countersign must remember, as traits that speak the domain.
//!
//! It names no database. Every back end passes the contract tests that stand beside its trait,
//! and the in-memory stores here pass them too.
//!
//! # Rooms
//! * [`ledger`]: what an enforcer remembers.
//! * [`relay`]: what a gateway remembers.
//! * [`files`]: private files that a crash leaves whole.
//! * [`error`]: the two ways in which any store fails.

pub mod error;
pub mod files;
pub mod ledger;
pub mod relay;
