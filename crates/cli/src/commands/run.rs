//! `run`: hold one command until it is approved, then run exactly it.

mod ending;
mod input;
mod report;

use super::{Here, asked_to_end, duration, millis};
use crate::asking::{self, Caller, Whom, Words};
use crate::failure::{Exit, Failure, Outcome, no_approver, no_local_key};
use crate::parties;
use countersign_core::action::Action;
use countersign_core::display::visible;
use countersign_core::receipt::PolicyNote;
use countersign_enforcer::child::{self, Call, Prepared};
use countersign_enforcer::home::{Pairing, pairings_in};
use countersign_enforcer::{
    Answered, Enforcer, GateError, Grounds, Judged, Progress, Question, Quorum, Relays, Ruling,
    RunOnce, Seated, Step, Way,
};
use countersign_policy::Verdict;
use countersign_store::files;
pub(crate) use input::environment;
use input::read_stdin;
use report::Report;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The most steps of an escalation.
const MAX_STEPS: usize = 4;

/// Hold one command until it is approved, then run exactly it.
///
/// The policy of this place says whether it runs at once, asks somebody, or is blocked. Its standard input is empty unless --stdin names a file; its environment is a short stable
/// list plus what --env adds. It never prompts, except with --local.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign run -- rm -rf build\n  \
    countersign run --to sre --ttl 10m -- ./deploy.sh\n  \
    countersign run --to ann,bob,cat --quorum 2 --escalate lead:10m -- ./deploy.sh\n  \
    countersign run --local -- git push\n  \
    countersign run --env DEPLOY_TOKEN --report out.json -- ./release.sh 1.2.3")]
pub(crate) struct Run {
    /// Whom to ask: a pairing, a person or a role; several with commas, or repeated [default: every
    /// approver]
    #[arg(long, value_name = "WHO", value_delimiter = ',')]
    to: Vec<String>,

    /// How many different persons must allow it; never fewer than the policy asks for
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    quorum: u32,

    /// Whom to ask next where nobody ends it in time, and for how long: NAME:TIME, at most 4, of
    /// those whose answer counts; in place of the policy's own steps
    #[arg(long, value_name = "NAME:TIME", value_delimiter = ',', value_parser = next)]
    escalate: Vec<Next>,

    /// How long to wait for an answer: 90, 90s, 5m, 8h; at most what the policy gives, and that if
    /// nothing is said
    #[arg(long, value_name = "TIME", value_parser = duration)]
    ttl: Option<Duration>,

    /// Ask here, on this terminal, and sign with the local key; needs no gateway
    #[arg(long, conflicts_with_all = ["to", "escalate"])]
    local: bool,

    /// Add a variable of this environment to the child's; may be repeated
    #[arg(long, value_name = "NAME")]
    env: Vec<String>,

    /// Put exactly these bytes on the child's standard input
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,

    /// What this is for, in the asker's words; shown set apart, nobody checks it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Why it is needed, in the asker's words
    #[arg(long, value_name = "TEXT")]
    reasoning: Option<String>,

    /// Keep this caller's requests apart from others with the same command
    #[arg(long, value_name = "NAME", default_value = "default")]
    session: String,

    /// Write one JSON document about the outcome to a file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

impl Run {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        // Before anything is asked: an outcome that cannot be told is no outcome.
        let file = self.report.as_deref().map(|path| report::open(path, &here.root)).transpose()?;
        let mut report = Report::default();
        let ended = self.gated(here, &mut report).await.map_err(|failure| {
            report.failed(&failure);
            failure.of_run()
        });
        report.exit_code = ended.as_ref().map_or_else(|f| f.exit as i32, |code| *code);
        if let Some(file) = file {
            report.write(file).map_err(|failure| match &ended {
                Ok(code) => failure.hint(format!("the command ran and ended with {code}")),
                Err(first) => failure.hint(first.message.clone()),
            })?;
        }
        match ended {
            Ok(0) => Ok(Exit::Ok),
            // Nothing follows: this process ends as its child did.
            Ok(code) => std::process::exit(code),
            Err(failure) => Err(failure),
        }
    }

