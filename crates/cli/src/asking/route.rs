//! Whom a call is put to, and for how long: the options that every asking command has.

use super::Caller;
use crate::commands::{Here, duration, millis};
use crate::failure::{Exit, Failure, no_approver, no_local_key};
use countersign_core::display::{counted, visible};
use countersign_enforcer::home::{Pairing, pairings_in};
use countersign_enforcer::{
    Enforcer, GateError, Grounds, Judged, Quorum, Ruling, Seated, Step, Way,
};
use countersign_policy::Verdict;
use std::path::Path;
use std::time::Duration;

/// The most steps of an escalation.
const MAX_STEPS: usize = 4;

/// Whom a call is put to, and for how long. What the policy says of both is only narrowed; who is
/// named is asked, also where the policy asks nobody.
#[derive(clap::Args)]
pub(crate) struct RouteArgs {
    /// Whom to ask, also where the policy asks nobody: a pairing, a person or a role; may be
    /// repeated, or several with commas [default: everyone whom the policy asks]
    #[arg(long, alias = "name", value_name = "WHO", value_delimiter = ',')]
    pub(crate) to: Vec<String>,

    /// How many different persons must allow it, also where the policy asks nobody; never fewer
    /// than the policy asks for
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=100))]
    quorum: Option<u32>,

    /// Whom to ask next where nobody ends it in time, and for how long: NAME:TIME, at most 4, of
    /// those whose answer counts; in place of the policy's own steps, and within the time that it
    /// gives. Where the policy denies on timeout, only an approver takes a step
    #[arg(long, value_name = "NAME:TIME", value_delimiter = ',', value_parser = next)]
    escalate: Vec<Next>,

    /// How long to wait for an answer: 90, 90s, 5m, 8h; at most what the policy gives, less the
    /// time of the steps of --escalate, and that if nothing is said
    #[arg(long, value_name = "TIME", value_parser = duration)]
    ttl: Option<Duration>,
}

/// Whom to ask next, and for how long.
#[derive(Clone)]
struct Next {
    who: String,
    time: Duration,
}

fn next(text: &str) -> Result<Next, String> {
    let (who, time) = text.rsplit_once(':').ok_or("write NAME:TIME, such as lead:10m")?;
    if who.is_empty() {
        return Err("a name is missing before the `:`".to_owned());
    }
    Ok(Next { who: who.to_owned(), time: duration(time)? })
}

impl Next {
    /// A step of the caller's own: some of those whom the policy asks, as many as it asks for.
    fn step(&self, every: &[Way], quorum: &Quorum) -> Result<Step, Failure> {
        let to: Vec<Way> = every.iter().filter(|way| way.is_called(&self.who)).cloned().collect();
        if to.is_empty() {
            return Err(nobody_is(&self.who));
        }
        let (threshold, groups) = (quorum.threshold, quorum.groups.clone());
        Ok(Step { label: self.who.clone(), to, millis: millis(self.time), threshold, groups })
    }
}

/// Nobody of those who count is called so.
fn nobody_is(who: &str) -> Failure {
    let message = format!("no approver whose answer counts here is `{}`", visible(who, false));
    no_approver(message).hint("`countersign list` shows who can be asked")
}

/// Why nobody is asked.
pub(crate) enum Unseated {
    /// The policy asks somebody who is not there: that is a refusal, and recorded.
    Policy(GateError),
    /// This call cannot be put to those who are.
    Call(Failure),
}

impl RouteArgs {
    /// What follows from the policies. Who says who must allow it is not answered with silence:
    /// then people are asked, also where the policies need nobody.
    pub(crate) fn ruling(&self, judged: &Judged, critical: bool) -> Ruling {
        let named = !self.to.is_empty() || self.quorum.is_some() || !self.escalate.is_empty();
        if named { judged.ruling_of_people(critical) } else { judged.ruling(critical) }
    }

    /// How long to wait: what the policy gives, or less where the caller wants less.
    /// What the steps of `--escalate` take is taken from it.
    pub(crate) fn time(&self, here: &Here<'_>, grounds: &Grounds) -> i64 {
        let given = Duration::from_secs(u64::from(grounds.timeout_seconds()));
        let given = given.saturating_sub(self.steps_take(grounds.quorum()));
        match self.ttl {
            Some(wanted) if wanted > given => {
                let (given, time) = (given.as_secs(), counted(given.as_secs(), "second"));
                let rest = if self.escalate.is_empty() { "" } else { " before the first step" };
                here.output
                    .progress(&format!("countersign: the policy gives {time} for an answer{rest}"));
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
    ) -> Result<Seated, Unseated> {
        let every = enforcer.ways().map_err(GateError::from).map_err(Unseated::Policy)?;
        let mut seated = if every.is_empty() {
            Seated { ways: every, quorum: Quorum::default() }
        } else {
            let seated = enforcer.seated(&judged.verdict, &caller.workspace, &every).await;
            seated.map_err(Unseated::Policy)?
        };
        let pairings = pairings(enforcer, local).map_err(Unseated::Call)?;
        let reached = |way: &Way| {
            let known = pairings.iter().any(|p| p.key_id == way.approver.key_id);
            known && way.pairing.is_none() == local
        };
        seated.ways.retain(reached);
        seated.quorum.retain(reached);
        self.narrowed(seated, &judged.verdict, local).map_err(Unseated::Call)
    }

    /// The same for fewer people, for more of them, or one after the other, as the caller wants it:
    /// nothing that the policy asks for is taken away.
    fn narrowed(&self, seated: Seated, verdict: &Verdict, local: bool) -> Result<Seated, Failure> {
        let Seated { ways: every, mut quorum } = seated;
        quorum.threshold = quorum.threshold.max(self.quorum.unwrap_or(1));
        if !self.escalate.is_empty() {
            // Where the policy says that silence ends it, that stands.
            (quorum.first_millis, quorum.timed) = (None, !verdict.silence_ends);
            self.fits(verdict, &quorum)?;
            let step = |next: &Next| next.step(&every, &quorum);
            quorum.chain = self.escalate.iter().map(step).collect::<Result<_, _>>()?;
        }
        Ok(Seated { ways: self.named(every, local)?, quorum })
    }

    /// Refuses more steps than there may be, and steps that leave those asked first no time.
    fn fits(&self, verdict: &Verdict, quorum: &Quorum) -> Result<(), Failure> {
        let usage = |message| Failure::new(Exit::Usage, "escalate", message);
        if self.escalate.len() > MAX_STEPS {
            return Err(usage(format!("more than {MAX_STEPS} steps of an escalation")));
        }
        let (steps, given) =
            (self.steps_take(quorum).as_secs(), u64::from(verdict.timeout_seconds));
        if steps >= given {
            let message = format!(
                "the steps of --escalate take {}, and the policy gives {given} in all",
                counted(steps, "second")
            );
            return Err(usage(message).hint("give them less time, so that some is left before"));
        }
        Ok(())
    }

    /// How long the steps of `--escalate` take together, where silence leads to them.
    fn steps_take(&self, quorum: &Quorum) -> Duration {
        let steps = self.escalate.iter().filter(|_| quorum.timed).map(|next| next.time);
        steps.fold(Duration::ZERO, Duration::saturating_add)
    }

    fn named(&self, mut ways: Vec<Way>, local: bool) -> Result<Vec<Way>, Failure> {
        if !self.to.is_empty() {
            ways.retain(|way| self.to.iter().any(|who| way.is_called(who)));
            if ways.is_empty() {
                return Err(nobody_is(&self.to.join("`, `")));
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
