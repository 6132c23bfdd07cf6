//! An approval used, once, before witnesses.

use super::standing::still_stands;
use super::{Enforcer, GateError, RunOnce};
use crate::ask::{BRIEFLY, Relays};
use crate::entry;
use crate::witness::{self, Contradicted, Witness};
use countersign_client::ClientError;
use countersign_core::receipt::Event;
use countersign_store::ledger::{LedgerError, NewClaim, RequestRecord};

/// How long a gateway may be away that must witness a claim.
const WITNESS_MILLIS: i64 = 20_000;

/// Looks at what an approval hangs on besides the ledger, at the moment at which it is used.
pub type Still = Box<dyn Fn() -> Result<(), LedgerError> + Send>;

impl Enforcer {
    /// Uses an approval. The claim's own transaction looks at everything once more: signers,
    /// policy, expiry, withdrawal, denial, revocation.
    ///
    /// The ledger's head is remembered before: a home that cannot be written to keeps its approval.
    ///
    /// Before it returns, the ledger's head stands outside the ledger: in the home, and at every
    /// gateway through which the request went. An older ledger that is put back is noticed then.
    ///
    /// # Errors
    /// Where another process was faster, something is true no more, or no witness is there.
    pub async fn claim(
        &self,
        request: &RequestRecord,
        relays: &Relays,
    ) -> Result<RunOnce, GateError> {
        self.claim_while(request, relays, Box::new(|| Ok(()))).await
    }

    /// The same for an action that hangs on something which no ledger holds: `still` looks at it
    /// in the claim's own transaction, and what it refuses leaves the approval unused.
    ///
    /// # Errors
    /// As [`Enforcer::claim`], and where `still` refuses.
    pub async fn claim_while(
        &self,
        request: &RequestRecord,
        relays: &Relays,
        still: Still,
    ) -> Result<RunOnce, GateError> {
        self.heed_before_use(request, relays).await?;
        self.give_taken(request).await?;
        let ((keys, judge), now) = (self.judged_now().await?, self.now());
        let operator = self.operator_of(request).await?;
        let recheck = move |request: &RequestRecord| {
            still()?;
            still_stands(&keys, request, operator.as_ref(), now)?;
            judge.still_asks_no_more(request)
        };
        let frame = self.entry_of(Event::Released, request)?;
        let claim = NewClaim {
            id: self.edge.id()?,
            request_id: request.id.clone(),
            owner: self.owner.name().to_owned(),
            now,
            recheck: Box::new(recheck),
            entry: frame.clone(),
        };
        self.remember_head().await?;
        let claimed = self.ledger.claim(claim).await;
        let claimed = self.unless_contradicted(&request.id, claimed).await;
        if let Err(LedgerError::Void { code, message }) = &claimed {
            let frame = self.entry_of(Event::Observed, request)?;
            self.ledger.record(entry::refused(frame, code, message), self.now()).await?;
        }
        let (claim, request) = self.unless_frozen(request, claimed).await?;
        if let Err(error) = self.attest(&request, relays).await {
            self.give_up(&claim, frame, &error.to_string()).await?;
            return Err(error);
        }
        Ok(RunOnce { claim, request, frame })
    }

    /// Records that an approval was not used because everything is frozen.
    pub(super) async fn unless_frozen<T>(
        &self,
        request: &RequestRecord,
        claimed: Result<T, LedgerError>,
    ) -> Result<T, GateError> {
        if let Err(error @ LedgerError::Frozen(_)) = &claimed {
            let frame = self.entry_of(Event::Observed, request)?;
            let entry = entry::refused(frame, "frozen", &error.to_string());
            self.ledger.record(entry, self.now()).await?;
        }
        Ok(claimed?)
    }

    pub(super) async fn attest(
        &self,
        request: &RequestRecord,
        relays: &Relays,
    ) -> Result<(), GateError> {
        self.remember_head().await?;
        self.witnessed(request, relays).await
    }

    /// Hands the ledger's head to the gateways of a request, and compares what they remember. One
    /// that is away for a moment, such as while it is restarted, is waited for.
    ///
    /// # Errors
    /// Where one of them cannot be reached, remembers what the ledger does not contain, or was a
    /// witness and is none any more.
    pub async fn witnessed(
        &self,
        request: &RequestRecord,
        relays: &Relays,
    ) -> Result<(), GateError> {
        let until = request.expires_at.min(self.now().plus_millis(WITNESS_MILLIS));
        let ways = self.home.pairings()?;
        for asked in &request.asked {
            // The person at this terminal has no gateway; everybody else's must be the witness.
            let Some(pairing) = &asked.pairing else { continue };
            let relay = relays.get(pairing).ok_or_else(|| {
                let why = format!("no gateway is known for the pairing `{pairing}`");
                Contradicted::NoWitness(ClientError::Unreachable(why))
            })?;
            let (client, keys) = (&relay.client, &self.identity.keys);
            let ledger = &*self.ledger;
            let found = witness::hand_in_until(until, &self.edge, client, ledger, keys).await?;
            witness::as_before(&self.home, found, pairing, &ways)?;
        }
        Ok(())
    }

    /// The same for a request that has ended without a run. Nothing hangs on it, so a gateway that
    /// is away is not waited for: it hears of the head with the next one.
    ///
    /// # Errors
    /// Where one of them remembers what the ledger does not contain.
    pub(crate) async fn witnessed_at_rest(
        &self,
        request: &RequestRecord,
        relays: &Relays,
    ) -> Result<(), GateError> {
        let ways = self.home.pairings()?;
        for name in request.asked.iter().filter_map(|asked| asked.pairing.as_ref()) {
            let Some(relay) = relays.get(name) else { continue };
            let handing = witness::hand_in(&relay.client, &*self.ledger, &self.identity.keys);
            match tokio::time::timeout(BRIEFLY, handing).await {
                Ok(Ok(Witness::Remembers)) => {
                    witness::as_before(&self.home, Witness::Remembers, name, &ways)?;
                }
                Err(_) | Ok(Ok(_) | Err(Contradicted::NoWitness(_))) => {}
                Ok(Err(contradicted)) => return Err(contradicted.into()),
            }
        }
        Ok(())
    }
}
