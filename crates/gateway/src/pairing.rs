//! Devices meet (PROTOCOL §8). The proofs that they exchange mean nothing to the gateway.

use crate::body::Small;
use crate::caller::{Address, Caller, Enforcer, Segment};
use crate::gateway::Gateway;
use crate::reply::{ApiError, json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_core::encoding::{Fixed, Hash, base64};
use countersign_core::json::read;
use countersign_core::pairing::Code;
use countersign_core::time::Instant;
use countersign_store::relay::device::{Device, Role};
use countersign_store::relay::pairing::{
    Completion, Confirmation, NewPairing, Opened, Pairing, PairingState, PairingStep,
};
use countersign_wire::envelope::check_id;
use countersign_wire::pairing::{self as wire, PairingStatus};
use countersign_wire::{ErrorCode, limit};
use std::sync::Arc;

/// A pairing lives for ten minutes.
const LIFE: i64 = 600_000;

/// How often a code that is taken is drawn anew.
const DRAWS: usize = 8;

type Gw = State<Arc<Gateway>>;

/// `POST /v1/pairing/initiate`
pub(crate) async fn initiate(
    State(gateway): Gw,
    Address(from): Address,
    body: Small,
) -> Result<Response, ApiError> {
    let now = gateway.now();
    gateway.initiations.admit(from, now)?;
    let request: wire::Initiate = read(&body.0, limit::MESSAGE)?;
    check_id("enforcerId", &request.enforcer_id)?;
    check_label(request.enforcer_label.as_deref())?;
    check_label(request.workspace_name.as_deref())?;
    gateway.initiations.count(from, now);
    for _ in 0..DRAWS {
        let pairing = draw(&gateway, &request, now);
        let reply = (Code::parse(&pairing.code), pairing.nonce.clone(), pairing.expires_at);
        let max = gateway.config.limits.open_pairings;
        match (gateway.store.open_pairing(pairing, max, now).await?, reply) {
            (Opened::Done, (Ok(code), nonce, expires_at)) => {
                let expires_at = expires_at.timestamp();
                return json(StatusCode::OK, &wire::Initiated { code, nonce, expires_at });
            }
            (Opened::Full, _) => return Err(ApiError::too_many("too many pairings are open", 60)),
            (Opened::DeviceConflict, _) => return Err(device_conflict()),
            _ => {}
        }
    }
    Err(ApiError::of(ErrorCode::Internal, "no free code was found"))
}

fn draw(gateway: &Gateway, request: &wire::Initiate, now: Instant) -> NewPairing {
    NewPairing {
        nonce: gateway.id(),
        code: Code::from_random(gateway.random()).as_str().to_owned(),
        routing_token: base64(&gateway.random::<32>()),
        enforcer: Device {
            device_id: request.enforcer_id.clone(),
            role: Role::Enforcer,
            keys: request.keys,
            registered_at: now,
        },
        enforcer_label: request.enforcer_label.clone(),
        workspace_name: request.workspace_name.clone(),
        commitment: request.commitment.to_string(),
        expires_at: now.plus_millis(LIFE),
    }
}

/// `GET /v1/pairing/resolve/{code}`
pub(crate) async fn resolve(
    State(gateway): Gw,
    Address(from): Address,
    Segment(text): Segment,
) -> Result<Response, ApiError> {
    let now = gateway.now();
    gateway.wrong_codes.admit(from, now)?;
    let found = match Code::parse(&text) {
        Ok(code) => gateway.store.pairing_by_code(code.as_str(), now).await?,
        Err(_) => None,
    };
    let Some(pairing) = found else {
        gateway.wrong_codes.count(from, now);
        return Err(ApiError::not_found());
    };
    json(StatusCode::OK, &resolved(pairing)?)
}

fn resolved(pairing: Pairing) -> Result<wire::Resolved, ApiError> {
    Ok(wire::Resolved {
        nonce: pairing.nonce,
        enforcer_id: pairing.enforcer_id,
        enforcer_label: pairing.enforcer_label,
        workspace_name: pairing.workspace_name,
        keys: pairing.enforcer_keys,
        commitment: Hash::from_hex(&pairing.commitment).ok_or_else(broken)?,
        expires_at: pairing.expires_at.timestamp(),
    })
}

/// `POST /v1/pairing/complete`
pub(crate) async fn complete(
    State(gateway): Gw,
    caller: Option<Caller>,
    body: Small,
) -> Result<Response, ApiError> {
    let request: wire::Complete = read(&body.0, limit::MESSAGE)?;
    check_id("approverId", &request.approver_id)?;
    let now = gateway.now();
    let proven = caller.is_some_and(|caller| {
        caller.device_id() == request.approver_id && *caller.key_id() == request.keys.key_id()
    });
    let completion = Completion {
        approver: Device {
            device_id: request.approver_id,
            role: Role::Approver,
            keys: request.keys,
            registered_at: now,
        },
        r2: request.r2.map(|r2| r2.to_string()),
        mac: request.mac.map(|mac| mac.to_string()),
        proven,
    };
    let step = gateway.store.complete_pairing(&request.nonce, completion, now).await?;
    let pairing = taken(step)?;
    let reply = wire::Completed {
        routing_token: pairing.routing_token,
        enforcer_label: pairing.enforcer_label,
        workspace_name: pairing.workspace_name,
    };
    json(StatusCode::OK, &reply)
}

/// `GET /v1/pairing/{nonce}/status`. Whoever knows the nonce was part of it.
pub(crate) async fn status(
    State(gateway): Gw,
    Segment(nonce): Segment,
) -> Result<Response, ApiError> {
    let pairing = gateway.store.pairing(&nonce).await?.ok_or_else(ApiError::not_found)?;
    json(StatusCode::OK, &status_of(&pairing, gateway.now())?)
}

/// `POST /v1/pairing/{nonce}/reveal`
pub(crate) async fn reveal(
    State(gateway): Gw,
    Enforcer(caller): Enforcer,
    Segment(nonce): Segment,
    body: Small,
) -> Result<Response, ApiError> {
    let wire::Reveal { r } = read(&body.0, limit::MESSAGE)?;
    let (now, r) = (gateway.now(), r.to_string());
    let step = gateway.store.reveal_pairing(&nonce, caller.device_id(), &r, now).await?;
    json(StatusCode::OK, &status_of(&taken(step)?, now)?)
}

/// `POST /v1/pairing/{nonce}/confirm`
pub(crate) async fn confirm(
    State(gateway): Gw,
    caller: Caller,
    Segment(nonce): Segment,
    body: Small,
) -> Result<Response, ApiError> {
    let request: wire::Confirm = read(&body.0, limit::MESSAGE)?;
    if role_of(request.role) != caller.role() {
        return Err(ApiError::of(ErrorCode::Forbidden, "`role` is not the caller's"));
    }
    let now = gateway.now();
    let confirmation = Confirmation {
        role: caller.role(),
        device_id: caller.device_id().to_owned(),
        mac: request.mac.map(|mac| mac.to_string()),
        accepted: request.accepted,
    };
    let pairing = taken(gateway.store.confirm_pairing(&nonce, confirmation, now).await?)?;
    let mut reply = status_of(&pairing, now)?;
    if caller.role() == Role::Enforcer && pairing.is_open_route() {
        reply.routing_token = Some(pairing.routing_token);
    }
    json(StatusCode::OK, &reply)
}

/// `POST /v1/pairings/revoke`
pub(crate) async fn revoke(
    State(gateway): Gw,
    caller: Caller,
    body: Small,
) -> Result<Response, ApiError> {
    let wire::Revoke { device_id } = read(&body.0, limit::MESSAGE)?;
    let now = gateway.now();
    let ended = gateway.store.revoke_route(caller.device_id(), &device_id, now).await?;
    ended.iter().for_each(|exchange| gateway.hub.end(exchange));
    for one in [caller.device_id(), &device_id] {
        if !gateway.store.may_be_asked(one, now).await? {
            gateway.hub.cut(one);
        }
    }
    json(StatusCode::OK, &wire::Revoked { cancelled: ended.len() as u64 })
}

fn taken(step: PairingStep) -> Result<Pairing, ApiError> {
    let conflict = || ApiError::of(ErrorCode::PairingConflict, "the pairing has gone on or ended");
    match step {
        PairingStep::Done(pairing) => Ok(*pairing),
        PairingStep::Unknown => Err(ApiError::not_found()),
        PairingStep::Conflict(state) => Err(conflict().in_state(word(state))),
        PairingStep::DeviceConflict => Err(device_conflict()),
    }
}

fn status_of(pairing: &Pairing, now: Instant) -> Result<PairingStatus, ApiError> {
    let completion = pairing.completion.as_ref();
    Ok(PairingStatus {
        state: word(pairing.state(now)),
        approver_id: pairing.approver_id().map(str::to_owned),
        keys: completion.map(|c| c.approver.keys),
        r2: bytes(completion.and_then(|c| c.r2.as_deref()))?,
        mac: bytes(completion.and_then(|c| c.mac.as_deref()))?,
        r: bytes(pairing.r.as_deref())?,
        enforcer_mac: bytes(pairing.enforcer_mac.as_deref())?,
        enforcer_confirmed: pairing.enforcer_confirmed,
        approver_confirmed: pairing.approver_confirmed,
        routing_token: None,
    })
}

/// Kept as the text that it was read from.
fn bytes(text: Option<&str>) -> Result<Option<Fixed<32>>, ApiError> {
    text.map(|text| Fixed::from_text(text).ok_or_else(broken)).transpose()
}

fn word(state: PairingState) -> wire::PairingState {
    match state {
        PairingState::Open => wire::PairingState::Open,
        PairingState::Completed => wire::PairingState::Completed,
        PairingState::Revealed => wire::PairingState::Revealed,
        PairingState::Confirmed => wire::PairingState::Confirmed,
        PairingState::Refused => wire::PairingState::Refused,
        PairingState::Expired => wire::PairingState::Expired,
    }
}

pub(crate) fn role_of(role: wire::Role) -> Role {
    match role {
        wire::Role::Enforcer => Role::Enforcer,
        wire::Role::Approver => Role::Approver,
    }
}

fn check_label(label: Option<&str>) -> Result<(), ApiError> {
    if label.is_none_or(|text| text.chars().count() <= limit::LABEL) {
        return Ok(());
    }
    Err(ApiError::invalid("a label is too long"))
}

fn device_conflict() -> ApiError {
    ApiError::of(ErrorCode::DeviceConflict, "the device id or key is known as another's")
}

fn broken() -> ApiError {
    ApiError::of(ErrorCode::Internal, "a pairing cannot be read back")
}
