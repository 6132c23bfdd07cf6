//! What an answer means for whoever asked.

use super::Document;
use crate::failure::{Exit, Failure};
use countersign_core::request::State;
use countersign_enforcer::{Answered, Enforcer, GateError};
use countersign_store::ledger::{LedgerError, RequestRecord};

/// What the answer means for whoever asked: the request to claim, or a refusal.
pub(crate) async fn settle(
    enforcer: &Enforcer,
    answered: Answered,
    report: &mut Document,
) -> Result<RequestRecord, Failure> {
    let (request, failure) = match answered {
        Answered::Approved(request) => {
            report.request(&request);
            return Ok(request);
        }
        Answered::Denied(request) => {
            let said = request.why();
            let message = match said {
                Some(reason) => format!("denied: {}", reason.text),
                None => "denied".to_owned(),
            };
            let failure = Failure::new(Exit::Denied, "HARP_ERR_POLICY_DENY", message);
            (request, failure.hint("nothing was run; change what was refused before asking again"))
        }
        Answered::Expired(request) => {
            let message = "nobody answered in time; nothing was run";
            let failure = Failure::new(Exit::Expired, "HARP_ERR_EXPIRED", message);
            (request, failure.hint("run it again to ask again; --ttl gives more time"))
        }
        Answered::Pending(request) => {
            let message = "still waiting for an answer; nothing was run";
            let failure = Failure::new(Exit::Pending, "pending", message);
            (
                request,
                failure
                    .hint("`countersign wait ID` or the same command, run again, goes on waiting"),
            )
        }
        Answered::Withdrawn(request) => (request, withdrawn()),
        Answered::Used(request) => (request, used()),
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
    report.newest(enforcer).await;
    Err(failure)
}

fn withdrawn() -> Failure {
    Failure::new(Exit::Denied, "withdrawn", "withdrawn; nothing was run")
        .hint("run it again to ask again")
}

/// Somebody else was first.
pub(crate) fn used() -> Failure {
    let message = "another process used this approval; nothing was run here";
    Failure::new(Exit::Verification, "HARP_ERR_REPLAY", message).hint("run it again to ask anew")
}

pub(crate) fn claim_failed(error: GateError, report: &mut Document) -> Failure {
    if let GateError::Ledger(LedgerError::State(State::Executed)) = error {
        report.verdict = "used";
        return used();
    }
    error.into()
}
