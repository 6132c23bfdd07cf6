//! The proofs of Countersign: what an action is, what a human signed, and whether the two fit.
//!
//! It does no input or output, reads no clock, draws no random number and knows no environment:
//! all of that is passed in. It decides nothing about policy either; it says what counts as an
//! answer.
//!
//! # Rooms, in the order in which an action passes through
//! * [`json`]: the strict reader and the canonical writer.
//! * [`action`]: what would run, whole; [`redact`]: secrets inside it.
//! * [`artifact`]: the action put to one approver; [`sealing`]: so that no relay can read it.
//! * [`decision`]: the signed answer; [`trust`]: the keys that somebody pinned; [`passkey`]: whether
//!   the person was there for an answer.
//! * [`verify`]: from a decision to a proof; [`answer`]: what it says; [`request`]: the life of a
//!   request; [`tally`]: how far several answers are; [`progress`]: what the next one is told of it.
//! * [`grant`]: what was allowed once for many times; [`freeze`]: the stop of everything.
//! * [`layers`]: the policies that an action is judged under, as one hash.
//! * [`token`]: the same answer in a few hundred bytes, which runs nothing.
//! * [`pairing`]: how two devices come to know each other's keys.
//! * [`mod@reference`]: the same between HARP's reference programs, as files.
//! * [`receipt`]: the signed record of an outcome; [`checkpoint`]: a signed head of the ledger.
//! * [`export`]: receipts as other systems read them; [`bundle`]: receipts and everything that an
//!   auditor needs beside them, in one signed file.
//!
//! The other objects of HARP: [`prompt`], [`session`], [`requested_actions`], [`error`] and
//! [`envelope`]; what all have in common is [`message`].
//!
//! Below them: [`encoding`] and [`time`] (bytes and moments as text), [`keys`] (signatures, each
//! in a domain of its own), [`display`] (foreign text made safe to look at).

#[cfg(test)]
extern crate self as countersign_core;

pub mod action;
pub mod answer;
pub mod artifact;
pub mod bundle;
pub mod checkpoint;
pub mod decision;
pub mod display;
pub mod encoding;
pub mod envelope;
pub mod error;
pub mod export;
pub mod freeze;
pub mod grant;
pub mod json;
pub mod keys;
pub mod layers;
pub mod message;
pub mod pairing;
pub mod passkey;
pub mod progress;
pub mod prompt;
pub mod receipt;
pub mod redact;
pub mod reference;
pub mod request;
pub mod requested_actions;
#[cfg(feature = "schema")]
pub mod schema;
pub mod sealing;
pub mod session;
pub mod tally;
pub mod time;
pub mod token;
pub mod trust;
pub mod verify;
