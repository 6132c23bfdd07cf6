//! What is left of a request serves what it is left for, and nothing else.

use super::*;
use serde_json::json;

/// A request that waits, one that was allowed, and a batch of which two items are left.
fn left() -> Usable {
    let requests = json!({"waits": "answer", "allowed": "whole", "batch": {"items": [0, 2]}});
    serde_json::from_value(json!({"requests": requests, "grants": {}})).unwrap()
}

#[test]
fn attack_18_what_is_left_serves_no_other_use() {
    let (one, more) = (Use::Items(&[0]), Use::Items(&[0, 1]));
    let (asked_for, beside) = (Use::Gives(Given::AskedFor), Use::Gives(Given::BesideAYes));
    let uses = [Use::Answer, Use::Whole, one, more, asked_for, beside];
    for (request, serves) in [
        ("waits", [true, false, false, false, false, false]),
        ("allowed", [false, true, false, false, true, true]),
        ("batch", [false, true, true, false, true, true]),
        ("gone", [false, false, false, false, false, true]),
    ] {
        let refused = uses.map(|usage| left().refuses(request, usage));
        assert_eq!(refused.each_ref().map(Option::is_none), serves, "{request}: {refused:?}");
        assert!(refused.iter().flatten().all(|why| why.contains(request)), "{refused:?}");
    }
}
