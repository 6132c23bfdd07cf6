//! Several actions asked about at once, and what was answered to each.

use crate::common::World;
use crate::ledger::events;
use crate::{ask, said, verdict, wait};
use serde_json::{Value, json};

/// The batch of the patterns document.
const NIGHTLY: &str = r#"{"action":"file_delete","path":"/tmp/old-logs","size":"2.3GB"}
{"action":"db_migrate","schema":"users_v3","rows_affected":15000}

{"action":"deploy","service":"api","version":"2.1.0"}
"#;

fn file(world: &World, text: &str) -> String {
    let path = world.path("batch.jsonl");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn items(document: &Value) -> Vec<(Value, Value, Value)> {
    let item =
        |item: &Value| (item["index"].clone(), item["given"].clone(), item["decision"].clone());
    document["items"].as_array().unwrap().iter().map(item).collect()
}

#[test]
fn a_batch_is_one_question_with_all_its_items() {
    let world = World::paired();
    let asking = ask(&world, &["--batch", &file(&world, NIGHTLY)]);
    let id = world.waiting("approver");
    let shown = world.json("approver", &["show", &id]);
    for part in ["/tmp/old-logs", "users_v3", "2.1.0"] {
        assert!(shown["action"].to_string().contains(part), "{part}: {shown}");
    }
    world.json("approver", &["approve", &id]);
    let output = asking.output();
    assert_eq!(verdict(&output), (0, "approved".into()));
    let all = [0, 1, 2].map(|at| (json!(at), json!(at + 1), json!("allowed")));
    assert_eq!(items(&said(&output)), all);
}

#[test]
fn a_denied_batch_is_ten_and_denies_every_item() {
    let world = World::paired();
    let asking = ask(&world, &["--batch", &file(&world, NIGHTLY)]);
    world.answer("deny");
    let output = asking.output();
    assert_eq!(verdict(&output), (10, "denied".into()));
    assert!(items(&said(&output)).iter().all(|(.., decision)| decision == "denied"));
}

#[test]
fn an_item_that_the_policy_blocks_is_refused_before_the_others_are_asked() {
    let world = World::paired();
    let rule = "version = 1\n[[rule]]\nid = \"no-migrations\"\ntools = [\"db_migrate\"]\ndecision = \"block\"\n";
    std::fs::write(world.path("enforcer").join("policy.toml"), rule).unwrap();
    let asking = ask(&world, &["--batch", &file(&world, NIGHTLY)]);
    let id = world.waiting("approver");
    let shown = world.json("approver", &["show", &id]);
    assert!(!shown.to_string().contains("users_v3"), "{shown}");
    world.json("approver", &["approve", &id]);
    let output = asking.output();
    assert_eq!(verdict(&output), (12, "approved".into()));
    let (allowed, blocked) = (json!("allowed"), json!("blocked"));
    let expected = [
        (json!(0), json!(1), allowed.clone()),
        (Value::Null, json!(2), blocked.clone()),
        (json!(1), json!(3), allowed),
    ];
    assert_eq!(items(&said(&output)), expected);
    assert_eq!(events(&world)[1..3], ["blocked", "suspended"]);
    // Where nothing is left, nobody is asked.
    let output = ask(&world, &["--batch", &file(&world, "{\"action\":\"db_migrate\"}\n")]).output();
    assert_eq!(verdict(&output), (12, "blocked".into()));
    assert_eq!(items(&said(&output)), [(Value::Null, json!(1), blocked)]);
}

#[test]
fn a_detached_batch_is_followed_like_any_other() {
    let world = World::paired();
    let output = ask(&world, &["--detach", "--batch", &file(&world, NIGHTLY)]).output();
    assert_eq!(verdict(&output), (15, "pending".into()));
    let id = said(&output)["requestId"].as_str().unwrap().to_owned();
    world.json("approver", &["approve", &id]);
    let output = wait(&world, &id, &[]).output();
    assert_eq!(verdict(&output), (0, "approved".into()));
    let all = [0, 1, 2].map(|at| (json!(at), Value::Null, json!("allowed")));
    assert_eq!(items(&said(&output)), all);
}

#[test]
fn a_line_that_is_no_action_is_named_and_nobody_is_asked() {
    let world = World::paired();
    let text = format!("{NIGHTLY}{{\"path\":\"/\"}}\n");
    let output = ask(&world, &["--batch", &file(&world, &text)]).output();
    assert_eq!(verdict(&output), (2, "error".into()));
    assert!(said(&output)["error"]["message"].as_str().unwrap().starts_with("line 5"));
    assert_eq!(ask(&world, &["--batch", &file(&world, "\n")]).output().status.code(), Some(2));
    assert_eq!(events(&world), ["key"]);
}

/// The decisions of all items.
fn decisions(document: &Value) -> Vec<Value> {
    items(document).into_iter().map(|(.., decision)| decision).collect()
}

#[test]
fn a_person_allows_some_items_and_only_those_are_released_each_with_a_receipt() {
    let world = World::paired();
    let asking = ask(&world, &["--batch", &file(&world, NIGHTLY)]);
    let id = world.waiting("approver");
    let shown = world.json("approver", &["show", &id]);
    for part in ["item 1", "item 3/parameters/version"] {
        assert!(shown["action"].to_string().contains(part), "{part}: {shown}");
    }
    assert!(shown["warnings"].to_string().contains("item 2: high risk, by `risk.high`"), "{shown}");
    let said_by_approver =
        world.json("approver", &["approve", &id, "--items", "3,1", "-m", "not the schema"]);
    assert_eq!(said_by_approver["decision"], "partly allowed");
    let output = asking.output();
    assert_eq!(verdict(&output), (10, "partial".into()));
    let document = said(&output);
    assert_eq!(decisions(&document), ["allowed", "denied", "allowed"]);
    assert_eq!(
        (&document["reason"], &document["approvedBy"][0]),
        (&"not the schema".into(), &"ann".into())
    );
    assert_eq!(events(&world), ["key", "suspended", "approved", "released", "released"]);
    for (seq, about) in [("3", json!([0, 2])), ("4", json!([0])), ("5", json!([2]))] {
        let receipt = world.json("enforcer", &["receipt", "show", seq]);
        assert_eq!(receipt["content"]["items"], about, "{receipt}");
        assert_eq!(
            receipt["content"]["approver_decision"].get("verdict").unwrap_or(&json!("partial")),
            "partial"
        );
        let (judged, code) = world.verify(seq, &["--require", "L1"]);
        assert_eq!((&judged["level"], code), (&"L1".into(), 0), "{judged}");
    }
}

#[test]
fn attack_18_of_two_that_wait_for_a_batch_one_gets_all_that_was_allowed() {
    let world = World::paired();
    let output = ask(&world, &["--detach", "--batch", &file(&world, NIGHTLY)]).output();
    let id = said(&output)["requestId"].as_str().unwrap().to_owned();
    let waiting: Vec<_> = (0..2).map(|_| wait(&world, &id, &[])).collect();
    world.json("approver", &["approve", &id, "--items", "2"]);
    let mut said: Vec<_> = waiting.into_iter().map(|w| verdict(&w.output())).collect();
    said.sort();
    assert_eq!(said, [(10, "partial".into()), (13, "used".into())]);
    assert_eq!(events(&world).iter().filter(|event| *event == "released").count(), 1);
}

#[test]
fn attack_02_items_that_are_not_there_are_not_signed() {
    let world = World::paired();
    let asking = ask(&world, &["--batch", &file(&world, NIGHTLY)]);
    let id = world.waiting("approver");
    for bad in ["4", "0", "x", ""] {
        let output = world.run("approver", &["approve", &id, "--items", bad]);
        assert_eq!(output.status.code(), Some(2), "{bad}: {output:?}");
    }
    world.json("approver", &["approve", &id, "--items", "1,2,3"]);
    assert_eq!(verdict(&asking.output()), (0, "approved".into()));
    // Of what is no batch there are no items.
    let asking = ask(&world, &["--action", "x"]);
    let id = world.waiting("approver");
    let output = world.run("approver", &["approve", &id, "--items", "1"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    drop(asking);
}

#[test]
fn a_batch_in_words_numbers_its_items() {
    let world = World::paired();
    let asking = world.spawn("enforcer", &["request", "--batch", &file(&world, NIGHTLY)]);
    let id = world.waiting("approver");
    world.json("approver", &["approve", &id, "--items", "1"]);
    let output = asking.output();
    assert_eq!(output.status.code(), Some(10));
    let text = String::from_utf8(output.stdout).unwrap();
    let expected =
        format!("partial {id} by ann\nitem 1: allowed\nitem 2: denied\nitem 3: denied\n");
    assert_eq!(text, expected);
}
