//! Stops that approvers sent from their devices, heeded before anything is let go.
//!
//! No process of a home waits for one: whoever is about to let something go looks. Before an
//! approval or a grant is used, every time, and without an answer it is not used; before what needs
//! nobody's answer at most every ten seconds, and what cannot be asked holds nothing up. A gateway
//! can keep a stop back as it can keep an answer back; it can make none, and show none twice.
//!
//! # Rooms
//! * `opened`: what a gateway lists. `looked`: when a gateway was looked at last.

pub(super) mod looked;
mod opened;

use super::{Enforcer, GateError};
use crate::ask::Relays;
use crate::witness::Contradicted;
use countersign_client::{Client, ClientError};
use countersign_core::time::Instant as Moment;
use countersign_store::ledger::RequestRecord;
use countersign_wire::pairing::Role;
use countersign_wire::stop::WaitingStop;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout_at;

/// How long a gateway may take that nothing hangs on.
pub(super) const BRIEF: Duration = Duration::from_secs(1);

/// How long a gateway may be away that must be asked.
const LONG_MILLIS: i64 = 20_000;

/// How long one look at a gateway's stops may take once it has told them: to open them, to hand in
/// a head and to have them dropped. Whoever lists many holds nothing up for longer.
const LOOK: Duration = Duration::from_secs(2);

/// Why a stop was not heeded, or could not be asked for.
enum Unheeded {
    Client(ClientError),
    Gate(GateError),
    /// So many were not looked at: any of them may be one.
    Left(usize),
}

impl Enforcer {
    /// Heeds stops before an approval is used: the gateways through which it came must say that
    /// there are none, any others are asked as well.
    ///
    /// # Errors
    /// Where one that must be asked cannot be, or a stop cannot be written down.
    pub(super) async fn heed_before_use(
        &self,
        request: &RequestRecord,
        relays: &Relays,
    ) -> Result<(), GateError> {
        let until = request.expires_at.min(self.now().plus_millis(LONG_MILLIS));
        let mut asked = BTreeSet::new();
        for pairing in request.asked.iter().filter_map(|asked| asked.pairing.as_ref()) {
            // A gateway that is not known is missed as a witness, a moment later.
            let Some(relay) = relays.get(pairing) else { continue };
            if asked.insert(relay.client.origin().to_string()) {
                self.heed_until(&relay.client, until).await?;
            }
        }
        for client in self.gateways()?.into_values() {
            if !asked.contains(&client.origin().to_string()) {
                self.heed_briefly(&client).await?;
            }
        }
        Ok(())
    }

    /// Heeds stops of every gateway; whether all of them could be asked.
    pub(super) async fn heed_everywhere(&self) -> bool {
        let Ok(gateways) = self.gateways() else { return false };
        let mut all = true;
        for client in gateways.into_values() {
            all &= matches!(self.heed_briefly(&client).await, Ok(true));
        }
        all
    }

    /// Heeds stops of every gateway that answers, where that was not done a moment ago.
    pub(super) async fn heed_lately(&self) {
        let now = self.now();
        if self.looked.lately(&self.home, now) {
            return;
        }
        let age = looked::age(&self.home);
        let Ok(gateways) = self.gateways() else { return };
        // Also where it fails: one that is away is not asked before every call.
        self.looked.now(&self.home, (now, age), !gateways.is_empty());
        for client in gateways.into_values() {
            let _ = self.heed_briefly(&client).await;
        }
    }

    /// Whether it could be asked in a moment.
    pub(super) async fn heed_briefly(&self, client: &Client) -> Result<bool, GateError> {
        match tokio::time::timeout(BRIEF, client.stops()).await {
            Ok(found) => match self.heed_all(client, found).await {
                Ok(()) => Ok(true),
                // What was left unseen is written down, and what is used asks for more than this.
                Err(Unheeded::Client(_) | Unheeded::Left(_)) => Ok(false),
                Err(Unheeded::Gate(error)) => Err(error),
            },
            Err(_) => Ok(false),
        }
    }

    async fn heed_until(&self, client: &Client, until: Moment) -> Result<(), GateError> {
        let mut attempt = 0;
        loop {
            let found = client.stops().await;
            match self.heed_all(client, found).await {
                Ok(()) => return Ok(()),
                Err(Unheeded::Gate(error)) => return Err(error),
                Err(Unheeded::Client(away)) if away.is_retryable() && self.now() < until => {
                    tokio::time::sleep(self.edge.pause(&mut attempt)).await;
                }
                Err(Unheeded::Client(error)) => return Err(Contradicted::NoWitness(error).into()),
                Err(Unheeded::Left(left)) => {
                    let why = format!("{left} of the stops that it lists were not looked at");
                    return Err(Contradicted::NoWitness(ClientError::Unreachable(why)).into());
                }
            }
        }
    }

    /// Takes what a gateway keeps. What is no stop is recorded, all of it in one line: whoever can
    /// send much cannot fill the ledger.
    async fn heed_all(
        &self,
        client: &Client,
        found: Result<Vec<WaitingStop>, ClientError>,
    ) -> Result<(), Unheeded> {
        let stops = match found {
            Ok(stops) => stops,
            // A gateway of the plain binding carries none.
            Err(ClientError::Refused { status: 404 | 405, .. }) => return Ok(()),
            Err(error) => return Err(Unheeded::Client(error)),
        };
        if stops.is_empty() {
            return Ok(());
        }
        let until = Instant::now() + LOOK;
        let looked = self.looked_at(&stops, until).await.map_err(Unheeded::Gate)?;
        let left = stops.len() - looked.count;
        // A ledger of before would know nothing of them, so its head stands at the gateway first, one
        // for all of them. Where either is lost they come once more, and are known.
        let tidying = async {
            if self.stands_at(client).await?.is_some() {
                for stop in stops.iter().take(looked.count) {
                    let _ = client.drop_stop(&stop.stop_id).await;
                }
            }
            Ok(())
        };
        timeout_at(until.into(), tidying).await.unwrap_or(Ok(())).map_err(Unheeded::Gate)?;
        let unseen = stops.get(looked.count).map(|stop| {
            (stop.approver_id.clone(), format!("{left} more were not looked at in time"))
        });
        if let Some((from, why)) = unseen.or(looked.refused) {
            self.not_heeded(&from, &why).await.map_err(Unheeded::Gate)?;
        }
        if left == 0 { Ok(()) } else { Err(Unheeded::Left(left)) }
    }

    /// A connection to each gateway of this home, by what pairings call it.
    pub(super) fn gateways(&self) -> Result<BTreeMap<String, Client>, GateError> {
        let relays = self.home.pairings()?.into_iter().filter_map(|pairing| pairing.relay);
        let edge = self.edge.clone();
        let clock: countersign_client::Clock = Arc::new(move || edge.now());
        let client = |relay: String| {
            let (id, keys) = (&self.identity.device_id, Arc::clone(&self.identity.keys));
            let client = Client::new(&relay, Role::Enforcer, id, keys, Arc::clone(&clock))?;
            Ok((relay, client))
        };
        let clients = relays.collect::<BTreeSet<_>>().into_iter().map(client);
        let clients: Result<_, ClientError> = clients.collect();
        Ok(clients.map_err(Contradicted::NoWitness)?)
    }
}

#[cfg(test)]
mod tests;
