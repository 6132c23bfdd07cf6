//! Devices, pairings and the routes that pairings open.

use crate::relay::device::{Device, Registered};
use crate::relay::exchange::Route;
use crate::relay::pairing::{
    Completion, Confirmation, NewPairing, Opened, Pairing, PairingState, PairingStep,
};
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use std::collections::HashMap;

#[derive(Default)]
pub(super) struct Meetings {
    devices: HashMap<String, Device>,
    ids_by_key: HashMap<KeyId, String>,
    pairings: HashMap<String, Pairing>,
    /// Routing token to the two devices.
    routes: HashMap<String, Pair>,
}

#[derive(Clone, PartialEq, Eq)]
struct Pair {
    enforcer_id: String,
    approver_id: String,
    is_open: bool,
}

impl Meetings {
    pub(super) fn register(&mut self, device: Device) -> Registered {
        match self.known(&device) {
            Some(known) if known.is_same(&device) => Registered::Known,
            Some(_) => Registered::Conflict,
            None => {
                self.ids_by_key.insert(device.key_id(), device.device_id.clone());
                self.devices.insert(device.device_id.clone(), device);
                Registered::New
            }
        }
    }

    pub(super) fn device(&self, device_id: &str) -> Option<&Device> {
        self.devices.get(device_id)
    }

    pub(super) fn device_by_key(&self, key_id: &KeyId) -> Option<&Device> {
        self.devices.get(self.ids_by_key.get(key_id)?)
    }

    /// The device that holds the id or the key of this one.
    fn known(&self, device: &Device) -> Option<&Device> {
        self.device(&device.device_id).or_else(|| self.device_by_key(&device.key_id()))
    }

    pub(super) fn open(&mut self, new: NewPairing, limit: usize, now: Instant) -> Opened {
        let open = |p: &&Pairing| p.state(now) == PairingState::Open;
        if self.pairings.values().filter(open).count() >= limit {
            return Opened::Full;
        }
        if self.is_taken(&new, now) {
            return Opened::CodeTaken;
        }
        if self.register(new.enforcer.clone()) == Registered::Conflict {
            return Opened::DeviceConflict;
        }
        self.pairings.insert(new.nonce.clone(), new.into());
        Opened::Done
    }

    fn is_taken(&self, new: &NewPairing, now: Instant) -> bool {
        let code = |p: &Pairing| p.code == new.code && now < p.expires_at;
        let clash = |p: &Pairing| code(p) || p.routing_token == new.routing_token;
        self.pairings.contains_key(&new.nonce)
            || self.routes.contains_key(&new.routing_token)
            || self.pairings.values().any(clash)
    }

    pub(super) fn by_code(&self, code: &str, now: Instant) -> Option<&Pairing> {
        self.pairings.values().find(|p| p.code == code && p.state(now) == PairingState::Open)
    }

    pub(super) fn by_nonce(&self, nonce: &str) -> Option<&Pairing> {
        self.pairings.get(nonce)
    }

    pub(super) fn complete(
        &mut self,
        nonce: &str,
        completion: Completion,
        now: Instant,
    ) -> PairingStep {
        let device = completion.approver.clone();
        let known = self.known(&device).cloned();
        let Some(pairing) = self.pairings.get_mut(nonce) else {
            return PairingStep::Unknown;
        };
        let step = pairing.complete(completion, known.as_ref(), now);
        if matches!(step, PairingStep::Done(_)) {
            self.register(device);
        }
        step
    }

    pub(super) fn reveal(
        &mut self,
        nonce: &str,
        enforcer_id: &str,
        r: &str,
        now: Instant,
    ) -> PairingStep {
        let pairing = self.pairings.get_mut(nonce);
        pairing.map_or(PairingStep::Unknown, |p| p.reveal(enforcer_id, r, now))
    }

    pub(super) fn confirm(
        &mut self,
        nonce: &str,
        confirmation: &Confirmation,
        now: Instant,
    ) -> PairingStep {
        let Some(pairing) = self.pairings.get_mut(nonce) else {
            return PairingStep::Unknown;
        };
        let step = pairing.confirm(confirmation, now);
        if let PairingStep::Done(pairing) = &step {
            self.set_route(pairing);
        }
        step
    }

    /// A route that was closed stays closed, whoever says yes later.
    fn set_route(&mut self, pairing: &Pairing) {
        match (pairing.is_open_route(), pairing.approver_id()) {
            (true, Some(approver)) => {
                let (enforcer_id, approver_id) = (pairing.enforcer_id.clone(), approver.to_owned());
                let pair = Pair { enforcer_id, approver_id, is_open: true };
                self.routes.entry(pairing.routing_token.clone()).or_insert(pair);
            }
            _ => self.close(|token, _| token == pairing.routing_token),
        }
    }

    fn close(&mut self, which: impl Fn(&str, &Pair) -> bool) {
        let closing = self.routes.iter_mut().filter(|(token, pair)| which(token, pair));
        closing.for_each(|(_, pair)| pair.is_open = false);
    }

    pub(super) fn route(&self, enforcer_id: &str, route: &Route) -> Option<String> {
        let mut open =
            self.routes.iter().filter(|(_, p)| p.is_open && p.enforcer_id == enforcer_id);
        let (_, pair) = match route {
            Route::Token(wanted) => open.find(|(token, _)| *token == wanted),
            Route::Approver(id) => open.find(|(_, p)| p.approver_id == *id),
        }?;
        Some(pair.approver_id.clone())
    }

    pub(super) fn close_routes(&mut self, one: &str, other: &str) {
        self.close(|_, p| {
            (p.enforcer_id == one && p.approver_id == other)
                || (p.enforcer_id == other && p.approver_id == one)
        });
    }

    pub(super) fn may_be_asked(&self, approver_id: &str, now: Instant) -> bool {
        let opens = |p: &Pairing| {
            p.approver_id() == Some(approver_id)
                && now < p.expires_at
                && !self.routes.contains_key(&p.routing_token)
        };
        self.routes.values().any(|p| p.is_open && p.approver_id == approver_id)
            || self.pairings.values().any(opens)
    }

    pub(super) fn forget_pairings(&mut self, before: Instant) -> u64 {
        let count = self.pairings.len();
        self.pairings.retain(|_, pairing| pairing.expires_at >= before);
        (count - self.pairings.len()) as u64
    }

    pub(super) fn forget_devices(&mut self, before: Instant, kept: impl Fn(&str) -> bool) {
        let Self { devices, ids_by_key, pairings, routes } = self;
        let needed = |id: &str| {
            kept(id)
                || routes.values().any(|p| p.enforcer_id == id || p.approver_id == id)
                || pairings.values().any(|p| p.enforcer_id == id || p.approver_id() == Some(id))
        };
        devices.retain(|id, device| device.registered_at >= before || needed(id));
        ids_by_key.retain(|_, id| devices.contains_key(id));
    }
}
