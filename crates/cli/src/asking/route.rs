//! Whom a call is put to, and for how long: the options that every asking command has.

use super::Caller;
use crate::commands::{Here, duration, millis};
use crate::failure::{Failure, no_approver, no_local_key};
use countersign_core::display::visible;
use countersign_enforcer::home::{Pairing, pairings_in};
use countersign_enforcer::{Enforcer, GateError, Grounds, Judged, Way};
use std::path::Path;
use std::time::Duration;

/// Whom a call is put to, and for how long. What the policy says of both is only narrowed.
#[derive(clap::Args)]
pub(crate) struct RouteArgs {
    /// Whom to ask: a pairing, a person or a role; may be repeated, or several with commas
    /// [default: everyone whom the policy asks]
    #[arg(long, alias = "name", value_name = "WHO", value_delimiter = ',')]
    pub(crate) to: Vec<String>,

    /// How long to wait for an answer: 90, 90s, 5m, 8h; at most what the policy gives, and that if
    /// nothing is said
    #[arg(long, value_name = "TIME", value_parser = duration)]
    ttl: Option<Duration>,
}

/// Why nobody is asked.
pub(crate) enum Unseated {
    /// The policy asks somebody who is not there: that is a refusal, and recorded.
    Policy(GateError),
    /// This call cannot be put to those who are.
    Call(Failure),
}

impl RouteArgs {
    /// How long to wait: what the policy gives, or less where the caller wants less.
    pub(crate) fn time(&self, here: &Here<'_>, grounds: &Grounds) -> i64 {
        let given = Duration::from_secs(u64::from(grounds.timeout_seconds()));
        match self.ttl {
            Some(wanted) if wanted > given => {
                let given = given.as_secs();
                here.output.progress(&format!(
                    "countersign: the policy gives {given} seconds for an answer"
                ));
                millis(Duration::from_secs(given))
            }
            wanted => millis(wanted.unwrap_or(given)),
        }
    }

    /// Those whose answer counts under the verdict, and whom this call may be put to: on devices
    /// of their own, or, with `local`, at this terminal.
    pub(crate) async fn seated(
        &self,
        enforcer: &Enforcer,
        judged: &Judged,
        caller: &Caller,
        local: bool,
    ) -> Result<Vec<Way>, Unseated> {
        let every = enforcer.ways().map_err(GateError::from).map_err(Unseated::Policy)?;
        let mut ways = if every.is_empty() {
            every
        } else {
            let seated = enforcer.seated(&judged.verdict, &caller.workspace, every).await;
            seated.map_err(Unseated::Policy)?
        };
        let pairings = pairings(enforcer, local).map_err(Unseated::Call)?;
        ways.retain(|way| {
            let known = pairings.iter().any(|p| p.key_id == way.approver.key_id);
            known && way.pairing.is_none() == local
        });
        self.named(ways, local).map_err(Unseated::Call)
    }

    fn named(&self, mut ways: Vec<Way>, local: bool) -> Result<Vec<Way>, Failure> {
        if !self.to.is_empty() {
            ways.retain(|way| self.to.iter().any(|who| is(who, way)));
            if ways.is_empty() {
                let message = format!(
                    "no approver whose answer counts here is `{}`",
                    visible(&self.to.join("`, `"), false)
                );
                return Err(no_approver(message).hint("`countersign list` shows who can be asked"));
            }
        }
        match ways.is_empty() {
            false => Ok(ways),
            true if local => Err(no_local_key()),
            true => Err(no_approver("no approver to ask".into())),
        }
    }
}

/// The pairings of the home; with `HARP_PAIRINGS_DIR` only those that the directory holds too.
/// The environment narrows whom a call is put to. It leads to no other gateway, because the
/// gateway is the ledger's witness.
pub(crate) fn pairings(enforcer: &Enforcer, local: bool) -> Result<Vec<Pairing>, Failure> {
    let mut own = enforcer.home().pairings()?;
    if let Some(dir) = std::env::var_os("HARP_PAIRINGS_DIR").filter(|d| !d.is_empty() && !local) {
        let named = pairings_in(Path::new(&dir))?;
        own.retain(|own| named.iter().any(|p| p.key_id == own.key_id && p.relay == own.relay));
    }
    Ok(own)
}

fn is(who: &str, way: &Way) -> bool {
    let approver = &way.approver;
    let role = who.strip_prefix("role:").unwrap_or(who);
    way.pairing.as_deref() == Some(who)
        || approver.person == who
        || approver.roles.iter().any(|r| r == role)
}
