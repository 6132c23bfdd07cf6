//! The approval of a batch used, each item that was allowed once, before witnesses.

use super::standing::still_stands;
use super::{Enforcer, GateError, RunOnce};
use crate::ask::Relays;
use crate::entry;
use crate::policy::recheck;
use countersign_core::receipt::{Entry, Event};
use countersign_store::ledger::items::permitted;
use countersign_store::ledger::{NewItemClaim, NewItemClaims, RequestRecord};

impl Enforcer {
    /// Uses an approval: of a batch every item that was allowed, each with its own claim, all of
    /// them or none; of everything else the whole, as [`Enforcer::claim`].
    ///
    /// # Errors
    /// As [`Enforcer::claim`].
    pub async fn claim_all(
        &self,
        request: &RequestRecord,
        relays: &Relays,
    ) -> Result<Vec<RunOnce>, GateError> {
        match permitted(request) {
            Some(items) => self.claim_items(request, items, relays).await,
            None => Ok(vec![self.claim(request, relays).await?]),
        }
    }

    async fn claim_items(
        &self,
        request: &RequestRecord,
        items: Vec<usize>,
        relays: &Relays,
    ) -> Result<Vec<RunOnce>, GateError> {
        let (keys, now) = (self.keys_now().await?, self.now());
        let judge = recheck::Judge::of(self).await?;
        let recheck = move |request: &RequestRecord| {
            still_stands(&keys, request, now)?;
            judge.still_asks_no_more(request)
        };
        let new = |item| {
            let entry = self.of_item(request, item);
            Ok(NewItemClaim { id: self.edge.id()?, item, entry })
        };
        let claims = NewItemClaims {
            request_id: request.id.clone(),
            owner: self.owner.name().to_owned(),
            now,
            recheck: Box::new(recheck),
            claims: items.iter().copied().map(new).collect::<Result<_, GateError>>()?,
        };
        self.remember_head().await?;
        let claimed = self.ledger.claim_items(claims).await;
        let (claims, request) = self.unless_frozen(request, claimed).await?;
        if let Err(error) = self.attest(&request, relays).await {
            for (claim, item) in claims.iter().zip(items) {
                let frame = self.of_item(&request, item);
                self.give_up_as(claim, frame, &error.to_string()).await?;
            }
            return Err(error);
        }
        let permit = |(claim, item)| RunOnce {
            claim,
            frame: self.of_item(&request, item),
            request: request.clone(),
        };
        Ok(claims.into_iter().zip(items).map(permit).collect())
    }

    fn of_item(&self, request: &RequestRecord, item: usize) -> Entry {
        entry::about(entry::of_request(Event::Released, self.boundary, request), vec![item])
    }
}
