//! Notes of how far the others are, which a gateway loses, swaps and makes up. The most that it
//! causes is a number that is missing or late.

use crate::common::{Process, World};
use crate::hostile::{PRIZE, between};
use countersign_core::keys::{Domain, PublicKeys, SecretKeys};
use countersign_core::sealing::Shown;
use countersign_testkit::{Call, Honest, HostileGateway, Kind, Reply, forge};
use serde_json::{Value, json};

/// Two of ann and bob, through a gateway that is honest so far.
fn staged() -> (World, HostileGateway) {
    let (world, gateway) = between();
    world.pair("enforcer", "approver", "ann", "device");
    let (mut pairing, link) = world.invite("enforcer", "bob", "device");
    world.json("bob", &["join", &link]);
    world.answer("approve");
    assert!(pairing.wait().success());
    (world, gateway)
}

/// The prize behind the gate, with ann's yes; and bob's request.
fn half(world: &World, gateway: &HostileGateway) -> (Process, String) {
    let run = world.gate(&["--quorum", "2"], &PRIZE);
    let id = world.waiting("bob");
    world.answer("approve");
    gateway.wait_for("a note", |seen| {
        (seen.call.kind == Kind::Note && seen.reply.is_some()).then_some(())
    });
    (run, id)
}

fn so_far(world: &World, id: &str) -> Value {
    world.json("bob", &["show", id])["soFar"].clone()
}

/// What bob's yes comes to: the action ran, once.
fn ends(world: &World, mut run: Process, id: &str) {
    world.json("bob", &["approve", id]);
    assert!(run.wait().success());
    assert_eq!(std::fs::read_to_string(world.work().join("ran")).unwrap(), "ran\n");
}

/// From now on what an inbox lists of requests has been through `change`.
fn listing(gateway: &HostileGateway, change: impl Fn(&mut Value) + Send + Sync + 'static) {
    let change = std::sync::Arc::new(change);
    gateway.script(move |call: Call, honest: Honest| {
        let change = std::sync::Arc::clone(&change);
        async move {
            let inbox = call.kind == Kind::Inbox;
            let reply = honest.answer(call).await;
            if !inbox {
                return reply;
            }
            let mut page = reply.value();
            page["body"]["items"].as_array_mut().unwrap().iter_mut().for_each(|item| change(item));
            Reply::json(200, &page)
        }
    });
}

#[test]
fn attack_20_a_gateway_that_takes_no_notes_stops_nothing() {
    let (world, gateway) = staged();
    gateway.script(|call: Call, honest: Honest| async move {
        if call.kind == Kind::Note {
            Reply::refusal(404, "not_found", "-")
        } else {
            honest.answer(call).await
        }
    });
    let (run, id) = half(&world, &gateway);
    assert_eq!(so_far(&world, &id), Value::Null);
    ends(&world, run, &id);
}

#[test]
fn attack_21_what_a_gateway_did_not_take_is_told_by_whoever_looks_next() {
    let (world, gateway) = staged();
    gateway.script(|call: Call, honest: Honest| async move {
        if call.kind == Kind::Note { Reply::lost() } else { honest.answer(call).await }
    });
    let (mut run, id) = half(&world, &gateway);
    run.kill();
    gateway.be_honest();
    let again = world.gate(&["--quorum", "2"], &PRIZE);
    gateway.wait_for("a note that is taken", |seen| {
        let taken = seen.reply.as_ref().is_some_and(|reply| reply.status == Some(200));
        (seen.call.kind == Kind::Note && taken).then_some(())
    });
    assert_eq!(so_far(&world, &id)["allowed"], json!(["ann"]));
    ends(&world, again, &id);
}

#[test]
fn attack_23_a_note_that_is_lost_later_is_remembered_and_a_forged_one_is_as_none() {
    let (world, gateway) = staged();
    let (run, id) = half(&world, &gateway);
    let first = so_far(&world, &id);
    assert_eq!(first["allowed"], json!(["ann"]));
    listing(&gateway, |item| item["trace"] = json!({}));
    assert_eq!(so_far(&world, &id), first, "it was told once");
    listing(&gateway, |item| {
        item["trace"]["org.countersign.note"] = json!({"allowed": ["ann", "bob"], "needed": 2});
    });
    assert_eq!(so_far(&world, &id), first);
    ends(&world, run, &id);
}

#[test]
fn attack_36_a_gateway_makes_no_note_of_its_own() {
    let (world, gateway) = staged();
    let (run, id) = half(&world, &gateway);
    // Sealed to bob's device as well as an outsider can, whose keys the gateway knows.
    let device = bobs_keys(&gateway);
    let stranger = SecretKeys::from_bytes(&[66; 64]).unwrap();
    let forged = move |item: &mut Value| {
        let about = Shown {
            request_id: item["requestId"].as_str().unwrap().to_owned(),
            artifact_type: "countersign.progress/v1".to_owned(),
            artifact_hash: item["body"]["artifactHash"].as_str().unwrap().to_owned(),
            expires_at: item["expiresAt"].as_str().unwrap().to_owned(),
        };
        let note = json!({"type": "countersign.progress/v1", "requestId": item["requestId"],
            "artifactHash": item["body"]["artifactHash"], "answers": 9, "allowed": ["ann"],
            "needed": 2, "toldAt": item["createdAt"]});
        let signature = stranger.sign(Domain::Progress, &note).unwrap();
        let text = json!({"note": note, "signature": signature}).to_string();
        let sealed = forge::sealed(text.as_bytes(), &about, &device);
        item["trace"] = json!({"org.countersign.note": sealed});
    };
    listing(&gateway, forged);
    assert_eq!(so_far(&world, &id), Value::Null);
    ends(&world, run, &id);
}

/// The keys with which bob's device joined.
fn bobs_keys(gateway: &HostileGateway) -> PublicKeys {
    let joined = gateway.calls(Kind::Complete).pop().unwrap().json();
    serde_json::from_value(joined["keys"].clone()).unwrap()
}

#[test]
fn attack_24_a_gateway_reads_nothing_of_a_note() {
    let (world, gateway) = staged();
    let (run, id) = half(&world, &gateway);
    assert_eq!(so_far(&world, &id)["allowed"], json!(["ann"]));
    let note = gateway.calls(Kind::Note).pop().unwrap();
    let members: Vec<String> = note.json()["body"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["ciphertext"]);
    let text = String::from_utf8(note.body).unwrap();
    for word in ["\"ann\"", "allowed", "needed", "countersign-progress"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    ends(&world, run, &id);
}
