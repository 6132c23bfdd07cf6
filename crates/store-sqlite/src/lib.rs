//! The stores of Countersign over SQLite, for one machine.
//!
//! Everything that `countersign-store` promises holds between threads, handles and processes on
//! one file: one thread of each process writes, in groups, behind a lock on a file beside the
//! database, and nobody is told of success before it is on the disk. An error, a full disk or a
//! damaged file ends in an error, and never in half a write.
//!
//! # Doors
//! * [`SqliteLedger`]: what an enforcer must never forget. Any number of processes at a time.
//! * [`LedgerFile`]: the same, for those who only look.
//! * [`SqliteRelay`]: what a gateway remembers. One gateway at a time.
//! * [`BareTable`]: what SQLite does at best, to measure the others against.
//!
//! # Rooms, from the bottom up
//! * `private_file`, `fault`: files of one's own; what an error of SQLite means.
//! * `db`, `schema`, `column`: a connection, its tables, and the domain's values in them.
//! * `sound`: whether nobody else changed those tables.
//! * `writer`, `group`, `readers`: who writes when, and who reads meanwhile.
//! * `ledger`, `relay`: the tables of an enforcer, and those of a gateway.

mod bare;
mod column;
mod db;
mod fault;
mod group;
mod ledger;
mod private_file;
mod readers;
mod relay;
mod schema;
mod sound;
mod writer;

pub use bare::BareTable;
pub use ledger::{Birth, LedgerFile, SqliteLedger};
pub use relay::SqliteRelay;
