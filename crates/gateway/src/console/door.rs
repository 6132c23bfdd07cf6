//! Who comes in: this machine's browser at this very address, with the page from here.
//!
//! Any site can have a browser send calls to loopback, under its own name or, by pointing a name
//! of its own at 127.0.0.1, under ours. A browser says by itself which name it used (`Host`), for
//! whom (`Origin`) and what for (`Sec-Fetch-*`); no page can say it otherwise.

use crate::reply::ApiError;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{HOST, HeaderName, ORIGIN};
use countersign_wire::ErrorCode;
use std::net::SocketAddr;

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The one name under which a console is reached. Under another one, also under `localhost`, a
/// browser would keep other keys.
pub(super) struct Door {
    host: String,
    origin: String,
}

impl Door {
    pub(super) fn at(address: SocketAddr) -> Self {
        let host = match address.port() {
            80 => address.ip().to_string(),
            _ => address.to_string(),
        };
        Self { origin: format!("http://{host}"), host }
    }

    /// Refuses what a page from elsewhere, or a name from elsewhere, has a browser ask.
    pub(super) fn check(&self, request: &Request) -> Result<(), ApiError> {
        let headers = request.headers();
        let elsewhere = request.uri().authority().is_some();
        if elsewhere || !is_only(headers, &HOST, &self.host) {
            return Err(refused(&format!("this is `{}`, and nothing else", self.origin)));
        }
        if headers.contains_key(ORIGIN) && !is_only(headers, &ORIGIN, &self.origin) {
            return Err(refused("a page from elsewhere has nothing to ask here"));
        }
        match request.uri().path() {
            // No rule of a browser's keeps a page from elsewhere from opening a channel here, but that
            // it always says whose page it is.
            "/v1/ws" if is_only(headers, &ORIGIN, &self.origin) => {
                of_the_page(headers, "websocket")
            }
            "/v1/ws" => Err(refused("a channel is opened by the console's page")),
            path if path.starts_with("/v1/") => of_the_page(headers, "empty"),
            _ => Ok(()),
        }
    }
}

/// A call is made by the page's script, and is never gone to. Browsers call a channel's destination
/// one or the other.
fn of_the_page(headers: &HeaderMap, dest: &str) -> Result<(), ApiError> {
    let may_be =
        |name: &HeaderName, value| !headers.contains_key(name) || is_only(headers, name, value);
    let navigates = headers.get(MODE).is_some_and(|mode| mode == "navigate");
    let dest = may_be(&DEST, "empty") || may_be(&DEST, dest);
    if may_be(&SITE, "same-origin") && dest && !navigates {
        return Ok(());
    }
    Err(refused("this is a call of the console's page, and no page"))
}

fn is_only(headers: &HeaderMap, name: &HeaderName, value: &str) -> bool {
    let mut found = headers.get_all(name).iter();
    found.next().is_some_and(|one| one == value) && found.next().is_none()
}

fn refused(why: &str) -> ApiError {
    ApiError::of(ErrorCode::Forbidden, why)
}
