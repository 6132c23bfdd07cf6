//! Standing permissions that are taken beside a yes.

use countersign_core::artifact::{GrantOffer, Risk, Route};
use countersign_core::decision::Word;
use serde_json::{Value, json};

use super::super::object::{self, NOW};
use super::{Case, Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let session = || json!({"expiresAt": end(3_600), "session": "session-1"});
    let wide = |name, taken: Value| taking(Word::Allow, &taken, |_| ())?.refused(name, "Unclear");
    let other = |name, route: fn(&mut Route)| {
        taking(Word::Allow, &session(), route)?.refused(name, "Unclear")
    };
    let everywhere: fn(&mut Route) = |route| route.grant = offer(3_600, false);
    let anywhere = json!({"expiresAt": end(60)});
    let counted = json!({"expiresAt": end(3_600), "session": "session-1", "count": 20});
    let mut nowhere = Case::routed(|route| route.grant = offer(3_600, true))?;
    nowhere.choice.hints = Some(object::object(json!({"grant": session()})));
    Ok(vec![
        taking(Word::Allow, &session(), |_| ())?.accepted("allow-always")?,
        taking(Word::Approve, &session(), |_| ())?.accepted("approve-always")?,
        taking(Word::Allow, &counted, |_| ())?.accepted("allow-twenty-times")?,
        taking(Word::Allow, &anywhere, everywhere)?.accepted("allow-always-in-every-session")?,
        wide(
            "attack-45-always-longer-than-offered",
            json!({"expiresAt": end(3_601), "session": "session-1"}),
        )?,
        wide("attack-45-always-in-every-session", anywhere)?,
        wide(
            "attack-45-always-in-another-session",
            json!({"expiresAt": end(60), "session": "session-2"}),
        )?,
        wide("always-that-is-over-already", json!({"expiresAt": end(0), "session": "session-1"}))?,
        wide(
            "always-for-no-use",
            json!({"expiresAt": end(60), "session": "session-1", "count": 0}),
        )?,
        wide(
            "always-with-more",
            json!({"expiresAt": end(60), "session": "session-1", "action": {}}),
        )?,
        wide(
            "always-with-a-count-of-null",
            json!({"expiresAt": end(60), "session": "session-1", "count": null}),
        )?,
        wide("always-that-is-no-object", json!(true))?,
        taking(Word::Deny, &session(), |_| ())?.refused("denial-that-grants", "Unclear")?,
        nowhere.refused("always-of-nobodys-call", "Unclear")?,
        other("always-that-is-not-offered", |route| route.grant = None)?,
        other("attack-12-always-of-what-is-critical", |route| route.risk = Risk::Critical)?,
        other("always-by-one-of-two", |route| route.threshold = 2)?,
    ])
}

fn offer(max_seconds: u32, session: bool) -> Option<GrantOffer> {
    Some(GrantOffer { max_seconds, session })
}

fn end(seconds: i64) -> String {
    NOW.plus_millis(seconds * 1_000).timestamp().to_string()
}

/// An answer that takes something, where an hour in the one session is on offer.
fn taking(word: Word, taken: &Value, route: impl FnOnce(&mut Route)) -> Made<Case> {
    let mut stated = object::route()?;
    stated.grant = offer(3_600, true);
    route(&mut stated);
    let mut case = Case::new()?;
    case.artifact = object::placed(&stated)?;
    (case.choice.word, case.choice.hints) = (word, Some(object::object(json!({"grant": taken}))));
    Ok(case)
}
