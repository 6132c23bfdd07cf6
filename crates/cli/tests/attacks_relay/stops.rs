//! Stops that a gateway makes up, keeps back or shows again.

use crate::common::{World, error_code};
use crate::hostile::{between, shared};
use countersign_testkit::{Call, Honest, HostileGateway, Reply};
use serde_json::{Value, json};

fn staged() -> (World, HostileGateway) {
    let (world, gateway) = between();
    world.pair("enforcer", "approver", "work", "device");
    (world, gateway)
}

fn is_page(call: &Call) -> bool {
    call.path().starts_with("/v1/enforcers/") && call.path().ends_with("/stops")
}

/// Runs something that the policy asks about, with an answer.
fn runs(world: &World) -> bool {
    let run = world.gate(&["--json"], &["touch", "ran"]);
    world.answer("approve");
    run.output().status.success()
}

fn frozen(world: &World) -> bool {
    !world.json("enforcer", &["status"])["frozen"].is_null()
}

#[test]
fn attack_18_a_stop_that_is_shown_again_stops_nothing() {
    let (world, gateway) = staged();
    let (kept, first) = shared(Value::Null);
    gateway.script(move |call: Call, honest: Honest| {
        let first = std::sync::Arc::clone(&first);
        async move {
            if !is_page(&call) {
                return honest.answer(call).await;
            }
            let reply = honest.answer(call).await;
            let mut first = first.lock().unwrap();
            let some = |page: &Value| page["body"]["stops"][0].is_object();
            if first.is_null() && some(&reply.value()) {
                *first = reply.value();
            }
            if first.is_null() { reply } else { Reply::json(200, &first) }
        }
    });
    world.json("approver", &["freeze"]);
    let stopped = world.gate(&["--json"], &["ls"]).output();
    assert_eq!(error_code(&stopped), "frozen");
    assert!(kept.lock().unwrap().is_object());
    let thawing = world.spawn("enforcer", &["thaw", "--json"]);
    world.answer("approve");
    assert!(thawing.output().status.success());
    assert!(runs(&world), "the gateway shows the old stop again");
    assert!(!frozen(&world));
}

#[test]
fn attack_36_a_gateway_makes_no_stop_of_its_own() {
    let (world, gateway) = staged();
    world.json("approver", &["freeze"]);
    // Another name, another text, nonsense.
    gateway.script(|call: Call, honest: Honest| async move {
        if !is_page(&call) {
            return honest.answer(call).await;
        }
        let mut page = honest.answer(call).await.value();
        if page["body"]["stops"][0].is_object() {
            let good = page["body"]["stops"][0].clone();
            let (mut renamed, mut changed) = (good.clone(), good);
            renamed["stopId"] = json!("another");
            changed["ciphertext"]["tag"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
            page["body"]["stops"] = json!([renamed, changed]);
        }
        Reply::json(200, &page)
    });
    assert!(runs(&world));
    assert!(!frozen(&world));
}

#[test]
fn attack_19_an_approval_is_not_used_while_no_gateway_says_that_nobody_stopped() {
    let (world, gateway) = staged();
    gateway.script(|call: Call, honest: Honest| async move {
        if is_page(&call) {
            Reply::refusal(500, "internal", "-")
        } else {
            honest.answer(call).await
        }
    });
    let run = world.gate(&["--ttl", "12s", "--json"], &["touch", "ran"]);
    world.answer("approve");
    let output = run.output();
    assert_eq!(error_code(&output), "HARP_ERR_TRANSPORT", "{output:?}");
    assert!(!world.work().join("ran").exists());
}

/// One bound for all of them: one head is handed in, whatever is listed, and a gateway that does not
/// answer to a removal is not waited for once more for each. The real one among them is heeded.
#[test]
fn attack_26_a_gateway_that_lists_many_stops_holds_nothing_up() {
    let (world, gateway) = staged();
    world.json("approver", &["freeze"]);
    let (calls, count) = shared(json!({"heads": 0, "removals": 0}));
    gateway.script(move |call: Call, honest: Honest| {
        let count = std::sync::Arc::clone(&count);
        async move {
            let is_removal = call.path().contains("/stops/");
            let counted = [(call.path() == "/v1/heads", "heads"), (is_removal, "removals")];
            for (_, name) in counted.iter().filter(|(is, _)| *is) {
                let mut count = count.lock().unwrap();
                count[*name] = json!(count[*name].as_u64().unwrap() + 1);
            }
            if is_removal {
                std::future::pending::<()>().await;
            }
            if !is_page(&call) {
                return honest.answer(call).await;
            }
            let mut page = honest.answer(call).await.value();
            let real = page["body"]["stops"][0].clone();
            if real.is_object() {
                let mut bogus = real.clone();
                bogus["ciphertext"]["tag"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
                let mut stops = vec![bogus; 20];
                stops.push(real);
                page["body"]["stops"] = json!(stops);
            }
            Reply::json(200, &page)
        }
    });
    let stopped = world.gate(&["--json"], &["ls"]).output();
    assert_eq!(error_code(&stopped), "frozen");
    let calls = calls.lock().unwrap();
    let (heads, removals) = (calls["heads"].as_u64().unwrap(), calls["removals"].as_u64().unwrap());
    assert!(heads <= 8 && removals <= 2, "{heads} heads and {removals} removals were sent");
}
