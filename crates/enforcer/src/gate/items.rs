//! The approval of a batch used, each item that was allowed once, before witnesses.

use super::standing::still_stands;
use super::{Enforcer, GateError, RunOnce};
use crate::ask::Relays;
use crate::entry;
use countersign_core::receipt::Event;
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
        self.heed_before_use(request, relays).await?;
        let ((keys, judge), now) = (self.judged_now().await?, self.now());
        let operator = self.operator_of(request).await?;
        let recheck = move |request: &RequestRecord| {
            still_stands(&keys, request, operator.as_ref(), now)?;
            judge.still_asks_no_more(request)
        };
        let whole = self.entry_of(Event::Released, request)?;
        let of_item = |item| entry::about(whole.clone(), vec![item]);
        let new = |item| Ok(NewItemClaim { id: self.edge.id()?, item, entry: of_item(item) });
        let claims = NewItemClaims {
            request_id: request.id.clone(),
            owner: self.owner.name().to_owned(),
            now,
            recheck: Box::new(recheck),
            claims: items.iter().copied().map(new).collect::<Result<_, GateError>>()?,
        };
        self.remember_head().await?;
        let claimed = self.ledger.claim_items(claims).await;
        let claimed = self.unless_contradicted(&request.id, claimed).await;
        let (claims, request) = self.unless_frozen(request, claimed).await?;
        if let Err(error) = self.attest(&request, relays).await {
            for (claim, item) in claims.iter().zip(items) {
                self.give_up(claim, of_item(item), &error.to_string()).await?;
            }
            return Err(error);
        }
        let permit =
            |(claim, item)| RunOnce { claim, frame: of_item(item), request: request.clone() };
        Ok(claims.into_iter().zip(items).map(permit).collect())
    }
}
