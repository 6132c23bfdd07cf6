//! `apply`: hold a patch until it is approved, then apply exactly its bytes, to exactly its base.

use super::Here;
use crate::asking::{Caller, Document, Gate, RouteArgs, Ruled, Subject, Words};
use crate::failure::{Exit, Failure, Outcome, uncertain};
use crate::parties;
use countersign_core::display::visible;
use countersign_core::receipt::Event;
use countersign_enforcer::gate::Still;
use countersign_enforcer::patch::{PatchError, ReadyPatch};
use countersign_enforcer::run::Ran;
use countersign_enforcer::{Enforcer, RunOnce};
use countersign_store::files::{self, Links};
use countersign_store::ledger::LedgerError;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// No diff is longer; what fits into a question is shorter still.
const MAX_DIFF: u64 = 4 * 1024 * 1024;

/// Hold a patch until it is approved, then apply exactly it to the revision that it is for.
///
/// The approver sees the whole diff and the revision that is checked out. The files must be as that
/// revision holds them, when it is asked about and when it is applied: a patch that was approved for
/// one base is never applied to another. Git refuses what leaves the work tree, enters `.git` or goes
/// through a link, and knows of no repository: the bytes of the patch are written as they are, by no
/// filter and with no other line ends. Where a command makes the change, `run --to WHO -- CMD` holds that instead.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    countersign apply --to sre --ttl 10m fix.diff\n  \
    git diff HEAD~1 | countersign apply -\n  \
    countersign apply --index --description 'raise the limit' fix.diff")]
pub(crate) struct Apply {
    /// The diff, a regular file; `-` is standard input
    #[arg(value_name = "PATCH")]
    patch: PathBuf,

    /// Stage the change as well
    #[arg(long)]
    index: bool,

    #[command(flatten)]
    route: RouteArgs,

    /// Ask here, on this terminal, and sign with the local key; needs no gateway
    #[arg(long, conflicts_with_all = ["to", "escalate"])]
    local: bool,

    /// What this is for, in the asker's words; shown set apart, nobody checks it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Why it is needed, in the asker's words
    #[arg(long, value_name = "TEXT")]
    reasoning: Option<String>,

    /// Keep this caller's requests apart from others with the same patch
    #[arg(long, value_name = "NAME", default_value = "default")]
    session: String,
}

impl Apply {
    pub(crate) async fn run(self, here: &Here<'_>) -> Outcome {
        let mut document = Document::default();
        let mut text = String::new();
        let ended = self.gated(here, &mut document, &mut text).await;
        document.say(here, &text, ended)
    }

    async fn gated(&self, here: &Here<'_>, document: &mut Document, text: &mut String) -> Outcome {
        let diff = read(&self.patch)?;
        let enforcer = parties::existing_enforcer(&here.root).await?;
        enforcer.knows_its_keys().await?;
        let cwd = std::env::current_dir().map_err(|e| unusable(&e.to_string()))?;
        let secret = enforcer.ledger().secret();
        let patch = ReadyPatch::prepare(&cwd, &diff, self.index, secret)?;
        let permit = self.permit(here, &enforcer, &patch, document).await?;
        let ran = enforcer.apply(permit, &patch).await?;
        let kept = document.ran(&enforcer, &ran);
        let exit = ended(ran)?;
        kept?;
        patch.stage().map_err(|e| not_staged(&e))?;
        let names: Vec<String> =
            patch.names().iter().map(|name| format!("  {}", visible(name, false))).collect();
        *text = format!("{}, and applied to\n{}", document.verdict, names.join("\n"));
        Ok(exit)
    }

    async fn permit(
        &self,
        here: &Here<'_>,
        enforcer: &Enforcer,
        patch: &ReadyPatch,
        document: &mut Document,
    ) -> Result<RunOnce, Failure> {
        let caller = Caller::at(patch.top(), &self.session);
        let gate = Gate { here, enforcer, route: &self.route, local: self.local };
        let subject = Subject {
            action: patch.action().clone(),
            disclosures: Vec::new(),
            notes: vec!["applied only while this revision is checked out and unchanged".into()],
        };
        let key = (caller.principal.clone(), caller.session.clone(), caller.workspace.clone());
        match gate.ruled(caller, subject, self.words(), false, document).await? {
            Ruled::Runs(allowed) => {
                let key = (key.0.as_str(), key.1.as_str(), key.2.as_str());
                Ok(enforcer.permit(patch.action(), *allowed, key).await?)
            }
            Ruled::Asks(question) => gate.claimed_while(&question, document, still(patch)).await,
        }
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

/// The base, looked at where the approval is used: one that moved leaves the approval unused.
fn still(patch: &ReadyPatch) -> Still {
    let recheck = patch.recheck();
    Box::new(move || {
        let void = |e: PatchError| LedgerError::Void {
            code: "HARP_ERR_HASH_MISMATCH".into(),
            message: e.to_string(),
        };
        recheck().map_err(void)
    })
}

fn ended(ran: Ran) -> Outcome {
    match (ran.result, ran.receipt.content.entry.event) {
        (Ok(_), Event::Executed) => Ok(Exit::Ok),
        (Ok(_), Event::Uncertain) => Err(uncertain("git ended while it wrote the files".into())),
        (Ok(_), _) => Err(not_applied("git applied nothing of it")),
        (Err(error), _) if error.has_begun() => Err(uncertain(error.to_string())),
        (Err(error), _) => Err(not_applied(&error.to_string())),
    }
}

fn not_applied(why: &str) -> Failure {
    Failure::new(Exit::Failed, "not_applied", why)
        .hint("nothing was changed; apply it again to ask about what is there now")
}

fn not_staged(why: &PatchError) -> Failure {
    let message = format!("the files are written, and nothing is staged: {why}");
    Failure::new(Exit::Failed, "not_staged", message).hint("stage them with `git add`")
}

fn unusable(why: &str) -> Failure {
    Failure::new(Exit::Failed, "patch", why).hint("nobody was asked; nothing was changed")
}

/// The text of a diff, whole.
fn read(path: &Path) -> Result<String, Failure> {
    let failed = |e: String| {
        unusable(&format!("cannot read `{}`: {e}", visible(&path.to_string_lossy(), false)))
    };
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().take(MAX_DIFF + 1).read_to_end(&mut bytes)
    } else {
        files::open(path, Links::Followed)
            .and_then(|f| f.take(MAX_DIFF + 1).read_to_end(&mut bytes))
    }
    .map_err(|e| failed(e.to_string()))?;
    if bytes.len() as u64 > MAX_DIFF {
        return Err(failed("it is larger than 4 MiB".into()));
    }
    String::from_utf8(bytes).map_err(|_| failed("it is no UTF-8".into()))
}

impl From<PatchError> for Failure {
    fn from(error: PatchError) -> Self {
        unusable(&error.to_string())
    }
}
