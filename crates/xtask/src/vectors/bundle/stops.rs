//! A stop of everything, its end, and holds on parts of the ledger.

use countersign_core::receipt::{Entry, Event};
use serde_json::json;

use super::super::object;
use super::course::{can, told};
use super::story::{Question, allowed, change};
use super::{Made, Vector};

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let mut all = stops()?;
    all.extend(holds()?);
    Ok(all)
}

fn stops() -> Made<Vec<Vector>> {
    use Event::{Approved, Released, Suspended};
    let frozen =
        || change(Event::Frozen, json!({"kind": "freeze", "change": "frozen", "by": "ann"}));
    let thawed = |request: &str| {
        change(Event::Frozen, json!({"kind": "freeze", "change": "thawed", "request": request}))
    };
    // The stop is the first receipt.
    let end = |request: &str, stop: u64| {
        let call = json!({"kind": "request", "action": "countersign.thaw", "parameters": {"receipt": stop}});
        Question::about(request, object::object(call))
    };
    let a = Question::new("a")?;
    let ended = |stop, then: Vec<Entry>| -> Made<Vec<Entry>> {
        let end = end("t", stop)?;
        let before =
            [frozen()?, end.waits(Suspended)?, end.allowed(Approved)?, end.allowed(Released)?];
        Ok(before.into_iter().chain(then).collect())
    };
    let asked = [a.waits(Suspended)?, a.allowed(Approved)?, frozen()?, a.allowed(Released)?];
    Ok(vec![
        can("stopped-and-let-go-again", ended(1, vec![thawed("t")?, allowed("a")?])?)?,
        told("attack-16-allowed-while-stopped", vec![frozen()?, allowed("a")?])?,
        told("attack-16-used-while-stopped", asked.to_vec())?,
        told("attack-16-let-go-by-the-end-of-another-stop", ended(2, vec![thawed("t")?])?)?,
        told("attack-16-let-go-by-another-request", ended(1, vec![thawed("u")?])?)?,
        told("attack-16-allowed-before-the-stop-ended", ended(1, vec![allowed("a")?])?)?,
        told("attack-16-let-go-without-an-approval", vec![frozen()?, thawed("t")?])?,
        told("let-go-what-was-not-stopped", vec![allowed("a")?, thawed("t")?])?,
    ])
}

fn holds() -> Made<Vec<Vector>> {
    let ledger = |name: &str, hold: Option<&str>| {
        let mut action = object::object(json!({"kind": "ledger", "change": name}));
        if let Some(hold) = hold {
            action.insert("hold".into(), hold.into());
        }
        change(Event::Observed, serde_json::Value::Object(action))
    };
    let (held, dropped) = (ledger("held", Some("audit"))?, ledger("dropped", None)?);
    Ok(vec![
        can(
            "dropped-after-a-hold",
            vec![held.clone(), ledger("released", Some("audit"))?, dropped.clone()],
        )?,
        told("dropped-under-a-hold", vec![held, dropped])?,
    ])
}
