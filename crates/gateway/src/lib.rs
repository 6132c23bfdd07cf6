//! The relay between enforcers and approvers: it keeps sealed messages until they are fetched.
//!
//! It never judges and never decrypts. Whether an answer counts, the enforcer alone decides; the
//! worst that a broken or hostile gateway can cause is "no". What it does promise, to honest
//! devices: nobody sees another's exchanges, the first decision stays, and a message is offered
//! again until it is acknowledged.
//!
//! It writes no log: what it could write down is somebody's business.
//!
//! # Rooms, along the way of a call
//! * [`serve()`]: sockets, their limits, and the end.
//! * `caller`, `proof`, `sessions`: who calls. `throttle`: how often strangers may.
//! * `body`, `reply`: strict messages in, envelopes and errors out.
//! * `artifacts`, `inbox`, `decisions`, `exchanges`, `notes`, `pairing`, `channel`: the calls
//!   themselves.
//! * `page`: the console, for approvers in a browser. `console`: the same page on an approver's own
//!   machine, which passes its calls through to one gateway.
//! * `hub`: wakes those who wait, so that nothing polls. `message`: what is delivered.
//! * `housekeeping`: what time ends.

mod artifacts;
mod body;
mod caller;
mod channel;
mod config;
mod console;
mod decisions;
mod exchanges;
mod gateway;
mod heads;
mod housekeeping;
mod hub;
mod inbox;
mod message;
mod notes;
mod page;
mod pairing;
mod proof;
mod reply;
mod routes;
mod serve;
mod sessions;
mod stops;
mod throttle;

pub use config::{Config, Limits};
pub use console::Console;
pub use gateway::{Clock, Entropy, Gateway};
pub use page::has_page;
pub use routes::router;
pub use serve::{serve, serve_console};
