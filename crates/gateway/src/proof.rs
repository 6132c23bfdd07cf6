//! A device proves that it holds its key, and gets a session (PROTOCOL §4).
//!
//! The gateway's nonce is its own statement under a key that it drew at its start: it has to
//! remember nothing for a caller who only asks, so that asking cannot fill its memory.

use crate::body::Small;
use crate::gateway::Gateway;
use crate::reply::{ApiError, json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_core::encoding::{base64, unbase64};
use countersign_core::json;
use countersign_core::time::Instant;
use countersign_store::relay::device::Device;
use countersign_wire::ErrorCode;
use countersign_wire::auth::{Challenge, Session, SessionRequest};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Map;
use sha2::Sha256;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A nonce is good for a minute.
const NONCE_LIFE: i64 = 60_000;

/// A device's clock may differ by five minutes.
const MAX_SKEW: i64 = 300_000;

/// A session is good for a quarter of an hour.
const SESSION_LIFE: i64 = 900_000;

/// Nonces that carry their own expiry and proof of origin: random 16, expiry 8, MAC 32 bytes.
pub(crate) struct Nonces {
    key: [u8; 32],
    /// Those that opened a session and have not expired.
    used: Mutex<BTreeSet<(Instant, [u8; 16])>>,
}

impl Nonces {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key, used: Mutex::default() }
    }

    fn issue(&self, random: [u8; 16], expires_at: Instant) -> Option<String> {
        let mut bytes = random.to_vec();
        bytes.extend(expires_at.0.to_be_bytes());
        let mac = self.mac(&bytes)?.finalize().into_bytes();
        bytes.extend(mac);
        Some(base64(&bytes))
    }

    /// Whether the nonce is one of ours and still good.
    fn check(&self, text: &str, now: Instant) -> Option<(Instant, [u8; 16])> {
        let bytes = unbase64(text)?;
        let (body, mac) = bytes.split_at_checked(24)?;
        self.mac(body)?.verify_slice(mac).ok()?;
        let (random, expiry) = body.split_at_checked(16)?;
        let expires_at = Instant(i64::from_be_bytes(expiry.try_into().ok()?));
        (now < expires_at).then_some((expires_at, random.try_into().ok()?))
    }

    /// Uses a checked nonce up; `false` where somebody did before.
    fn spend(&self, nonce: (Instant, [u8; 16]), now: Instant) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        while used.first().is_some_and(|(expiry, _)| *expiry <= now) {
            used.pop_first();
        }
        used.insert(nonce)
    }

    fn mac(&self, bytes: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(bytes);
        Some(mac)
    }
}

pub(crate) async fn challenge(State(gateway): State<Arc<Gateway>>) -> Result<Response, ApiError> {
    let expires_at = gateway.now().plus_millis(NONCE_LIFE);
    let nonce = gateway.nonces.issue(gateway.random(), expires_at);
    let server_nonce = nonce.ok_or(ApiError::of(ErrorCode::Internal, "no nonce"))?;
    json(StatusCode::OK, &Challenge { server_nonce, expires_at: expires_at.timestamp() })
}

pub(crate) async fn session(
    State(gateway): State<Arc<Gateway>>,
    body: Small,
) -> Result<Response, ApiError> {
    let request: SessionRequest = json::read(&body.0, countersign_wire::limit::MESSAGE)?;
    let now = gateway.now();
    let device = prove(&gateway, &request, now).await?;
    let expires_at = now.plus_millis(SESSION_LIFE);
    let token = base64(&gateway.random::<32>());
    gateway.sessions.open(&token, &device, expires_at);
    json(StatusCode::OK, &Session { token, expires_at: expires_at.timestamp() })
}

/// One refusal for everything, so that nobody learns which keys are known. Only a clock is told of
/// before the keys are looked at: nothing else that a person can mend says what is wrong with it.
async fn prove(gw: &Gateway, request: &SessionRequest, now: Instant) -> Result<Device, ApiError> {
    let refuse = || ApiError::of(ErrorCode::BadProof, "the proof is not accepted");
    let skew = request.time.instant().0.saturating_sub(now.0);
    if skew.saturating_abs() > MAX_SKEW {
        return Err(wrong_clock(skew, now));
    }
    let nonce = gw.nonces.check(&request.server_nonce, now).ok_or_else(refuse)?;
    if !gw.is_own(&request.gateway_origin) {
        return Err(refuse());
    }
    let device = gw.store.device_by_key(&request.key_id).await?.ok_or_else(refuse)?;
    request.verify(&device.keys.signing()).map_err(|_| refuse())?;
    // Last, so that only a true proof is remembered.
    if gw.nonces.spend(nonce, now) { Ok(device) } else { Err(refuse()) }
}

/// By how much, so that it can be set; which of the two clocks is right nobody here knows.
fn wrong_clock(skew: i64, now: Instant) -> ApiError {
    let (off, way) = (skew.saturating_abs() / 60_000, if skew > 0 { "ahead of" } else { "behind" });
    let text = format!("the device's clock is {off} minutes {way} the gateway's: set it");
    let details = Map::from_iter([("gatewayTime".to_owned(), now.timestamp().as_str().into())]);
    ApiError::of(ErrorCode::BadProof, &text).with(details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_ours_fresh_and_used_once() {
        let nonces = Nonces::new([7; 32]);
        let text = nonces.issue([1; 16], Instant(100)).unwrap();
        assert!(nonces.check(&text, Instant(100)).is_none(), "expired");
        assert!(Nonces::new([8; 32]).check(&text, Instant(99)).is_none(), "another gateway's");
        for at in 0..text.len() {
            let mut bent = text.clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            let bent = String::from_utf8(bent).unwrap();
            assert!(nonces.check(&bent, Instant(99)).is_none(), "bent at {at}");
        }
        let nonce = nonces.check(&text, Instant(99)).unwrap();
        assert!(nonces.spend(nonce, Instant(99)));
        assert!(!nonces.spend(nonce, Instant(99)));
    }

    #[test]
    fn expired_nonces_are_not_remembered() {
        let nonces = Nonces::new([7; 32]);
        for n in 0..9 {
            assert!(nonces.spend((Instant(i64::from(n)), [n; 16]), Instant(i64::from(n) - 1)));
        }
        assert_eq!(nonces.used.lock().unwrap().len(), 1);
    }
}
