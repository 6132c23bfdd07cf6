//! What a gateway lists: opened, and heeded where it is a stop.

use crate::entry;
use crate::gate::{Enforcer, GateError};
use countersign_core::freeze::{SignedStop, shown};
use countersign_core::json::{self, clip};
use countersign_core::receipt::Event;
use countersign_core::receipt::course::FREEZE;
use countersign_core::sealing;
use countersign_core::trust::TrustStore;
use countersign_store::ledger::{Frozen, LedgerError, Sent};
use countersign_store::relay::stop::STOPS_TOLD;
use countersign_wire::stop::WaitingStop;
use std::time::Instant;

/// What came of a look at what a gateway lists.
#[derive(Default)]
pub(super) struct Opened {
    /// How many were looked at; the rest was not, in time.
    pub(super) count: usize,
    /// One that is no stop: from whom it says it is, and why.
    pub(super) refused: Option<(String, String)>,
}

impl Enforcer {
    /// Opens what a gateway lists and heeds what is a stop, until a moment; as many as an honest one
    /// tells of in any case.
    pub(super) async fn looked_at(
        &self,
        stops: &[WaitingStop],
        until: Instant,
    ) -> Result<Opened, GateError> {
        let (trust, mut looked) = (self.trust()?, Opened::default());
        for stop in stops {
            if looked.count >= STOPS_TOLD && Instant::now() >= until {
                break;
            }
            looked.count += 1;
            let why = match self.unsealed(stop, &trust) {
                Ok((signed, person)) => match self.stop_by(&signed, &person).await {
                    Ok(()) => continue,
                    Err(GateError::Ledger(LedgerError::Replay)) => {
                        "it was heeded before".to_owned()
                    }
                    Err(error) => return Err(error),
                },
                Err(why) => why,
            };
            looked.refused = Some((stop.approver_id.clone(), why));
        }
        Ok(looked)
    }

    /// The stop inside and whose it is, or why it is none.
    fn unsealed(
        &self,
        stop: &WaitingStop,
        trust: &TrustStore,
    ) -> Result<(SignedStop, String), String> {
        let keys = &self.identity.keys;
        let text = sealing::open(&stop.ciphertext, &shown(&stop.stop_id), keys);
        let signed = SignedStop::parse(&text.map_err(|e| e.to_string())?);
        let signed = signed.map_err(|e| e.to_string())?;
        if signed.id() != stop.stop_id {
            return Err("it was kept under another name".to_owned());
        }
        let signer = signed.verify(&keys.key_id(), trust, self.now()).map_err(|e| e.to_string())?;
        let person = signer.person.clone();
        Ok((signed, person))
    }

    async fn stop_by(&self, signed: &SignedStop, person: &str) -> Result<(), GateError> {
        let by = format!("{person} from another device");
        let now = self.now();
        let frozen = Frozen { by, why: signed.stop.why.clone(), since: now.timestamp() };
        let mut members = vec![("change", "frozen"), ("by", frozen.by.as_str())];
        members.extend(frozen.why.as_deref().map(|why| ("why", why)));
        let mut note = entry::note(FREEZE, &members);
        note.insert("signed".into(), json::value_of(signed)?);
        let entry = self.change(Event::Frozen, note)?;
        let sent = Sent { nonce: signed.id(), signer: signed.stop.signer_key_id.clone() };
        self.ledger.freeze_once(sent, frozen, entry, now).await?;
        self.remember_head().await
    }

    pub(super) async fn not_heeded(&self, from: &str, why: &str) -> Result<(), GateError> {
        let (from, why) = (clip(from), clip(why));
        let members = [("change", "refused"), ("from", from.as_str()), ("why", why.as_str())];
        let entry = self.change(Event::Observed, entry::note(FREEZE, &members))?;
        self.ledger.record(entry, self.now()).await?;
        Ok(())
    }
}
