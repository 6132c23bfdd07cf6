//! Which call is carried: a path below `/v1`, and of its headers what a call needs.

use crate::reply::ApiError;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use countersign_client::{Passing, Verb};
use countersign_core::pairing::Origin;
use countersign_wire::{ErrorCode, MEANT_FOR, MEDIA_TYPE, limit};

/// More parts than any call has.
const MAX_SEGMENTS: usize = 8;

/// More than any call has behind the question mark.
const MAX_QUERY: usize = 1024;

/// The call, without anything that it does not need: no cookie, no name, no address.
pub(super) fn passing(parts: &Parts, gateway: &Origin) -> Result<Passing, ApiError> {
    meant_for(&parts.headers, gateway)?;
    Ok(Passing {
        verb: verb(&parts.method)?,
        segments: segments(parts.uri.path())?,
        query: query(&parts.uri)?,
        authorization: text(&parts.headers, &AUTHORIZATION)?,
        body: None,
    })
}

/// The body's media type.
pub(super) fn media_type(headers: &HeaderMap) -> Result<String, ApiError> {
    Ok(text(headers, &CONTENT_TYPE)?.unwrap_or_else(|| MEDIA_TYPE.to_owned()))
}

/// What a page that was open before means for another gateway is not carried to this one: a proof
/// for the one would let the other in.
fn meant_for(headers: &HeaderMap, gateway: &Origin) -> Result<(), ApiError> {
    match text(headers, &HeaderName::from_static(MEANT_FOR))? {
        Some(other) if other != gateway.as_str() => {
            let why = format!("this console leads to `{gateway}`");
            Err(ApiError::of(ErrorCode::Misdirected, &why))
        }
        _ => Ok(()),
    }
}

fn verb(method: &Method) -> Result<Verb, ApiError> {
    match *method {
        Method::GET => Ok(Verb::Get),
        Method::POST => Ok(Verb::Post),
        Method::DELETE => Ok(Verb::Delete),
        _ => Err(ApiError::of(ErrorCode::MethodNotAllowed, "the call has another method")),
    }
}

/// The parts of the path. The path that the gateway gets is made anew of them.
fn segments(path: &str) -> Result<Vec<String>, ApiError> {
    let below = path.strip_prefix("/v1/").ok_or_else(ApiError::not_found)?;
    let parts: Option<Vec<String>> = below.split('/').map(segment).collect();
    parts.filter(|parts| parts.len() <= MAX_SEGMENTS).ok_or_else(ApiError::not_found)
}

/// One part, decoded; `None` for what a server in between might read as another path.
fn segment(text: &str) -> Option<String> {
    let decoded = decoded(text)?;
    let visible =
        decoded.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'\\' | b'%'));
    let dots = matches!(decoded.as_str(), "" | "." | "..");
    (visible && !dots && decoded.len() <= limit::ID).then_some(decoded)
}

fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut found = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
        found.push(u8::from_str_radix(digits, 16).ok().filter(|_| plain)?);
        found.extend(rest.as_bytes());
    }
    String::from_utf8(found).ok()
}

fn query(uri: &Uri) -> Result<Option<String>, ApiError> {
    match uri.query() {
        Some(query) if query.len() > MAX_QUERY => Err(ApiError::invalid("too much behind `?`")),
        query => Ok(query.map(str::to_owned)),
    }
}

/// The text of a header that stands there once.
fn text(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, ApiError> {
    let mut all = headers.get_all(name).iter();
    let Some(first) = all.next() else { return Ok(None) };
    let readable = first.to_str().ok().filter(|_| all.next().is_none());
    let readable = readable.ok_or_else(|| ApiError::invalid("a header cannot be read"))?;
    Ok(Some(readable.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_48_no_path_leads_out_of_the_calls() {
        for path in [
            "/v1/",
            "/v1//health",
            "/v1/../admin",
            "/v1/.",
            "/v1/%2e%2e/admin",
            "/v1/a%2f..%2f..%2fadmin",
            "/v1/..%5cadmin",
            "/v1/a\\b",
            "/v1/%252e%252e/x",
            "/v1/a%00b",
            "/v1/a%0d%0ahost:x",
            "/v1/%",
            "/v1/%+1",
            "/v1/%e2%80%ae",
            "/v1/1/2/3/4/5/6/7/8/9",
            "/V1/health",
            "/v2/health",
            "/",
        ] {
            assert!(segments(path).is_err(), "{path}");
        }
        assert!(segments(&format!("/v1/{}", "a".repeat(129))).is_err());
        assert_eq!(segments("/v1/approvers/a_-~1/inbox").unwrap(), ["approvers", "a_-~1", "inbox"]);
        assert_eq!(segments("/v1/pairing/resolve/7K3M%2DQ9TD").unwrap()[2], "7K3M-Q9TD");
    }
}
