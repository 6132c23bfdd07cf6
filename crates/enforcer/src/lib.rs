//! Stops an action until a human has signed exactly that action, then runs it once.
//!
//! It decides nothing about who must be asked (a policy does), and it counts no answer that
//! [`countersign_core::verify`] did not check. It trusts its home's files, the machine's kernel
//! and nothing else: not the gateway, not the agent, not the clock of an approver.
//!
//! # Rooms, in the order in which an action passes through
//! * [`child`]: a command line pinned to its files, and later run exactly so.
//! * [`patch`]: a change to files, tied to its base; [`git`]: the work tree around it.
//! * [`policy`]: what the policies of this place say of it, and whom they ask.
//! * [`redaction`]: what they hide of it, taken out and kept apart.
//! * [`question`]: the action made into artifacts.
//! * [`gate`]: suspend, verify, accept, claim; each step durable before the next.
//! * [`ask`]: put it to the approvers through their gateways; [`answer`]: what comes back.
//! * [`run`]: start what was claimed, and record what came of it.
//!
//! Below them: [`home`] (keys, pinned approvers, pairings), [`owner`] (which process made a
//! claim), [`witness`] (heads that are remembered outside the ledger), [`remembered`] (what the
//! ledger says became of keys), [`notary`] (the operator's
//! signature), [`signer`] (a program that holds its key), [`edge`] (time and randomness), [`pairing`] (how an approver's key arrives),
//! [`admission`] (who must allow that it is pinned), [`floor`] (the assurance that this takes, which
//! no change may leave without anybody), [`cut_off`] (a change that a crash left half made), [`daily`] (audit files, derived from the ledger after everything else), [`portable`] (a home in one line), [`ship`] (the same lines for a
//! collector), [`audit`] (the whole ledger checked),
//! [`bundle`] (a part of the ledger for an auditor); all three read it with [`walk`];
//! [`segments`] (old receipts moved into files of their own).

pub mod admission;
pub mod amendment;
pub mod answer;
pub mod ask;
pub mod audit;
pub mod bundle;
pub mod child;
pub mod cut_off;
pub mod daily;
pub mod edge;
mod entry;
pub mod floor;
pub mod gate;
pub mod git;
pub mod home;
pub mod notary;
pub mod owner;
pub mod pairing;
pub mod patch;
pub mod policy;
pub mod portable;
pub mod question;
pub mod redaction;
pub mod remembered;
pub mod run;
#[cfg(test)]
mod scripted;
pub mod segments;
pub mod ship;
pub mod signer;
pub mod walk;
pub mod witness;

pub use ask::{Answered, Progress, Relay, Relays};
pub use edge::Edge;
pub use gate::{Enforcer, GateError, RunOnce, Thawed};
pub use home::Home;
pub use policy::{Judged, Ruling, Seated, Sources};
pub use question::{Grounds, Question, Quorum, Step, Way};
