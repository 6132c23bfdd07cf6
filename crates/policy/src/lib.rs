//! What needs a person, which person, and never by accident less: action in, verdict out.
//!
//! It is pure. It reads no file, no clock and no environment: whoever calls it passes in the text
//! of a policy, the action, who asks, where and when. It asks nobody and runs nothing.
//!
//! Whatever it cannot read, compare or understand makes the verdict stricter, never looser.
//!
//! # Rooms, in the order in which a question passes through
//! * [`mod@load`]: the text of a policy, in either of two dialects, made into one [`model`].
//! * [`classify`]: an action made into [`facts`]: verbs, dangerous lanes, risk.
//! * [`engine`]: facts and all layers of policy made into a [`verdict`].
//! * [`mod@hidden`]: what of an action a verdict hides, as places in it.
//!
//! Below them: [`verb`] (what an action does), [`condition`] and [`pattern`] (what a rule asks of
//! it).

pub mod classify;
pub mod condition;
pub mod engine;
pub mod facts;
pub mod hidden;
pub mod load;
pub mod model;
pub mod pattern;
mod starter;
pub mod verb;
pub mod verdict;

pub use engine::{Engine, Layer, LayerName};
pub use facts::{Asker, Facts, Moment, Place};
pub use load::{load, load_with_places};
pub use starter::{STARTER, builtin};
pub use verdict::{Decision, Verdict};
