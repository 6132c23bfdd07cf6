//! Devices that may speak to a gateway.

use countersign_core::keys::{KeyId, PublicKeys};
use countersign_core::time::Instant;
use serde::{Deserialize, Serialize};

/// Which side of an exchange a device stands on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It asks.
    Enforcer,
    /// It answers.
    Approver,
}

/// A device and the keys it proves itself with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// The random id that the device gave itself.
    pub device_id: String,
    /// Its side, for ever.
    pub role: Role,
    /// Its public keys, for ever.
    pub keys: PublicKeys,
    /// When the gateway first heard of it.
    pub registered_at: Instant,
}

impl Device {
    /// The name of its signing key; unique among devices.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.keys.key_id()
    }

    /// Whether `other` is the same device: id, side and keys.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.device_id == other.device_id && self.role == other.role && self.keys == other.keys
    }
}

/// What became of a registration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Registered {
    /// It is new.
    New,
    /// The same id, side and keys were known; `registered_at` stays as it was.
    Known,
    /// The id is known with other keys or on the other side, or the signing key under another id.
    Conflict,
}
