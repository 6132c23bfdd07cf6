//! Sessions, known only by the hash of their token.

use countersign_core::encoding::Hash;
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use countersign_store::relay::device::{Device, Role};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

/// A device that has proved itself.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) device_id: String,
    pub(crate) role: Role,
    pub(crate) key_id: KeyId,
    pub(crate) expires_at: Instant,
}

/// The sessions of all devices, at most `limit` for each.
pub(crate) struct Sessions {
    limit: usize,
    tables: RwLock<Tables>,
}

#[derive(Default)]
struct Tables {
    by_token: HashMap<Hash, Arc<Identity>>,
    by_device: HashMap<String, VecDeque<Hash>>,
}

impl Sessions {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, tables: RwLock::default() }
    }

    pub(crate) fn open(&self, token: &str, device: &Device, expires_at: Instant) {
        let identity = Arc::new(Identity {
            device_id: device.device_id.clone(),
            role: device.role,
            key_id: device.key_id(),
            expires_at,
        });
        let hash = Hash::of(token.as_bytes());
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        tables.by_token.insert(hash, identity);
        let own = tables.by_device.entry(device.device_id.clone()).or_default();
        own.push_back(hash);
        let oldest = if own.len() > self.limit { own.pop_front() } else { None };
        if let Some(oldest) = oldest {
            tables.by_token.remove(&oldest);
        }
    }

    pub(crate) fn identity(&self, token: &str, now: Instant) -> Option<Arc<Identity>> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let identity = tables.by_token.get(&Hash::of(token.as_bytes()))?;
        (now < identity.expires_at).then(|| Arc::clone(identity))
    }

    /// Drops sessions that have ended.
    pub(crate) fn sweep(&self, now: Instant) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let Tables { by_token, by_device } = &mut *tables;
        by_token.retain(|_, identity| now < identity.expires_at);
        by_device.retain(|_, own| {
            own.retain(|hash| by_token.contains_key(hash));
            !own.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::keys::SecretKeys;

    fn device(id: &str) -> Device {
        let keys = *SecretKeys::from_bytes(&[1; 64]).unwrap().public();
        let device_id = id.to_owned();
        Device { device_id, role: Role::Approver, keys, registered_at: Instant(0) }
    }

    #[test]
    fn a_session_ends_in_time_and_leaves_nothing() {
        let sessions = Sessions::new(2);
        sessions.open("token", &device("d"), Instant(10));
        assert_eq!(sessions.identity("token", Instant(9)).unwrap().device_id, "d");
        assert!(sessions.identity("token", Instant(10)).is_none());
        assert!(sessions.identity("other", Instant(9)).is_none());
        sessions.sweep(Instant(10));
        let tables = sessions.tables.read().unwrap();
        assert!(tables.by_token.is_empty() && tables.by_device.is_empty());
    }

    #[test]
    fn a_device_has_no_more_sessions_than_allowed() {
        let sessions = Sessions::new(2);
        for token in ["a", "b", "c"] {
            sessions.open(token, &device("d"), Instant(10));
        }
        sessions.open("e", &device("other"), Instant(10));
        let alive = |token| sessions.identity(token, Instant(0)).is_some();
        assert_eq!(["a", "b", "c", "e"].map(alive), [false, true, true, true]);
    }
}
