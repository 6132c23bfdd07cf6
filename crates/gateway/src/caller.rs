//! Who calls. A handler that needs a device takes one of these, so that it cannot forget to ask.

use crate::gateway::Gateway;
use crate::reply::ApiError;
use crate::sessions::Identity;
use axum::extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts, Path, Query};
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use countersign_core::keys::KeyId;
use countersign_core::time::Instant;
use countersign_store::relay::device::Role;
use countersign_store::relay::exchange::Party;
use countersign_wire::ErrorCode;
use serde::de::DeserializeOwned;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A device with a session.
#[derive(Clone, Debug)]
pub(crate) struct Caller(Arc<Identity>);

impl Caller {
    pub(crate) fn device_id(&self) -> &str {
        &self.0.device_id
    }

    pub(crate) fn role(&self) -> Role {
        self.0.role
    }

    pub(crate) fn key_id(&self) -> &KeyId {
        &self.0.key_id
    }

    /// How many milliseconds its session has left.
    pub(crate) fn left(&self, now: Instant) -> u64 {
        u64::try_from(self.0.expires_at.0.saturating_sub(now.0)).unwrap_or_default()
    }

    /// Who holds this token.
    pub(crate) fn by(token: &str, gateway: &Gateway) -> Result<Self, ApiError> {
        let identity = gateway.sessions.identity(token, gateway.now());
        identity.map(Self).ok_or_else(no_session)
    }

    pub(crate) fn party(&self) -> Party<'_> {
        match self.role() {
            Role::Enforcer => Party::Enforcer(self.device_id()),
            Role::Approver => Party::Approver(self.device_id()),
        }
    }
}

impl FromRequestParts<Arc<Gateway>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gw: &Arc<Gateway>) -> Result<Self, ApiError> {
        let token = parts.headers.get(AUTHORIZATION).and_then(bearer);
        Self::by(token.ok_or_else(no_session)?, gw)
    }
}

pub(crate) fn no_session() -> ApiError {
    ApiError::of(ErrorCode::Unauthenticated, "a session is needed")
}

/// A caller with its session, or one that shows none here and may show it later. A session that does
/// not hold is none to wait for.
pub(crate) struct Shown(pub(crate) Option<Caller>);

impl FromRequestParts<Arc<Gateway>> for Shown {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gw: &Arc<Gateway>) -> Result<Self, ApiError> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Ok(Self(None));
        }
        <Caller as FromRequestParts<_>>::from_request_parts(parts, gw).await.map(|c| Self(Some(c)))
    }
}

/// A caller that may or may not have a session. One that fails counts as none.
impl OptionalFromRequestParts<Arc<Gateway>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        gateway: &Arc<Gateway>,
    ) -> Result<Option<Self>, ApiError> {
        let caller = <Self as FromRequestParts<Arc<Gateway>>>::from_request_parts(parts, gateway);
        Ok(caller.await.ok())
    }
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// A caller that asks.
pub(crate) struct Enforcer(pub(crate) Caller);

/// A caller that answers.
pub(crate) struct Approver(pub(crate) Caller);

impl FromRequestParts<Arc<Gateway>> for Enforcer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gw: &Arc<Gateway>) -> Result<Self, ApiError> {
        with_role(parts, gw, Role::Enforcer).await.map(Self)
    }
}

impl FromRequestParts<Arc<Gateway>> for Approver {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gw: &Arc<Gateway>) -> Result<Self, ApiError> {
        with_role(parts, gw, Role::Approver).await.map(Self)
    }
}

async fn with_role(
    parts: &mut Parts,
    gateway: &Arc<Gateway>,
    role: Role,
) -> Result<Caller, ApiError> {
    let caller = <Caller as FromRequestParts<Arc<Gateway>>>::from_request_parts(parts, gateway);
    let caller = caller.await?;
    if caller.role() == role {
        return Ok(caller);
    }
    Err(ApiError::of(ErrorCode::Forbidden, "this call is the other side's"))
}

/// Where a call comes from, for counting tries. `None` where nobody said.
pub(crate) struct Address(pub(crate) Option<IpAddr>);

impl FromRequestParts<Arc<Gateway>> for Address {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gw: &Arc<Gateway>) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let named = gw.config.behind_proxy.then(|| forwarded(parts)).flatten();
        Ok(Self(named.or(peer)))
    }
}

/// The last entry is the proxy's own word; those before it are the caller's.
fn forwarded(parts: &Parts) -> Option<IpAddr> {
    let last = parts.headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// The variable part of a path.
pub(crate) struct Segment<T = String>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Gateway>> for Segment<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gw: &Arc<Gateway>) -> Result<Self, ApiError> {
        let path = <Path<T> as FromRequestParts<_>>::from_request_parts(parts, gw).await;
        path.map(|Path(value)| Self(value)).map_err(|_| ApiError::not_found())
    }
}

/// The part of an address after the question mark.
pub(crate) struct Ask<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Gateway>> for Ask<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gw: &Arc<Gateway>) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, gw).await;
        let refuse = |_| ApiError::invalid("the part after `?` is not the one of this call");
        query.map(|Query(value)| Self(value)).map_err(refuse)
    }
}
