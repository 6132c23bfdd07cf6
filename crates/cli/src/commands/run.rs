//! `run`: hold one command until it is approved, then run exactly it.

mod local;
mod report;

use super::{Here, asked_to_end, duration, millis};
use crate::asking::{self, Words};
use crate::failure::{Exit, Failure, Outcome, no_approver, uncertain};
use crate::parties;
use countersign_core::display::visible;
use countersign_core::request::State;
use countersign_enforcer::child::{self, Call, Prepared, StartError};
use countersign_enforcer::home::{Pairing, pairings_in};
use countersign_enforcer::run::Ran;
use countersign_enforcer::{Answered, Enforcer, GateError, Progress, Question, Relays, Way};
use countersign_store::files;
use countersign_store::ledger::{LedgerError, RequestRecord};
use report::Report;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most bytes that can be put on a command's standard input.
const MAX_STDIN: u64 = 64 * 1024 * 1024;

/// Hold one command until it is approved, then run exactly it.
///
/// Its standard input is empty unless --stdin names a file; its environment is a short stable
/// list plus what --env adds. It never prompts, except with --local.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign run -- rm -rf build\n  \
    countersign run --to sre --ttl 10m -- ./deploy.sh\n  \
    countersign run --local -- git push\n  \
    countersign run --env DEPLOY_TOKEN --report out.json -- ./release.sh 1.2.3")]
pub(crate) struct Run {
    /// Whom to ask: a pairing, a person or a role; may be repeated [default: every approver]
    #[arg(long, value_name = "WHO")]
    to: Vec<String>,

    /// How long to wait for an answer: 90, 90s, 5m, 8h
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    ttl: Duration,

