//! A request followed from outside the call that began it.

use super::ending::{claim_failed, settle, used};
use super::tell::{digits, waits};
use super::{Document, principal};
use crate::commands::Here;
use crate::failure::{Exit, Failure, Outcome, uncertain};
use crate::parties;
use countersign_core::display::visible;
use countersign_core::receipt::Event;
use countersign_core::time::Instant;
use countersign_enforcer::question::is_handed_over;
use countersign_enforcer::{Answered, Enforcer, Progress, Relays};
use countersign_store::ledger::RequestRecord;

/// Where a request is followed.
pub(crate) struct Follow<'a> {
    pub(crate) here: &'a Here<'a>,
    pub(crate) enforcer: &'a Enforcer,
}

impl Follow<'_> {
    /// The one request of this ledger whose id is, or begins with, what was typed.
    pub(crate) async fn named(&self, typed: &str) -> Result<RequestRecord, Failure> {
        let ledger = self.enforcer.ledger();
        let found = match ledger.request(typed).await? {
            Some(request) => return Ok(request),
            None => ledger.named(&typed.to_ascii_uppercase(), 2).await?,
        };
        let told = visible(typed, false);
        let failed = |code: &str, message: String| {
            Failure::new(Exit::Failed, code, message)
                .hint("`countersign status` lists what waits; `request --detach` printed the id")
        };
        match found.as_slice() {
            [id] => ledger.request(id).await?.ok_or_else(|| {
                failed("unknown_request", format!("no request `{told}` in this ledger"))
            }),
            [] => Err(failed("unknown_request", format!("no request `{told}` in this ledger"))),
            _ => Err(failed("ambiguous_request", format!("several requests begin with `{told}`"))),
        }
    }

    /// Waits for the end, and uses the approval of what somebody else carries out.
    pub(crate) async fn to_its_end(
        &self,
        request: &RequestRecord,
        patience: Option<Instant>,
        document: &mut Document,
    ) -> Outcome {
        document.request(request);
        document.action_hash = Some(request.key.action_hash.to_string());
        if let Some(digits) = digits(request).filter(|_| !request.state.is_final()) {
            self.here.output.progress(&format!("countersign: {digits}"));
        }
        let enforcer = self.enforcer;
        let relays = parties::relays(enforcer.identity(), &enforcer.home().pairings()?)?;
        let answered = enforcer.follow(request, &relays, patience, &|p| self.tell(&p)).await?;
        if let Answered::Used(request) = &answered {
            return Err(self.was_used(request, document).await?);
        }
        let request = settle(enforcer, answered, document).await?;
        if is_handed_over(&request) && request.key.principal == principal() {
            return self.used(&request, &relays, document).await;
        }
        document.verdict = "approved";
        document.newest(enforcer).await;
        self.here.output.progress(
            "countersign: approved and not used: the held command uses it when it is run again",
        );
        Ok(Exit::Ok)
    }

    async fn used(
        &self,
        request: &RequestRecord,
        relays: &Relays,
        document: &mut Document,
    ) -> Outcome {
        let claimed = self.enforcer.claim_all(request, relays).await;
        let permits = claimed.map_err(|error| claim_failed(error, document))?;
        document.handed_over(self.enforcer, permits).await?;
        Ok(document.exit())
    }

    /// Its approval was used before: by whom is not known, and perhaps not whether it was done.
    async fn was_used(
        &self,
        request: &RequestRecord,
        document: &mut Document,
    ) -> Result<Failure, Failure> {
        document.request(request);
        document.newest(self.enforcer).await;
        let last = self.enforcer.ledger().receipts_of(&request.id).await?.pop();
        let event = last.map(|receipt| receipt.content.entry.event);
        Ok(match event {
            Some(Event::Uncertain) => uncertain(
                "the approval was used by a process that ended before it could tell".into(),
            ),
            _ => used(),
        })
    }

    fn tell(&self, progress: &Progress) {
        if let Some(line) = waits(progress) {
            self.here.output.progress(&line);
        }
    }
}