    async fn gated(&self, here: &Here<'_>, report: &mut Report) -> Result<i32, Failure> {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        enforcer.knows_its_keys().await?;
        let prepared = self.prepare(&enforcer)?;
        let action = prepared.action();
        report.action_hash = Some(action.hash().map_err(GateError::from)?.to_string());
        let caller = Caller::of(&prepared, &self.session);
        let judged = match caller.judged(&enforcer, &prepared).await {
            Ok(judged) => judged,
            Err(error) => return Err(refused(&enforcer, action, error, report).await),
        };
        let critical = !prepared.critical().is_empty();
        match judged.ruling(critical) {
            Ruling::Runs(allowed) => {
                let Caller { principal, session, workspace } = &caller;
                let permit = enforcer.permit(action, allowed, (principal, session, workspace));
                self.go(here, &enforcer, permit.await?, &prepared, report).await
            }
            Ruling::Blocked(grounds) => {
                let note = grounds.note().clone();
                let failure = blocked(&note);
                report.blocked(&enforcer, &enforcer.block(action, note).await?);
                Err(failure)
            }
            Ruling::Asks(grounds) => {
                let strong = prepared.check_strength(grounds.is_critical());
                strong.map_err(|e| ending::too_weak(&e))?;
                let ways = self.seated(&enforcer, &judged, &caller).await;
                let ways = match ways {
                    Err(Unseated::Policy(error)) => {
                        return Err(refused(&enforcer, action, error, report).await);
                    }
                    Err(Unseated::Call(failure)) => return Err(failure),
                    Ok(seated) => seated,
                };
                let Seated { ways, quorum } = ways;
                let grounds = grounds.with_quorum(quorum);
                self.asked(here, &enforcer, &prepared, grounds, ways, report).await
            }
        }
    }

    /// Asks, and runs what was allowed.
    async fn asked(
        &self,
        here: &Here<'_>,
        enforcer: &Enforcer,
        prepared: &Prepared,
        grounds: Grounds,
        ways: Vec<Way>,
        report: &mut Report,
    ) -> Result<i32, Failure> {
        let ttl = self.time(here, &grounds);
        let question = asking::question(prepared, grounds, ways, self.words(), ttl);
        question.check().map_err(GateError::from)?;
        let relays = parties::relays(enforcer.identity(), &self.pairings(enforcer)?)?;
        let mut signal = std::pin::pin!(asked_to_end());
        let asked = self.ask(here, enforcer, &question, &relays, report, signal.as_mut()).await;
        let request = ending::settle(enforcer, asked?, report).await?;
        if is_ready(signal).await {
            let withdrawn = Answered::Withdrawn(enforcer.withdraw(&request, &relays).await?);
            ending::settle(enforcer, withdrawn, report).await?;
        }
        let claimed = enforcer.claim(&request, &relays).await;
        let permit = claimed.map_err(|e| ending::claim_failed(e, report))?;
        self.go(here, enforcer, permit, prepared, report).await
    }

    async fn go(
        &self,
        here: &Here<'_>,
        enforcer: &Enforcer,
        permit: RunOnce,
        prepared: &Prepared,
        report: &mut Report,
    ) -> Result<i32, Failure> {
        let ran = enforcer.run(permit, prepared).await?;
        if let Err(failure) = report.ran(enforcer, &ran) {
            // The command has run, and the ledger holds the receipt: its exit code is the answer.
            here.output
                .progress(&format!("countersign: no copy of the receipt: {}", failure.message));
        }
        ending::exit_code(ran)
    }

