//! Standing permissions: asked for in exact words, signed, and used instead of asking again.
//!
//! Only an identical call is covered: its action hash, its principal, its workspace, and where the
//! grant says so its session. What the row of a grant says counts for nothing that was not signed.
//!
//! # Rooms
//! * `wish`: what somebody wants, as people would sign it. `give`: given once they did, and taken
//!   back. `taken`: the same beside a yes to the call itself.
//! * `lend`: used instead of asking. `check`: whether one stands, when it is given and each time
//!   that it is used.

mod check;
mod give;
mod lend;
mod taken;
mod wish;

use super::{Enforcer, GateError};
use check::Standing;
pub(crate) use check::offered;
use countersign_core::time::Instant;
use countersign_policy::Asker;
use countersign_store::ledger::GrantRecord;
pub use taken::terms;
pub use wish::{Wanted, Wish};

/// Whose call it is: principal, the caller's name for its session, workspace.
pub type Whose<'a> = (&'a str, &'a str, &'a str);

impl Enforcer {
    /// Everything that a grant is looked at with, as it is at this moment.
    async fn standing(&self, asker: Asker) -> Result<Standing, GateError> {
        let (keys, judge) = self.judged_now().await?;
        Ok(Standing { keys, judge, asker, now: self.now() })
    }
}

/// Whether a time is over already, for lists.
#[must_use]
pub fn state_of(grant: &GrantRecord, seen: Instant) -> &'static str {
    grant.over(seen).unwrap_or("it stands")
}
