//! What a policy refuses by itself: written down before it is said.

use super::Document;
use crate::failure::{Exit, Failure};
use countersign_core::action::Action;
use countersign_core::display::visible;
use countersign_core::receipt::PolicyNote;
use countersign_enforcer::{Enforcer, GateError, Grounds};

/// Records that a rule blocks an action, and says so.
pub(crate) async fn blocked(
    enforcer: &Enforcer,
    action: &Action,
    note: &PolicyNote,
    report: &mut Document,
) -> Failure {
    match enforcer.block(action, note.clone()).await {
        Ok(receipt) => report.blocked(enforcer, &receipt),
        Err(error) => return error.into(),
    }
    let message = format!(
        "blocked by rule `{}`: {}",
        visible(&note.rule_id, false),
        visible(&note.display, false)
    );
    Failure::new(Exit::Blocked, "HARP_ERR_POLICY_DENY", message)
        .hint("nothing was run; `countersign policy explain` says why")
}

/// Records that a policy cannot be followed, so that the action does not run.
pub(crate) async fn unfollowed(
    enforcer: &Enforcer,
    action: &Action,
    error: GateError,
    report: &mut Document,
) -> Failure {
    let GateError::Policy(error) = error else { return error.into() };
    let note = Grounds::fixed("policy", &error.to_string()).note().clone();
    match enforcer.block(action, note).await {
        Ok(receipt) => report.blocked(enforcer, &receipt),
        Err(error) => return error.into(),
    }
    error.into()
}

/// Records that no policy could be judged under. Nobody knows what it would have hidden, so
/// everything is that can be.
pub(crate) async fn unjudged(
    enforcer: &Enforcer,
    action: &Action,
    error: GateError,
    report: &mut Document,
) -> Failure {
    match enforcer.unjudged(action) {
        Ok(shown) => {
            report.action_hash = shown.action().hash().ok().map(|hash| hash.to_string());
            unfollowed(enforcer, shown.action(), error, report).await
        }
        Err(error) => error.into(),
    }
}

/// Records that nobody could be asked about an action that needs somebody.
pub(crate) async fn unasked(
    enforcer: &Enforcer,
    action: &Action,
    failure: Failure,
    report: &mut Document,
) -> Failure {
    let note = Grounds::fixed("unasked", &failure.message).note().clone();
    match enforcer.block(action, note).await {
        Ok(receipt) => {
            report.recorded(enforcer, &receipt);
            failure
        }
        Err(error) => error.into(),
    }
}
