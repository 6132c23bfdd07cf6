//! Starts what was approved, once, and writes down what came of it.

use crate::child::{Outcome as ChildOutcome, Prepared, StartError};
use crate::entry;
use crate::gate::{Enforcer, GateError, RunOnce};
use crate::patch::{PatchError, ReadyPatch};
use countersign_core::action::Action;
use countersign_core::artifact::Risk;
use countersign_core::receipt::{Binding, Entry, Event, Outcome, Receipt};
use countersign_store::ledger::RequestRecord;

/// How a claimed run ended.
#[derive(Debug)]
pub struct Ran {
    /// The receipt, already durable.
    pub receipt: Receipt,
    /// What the child did, or why it did not start.
    pub result: Result<ChildOutcome, StartError>,
}

impl Enforcer {
    /// Runs the command that was claimed.
    ///
    /// Whatever can go wrong without the child goes wrong before it: afterwards only its outcome
    /// is written.
    ///
    /// # Errors
    /// [`GateError::Unrecorded`] where the outcome could not be written down, and any other before
    /// anything has run.
    pub async fn run(&self, permit: RunOnce, prepared: &Prepared) -> Result<Ran, GateError> {
        self.carried_out(permit, prepared.action(), prepared, || Ok(())).await
    }

    /// Applies the patch that was claimed, once.
    ///
    /// # Errors
    /// As [`Enforcer::run`].
    pub async fn apply(&self, permit: RunOnce, patch: &ReadyPatch) -> Result<Ran, GateError> {
        let based = || {
            let changed = |e: PatchError| StartError::Changed { path: e.to_string() };
            patch.still_based().map_err(changed)
        };
        self.carried_out(permit, patch.action(), &patch.git, based).await
    }

    async fn carried_out(
        &self,
        permit: RunOnce,
        action: &Action,
        prepared: &Prepared,
        still: impl FnOnce() -> Result<(), StartError>,
    ) -> Result<Ran, GateError> {
        let RunOnce { claim, request, frame } = permit;
        let verdict = with_verdict(&request);
        let base = |event| verdict(entry::as_event(frame.clone(), event));
        let outcome = |error| Outcome {
            claimed_at: claim.claimed_at.timestamp(),
            ended_at: Some(self.now().max(claim.claimed_at).timestamp()),
            exit_code: None,
            signal: None,
            error,
            stdout: None,
            stderr: None,
        };
        let binding = Some(prepared.binding());
        let same = action.hash().is_ok_and(|hash| hash == request.key.action_hash);
        let started = if same {
            // Starting reads every pinned file once more.
            tokio::task::block_in_place(|| {
                still().and_then(|()| prepared.start(is_critical(&request)))
            })
        } else {
            Err(StartError::Changed { path: "the call itself".into() })
        };
        let ended = match started {
            Ok(running) => running.wait().await,
            Err(error) => Err(error),
        };
        let entry = match &ended {
            Ok(child) => {
                let (event, error) = applied(action, child);
                executed(base(event), binding, outcome(error), child)
            }
            Err(error) => {
                let event = if error.has_begun() { Event::Uncertain } else { Event::Failed };
                entry::ended(base(event), binding, outcome(Some(error.to_string())))
            }
        };
        let unrecorded = |error| GateError::Unrecorded(Box::new(error));
        let receipt = self.finish(&claim, entry).await.map_err(unrecorded)?;
        Ok(Ran { receipt, result: ended })
    }
}

/// What the end of a child means. Git writes all of a patch or, with 1, nothing; what any other end
/// left behind nobody knows.
fn applied(action: &Action, child: &ChildOutcome) -> (Event, Option<String>) {
    match (action, child.exit_code) {
        (Action::Patch(_), Some(1)) => (Event::Failed, Some("git applied nothing of it".into())),
        (Action::Patch(_), code) if code != Some(0) => {
            (Event::Uncertain, Some("git ended while it wrote the files".into()))
        }
        _ => (Event::Executed, None),
    }
}

fn executed(
    frame: Entry,
    binding: Option<Binding>,
    mut outcome: Outcome,
    child: &ChildOutcome,
) -> Entry {
    outcome.exit_code = child.exit_code;
    outcome.signal = child.signal;
    [outcome.stdout, outcome.stderr] = match child.outputs {
        Some(digests) => digests.map(Some),
        None => [None, None],
    };
    entry::ended(frame, binding, outcome)
}

/// What adds to an entry, in words, who decided.
fn with_verdict(request: &RequestRecord) -> impl Fn(Entry) -> Entry {
    let last = request.accepted_now().last().cloned();
    move |frame| match &last {
        Some(last) => entry::answered(frame, &last.decision, last.reason.as_ref()),
        None => frame,
    }
}

fn is_critical(request: &RequestRecord) -> bool {
    // One of which nobody knows the risk is treated as the worst case.
    request.policy.as_ref().is_none_or(|policy| policy.risk == Risk::Critical)
}
