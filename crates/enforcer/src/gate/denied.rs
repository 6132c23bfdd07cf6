//! What a person denied is not asked again and again until somebody gives in (PROTOCOL §5).

use super::{Enforcer, GateError};
use crate::question::Question;
use countersign_core::receipt::Event;
use countersign_core::time::Instant;
use countersign_store::ledger::{RequestKey, RequestRecord};

/// How long a denied action is refused without asking: 10 minutes.
pub const COOL_MILLIS: i64 = 600_000;

/// After so many denials in that time, no new explanation asks once more.
const DENIALS: usize = 3;

/// A denial of the same action, minutes ago.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{person} denied exactly this {ago} ago{}{}", reason_of(.reason), again(*.over))]
pub struct DeniedBefore {
    /// The request that was denied.
    pub request_id: String,
    /// Who denied it.
    pub person: String,
    /// Why, where the person said so.
    pub reason: Option<String>,
    /// How long ago, in words.
    pub ago: String,
    /// Whether no explanation helps before the time is over.
    pub over: bool,
}

/// The person's own words, set apart from ours: they end where we say.
pub(super) fn reason_of(reason: &Option<String>) -> String {
    reason.as_ref().map(|why| format!(": `{}`", why.replace('`', "'"))).unwrap_or_default()
}

fn again(over: bool) -> &'static str {
    if over {
        "; it was denied too often to be asked again within ten minutes"
    } else {
        "; it is asked again within ten minutes only with a new explanation"
    }
}

/// A denial as the ledger has it.
pub(super) struct Denial {
    pub(super) request: RequestRecord,
    pub(super) at: Instant,
    pub(super) person: String,
    pub(super) reason: Option<String>,
}

impl Enforcer {
    /// Refuses, and records it, where a person denied the same action minutes ago and the question
    /// says nothing new.
    pub(super) async fn not_denied_before(
        &self,
        question: &Question,
        key: &RequestKey,
    ) -> Result<(), GateError> {
        let denials = self.denials(key).await?;
        let Some(last) = denials.last() else { return Ok(()) };
        let over = denials.len() >= DENIALS;
        if !over && denials.iter().all(|denial| says_something_new(question, &denial.request)) {
            return Ok(());
        }
        let before = DeniedBefore {
            request_id: last.request.id.clone(),
            person: last.person.clone(),
            reason: last.reason.clone(),
            ago: self.ago(last.at),
            over,
        };
        let mut note = question.grounds.note().clone();
        note.rule_id = "denied_before".to_owned();
        note.display = before.to_string();
        self.block(&question.action, note).await?;
        Err(GateError::DeniedBefore(Box::new(before)))
    }

    /// Denials of the same call in the last minutes, oldest first.
    async fn denials(&self, key: &RequestKey) -> Result<Vec<Denial>, GateError> {
        let refused = self.ledger.refused(key, self.asked_since()).await?;
        self.lately(refused).await
    }

    /// Those that a person denied in the last minutes.
    pub(super) async fn lately(
        &self,
        requests: Vec<RequestRecord>,
    ) -> Result<Vec<Denial>, GateError> {
        let since = self.now().plus_millis(-COOL_MILLIS);
        let mut found = Vec::new();
        for request in requests {
            let receipts = self.ledger.receipts_of(&request.id).await?;
            let denied = receipts.into_iter().find(|r| r.content.entry.event == Event::Denied);
            let Some(denied) = denied else { continue };
            let at = denied.content.recorded_at.instant();
            if at < since {
                continue;
            }
            let who = denied.content.entry.approver_decision;
            let (person, reason) =
                who.map_or_else(Default::default, |who| (who.person, who.reason));
            let person = if person.is_empty() { "a person".to_owned() } else { person };
            found.push(Denial { request, at, person, reason });
        }
        Ok(found)
    }
}

/// Whether the asker explains itself, and otherwise than before.
fn says_something_new(question: &Question, denied: &RequestRecord) -> bool {
    let before = denied.asked.iter().find_map(|asked| asked.artifact.context().ok().flatten());
    let (now, before) = (&question.context, before.unwrap_or_default());
    let new = |now: &Option<String>, before: &Option<String>| {
        now.as_ref().is_some_and(|text| !text.trim().is_empty()) && now != before
    };
    new(&now.description, &before.description) || new(&now.reasoning, &before.reasoning)
}
