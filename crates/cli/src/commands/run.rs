//! `run`: hold one command until it is approved, then run exactly it.

mod ending;
mod input;

use super::Here;
use crate::asking::{self, Caller, Document, Gate, RouteArgs, Ruled, Subject, Words};
use crate::ephemeral;
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_enforcer::child::{self, Call, Prepared};
use countersign_enforcer::{Enforcer, RunOnce};
pub(crate) use input::environment;
use input::read_stdin;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

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
    countersign run --digest-output -- make release > build.log\n  \
    countersign run --env DEPLOY_TOKEN --report out.json -- ./release.sh 1.2.3")]
pub(crate) struct Run {
    #[command(flatten)]
    route: RouteArgs,

    /// Ask here, on this terminal, and sign with the local key; needs no gateway
    #[arg(long, conflicts_with_all = ["to", "escalate"])]
    local: bool,

    /// Add a variable of this environment to the child's; may be repeated
    #[arg(long, value_name = "NAME")]
    env: Vec<String>,

    /// Put exactly these bytes on the child's standard input
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,

    /// Put digests of what it writes into the receipt; it then writes to pipes, not to the terminal
    #[arg(long)]
    digest_output: bool,

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
        let file =
            self.report.as_deref().map(|path| asking::open_report(path, &here.root)).transpose()?;
        let mut report = Document::default();
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
        super::audit::catch_up_quietly(here).await;
        match ended {
            Ok(0) => Ok(Exit::Ok),
            // Nothing follows: this process ends as its child did.
            Ok(code) => {
                here.end();
                std::process::exit(code)
            }
            Err(failure) => Err(failure),
        }
    }

    async fn gated(&self, here: &Here<'_>, report: &mut Document) -> Result<i32, Failure> {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        enforcer.knows_its_keys().await?;
        let prepared = self.prepare(&enforcer)?;
        let caller = Caller::of(&prepared, &self.session);
        let gate = Gate { here, enforcer: &enforcer, route: &self.route, local: self.local };
        let (subject, words) = (Subject::of(&prepared), self.words());
        let key = (caller.principal.clone(), caller.session.clone(), caller.workspace.clone());
        let critical = !prepared.critical().is_empty();
        let ruled = gate.ruled(caller, subject, words, critical, report).await?;
        // From here on the call is the one that may be written down.
        let (action, disclosures) = ruled.shown();
        let prepared = prepared.shown_as(action, disclosures)?;
        let permit = match ruled {
            Ruled::Runs(allowed) => {
                let key = (key.0.as_str(), key.1.as_str(), key.2.as_str());
                enforcer.permit(prepared.action(), *allowed, key).await?
            }
            Ruled::Asks(question) => {
                if let Some(permit) = gate.granted(&question).await? {
                    return self.go(here, &enforcer, permit, &prepared, report).await;
                }
                let strong = prepared.check_strength(question.grounds.is_critical());
                if let Err(error) = strong {
                    let failure = ending::too_weak(&error);
                    return Err(
                        asking::unasked(&enforcer, prepared.action(), failure, report).await
                    );
                }
                gate.claimed(&question, report).await?
            }
        };
        self.go(here, &enforcer, permit, &prepared, report).await
    }

    async fn go(
        &self,
        here: &Here<'_>,
        enforcer: &Enforcer,
        permit: RunOnce,
        prepared: &Prepared,
        report: &mut Document,
    ) -> Result<i32, Failure> {
        let ran = enforcer.run(permit, prepared).await?;
        if let Err(failure) = report.ran(enforcer, &ran) {
            // The command has run, and the ledger holds the receipt: its exit code is the answer.
            here.output
                .progress(&format!("countersign: no copy of the receipt: {}", failure.message));
        }
        for line in ending::cut(&ran) {
            here.output.progress(&line);
        }
        ending::exit_code(ran)
    }

    fn words(&self) -> Words {
        Words {
            description: self.description.clone(),
            reasoning: self.reasoning.clone(),
            session: self.session.clone(),
            ..Words::default()
        }
    }

    fn prepare(&self, enforcer: &Enforcer) -> Result<Prepared, Failure> {
        let prepared = prepared(enforcer, &self.command, &self.env, self.stdin.as_deref())?;
        Ok(if self.digest_output { prepared.digesting_outputs() } else { prepared })
    }
}

/// A command line pinned to its files, here and now.
pub(crate) fn prepared(
    enforcer: &Enforcer,
    command: &[OsString],
    env: &[String],
    stdin: Option<&Path>,
) -> Result<Prepared, Failure> {
    if env.iter().any(|name| name == ephemeral::VARIABLE) {
        let message = format!("{} is this pipeline's key, and no command's", ephemeral::VARIABLE);
        return Err(Failure::new(Exit::RunFailed, "usage", message).hint("leave out that --env"));
    }
    let cwd = std::env::current_dir().map_err(|e| {
        Failure::new(Exit::RunFailed, "cwd", format!("the working directory: {e}"))
            .hint("nothing was run; go to a directory that is there")
    })?;
    let call = Call {
        argv: child::utf8_argv(command.iter().cloned())?,
        cwd,
        add_env: env.to_vec(),
        stdin: stdin.map(read_stdin).transpose()?,
        verb: None,
    };
    Ok(child::prepare(&call, &environment(), enforcer.ledger().secret())?)
}