    /// How long to wait: what the policy gives, or less where the caller wants less.
    fn time(&self, here: &Here<'_>, grounds: &Grounds) -> i64 {
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

    /// Puts the question; the report learns of its request also where asking fails.
    async fn ask(
        &self,
        here: &Here<'_>,
        enforcer: &Enforcer,
        question: &Question,
        relays: &Relays,
        report: &mut Report,
        signal: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<Answered, Failure> {
        let suspended = Mutex::new(None);
        let show = |progress: Progress| {
            if let Progress::Suspended(request, _) = &progress {
                *lock(&suspended) = Some(request.clone());
            }
            if !self.local {
                tell(here, question, &progress);
            }
        };
        let whom = if self.local { Whom::Here(&here.root) } else { Whom::Devices(relays) };
        let answered = asking::put(enforcer, question, whom, &show, signal).await;
        let request = lock(&suspended).take();
        if let (Some(request), Err(_)) = (request, &answered) {
            report.request(&request);
            report.newest(enforcer).await;
        }
        answered
    }

    fn words(&self) -> Words {
        Words {
            description: self.description.clone(),
            reasoning: self.reasoning.clone(),
            session: self.session.clone(),
        }
    }

    fn prepare(&self, enforcer: &Enforcer) -> Result<Prepared, Failure> {
        let cwd = std::env::current_dir().map_err(|e| {
            Failure::new(Exit::RunFailed, "cwd", format!("the working directory: {e}"))
                .hint("nothing was run; go to a directory that is there")
        })?;
        let call = Call {
            argv: child::utf8_argv(self.command.iter().cloned())?,
            cwd,
            add_env: self.env.clone(),
            stdin: self.stdin.as_deref().map(read_stdin).transpose()?,
            verb: None,
        };
        Ok(child::prepare(&call, &environment(), enforcer.ledger().secret())?)
    }

    /// The pairings of the home; with `HARP_PAIRINGS_DIR` only those that the directory holds too.
    /// The environment narrows whom a call is put to. It leads to no other gateway, because the
    /// gateway is the ledger's witness.
    fn pairings(&self, enforcer: &Enforcer) -> Result<Vec<Pairing>, Failure> {
        match std::env::var_os("HARP_PAIRINGS_DIR").filter(|dir| !dir.is_empty() && !self.local) {
            Some(dir) => {
                let named = pairings_in(Path::new(&dir))?;
                let same = |own: &Pairing| {
                    named.iter().any(|p| p.key_id == own.key_id && p.relay == own.relay)
                };
                let mut own = enforcer.home().pairings()?;
                own.retain(same);
                Ok(own)
            }
            None => Ok(enforcer.home().pairings()?),
        }
    }

    /// Those whose answer counts under the verdict, and whom this call may be put to.
    async fn seated(
        &self,
        enforcer: &Enforcer,
        judged: &Judged,
        caller: &Caller,
    ) -> Result<Seated, Unseated> {
        let every = enforcer.ways().map_err(GateError::from).map_err(Unseated::Policy)?;
        let mut seated = if every.is_empty() {
            Seated { ways: every, quorum: Quorum::default() }
        } else {
            let seated = enforcer.seated(&judged.verdict, &caller.workspace, &every).await;
            seated.map_err(Unseated::Policy)?
        };
        let pairings = self.pairings(enforcer).map_err(Unseated::Call)?;
        let reached = |way: &Way| {
            let known = pairings.iter().any(|p| p.key_id == way.approver.key_id);
            known && way.pairing.is_none() == self.local
        };
        seated.ways.retain(reached);
        seated.quorum.retain(reached);
        self.narrowed(seated, &judged.verdict).map_err(Unseated::Call)
    }

    /// The same for fewer people, for more of them, or one after the other, as the caller wants it:
    /// nothing that the policy asks for is taken away.
    fn narrowed(&self, seated: Seated, verdict: &Verdict) -> Result<Seated, Failure> {
        let Seated { ways: every, mut quorum } = seated;
        quorum.threshold = quorum.threshold.max(self.quorum);
        if !self.escalate.is_empty() {
            let most = i64::from(verdict.timeout_seconds).saturating_mul(1_000);
            let step = |next: &Next| self.step(next, &every, &quorum, most);
            quorum.chain = self.escalate.iter().map(step).collect::<Result<_, _>>()?;
            (quorum.first_millis, quorum.timed) = (None, true);
            if quorum.chain.len() > MAX_STEPS {
                let message = format!("more than {MAX_STEPS} steps of an escalation");
                return Err(Failure::new(Exit::Usage, "escalate", message));
            }
        }
        Ok(Seated { ways: self.named(every)?, quorum })
    }

    /// A step of the caller's own: some of those whom the policy asks, as many as it asks for.
    fn step(
        &self,
        next: &Next,
        every: &[Way],
        quorum: &Quorum,
        most: i64,
    ) -> Result<Step, Failure> {
        let to: Vec<Way> = every.iter().filter(|way| is(&next.who, way)).cloned().collect();
        if to.is_empty() {
            let who = visible(&next.who, false);
            let message = format!("no approver whose answer counts here is `{who}`");
            return Err(no_approver(message).hint("`countersign list` shows who can be asked"));
        }
        Ok(Step {
            label: next.who.clone(),
            to,
            millis: millis(next.time).min(most),
            threshold: quorum.threshold,
            groups: quorum.groups.clone(),
        })
    }

    fn named(&self, mut ways: Vec<Way>) -> Result<Vec<Way>, Failure> {
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
            true if self.local => Err(no_local_key()),
            true => Err(no_approver("no approver to ask".into())),
        }
    }
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

/// Why nobody is asked.
enum Unseated {
    /// The policy asks somebody who is not there: that is a refusal, and recorded.
    Policy(GateError),
    /// This call cannot be put to those who are.
    Call(Failure),
}

/// Records that a policy cannot be followed, so that the action does not run.
async fn refused(
    enforcer: &Enforcer,
    action: &Action,
    error: GateError,
    report: &mut Report,
) -> Failure {
    let GateError::Policy(error) = error else { return error.into() };
    let note = Grounds::fixed("policy", &error.to_string()).note().clone();
    match enforcer.block(action, note).await {
        Ok(receipt) => report.blocked(enforcer, &receipt),
        Err(error) => return error.into(),
    }
    error.into()
}

fn blocked(note: &PolicyNote) -> Failure {
    let message = format!(
        "blocked by rule `{}`: {}",
        visible(&note.rule_id, false),
        visible(&note.display, false)
    );
    Failure::new(Exit::Blocked, "HARP_ERR_POLICY_DENY", message)
        .hint("nothing was run; `countersign policy explain -- CMD` says why")
}

fn is(who: &str, way: &Way) -> bool {
    let approver = &way.approver;
    let role = who.strip_prefix("role:").unwrap_or(who);
    way.pairing.as_deref() == Some(who)
        || approver.person == who
        || approver.roles.iter().any(|r| r == role)
}

/// Whether something has happened already.
async fn is_ready(what: Pin<&mut impl Future<Output = ()>>) -> bool {
    tokio::select! {
        biased;
        () = what => true,
        () = std::future::ready(()) => false,
    }
}

fn tell(here: &Here<'_>, question: &Question, progress: &Progress) {
    let who = || {
        let names: Vec<&str> = question.to.iter().map(|w| w.approver.person.as_str()).collect();
        names.join(", ")
    };
    let line = match progress {
        Progress::Suspended(request, false) => {
            let need = match question.grounds.quorum().threshold {
                1 => String::new(),
                k => format!("{k} of "),
            };
            format!("countersign: held; request {} waits for {need}{}", request.id, who())
        }
        Progress::Suspended(request, true) => {
            format!("countersign: held; joined request {}, which waits already", request.id)
        }
        Progress::Submitted => "countersign: delivered to the gateway".into(),
        Progress::Unreachable(why) => {
            format!("countersign: {}; trying again", visible(why, false))
        }
        Progress::Counted(have, need) => format!("countersign: {have} of {need} approved"),
        Progress::Escalated(who) => {
            format!("countersign: nobody ended it; asking {}", visible(&who.join(", "), false))
        }
        Progress::Refused(refusal) => {
            format!("countersign: an answer was refused [{}]: {refusal}", refusal.code())
        }
    };
    here.output.progress(&line);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a receipt's copy into the home, where people and scripts find it.
pub(crate) fn keep_receipt(
    enforcer: &Enforcer,
    receipt: &countersign_core::receipt::Receipt,
) -> Result<PathBuf, Failure> {
    let path = enforcer.home().receipt_path(receipt.content.seq);
    files::write(&path, receipt, files::Target::Replace)?;
    Ok(path)
}
