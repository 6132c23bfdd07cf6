//! Stops an action until a human has signed exactly that action, then runs it once.
//!
//! It decides nothing about who must be asked (a policy does), and it counts no answer that
//! [`countersign_core::verify`] did not check. It trusts its home's files, the machine's kernel
//! and nothing else: not the gateway, not the agent, not the clock of an approver.
//!
//! # Rooms, in the order in which an action passes through
//! * [`child`]: a command line pinned to its files, and later run exactly so.
//! * [`policy`]: what the policies of this place say of it, and whom they ask.
//! * [`question`]: the action made into artifacts.
//! * [`gate`]: suspend, verify, accept, claim; each step durable before the next.
//! * [`ask`]: put it to the approvers through their gateways; [`answer`]: what comes back.
//! * [`run`]: start what was claimed, and record what came of it.
//!
//! Below them: [`home`] (keys, pinned approvers, pairings), [`owner`] (which process made a
//! claim), [`witness`] (heads that are remembered outside the ledger), [`notary`] (the operator's
//! signature), [`edge`] (time and randomness), [`pairing`] (how an approver's key arrives),
//! [`admission`] (who must allow that it is pinned).

pub mod admission;
pub mod answer;
pub mod ask;
pub mod child;
pub mod edge;
mod entry;
pub mod gate;
pub mod home;
pub mod notary;
pub mod owner;
pub mod pairing;
pub mod policy;
pub mod question;
pub mod run;
pub mod witness;

pub use ask::{Answered, Progress, Relay, Relays};
pub use edge::Edge;
pub use gate::{Enforcer, GateError, RunOnce};
pub use home::Home;
pub use policy::{Judged, Ruling, Seated, Sources};
pub use question::{Grounds, Question, Quorum, Step, Way};
