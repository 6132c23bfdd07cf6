//! What a person denied is not asked again and again until somebody gives in (PROTOCOL §5).

use super::{Enforcer, GateError};
use crate::question::{MAX_TTL_MILLIS, Question};
use countersign_core::receipt::Event;
use countersign_core::time::Instant;
use countersign_store::ledger::RequestRecord;

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

fn reason_of(reason: &Option<String>) -> String {
    reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default()
}

fn again(over: bool) -> &'static str {
    if over {
        "; it was denied too often to be asked again within ten minutes"
    } else {
        "; it is asked again within ten minutes only with a new explanation"
    }
}

/// A denial as the ledger has it.
struct Denial {
    request: RequestRecord,
    at: Instant,
    person: String,
    reason: Option<String>,
}

impl Enforcer {
    /// Refuses, and records it, where a person denied the same action minutes ago and the question
    /// says nothing new.
    pub(super) async fn not_denied_before(
        &self,
        question: &Question,
        request: &RequestRecord,
    ) -> Result<(), GateError> {
        let denials = self.denials(request).await?;
        let Some(last) = denials.last() else { return Ok(()) };
        // The same call that waits already is no new question.
        let open = self.ledger.open_requests().await?;
        if open.iter().any(|open| open.key == request.key && self.now() < open.expires_at) {
            return Ok(());
        }
        let over = denials.len() >= DENIALS;
        if !over && denials.iter().all(|denial| says_something_new(question, &denial.request)) {
            return Ok(());
        }
        let ago = self.now().0.saturating_sub(last.at.0).max(0) / 1_000;
        let before = DeniedBefore {
            request_id: last.request.id.clone(),
            person: last.person.clone(),
            reason: last.reason.clone(),
            ago: if ago < 60 { format!("{ago} s") } else { format!("{} min", ago / 60) },
            over,
        };
        let mut note = question.grounds.note().clone();
        note.rule_id = "denied_before".to_owned();
        note.display = before.to_string();
        self.block(&question.action, note).await?;
        Err(GateError::DeniedBefore(Box::new(before)))
    }

    /// Denials of the same call in the last minutes, oldest first.
    async fn denials(&self, request: &RequestRecord) -> Result<Vec<Denial>, GateError> {
        let since = self.now().plus_millis(-COOL_MILLIS);
        // Whoever answered late answered a request that is older by at most its whole time.
        let asked = since.plus_millis(-MAX_TTL_MILLIS);
        let mut found = Vec::new();
        for request in self.ledger.refused(&request.key, asked).await? {
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
