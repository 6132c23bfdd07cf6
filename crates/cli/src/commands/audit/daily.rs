//! The daily audit files of the home, brought up to date at rest.

use crate::commands::{Here, asked_to_end};
use crate::failure::{Exit, Failure, Outcome};
use crate::parties;
use countersign_core::display::counted;
use countersign_core::trust::TrustStore;
use countersign_enforcer::daily::{DailyError, Effort, catch_up};
use countersign_enforcer::{Edge, Home};
use countersign_store::ledger::LedgerStore;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// After a command no more than this is written out; the rest follows after the next.
const RECEIPTS: u64 = 1_000;

/// And no longer than this.
const PATIENCE: Duration = Duration::from_millis(500);

/// What the daily files are written from.
type Opened = (Home, Arc<dyn LedgerStore>, TrustStore);

/// `audit export --daily` and `--rebuild`.
pub(super) async fn run(here: &Here<'_>, effort: Effort) -> Outcome {
    let enforcer = parties::existing_enforcer(&here.root).await?;
    let trust = enforcer.trust()?;
    let done = catch_up(enforcer.home(), enforcer.ledger(), &trust, effort).await?;
    let text = format!("{} written out; up to {}", counted(done.receipts, "receipt"), done.seq);
    here.output.result(&text, &json!({"receipts": done.receipts, "seq": done.seq}))?;
    Ok(Exit::Ok)
}

/// The same after another command has done its work. Nothing depends on it: what cannot be written
/// now is written later, and the ledger has it anyway.
pub(crate) async fn catch_up_quietly(here: &Here<'_>) {
    let done = tokio::select! {
        done = tokio::time::timeout(PATIENCE, apart(here.root.clone())) => done,
        // Who is told to end waits for none of it.
        _ = asked_to_end() => return,
    };
    if let Ok(Err(failure)) = done {
        let message = countersign_core::display::visible(&failure.message, false);
        here.output.progress(&format!("countersign: the daily audit files are behind: {message}"));
    }
}

/// In a thread of its own: a disk that does not answer holds it, and not the command.
async fn apart(root: PathBuf) -> Result<(), Failure> {
    let (told, done) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let done = match runtime {
            Ok(runtime) => runtime.block_on(quietly(&root)),
            Err(error) => Err(Failure::new(Exit::Failed, "runtime", error.to_string())),
        };
        // Nobody listens any more where it took too long.
        let _ = told.send(done);
    });
    done.await.unwrap_or(Ok(()))
}

async fn quietly(root: &Path) -> Result<(), Failure> {
    // What is wrong with the home itself was said by the command, or is nothing to it.
    let Ok(Some((home, ledger, trust))) = opened(root) else { return Ok(()) };
    catch_up(&home, &*ledger, &trust, Effort::Some(RECEIPTS)).await?;
    Ok(())
}

/// The home with its ledger; where there is no ledger, none is made.
fn opened(root: &Path) -> Result<Option<Opened>, Failure> {
    let Some(identity) = parties::existing_identity(root)? else { return Ok(None) };
    let home = Home::open(root)?;
    if !home.ledger_path().exists() {
        return Ok(None);
    }
    let ledger = parties::ledger(&home, &identity, &Edge::system())?;
    let trust = home.trust(&identity)?;
    Ok(Some((home, ledger, trust)))
}

impl From<DailyError> for Failure {
    fn from(error: DailyError) -> Self {
        let message = error.to_string();
        match error {
            DailyError::Home(error) => error.into(),
            DailyError::File(error) => Self::from(error)
                .hint("the ledger has everything: free the disk, then `audit export --daily`"),
            DailyError::Store(error) => error.into(),
            DailyError::Json(_) => Self::new(Exit::Verification, "store_corrupt", message),
            DailyError::Contradicted(_) => {
                Self::new(Exit::Verification, "ledger_contradicted", message)
                    .hint("keep ledger and `audit` for an auditor; a cut ledger is not written out")
            }
            DailyError::NoCursor => Self::new(Exit::Verification, "no_cursor", message)
                .hint("`countersign audit export --rebuild` writes the files anew from the ledger"),
            DailyError::OtherLedger(_) => Self::new(Exit::Failed, "other_ledger", message)
                .hint("move the directory `audit` away with the ledger that it belongs to"),
        }
    }
}
