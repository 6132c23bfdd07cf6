//! The console's page: the files that were built into this binary, each under its own name and no
//! other. Nothing is read from a disk, so that no path leads anywhere else.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ETAG, IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::routing::any;

/// What the page may do: run its own script, and talk to where it came from.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
    form-action 'none'; frame-ancestors 'none'; base-uri 'none'; \
    require-trusted-types-for 'script'";

const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What is served at `/` and at `/pair`.
const INDEX: &str = "index.html";

/// The folder whose files carry a hash of their content in their name.
const HASHED: &str = "assets/";

/// One file of the page.
struct File {
    name: &'static str,
    /// Names its content.
    tag: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
}

/// What was built in; nothing where the page was not built.
const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Whether the page was built into this binary.
#[must_use]
pub fn has_page() -> bool {
    FILES.iter().any(|file| file.name == INDEX)
}

/// Where the page asks who serves it. The file says nothing; a console on its approver's own machine
/// answers in its place.
pub(crate) const HERE: &str = "here.json";

/// A route for each file. Every other path is a call, or nothing.
pub(crate) fn page_routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    routes_of(FILES.iter())
}

/// The same without what a console answers itself.
pub(crate) fn page_routes_but_here<S: Clone + Send + Sync + 'static>() -> Router<S> {
    routes_of(FILES.iter().filter(|file| file.name != HERE))
}

fn routes_of<S: Clone + Send + Sync + 'static>(
    files: impl Iterator<Item = &'static File> + Clone,
) -> Router<S> {
    let index = files.clone().find(|file| file.name == INDEX);
    let mut router = Router::new();
    for path in ["/", "/pair"] {
        router = router.route(path, any(async move |request: Request| answer(index, &request)));
    }
    for file in files.filter(|file| file.name != INDEX) {
        let served = any(async move |request: Request| answer(Some(file), &request));
        router = router.route(&format!("/{}", file.name), served);
    }
    router
}

fn answer(file: Option<&File>, request: &Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return refused();
    }
    match file {
        None => not_built(),
        Some(file) if is_known(file, request.headers()) => unchanged(file),
        Some(file) => whole(file, request.headers()),
    }
}

fn whole(file: &File, asked: &HeaderMap) -> Response {
    let packed = file.gzip.filter(|_| takes_gzip(asked));
    let mut response = page(StatusCode::OK, Body::from(packed.unwrap_or(file.plain)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(file.name)));
    if packed.is_some() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    keep(file, headers);
    response
}

fn unchanged(file: &File) -> Response {
    let mut response = page(StatusCode::NOT_MODIFIED, Body::empty());
    keep(file, response.headers_mut());
    response
}

/// How long a browser may keep it, and how it asks again.
fn keep(file: &File, headers: &mut HeaderMap) {
    let hashed = file.name.starts_with(HASHED);
    let kept = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    // Weak: packed and plain are one page and not the same bytes.
    if let Ok(tag) = HeaderValue::try_from(format!("W/\"{}\"", file.tag)) {
        headers.insert(ETAG, tag);
    }
}

fn not_built() -> Response {
    let text = "This gateway was built without the console: run `cargo xtask console`, then \
        build it again. Approvers can join with `countersign join`.\n";
    plain(StatusCode::NOT_FOUND, text)
}

fn refused() -> Response {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "This is a page: it is read.\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = page(status, Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An answer that no browser shows or runs as a page of ours, whatever is in it.
pub(crate) fn as_data(mut response: Response) -> Response {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (RESOURCE, "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Every answer of the page, whatever it is, is made here.
fn page(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (OPENER, "same-origin"),
        (RESOURCE, "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        // With `nosniff`: nothing that runs.
        _ => "application/octet-stream",
    }
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let codings = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    codings.flat_map(|text| text.split(',')).any(|coding| {
        let (name, rest) = coding.split_once(';').unwrap_or((coding, ""));
        let never = rest.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case("gzip") && !never
    })
}

fn is_known(file: &File, asked: &HeaderMap) -> bool {
    let tags = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|text| text.split(',')).any(|tag| {
        let tag = tag.trim();
        tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"') == file.tag
    })
}

#[cfg(test)]
mod tests;
