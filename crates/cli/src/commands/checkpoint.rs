//! `checkpoint`: ask about a boundary that something is about to cross, and answer with an exit code.
//!
//! Whoever asked carries it out: git after a hook, a pipeline after a job. Where the crossing is a
//! command, `run` holds it, and that is enforced.

mod commit;
mod push;

use super::Here;
use crate::asking::{Caller, Document, Gate, RouteArgs, Ruled, Subject, Words};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::action::{Action, Move, Operation, Revision};
use countersign_core::message::Filled;
use countersign_enforcer::git::GitError;

/// What an approver should know of everything that is asked this way.
const NOTE: &str = "asked, not enforced: whoever asked carries it out";

/// Ask about a commit, a push, a tag, a deployment, a release or a migration; the exit code answers.
///
/// It is asked, not enforced: nothing is carried out here, and an answer is good for once. Where the
/// crossing is a command, `run` holds it until it is approved, and then runs exactly it.
#[derive(clap::Subcommand)]
#[command(after_help = "Examples:\n  \
    countersign run --to sre --ttl 10m -- ./deploy.sh\n  \
    countersign checkpoint deploy --to sre --target production --revision $(git rev-parse HEAD)\n  \
    countersign checkpoint release --target v2.1.0 --revision sha256:$(sha256sum app | cut -c-64)\n  \
    countersign install git")]
pub(crate) enum Checkpoint {
    /// Ask about the commit that the index would make; what git's `commit-msg` hook calls
    Commit(commit::Commit),
    /// Ask about refs that would move at a remote; what git's `pre-push` hook calls
    Push(push::Push),
    /// Ask about a tag on an immutable revision
    Tag(Moved),
    /// Ask about a deployment of an immutable revision
    Deploy(Moved),
    /// Ask about a release of an immutable revision
    Release(Moved),
    /// Ask about a migration to an immutable revision
    Migration(Moved),
}

/// Something immutable brought to a place.
#[derive(clap::Args)]
pub(crate) struct Moved {
    /// The place: a tag, an environment, a channel, a database
    #[arg(long, value_name = "NAME", value_parser = filled)]
    target: Filled,

    /// What is brought there: 40 or 64 lowercase hex digits, the latter also behind `sha256:`
    #[arg(long, value_name = "DIGITS", value_parser = revision)]
    revision: Revision,

    #[command(flatten)]
    asked: AskedArgs,
}

/// What every checkpoint has.
#[derive(clap::Args)]
pub(crate) struct AskedArgs {
    #[command(flatten)]
    route: RouteArgs,

    /// What this is for, in the asker's words; shown set apart, nobody checks it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Why it is needed, in the asker's words
    #[arg(long, value_name = "TEXT")]
    reasoning: Option<String>,

    /// Keep this caller's requests apart from others about the same
    #[arg(long, value_name = "NAME", default_value = "default")]
    session: String,
}

/// What is asked about, with what the approver should know of it.
struct Crossing {
    operation: Operation,
    notes: Vec<String>,
}

impl Checkpoint {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let mut document = Document::default();
        let (asked, crossing) = match self {
            Self::Commit(commit) => (commit.asked, commit::crossing(&commit.given)),
            Self::Push(push) => (push.asked, push::crossing(&push.given)),
            Self::Tag(to) => to.crossing(Operation::Tag),
            Self::Deploy(to) => to.crossing(Operation::Deploy),
            Self::Release(to) => to.crossing(Operation::Release),
            Self::Migration(to) => to.crossing(Operation::Migration),
        };
        let ended = match crossing {
            Ok(Some(crossing)) => asked.put(here, crossing, &mut document).await,
            Ok(None) => {
                document.verdict = "nothing";
                Ok(Exit::Ok)
            }
            Err(failure) => Err(failure),
        };
        let nothing = document.verdict == "nothing";
        let text = if nothing { "nothing would move".to_owned() } else { document.line() };
        document.say(here, &text, ended)
    }
}

impl Moved {
    fn crossing(
        self,
        operation: fn(Move) -> Operation,
    ) -> (AskedArgs, Result<Option<Crossing>, Failure>) {
        let to = Move { target: self.target, revision: self.revision, verb: None };
        (self.asked, Ok(Some(Crossing { operation: operation(to), notes: Vec::new() })))
    }
}

impl AskedArgs {
    async fn put(&self, here: &Here<'_>, crossing: Crossing, document: &mut Document) -> Outcome {
        let enforcer = parties::existing_enforcer(&here.root).await?;
        enforcer.knows_its_keys().await?;
        let cwd = std::env::current_dir().map_err(|e| unusable(&e.to_string()))?;
        let cwd = cwd.canonicalize().map_err(|e| unusable(&e.to_string()))?;
        let gate = Gate { here, enforcer: &enforcer, route: &self.route, local: false };
        let action = Action::Checkpoint(crossing.operation);
        let notes = std::iter::once(NOTE.to_owned()).chain(crossing.notes).collect();
        let subject = Subject { action: action.clone(), disclosures: Vec::new(), notes };
        let caller = Caller::at(&cwd, &self.session);
        match gate.ruled(caller, subject, self.words(), false, document).await? {
            Ruled::Runs(allowed) => {
                document.allowed(&enforcer, &enforcer.allow(&action, *allowed).await?);
            }
            Ruled::Asks(question) => {
                let permits = gate.released(&question, document).await?;
                document.handed_over(&enforcer, permits).await?;
            }
        }
        Ok(Exit::Ok)
    }

    fn words(&self) -> Words {
        Words {
            description: self.description.clone(),
            reasoning: self.reasoning.clone(),
            session: self.session.clone(),
            ..Words::default()
        }
    }
}

fn filled(text: &str) -> Result<Filled, String> {
    Filled::new(text).ok_or_else(|| "it is empty".to_owned())
}

fn revision(text: &str) -> Result<Revision, String> {
    let moves = "it is no revision that cannot move: 40 or 64 lowercase hex digits";
    Revision::new(text).ok_or_else(|| moves.to_owned())
}

fn unusable(why: &str) -> Failure {
    Failure::new(Exit::Failed, "checkpoint", why).hint("nobody was asked")
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        unusable(&error.to_string())
    }
}
