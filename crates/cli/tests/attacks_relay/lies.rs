//! A gateway that loses, delays, garbles and lies about where things stand.

use crate::common::World;
use crate::hostile::{PRIZE, Stage, shared};
use countersign_testkit::{Kind, Reply};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn attack_20_a_gateway_that_answers_nothing_lets_nothing_run() {
    let stage = Stage::set();
    stage.gateway.script(|_, _| async { Reply::lost() });
    stage.refused(stage.go(&["--ttl", "1s"]), "no_route", "HARP_ERR_TRANSPORT");
}

#[test]
fn attack_20_an_answer_that_is_lost_on_its_way_is_no_yes() {
    let stage = Stage::set();
    stage.gateway.script(|call, honest| async move {
        let lost = call.kind == Kind::Wait;
        let reply = honest.answer(call).await;
        if lost { Reply::lost() } else { reply }
    });
    let run = stage.go(&["--ttl", "2s"]);
    stage.ann.approve();
    stage.refused(run, "expired", "HARP_ERR_EXPIRED");
}

#[test]
fn attack_20_a_gateway_that_dies_while_somebody_waits_is_no_yes() {
    let mut world = World::paired();
    let mut run = world.gate(&["--ttl", "3s"], &PRIZE);
    world.waiting("approver");
    world.kill_gateway();
    assert_eq!(run.wait().code(), Some(126));
    assert!(!world.work().join("ran").exists());
    let report = world.report();
    assert_eq!(report["verdict"], "expired", "{report}");
    let (judged, _) = world.verify(report["receipt"].as_str().unwrap(), &[]);
    assert_eq!((&judged["verdict"], &judged["event"]), (&"Valid".into(), &"expired".into()));
}

#[test]
fn attack_21_a_question_outlives_the_gateway_the_enforcer_and_the_approver() {
    let mut world = World::paired();
    let mut run = world.gate(&[], &PRIZE);
    world.waiting("approver");
    run.kill();
    world.kill_gateway();
    world.start_gateway();
    world.answer("approve");
    world.kill_gateway();
    world.start_gateway();
    let mut again = world.gate(&[], &PRIZE);
    assert!(again.wait().success());
    assert_eq!(std::fs::read_to_string(world.work().join("ran")).unwrap(), "ran\n");
}

#[test]
fn attack_21_a_message_that_is_lost_at_first_arrives_in_the_end_and_once() {
    let stage = Stage::set();
    // The first call of each kind is dropped on its way in, the second on its way back.
    let seen = Mutex::new(Vec::new());
    stage.gateway.script(move |call, honest| {
        let mut seen = seen.lock().unwrap();
        let before = seen.iter().filter(|kind| **kind == call.kind).count();
        let from_enforcer = matches!(call.kind, Kind::Submit | Kind::Wait);
        seen.push(call.kind);
        async move {
            match before {
                0 if from_enforcer => Reply::lost(),
                1 if from_enforcer => {
                    let _ = honest.answer(call).await;
                    Reply::lost()
                }
                _ => honest.answer(call).await,
            }
        }
    });
    let mut run = stage.go(&["--ttl", "20s"]);
    stage.ann.approve();
    assert!(run.wait().success());
    assert_eq!(stage.runs(), 1);
    assert_eq!((stage.count("approved"), stage.count("executed")), (1, 1));
}

#[test]
fn attack_23_a_state_that_the_gateway_tells_is_a_hint() {
    let stage = Stage::set();
    let told = Arc::new(AtomicUsize::new(0));
    let states = ["expired", "withdrawn", "cancelled", "decided"];
    stage.gateway.script(move |call, honest| {
        let lie = (call.kind == Kind::Wait).then(|| told.fetch_add(1, Ordering::SeqCst));
        async move {
            match lie.and_then(|n| states.get(n)) {
                Some(state) => Reply::refusal(409, "exchange_over", state),
                None => honest.answer(call).await,
            }
        }
    });
    let mut run = stage.go(&[]);
    let asked = stage.ann.request();
    stage.gateway.wait_for_calls(Kind::Wait, states.len() + 1);
    assert_eq!(stage.runs(), 0);
    stage.ann.send(&stage.ann.yes(&asked), &asked);
    assert!(run.wait().success(), "the person's word counts, not the gateway's");
    assert_eq!(stage.runs(), 1);
}

