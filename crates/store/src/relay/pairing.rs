//! How two devices meet: the gateway passes opaque proofs on and keeps each step once.
//!
//! The rules of each step are pure and stand here, so that every store has the same ones: a
//! store reads the pairing, applies the step and writes it back in one exclusive transaction.

use super::device::{Device, Role};
use countersign_core::keys::PublicKeys;
use countersign_core::time::Instant;
use serde::{Deserialize, Serialize};

/// Where a pairing stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PairingState {
    /// Waits for an approver.
    Open,
    /// An approver has sent its keys.
    Completed,
    /// The enforcer has opened its commitment.
    Revealed,
    /// The enforcer said yes: the route is open.
    Confirmed,
    /// One side said no.
    Refused,
    /// Its time ran out before the enforcer's yes.
    Expired,
}

/// A pairing that an enforcer asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPairing {
    /// Names the pairing for those who hold it; not guessable.
    pub nonce: String,
    /// What a person types; single use.
    pub code: String,
    /// The token that will name the route.
    pub routing_token: String,
    /// The enforcer's device; registered together with the pairing.
    pub enforcer: Device,
    /// What the enforcer calls itself.
    pub enforcer_label: Option<String>,
    /// What the enforcer calls its workspace.
    pub workspace_name: Option<String>,
    /// The enforcer's commitment, opaque.
    pub commitment: String,
    /// When the pairing ends.
    pub expires_at: Instant,
}

/// What became of a request for a pairing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opened {
    /// It is open.
    Done,
    /// Another open pairing holds the code, or any pairing the nonce or token: draw again.
    CodeTaken,
    /// The device clashes with one that is known ([`super::device::Registered::Conflict`]).
    DeviceConflict,
    /// Too many are open.
    Full,
}

/// What the approver's side adds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Completion {
    /// The approver's device; registered together with the completion.
    pub approver: Device,
    /// The approver's random value, opaque.
    pub r2: Option<String>,
    /// The approver's MAC, opaque.
    pub mac: Option<String>,
    /// Whether the caller proved to hold the device's key. Without it the device must be new.
    pub proven: bool,
}

/// One side's yes or no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confirmation {
    /// Which side speaks.
    pub role: Role,
    /// The device that speaks; it must be this pairing's.
    pub device_id: String,
    /// The enforcer's MAC, opaque; the approver has none to give here.
    pub mac: Option<String>,
    /// Yes or no.
    pub accepted: bool,
}

/// A pairing, whole. It holds nothing secret: the proofs are worthless without the code's or
/// the link's secret, which never come here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pairing {
    /// Names the pairing.
    pub nonce: String,
    /// What a person types.
    pub code: String,
    /// Names the route.
    pub routing_token: String,
    /// The enforcer's device id.
    pub enforcer_id: String,
    /// The enforcer's keys.
    pub enforcer_keys: PublicKeys,
    /// What the enforcer calls itself.
    pub enforcer_label: Option<String>,
    /// What the enforcer calls its workspace.
    pub workspace_name: Option<String>,
    /// The enforcer's commitment.
    pub commitment: String,
    /// When it ends.
    pub expires_at: Instant,
    /// What the approver's side added.
    pub completion: Option<Completion>,
    /// The opened commitment.
    pub r: Option<String>,
    /// The enforcer's MAC.
    pub enforcer_mac: Option<String>,
    /// The enforcer's yes or no.
    pub enforcer_confirmed: Option<bool>,
    /// The approver's yes or no.
    pub approver_confirmed: Option<bool>,
}

/// What became of a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PairingStep {
    /// It is taken; here is the pairing after it.
    Done(Box<Pairing>),
    /// There is no such pairing, or it is not this device's.
    Unknown,
    /// The step was taken before with another content, or its turn has not come or is over.
    Conflict(PairingState),
    /// The device clashes with one that is known, or is known and not proven.
    DeviceConflict,
}

impl From<NewPairing> for Pairing {
    fn from(new: NewPairing) -> Self {
        Self {
            nonce: new.nonce,
            code: new.code,
            routing_token: new.routing_token,
            enforcer_id: new.enforcer.device_id,
            enforcer_keys: new.enforcer.keys,
            enforcer_label: new.enforcer_label,
            workspace_name: new.workspace_name,
            commitment: new.commitment,
            expires_at: new.expires_at,
            completion: None,
            r: None,
            enforcer_mac: None,
            enforcer_confirmed: None,
            approver_confirmed: None,
        }
    }
}

