//! Starts what was approved, once, and writes down what came of it.

use crate::child::{Outcome as ChildOutcome, Prepared, StartError};
use crate::entry;
use crate::gate::{Enforcer, GateError, RunOnce};
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
    /// # Errors
    /// Where the outcome could not be written down; the claim then ends as `uncertain`.
    pub async fn run(&self, permit: RunOnce, prepared: &Prepared) -> Result<Ran, GateError> {
        let RunOnce { claim, request } = permit;
        let base = |event| entry::of_request(event, self.boundary(), &request);
        let outcome = |error| Outcome {
            claimed_at: claim.claimed_at.timestamp(),
            ended_at: Some(self.now().timestamp()),
            exit_code: None,
            signal: None,
            error,
        };
        let binding = Some(prepared.binding());
        let same = prepared.action().hash()? == request.key.action_hash;
        let started = if same {
            // Starting reads every pinned file once more.
            tokio::task::block_in_place(|| prepared.start(is_critical(&request)))
        } else {
            Err(StartError::Changed { path: "the call itself".into() })
        };
        let ended = match started {
            Ok(running) => running.wait().await,
            Err(error) => Err(error),
        };
        let entry = match &ended {
            Ok(child) => executed(base(Event::Executed), binding, outcome(None), child),
            Err(error) => {
                let event = if error.has_begun() { Event::Uncertain } else { Event::Failed };
                entry::ended(base(event), binding, outcome(Some(error.to_string())))
            }
        };
        let entry = with_verdict(entry, self, &request)?;
        let receipt = self.finish(&claim, entry).await?;
        Ok(Ran { receipt, result: ended })
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
    entry::ended(frame, binding, outcome)
}

fn with_verdict(
    frame: Entry,
    enforcer: &Enforcer,
    request: &RequestRecord,
) -> Result<Entry, GateError> {
    let decisions: Vec<_> = request.accepted.iter().map(|a| &a.decision).collect();
    let reason = request.accepted.first().and_then(|a| a.reason.as_ref());
    Ok(entry::decided(frame, &decisions, reason, &enforcer.trust()?))
}

fn is_critical(request: &RequestRecord) -> bool {
    let route = |asked: &countersign_store::ledger::Asked| asked.artifact.route().ok().flatten();
    // A request without a readable route is treated as the worst case.
    request.asked.iter().all(|a| route(a).is_none_or(|r| r.risk == Risk::Critical))
}