#[test]
fn attack_23_a_gateway_that_says_decided_has_decided_nothing() {
    let stage = Stage::set();
    let texts: [(u16, &[u8]); 12] = [
        (200, b""),
        (200, b"true"),
        (200, b"{}"),
        (200, b"\xef\xbb\xbf{}"),
        (200, b"{\"msgType\":\"decision.deliver\",\"msgType\":\"decision.deliver\"}"),
        (200, b"{\"decision\":\"approve\",\"at\":1e400}"),
        (200, b"{\"decision\":\"\\ud800\"}"),
        (200, b"<html>approved</html>"),
        (202, b"{\"decision\":\"approve\"}"),
        (204, b"approved"),
        (301, b"http://127.0.0.1:1/approved"),
        (500, b"approved"),
    ];
    let (next, count) = (AtomicUsize::new(0), texts.len() + 1);
    let deep = "[".repeat(100_000).into_bytes();
    stage.gateway.script(move |call, honest| {
        let turn = (call.kind == Kind::Wait).then(|| next.fetch_add(1, Ordering::SeqCst));
        // In between it says "not yet", so that the pause between two tries does not grow.
        let text = turn.map(|turn| match (turn % 2, texts.get(turn / 2)) {
            (0, Some((status, body))) => Reply::raw(*status, *body),
            (0, None) => Reply::raw(200, deep.clone()),
            _ => Reply::raw(204, ""),
        });
        async move {
            match text {
                Some(reply) => reply,
                None => honest.answer(call).await,
            }
        }
    });
    let run = stage.go(&["--ttl", "30s"]);
    stage.gateway.wait_for_calls(Kind::Wait, 2 * count);
    run.signal("TERM");
    stage.refused(run, "withdrawn", "withdrawn");
}

#[test]
fn attack_23_delayed_and_reordered_answers_reach_their_own_questions() {
    let stage = Stage::set();
    // The first answer is held until the second has been delivered.
    let (delivered, seen) = shared(BTreeSet::<String>::new());
    stage.gateway.script(move |call, honest| {
        let (delivered, id) = (Arc::clone(&delivered), call.request_id());
        async move {
            if call.kind != Kind::Wait {
                return honest.answer(call).await;
            }
            let reply = honest.answer(call).await;
            delivered.lock().unwrap().insert(id);
            while delivered.lock().unwrap().len() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            reply
        }
    });
    let mut one = stage.go(&[]);
    stage.gateway.wait_for_calls(Kind::Submit, 1);
    let mut two = stage.world.spawn("enforcer", &["run", "--", "touch", "other"]);
    let mut asked = stage.ann.requests(2);
    asked.reverse();
    for artifact in &asked {
        stage.ann.send(&stage.ann.yes(artifact), artifact);
    }
    assert!(one.wait().success() && two.wait().success());
    assert_eq!((stage.runs(), seen.lock().unwrap().len()), (1, 2));
    assert!(stage.world.work().join("other").exists());
}

#[test]
fn attack_23_questions_swapped_on_their_way_are_shown_to_nobody() {
    let (world, gateway) = crate::hostile::between();
    world.pair("enforcer", "approver", "ann", "device");
    // Each question arrives with the sealed body of the other.
    gateway.script(|call, honest| async move {
        let inbox = call.kind == Kind::Inbox;
        let reply = honest.answer(call).await;
        if inbox { reply.edit(exchange_seals) } else { reply }
    });
    let one = world.gate(&["--ttl", "20s"], &PRIZE);
    gateway.wait_for_calls(Kind::Wait, 1);
    let two = world.spawn("enforcer", &["run", "--ttl", "20s", "--", "touch", "ran"]);
    gateway.wait_for_calls(Kind::Wait, 2);
    let inbox = world.json("approver", &["inbox"]);
    let items = inbox["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    for item in items {
        assert!(item["refused"].is_string() && item["headline"].is_null(), "{item}");
        let output =
            world.run("approver", &["approve", item["requestId"].as_str().unwrap(), "--json"]);
        assert_eq!(output.status.code(), Some(13));
        assert_eq!(crate::common::error_code(&output), "HARP_ERR_SIGNATURE_INVALID");
    }
    assert!(gateway.calls(Kind::Decide).is_empty(), "nothing was signed");
    for run in [one, two] {
        run.signal("TERM");
        assert_eq!(run.output().status.code(), Some(126));
    }
    assert!(!world.work().join("ran").exists());
}

/// Exchanges the seals of the first two questions of an inbox.
fn exchange_seals(page: &mut Value) {
    let items = page["body"]["items"].as_array_mut().unwrap();
    let [first, second] = items.as_mut_slice() else { panic!("two questions wait") };
    std::mem::swap(&mut first["body"]["ciphertextRef"], &mut second["body"]["ciphertextRef"]);
}
