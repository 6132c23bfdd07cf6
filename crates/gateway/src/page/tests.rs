use super::*;
use crate::config::Config;
use crate::gateway::Gateway;
use axum::body::to_bytes;
use countersign_core::time::Instant;
use countersign_store::relay::memory::MemoryRelay;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;

static BUILT: [File; 3] = [
    File { name: INDEX, tag: "aa", plain: b"<!doctype html>", gzip: Some(b"packed") },
    File { name: "assets/app-1a2b.js", tag: "bb", plain: b"run()", gzip: None },
    File { name: "icon.svg", tag: "cc", plain: b"<svg/>", gzip: None },
];

/// What a gateway with these files answers.
async fn asked(method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    asked_of(&BUILT, method, path, headers).await
}

async fn asked_of(
    files: &'static [File],
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Response {
    let store = Arc::new(MemoryRelay::new());
    let clock = Arc::new(|| Instant(0));
    let gateway = Gateway::new(store, Config::default(), clock, Arc::new(|_: &mut [u8]| {}));
    let gateway = Arc::new(gateway);
    let router: Router =
        crate::routes::calls(Arc::clone(&gateway), routes_of(files.iter())).with_state(gateway);
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let router = TowerToHyperService::new(router);
    router.call(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 9_999).await.unwrap().to_vec()).unwrap()
}

fn header(response: &Response, name: impl axum::http::header::AsHeaderName) -> &str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_page_is_at_its_two_places_and_its_files_at_theirs() {
    for path in ["/", "/pair", "/?x=1"] {
        let found = asked("GET", path, &[]).await;
        assert_eq!(found.status(), 200, "{path}");
        assert_eq!(header(&found, CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(header(&found, CACHE_CONTROL), "no-cache");
        assert_eq!(text(found).await, "<!doctype html>");
    }
    let script = asked("GET", "/assets/app-1a2b.js", &[]).await;
    assert_eq!(header(&script, CACHE_CONTROL), "public, max-age=31536000, immutable");
    assert_eq!(header(&script, CONTENT_TYPE), "text/javascript; charset=utf-8");
    assert_eq!(text(script).await, "run()");
}

#[tokio::test]
async fn attack_06_every_answer_of_the_page_carries_its_policy() {
    let answers = [
        asked("GET", "/", &[]).await,
        asked("HEAD", "/pair", &[]).await,
        asked("POST", "/", &[]).await,
        asked("GET", "/assets/app-1a2b.js", &[]).await,
        asked("GET", "/icon.svg", &[("if-none-match", "W/\"cc\"")]).await,
        asked_of(&[], "GET", "/", &[]).await,
        asked_of(&[], "PUT", "/pair", &[]).await,
    ];
    for answer in answers {
        let policy = header(&answer, CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(header(&answer, X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(header(&answer, REFERRER_POLICY), "no-referrer");
        assert_eq!(header(&answer, OPENER), "same-origin");
    }
}

#[tokio::test]
async fn attack_31_no_other_path_serves_a_file() {
    for path in [
        "/index.html",
        "/assets",
        "/assets/",
        "/assets/../index.html",
        "/assets/%2e%2e/icon.svg",
        "/..%2ficon.svg",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//icon.svg",
        "/icon.svg/",
        "/icon.svg%00",
        "/ICON.svg",
        "/assets%2fapp-1a2b.js",
        "/pair/",
        "/v1/",
    ] {
        let found = asked("GET", path, &[]).await;
        assert_eq!(found.status(), 404, "{path}");
        assert!(text(found).await.contains("not_found"), "{path}");
    }
}

#[tokio::test]
async fn what_is_known_is_not_sent_again_and_what_may_be_is_packed() {
    let found = asked("GET", "/", &[("if-none-match", "\"zz\", W/\"aa\"")]).await;
    assert_eq!((found.status().as_u16(), header(&found, ETAG)), (304, "W/\"aa\""));
    for (takes, packed) in
        [("gzip", true), ("br, GZIP;q=0.5", true), ("br", false), ("gzip;q=0", false)]
    {
        let found = asked("GET", "/", &[("accept-encoding", takes)]).await;
        assert_eq!(header(&found, CONTENT_ENCODING) == "gzip", packed, "{takes}");
        assert_eq!(header(&found, VARY), "accept-encoding");
        assert_eq!(text(found).await == "packed", packed, "{takes}");
    }
}

#[tokio::test]
async fn a_page_that_was_not_built_says_so() {
    let found = asked_of(&[], "GET", "/pair", &[]).await;
    assert_eq!(found.status(), 404);
    assert!(text(found).await.starts_with("This gateway was built without the console"));
}
