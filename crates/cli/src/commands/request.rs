//! `request`: ask people about something that somebody else carries out, and answer with an exit
//! code. It is asked and not enforced: where a command can be gated, `run` does it.

mod batch;
mod input;

use super::Here;
use crate::asking::{Caller, Document, Gate, RouteArgs, Ruled, Subject, Words};
use crate::failure::{Exit, Outcome};
use crate::parties;
use countersign_enforcer::Question;
use input::{Given, Kind};

/// What an approver should know of everything that is asked this way.
const NOTE: &str = "asked, not enforced: whoever asked carries it out";

/// Ask people about an action that somebody else carries out; the exit code is the answer.
///
/// It is asked, not enforced: nothing is run here, and an answer is good for once. Where the
/// action is a command, `run` enforces it.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign request --to sre --action deploy_production --description 'Deploy 2.1.0' \\\n    \
      --parameters '{\"service\":\"api\",\"version\":\"2.1.0\"}' && ./deploy.sh\n  \
    countersign request --action db_migrate --parameters @migration.json --ttl 10m --json\n  \
    make-plan | countersign request --type plan.review --parameters -\n  \
    countersign request --batch tonight.jsonl --json\n  \
    id=$(countersign request --detach --action rotate_keys) || test $? -eq 15\n\n\
    Whatever stands on a command line can be read by other users: put secrets nowhere, and what\n\
    others should not read into a file or a pipe (--parameters @FILE, --parameters -).")]
pub(crate) struct Request {
    #[command(flatten)]
    route: RouteArgs,

    /// What is asked for, as a name: `deploy_production`
    #[arg(long, value_name = "NAME")]
    action: Option<String>,

    /// The parameters: JSON, `@FILE`, or `-` for standard input [default: {}]
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    parameters: Option<String>,

    /// What kind of thing it is; the parameters of a plan or a task are {title, steps[]}
    #[arg(long = "type", value_name = "TYPE", value_enum, default_value_t = Kind::Command)]
    kind: Kind,

    /// Ask about all lines of a file at once, each {"action": NAME, …its parameters} or a whole
    /// action; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["action", "parameters", "kind"])]
    batch: Option<String>,

    /// What this is for, in the asker's words; shown set apart, nobody checks it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Why it is needed, in the asker's words
    #[arg(long, value_name = "TEXT")]
    reasoning: Option<String>,

    /// More that the approver should know, in the asker's words; may be repeated
    #[arg(long, value_name = "NAME=TEXT", value_parser = input::detail)]
    context: Vec<(String, String)>,

    /// Keep this caller's requests apart from others with the same action
    #[arg(long, value_name = "NAME", default_value = "default")]
    session: String,

    /// Do not wait: print the request's id and end with 15 while it is pending; `wait` follows it
    #[arg(long)]
    detach: bool,
}

impl Request {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let mut document = Document::default();
        let ended = self.asked(here, &mut document).await;
        let text = document.line();
        document.say(here, &text, ended)
    }

    async fn asked(&self, here: &Here<'_>, document: &mut Document) -> Outcome {
        let given = match &self.batch {
            Some(path) => batch::read(path)?,
            None => vec![self.given().action()?],
        };
        let enforcer = parties::existing_enforcer(&here.root).await?;
        enforcer.knows_its_keys().await?;
        for action in &given {
            input::smuggles_nothing(&enforcer, action).await?;
        }
        let caller = Caller::at(&input::here()?, &self.session);
        let (action, mut notes) = match &self.batch {
            Some(_) => batch::to_ask(&enforcer, (&caller, &self.route), given, document).await?,
            None => (input::only(given)?, Vec::new()),
        };
        notes.insert(0, NOTE.to_owned());
        let gate = Gate { here, enforcer: &enforcer, route: &self.route, local: false };
        let subject = Subject { action, disclosures: Vec::new(), notes };
        let asked = subject.action.clone();
        match gate.ruled(caller, subject, self.words(), false, document).await? {
            Ruled::Runs(allowed) => {
                document.allowed(&enforcer, &enforcer.allow(&asked, *allowed).await?);
                Ok(document.exit())
            }
            Ruled::Asks(question) => self.put(&gate, &question, document).await,
        }
    }

    async fn put(&self, gate: &Gate<'_>, question: &Question, document: &mut Document) -> Outcome {
        if let Some(permit) = gate.granted(question).await? {
            document.handed_over(gate.enforcer, vec![permit]).await?;
            return Ok(document.exit());
        }
        let permits = if self.detach {
            match gate.detached(question, document).await? {
                Some(permits) => permits,
                None => return Ok(Exit::Pending),
            }
        } else {
            gate.released(question, document).await?
        };
        document.handed_over(gate.enforcer, permits).await?;
        Ok(document.exit())
    }

    fn given(&self) -> Given<'_> {
        Given {
            kind: self.kind,
            action: self.action.as_deref(),
            parameters: self.parameters.as_deref(),
        }
    }

    fn words(&self) -> Words {
        Words {
            description: self.description.clone(),
            reasoning: self.reasoning.clone(),
            session: self.session.clone(),
            details: self.context.iter().cloned().collect(),
        }
    }
}