    /// Ask here, on this terminal, and sign with the local key; needs no gateway
    #[arg(long, conflicts_with = "to")]
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
        let mut report = Report::default();
        let ended = self.gated(here, &mut report).await.map_err(|failure| {
            report.failed(&failure);
            failure.of_run()
        });
        report.exit_code = ended.as_ref().map_or_else(|f| f.exit as i32, |code| *code);
        if let Some(path) = &self.report {
            report.write(path).map_err(|failure| match &ended {
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
        let pairings = self.pairings(&enforcer)?;
        let ways = self.ways(&enforcer, pairings.clone())?;
        let prepared = self.prepare(&enforcer)?;
        let words = Words {
            description: self.description.clone(),
            reasoning: self.reasoning.clone(),
            session: self.session.clone(),
        };
        let question = asking::question(&prepared, ways, words, millis(self.ttl));
        report.action_hash = Some(question.check().map_err(GateError::from)?.to_string());
        let request = if self.local {
            local::ask(here, &enforcer, &question, report).await?
        } else {
            let relays = parties::relays(enforcer.identity(), &pairings)?;
            self.remote(here, &enforcer, &question, &relays, report).await?
        };
        report.request(&request);
        let permit = enforcer.claim(&request).await.map_err(|e| claim_failed(e, report))?;
        let ran = enforcer.run(permit, &prepared).await?;
        if let Err(failure) = report.ran(&enforcer, &ran) {
            // The command has run, and the ledger holds the receipt: its exit code is the answer.
            here.output.progress(&format!("countersign: no copy of the receipt: {}", failure.message));
        }
        exit_code(ran)
    }

    async fn remote(
        &self,
        here: &Here<'_>,
        enforcer: &Enforcer,
        question: &Question,
        relays: &Relays,
        report: &mut Report,
    ) -> Result<RequestRecord, Failure> {
        let suspended = std::sync::Mutex::new(None);
        let show = |progress: Progress| {
            if let Progress::Suspended(request, _) = &progress {
                *lock(&suspended) = Some((**request).clone());
            }
            tell(here, question, &progress);
        };
        let answered = tokio::select! {
            answered = enforcer.ask(question, relays, &show) => answered?,
            () = asked_to_end() => {
                let request = lock(&suspended).clone();
                let Some(request) = request else {
                    return Err(withdrawn());
                };
                report.request(&request);
                Answered::Withdrawn(enforcer.withdraw(&request, relays).await?)
            }
        };
        settle(enforcer, answered, report).await
    }

    fn prepare(&self, enforcer: &Enforcer) -> Result<Prepared, Failure> {
        let cwd = std::env::current_dir().map_err(|e| {
            Failure::new(Exit::RunFailed, "cwd", format!("the working directory: {e}"))
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

    /// The pairings of the home, or of the directory that `HARP_PAIRINGS_DIR` names. Those only
    /// say how to reach somebody: who counts is pinned in the home.
    fn pairings(&self, enforcer: &Enforcer) -> Result<Vec<Pairing>, Failure> {
        match std::env::var_os("HARP_PAIRINGS_DIR").filter(|dir| !dir.is_empty() && !self.local) {
            Some(dir) => Ok(pairings_in(Path::new(&dir))?),
            None => Ok(enforcer.home().pairings()?),
        }
    }

    fn ways(&self, enforcer: &Enforcer, pairings: Vec<Pairing>) -> Result<Vec<Way>, Failure> {
        let wanted: Vec<Pairing> =
            pairings.into_iter().filter(|p| p.relay.is_none() == self.local).collect();
        let mut ways = enforcer.ways_in(wanted)?;
        if !self.to.is_empty() {
            ways.retain(|way| self.to.iter().any(|who| is(who, way)));
            if ways.is_empty() {
                let message = format!("no approver is `{}`", visible(&self.to.join("`, `"), false));
                return Err(no_approver(message).hint("`countersign list` shows who can be asked"));
            }
        }
        if ways.is_empty() {
            let message =
                if self.local { "no local key in this home" } else { "no approver to ask" };
            return Err(no_approver(message.into()));
        }
        Ok(ways)
    }
}

fn is(who: &str, way: &Way) -> bool {
    let approver = &way.approver;
    let role = who.strip_prefix("role:").unwrap_or(who);
    way.pairing.as_deref() == Some(who)
        || approver.person == who
        || approver.roles.iter().any(|r| r == role)
}

/// What the answer means for `run`: the request to claim, or a refusal.
async fn settle(
    enforcer: &Enforcer,
    answered: Answered,
    report: &mut Report,
) -> Result<RequestRecord, Failure> {
    let (request, failure) = match answered {
        Answered::Approved(request) => return Ok(request),
        Answered::Denied(request) => {
            let said = request.accepted.iter().find_map(|a| a.reason.as_ref());
            let message = match said {
                Some(reason) => format!("denied: {}", visible(&reason.text, false)),
                None => "denied".to_owned(),
            };
            (request, Failure::new(Exit::Denied, "HARP_ERR_POLICY_DENY", message))
        }
        Answered::Expired(request) => {
            let message = "nobody answered in time; nothing was run";
            (request, Failure::new(Exit::Expired, "HARP_ERR_EXPIRED", message))
        }
        Answered::Pending(request) => {
            let message = "still waiting for an answer; nothing was run";
            let failure = Failure::new(Exit::Expired, "pending", message);
            (request, failure.hint("the same command, run again, goes on waiting"))
        }
        Answered::Withdrawn(request) => (request, withdrawn()),
        Answered::Used(request) => {
            let message = "another process used this approval; nothing was run here";
            (request, Failure::new(Exit::Verification, "HARP_ERR_REPLAY", message))
        }
        Answered::Unverified(request, refusal) => {
            let failure = Failure::from(refusal);
            (request, failure.hint("what came back does not verify; nothing was run"))
        }
        Answered::NoRoute(request, why) => {
            let failure = Failure::new(Exit::NoRoute, "HARP_ERR_TRANSPORT", why);
            (request, failure.hint("nothing was run; is the gateway up?"))
        }
    };
    report.request(&request);
    report.newest(enforcer).await?;
    Err(failure)
}

fn withdrawn() -> Failure {
    Failure::new(Exit::Denied, "withdrawn", "withdrawn; nothing was run")
}

fn claim_failed(error: GateError, report: &mut Report) -> Failure {
    if let GateError::Ledger(LedgerError::State(State::Executed)) = error {
        report.verdict = "used";
        return Failure::new(
            Exit::Verification,
            "HARP_ERR_REPLAY",
            "another process used this approval; nothing was run here",
        );
    }
    error.into()
}

fn exit_code(ran: Ran) -> Result<i32, Failure> {
    match ran.result {
        Ok(outcome) => Ok(outcome.exit_code.or(outcome.signal.map(|s| 128 + s)).unwrap_or(1)),
        Err(error) if error.has_begun() => Err(uncertain(error.to_string())),
        Err(error) => {
            let exit = match &error {
                StartError::NotFound { .. } => Exit::RunNotFound,
                StartError::Io { .. } | StartError::NoRuntime => Exit::RunFailed,
                _ => Exit::RunRefused,
            };
            Err(Failure::new(exit, "HARP_ERR_HASH_MISMATCH", error.to_string())
                .hint("nothing was run; run it again to ask about what is there now"))
        }
    }
}

fn tell(here: &Here<'_>, question: &Question, progress: &Progress) {
    let who = || {
        let names: Vec<&str> = question.to.iter().map(|w| w.approver.person.as_str()).collect();
        names.join(", ")
    };
    let line = match progress {
        Progress::Suspended(request, false) => {
            format!("countersign: held; request {} waits for {}", request.id, who())
        }
        Progress::Suspended(request, true) => {
            format!("countersign: held; joined request {}, which waits already", request.id)
        }
        Progress::Submitted => "countersign: delivered to the gateway".into(),
        Progress::Unreachable(why) => {
            format!("countersign: {}; trying again", visible(why, false))
        }
        Progress::Refused(refusal) => {
            format!("countersign: an answer was refused [{}]: {refusal}", refusal.code())
        }
    };
    here.output.progress(&line);
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The caller's environment as text; what is not text cannot be reviewed and is left out.
pub(crate) fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

fn read_stdin(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let failed = |e: std::io::Error| {
        Failure::new(Exit::RunFailed, "stdin", format!("cannot read `{}`: {e}", path.display()))
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_STDIN + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_STDIN {
        let message = format!("`{}` is larger than 64 MiB", path.display());
        return Err(Failure::new(Exit::RunFailed, "stdin", message));
    }
    Ok(bytes)
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