impl Pairing {
    /// Where it stands at `now`.
    #[must_use]
    pub fn state(&self, now: Instant) -> PairingState {
        if self.enforcer_confirmed == Some(false) || self.approver_confirmed == Some(false) {
            return PairingState::Refused;
        }
        if self.enforcer_confirmed == Some(true) {
            return PairingState::Confirmed;
        }
        if now >= self.expires_at {
            return PairingState::Expired;
        }
        match (&self.completion, &self.r) {
            (None, _) => PairingState::Open,
            (Some(_), None) => PairingState::Completed,
            (Some(_), Some(_)) => PairingState::Revealed,
        }
    }

    /// The approver's device id, once there is one.
    #[must_use]
    pub fn approver_id(&self) -> Option<&str> {
        self.completion.as_ref().map(|c| c.approver.device_id.as_str())
    }

    /// Takes the approver's side, once: a second completion is refused even if it is identical.
    ///
    /// `known` is the device that is registered under the approver's id or key, if any.
    pub fn complete(
        &mut self,
        completion: Completion,
        known: Option<&Device>,
        now: Instant,
    ) -> PairingStep {
        let state = self.state(now);
        if state != PairingState::Open {
            return PairingStep::Conflict(state);
        }
        let fits = known.is_none_or(|k| completion.proven && k.is_same(&completion.approver));
        let own = completion.approver.device_id == self.enforcer_id
            || completion.approver.key_id() == self.enforcer_keys.key_id();
        if !fits || own || completion.approver.role != Role::Approver {
            return PairingStep::DeviceConflict;
        }
        self.completion = Some(completion);
        self.done()
    }

    /// Takes the opened commitment, once; the same again is fine.
    pub fn reveal(&mut self, enforcer_id: &str, r: &str, now: Instant) -> PairingStep {
        if self.enforcer_id != enforcer_id {
            return PairingStep::Unknown;
        }
        match (self.state(now), self.r.as_deref()) {
            (PairingState::Completed, _) => self.r = Some(r.to_owned()),
            (PairingState::Revealed | PairingState::Confirmed, Some(known)) if known == r => {}
            (state, _) => return PairingStep::Conflict(state),
        }
        self.done()
    }

    /// Takes one side's yes or no, once; the same again is fine.
    ///
    /// A yes needs an approver, time left, and no refusal before it. A no is taken from a device
    /// of this pairing at any time before the other answer of the same side.
    pub fn confirm(&mut self, confirmation: &Confirmation, now: Instant) -> PairingStep {
        let state = self.state(now);
        let own = match confirmation.role {
            Role::Enforcer => Some(self.enforcer_id.as_str()),
            Role::Approver => self.approver_id(),
        };
        if own != Some(confirmation.device_id.as_str()) {
            return PairingStep::Unknown;
        }
        let before = match confirmation.role {
            Role::Enforcer => self.enforcer_confirmed,
            Role::Approver => self.approver_confirmed,
        };
        match before {
            Some(answer) if answer == confirmation.accepted => return self.done(),
            Some(_) => return PairingStep::Conflict(state),
            None => {}
        }
        if confirmation.accepted && !self.may_accept(state, now) {
            return PairingStep::Conflict(state);
        }
        self.note(confirmation);
        self.done()
    }

    fn may_accept(&self, state: PairingState, now: Instant) -> bool {
        use PairingState::{Completed, Confirmed, Revealed};
        now < self.expires_at && matches!(state, Completed | Revealed | Confirmed)
    }

    fn note(&mut self, confirmation: &Confirmation) {
        match confirmation.role {
            Role::Enforcer => {
                self.enforcer_confirmed = Some(confirmation.accepted);
                self.enforcer_mac.clone_from(&confirmation.mac);
            }
            Role::Approver => self.approver_confirmed = Some(confirmation.accepted),
        }
    }

    fn done(&self) -> PairingStep {
        PairingStep::Done(Box::new(self.clone()))
    }

    /// Whether its route is open as far as this pairing is concerned.
    #[must_use]
    pub fn is_open_route(&self) -> bool {
        self.enforcer_confirmed == Some(true) && self.approver_confirmed != Some(false)
    }
}
