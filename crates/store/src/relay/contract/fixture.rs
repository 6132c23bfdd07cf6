//! Two devices, a pairing and an exchange, the same in every check.

use super::Store;
use crate::error::StoreError;
use crate::relay::device::{Device, Role};
use crate::relay::exchange::{Decision, Route, Submission};
use crate::relay::pairing::{Completion, Confirmation, NewPairing, PairingStep};
use countersign_core::encoding::Hash;
use countersign_core::keys::SecretKeys;
use countersign_core::time::Instant;

/// The outcome of a check; an error of the store breaks the promise too.
pub(super) type Checked = Result<(), StoreError>;

/// A moment in 2026, in the middle of which every check begins.
pub(super) const NOW: Instant = Instant(1_790_000_000_000);

/// Ten minutes.
pub(super) const LIFE: i64 = 600_000;

pub(super) fn after(millis: i64) -> Instant {
    NOW.plus_millis(millis)
}

/// A device whose keys follow from `seed`.
pub(super) fn device(id: &str, role: Role, seed: u8) -> Result<Device, StoreError> {
    let secret = SecretKeys::from_bytes(&[seed; 64]);
    let secret = secret.map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let device_id = id.to_owned();
    Ok(Device { device_id, role, keys: *secret.public(), registered_at: NOW })
}

/// A pairing of enforcer `enf-N` with code `CODE-N` and nonce `nonce-N`.
pub(super) fn pairing(n: u8) -> Result<NewPairing, StoreError> {
    Ok(NewPairing {
        nonce: format!("nonce-{n}"),
        code: format!("CODE-{n}"),
        routing_token: format!("token-{n}"),
        enforcer: device(&format!("enf-{n}"), Role::Enforcer, n)?,
        enforcer_label: Some("label".to_owned()),
        workspace_name: None,
        commitment: "commitment".to_owned(),
        expires_at: after(LIFE),
    })
}

/// The completion of approver `app-N`, whose keys differ from those of every `enf-N`.
pub(super) fn completion(n: u8) -> Result<Completion, StoreError> {
    Ok(Completion {
        approver: device(&format!("app-{n}"), Role::Approver, n | 0x80)?,
        r2: Some("r2".to_owned()),
        mac: None,
        proven: false,
    })
}

pub(super) fn confirmation(role: Role, device_id: &str, accepted: bool) -> Confirmation {
    let mac = (role == Role::Enforcer).then(|| "mac".to_owned());
    Confirmation { role, device_id: device_id.to_owned(), mac, accepted }
}

/// Pairs `enf-N` and `app-N` up to the enforcer's yes.
pub(super) async fn paired(store: &Store, n: u8) -> Result<(), StoreError> {
    store.open_pairing(pairing(n)?, 100, NOW).await?;
    let nonce = format!("nonce-{n}");
    store.complete_pairing(&nonce, completion(n)?, NOW).await?;
    let yes = confirmation(Role::Enforcer, &format!("enf-{n}"), true);
    let step = store.confirm_pairing(&nonce, yes, NOW).await?;
    assert!(matches!(step, PairingStep::Done(_)), "the enforcer's yes is taken: {step:?}");
    Ok(())
}

/// A submission of `enf-N` to `app-N`.
pub(super) fn submission(n: u8, request: &str) -> Submission {
    Submission {
        request_id: request.to_owned(),
        enforcer_id: format!("enf-{n}"),
        route: Route::Approver(format!("app-{n}")),
        artifact_hash: "sha256:aa".to_owned(),
        artifact_key: "aa".to_owned(),
        expires_at: after(LIFE).timestamp(),
        msg_id: format!("ask-{request}"),
        content: format!("{{\"sealed\":\"{request}\"}}"),
    }
}

/// A decision of `app-N`; `word` makes it another one.
pub(super) fn decision(n: u8, request: &str, word: &str) -> Decision {
    Decision {
        request_id: request.to_owned(),
        approver_id: format!("app-{n}"),
        artifact_key: "aa".to_owned(),
        digest: Hash::of(word.as_bytes()),
        msg_id: format!("say-{request}-{word}"),
        content: format!("{{\"word\":\"{word}\"}}"),
    }
}
