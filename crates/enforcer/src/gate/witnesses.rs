//! The newest head at every gateway of a home, for what hangs on no request.

use super::stops::BRIEF;
use super::{Enforcer, GateError};
use crate::ask::BRIEFLY;
use crate::witness::{self, Contradicted, Witness};
use countersign_client::{Client, ClientError};

impl Enforcer {
    /// Hands the newest head to every gateway of this home, and compares what they remember.
    ///
    /// # Errors
    /// Where one of them is away, remembers what the ledger does not contain, or was a witness and
    /// is none any more.
    pub(super) async fn witnessed_everywhere(&self) -> Result<(), GateError> {
        let ways = self.home.pairings()?;
        for (relay, client) in self.gateways()? {
            let Some(found) = self.stands_at(&client).await? else {
                let why = format!("`{relay}` did not take the ledger's head");
                return Err(Contradicted::NoWitness(ClientError::Unreachable(why)).into());
            };
            for way in ways.iter().filter(|way| way.relay.as_ref() == Some(&relay)) {
                witness::as_before(&self.home, found, &way.name, &ways)?;
            }
        }
        Ok(())
    }

    /// The same where nothing hangs on it any more: whoever is away hears of it with the next head.
    pub(super) async fn tell_everywhere(&self) {
        let _ = self.witnessed_everywhere().await;
    }

    /// Looks at every gateway of this home before somebody is asked: heeds its stops, and compares
    /// what it remembers of the ledger. Both at once, so that it takes no longer than one of them. A
    /// gateway that is away, or proves nothing, holds nothing up: what is used has its witnesses then.
    ///
    /// # Errors
    /// Where the ledger is not the one of which a head is remembered that this home signed.
    pub(super) async fn looked_around(&self) -> Result<(), GateError> {
        let Ok(gateways) = self.gateways() else { return Ok(()) };
        for client in gateways.into_values() {
            let (_, remembered) =
                tokio::join!(self.heed_briefly(&client), self.is_as_remembered(&client));
            remembered?;
        }
        Ok(())
    }

    async fn is_as_remembered(&self, client: &Client) -> Result<(), GateError> {
        let (ledger, keys) = (&*self.ledger, &self.identity.keys);
        Ok(witness::as_remembered(client, ledger, keys, BRIEF).await?)
    }

    /// What a gateway is to the ledger, which has its newest head then; `None` where it is away.
    pub(super) async fn stands_at(&self, client: &Client) -> Result<Option<Witness>, GateError> {
        let handing = witness::hand_in(client, &*self.ledger, &self.identity.keys);
        match tokio::time::timeout(BRIEFLY, handing).await {
            Ok(Ok(found)) => Ok(Some(found)),
            Err(_) | Ok(Err(Contradicted::NoWitness(_))) => Ok(None),
            Ok(Err(contradicted)) => Err(contradicted.into()),
        }
    }
}
