//! `grant add`: shows the exact rule, and has an approver sign it.

use super::super::freeze::not_allowed;
use super::super::run::prepared;
use super::{call, told};
use crate::asking::{self, Caller, RouteArgs, Whom, keep_receipt, pairings};
use crate::commands::{Here, asked_to_end, duration};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::display::visible;
use countersign_core::time::{Instant, Timestamp};
use countersign_enforcer::child::Prepared;
use countersign_enforcer::gate::grant::{Wanted, Wish};
use countersign_enforcer::{Answered, Enforcer, GateError, Judged, Progress, Question, Seated};
use std::ffi::OsString;
use std::path::PathBuf;

/// Have an approver sign that exactly this command may run again without asking.
///
/// Only an identical call is covered: the same words, directory, environment and files, by the same
/// user in the same workspace. It is never wider than what the policy offers; nothing critical is
/// granted, and a payment, a deletion, a change of accounts or an export for one session only.
#[derive(clap::Args)]
#[command(after_help = "Exit 10 where it was not allowed, 11 where nobody answered, 12 where the \
    policy offers none.\n\nExamples:\n  \
    countersign grant add --until 8h -- npm test\n  \
    countersign grant add --until 2026-12-24T18:00:00Z --count 20 -- ./deploy.sh staging\n  \
    countersign grant add --session nightly -- make clean")]
pub(crate) struct Add {
    /// When it ends: 90, 90s, 5m, 8h, or a time such as 2026-12-24T18:00:00Z [default: 8h, or less
    /// where the policy offers less]
    #[arg(long, value_name = "WHEN", value_parser = until)]
    until: Option<Until>,

    /// How often it may be used [default: until it ends]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,

    /// Only in this session, as `run --session` names it; a policy may want one session anyway
    #[arg(long, value_name = "NAME")]
    session: Option<String>,

    #[command(flatten)]
    route: RouteArgs,

    /// Ask here, on this terminal, and sign with the local key; needs no gateway
    #[arg(long, conflicts_with_all = ["to", "escalate"])]
    local: bool,

    /// A variable of this environment that the command is run with; may be repeated
    #[arg(long, value_name = "NAME")]
    env: Vec<String>,

    /// The bytes that the command is run with on its standard input
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,

    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// When a standing permission ends.
#[derive(Clone, Debug)]
pub(crate) enum Until {
    /// So many seconds from now.
    After(u64),
    /// At a time.
    At(Timestamp),
}

pub(crate) fn until(text: &str) -> Result<Until, String> {
    match Timestamp::parse(text) {
        Some(at) => Ok(Until::At(at)),
        None => duration(text).map(|after| Until::After(after.as_secs())),
    }
}

impl Until {
    /// In seconds from `now`; 0 is over already.
    fn seconds(&self, now: Instant) -> u32 {
        let seconds = match self {
            Self::After(seconds) => *seconds,
            Self::At(at) => {
                u64::try_from(at.instant().0.saturating_sub(now.0) / 1_000).unwrap_or(0)
            }
        };
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }
}

impl Add {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        enforcer.knows_its_keys().await?;
        let prepared = prepared(&enforcer, &self.command, &self.env, self.stdin.as_deref())?;
        let session = self.session.as_deref().unwrap_or("default");
        let caller = Caller::of(&prepared, session);
        let judged = caller.judged(&enforcer, prepared.action()).await?;
        let wanted = self.wanted(&enforcer, &prepared, &caller, &judged).await?;
        here.output.progress(&format!(
            "asks for    {}\n{}",
            visible(&call(wanted.grant()), false),
            wanted.words().join("\n")
        ));
        let seated = self.seated(&enforcer, &judged, &caller).await?;
        let grounds = grounds(&judged, &prepared).with_quorum(seated.quorum.clone());
        let ttl = self.route.time(here, &grounds);
        let question = enforcer.grant_question(&wanted, seated, ttl)?;
        question.check().map_err(GateError::from)?;
        let answered = self.ask(here, &enforcer, &question).await?;
        not_allowed(&answered).map_or(Ok(()), Err)?;
        let Answered::Approved(request) = answered else {
            return Err(Failure::new(Exit::Failed, "not_approved", "nothing was granted"));
        };
        let asker = asking::asker(&caller.principal, &caller.session);
        let (grant, receipt) = enforcer.give_grant(&wanted, &request, asker).await?;
        let path = keep_receipt(&enforcer, &receipt)?.display().to_string();
        let (_, mut document) = told(&enforcer, &grant).await?;
        if let Some(members) = document.as_object_mut() {
            members.insert("receipt".into(), path.clone().into());
        }
        let end = grant.expires_at.timestamp();
        let text =
            format!("granted     {} until {end}\nreceipt     {}", grant.id, visible(&path, false));
        here.output.result(&text, &document)?;
        Ok(Exit::Ok)
    }

    async fn wanted(
        &self,
        enforcer: &Enforcer,
        prepared: &Prepared,
        caller: &Caller,
        judged: &Judged,
    ) -> Result<Wanted, Failure> {
        let now = enforcer.edge().now();
        let wish = Wish {
            action: prepared.action(),
            critical: !prepared.critical().is_empty(),
            judged,
            whose: (&caller.principal, &caller.session, &caller.workspace),
            session_only: self.session.is_some(),
            seconds: self.until.as_ref().map(|until| until.seconds(now)),
            count: self.count,
        };
        Ok(enforcer.want_grant(wish).await?)
    }

    async fn seated(
        &self,
        enforcer: &Enforcer,
        judged: &Judged,
        caller: &Caller,
    ) -> Result<Seated, Failure> {
        let seated = self.route.seated(enforcer, judged, caller, self.local).await;
        seated.map_err(|unseated| match unseated {
            asking::Unseated::Policy(error) => error.into(),
            asking::Unseated::Call(failure) => failure,
        })
    }

    async fn ask(
        &self,
        here: &Here<'_>,
        enforcer: &Enforcer,
        question: &Question,
    ) -> Result<Answered, Failure> {
        let relays = parties::relays(enforcer.identity(), &pairings(enforcer, self.local)?)?;
        let show = |progress: Progress| {
            if !self.local {
                asking::tell(here, question, &progress);
            }
        };
        let whom = if self.local { Whom::Here(&here.root) } else { Whom::Devices(&relays) };
        let signal = std::pin::pin!(asked_to_end());
        asking::put(enforcer, question, whom, &show, signal).await
    }
}

fn grounds(judged: &Judged, prepared: &Prepared) -> countersign_enforcer::Grounds {
    let grounds = countersign_enforcer::Grounds::of(&judged.verdict);
    if prepared.critical().is_empty() { grounds } else { grounds.critical() }
}
