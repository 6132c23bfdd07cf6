//! True answers, used for something else or once too often.

use crate::hostile::{PRIZE, Stage, device, shared, until};
use countersign_core::decision::{Choice, Word};
use countersign_testkit::{Call, Honest, HostileGateway, Kind, Reply, forge};
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const INVALID: &str = "HARP_ERR_SIGNATURE_INVALID";
const REPLAY: &str = "HARP_ERR_REPLAY";

/// Does everything twice.
async fn twice(call: Call, honest: Honest) -> Reply {
    let reply = honest.answer(call.clone()).await;
    let _ = honest.answer(call).await;
    reply
}

/// The answer to a finished run, as the gateway keeps it.
fn recorded(gateway: &HostileGateway) -> Value {
    gateway.wait_for("an answer", |seen| {
        let reply = seen.reply.as_ref().filter(|_| seen.call.kind == Kind::Wait)?;
        (reply.status == Some(200)).then(|| reply.value())
    })
}

/// From now on every question gets this answer.
fn replay(stage: &Stage, delivery: Value, rename: bool) {
    stage.gateway.script(move |call, honest| {
        let mut delivery = delivery.clone();
        async move {
            if call.kind != Kind::Wait {
                return honest.answer(call).await;
            }
            if rename {
                delivery["requestId"] = call.request_id().into();
            }
            Reply::json(200, &delivery)
        }
    });
}

#[test]
fn attack_18_every_message_twice_runs_it_once() {
    let stage = Stage::set();
    stage.gateway.script(twice);
    let mut run = stage.go(&[]);
    stage.ann.approve();
    assert!(run.wait().success());
    assert_eq!(stage.runs(), 1);
    assert_eq!((stage.count("approved"), stage.count("executed")), (1, 1));
}

#[test]
fn attack_18_two_processes_on_one_approval_run_it_once() {
    let stage = Stage::set();
    let (first, second) = (stage.go(&[]), stage.go_too(&[]));
    stage.gateway.wait_for_calls(Kind::Wait, 2);
    stage.ann.approve();
    let mut codes = [first.output().status.code(), second.output().status.code()];
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(126)]);
    assert_eq!(stage.runs(), 1);
    let both = [stage.world.report(), stage.second_report()];
    let loser = both.iter().find(|report| report["exitCode"] == 126).unwrap();
    assert_eq!((&loser["verdict"], &loser["error"]["code"]), (&"used".into(), &REPLAY.into()));
    assert_eq!(stage.count("executed"), 1);
}

#[test]
fn attack_18_a_used_approval_is_worth_nothing_for_the_same_command() {
    let stage = Stage::set();
    let mut run = stage.go(&[]);
    stage.ann.approve();
    assert!(run.wait().success());
    std::fs::remove_file(stage.world.work().join("ran")).unwrap();
    let delivery = recorded(&stage.gateway);
    replay(&stage, delivery.clone(), true);
    stage.unverified(stage.go(&[]), INVALID);
    // Under its own name it is not even heard: it is about another request.
    replay(&stage, delivery, false);
    stage.refused(stage.go(&["--ttl", "1s"]), "expired", "HARP_ERR_EXPIRED");
}

#[test]
fn attack_18_a_run_that_was_cut_off_is_not_run_again() {
    let stage = Stage::set();
    let cut = ["sh", "-c", "echo ran >> ran; exec sleep 9"];
    let mut run = stage.world.gate(&[], &cut);
    stage.ann.approve();
    until("the run", || stage.runs() == 1);
    run.kill();
    let delivery = recorded(&stage.gateway);
    replay(&stage, delivery, true);
    let output = stage.world.gate(&[], &cut).output();
    assert_eq!(output.status.code(), Some(126));
    assert_eq!(stage.runs(), 1);
    assert_eq!((stage.count("executed"), stage.count("uncertain")), (0, 1), "a person is told");
}

#[test]
fn attack_03_answers_swapped_between_two_requests_run_neither() {
    let stage = Stage::set();
    let other = ["sh", "-c", "echo other >> ran"];
    let report = stage.world.path("other.json").display().to_string();
    let args = ["run", "--report", &report, "--ttl", "20s", "--", other[0], other[1], other[2]];
    let (ids, _) = shared(Vec::<String>::new());
    stage.gateway.script(move |call, honest| swap_the_first_two(call, honest, Arc::clone(&ids)));
    let one = stage.go(&["--ttl", "20s"]);
    stage.gateway.wait_for_calls(Kind::Submit, 1);
    let two = stage.world.spawn("enforcer", &args);
    for asked in stage.ann.requests(2) {
        stage.ann.send(&stage.ann.yes(&asked), &asked);
    }
    // Both are asked once more; a second time nobody answers, and they are taken back.
    stage.gateway.wait_for_calls(Kind::Submit, 4);
    for run in [&one, &two] {
        run.signal("TERM");
    }
    for run in [one, two] {
        assert_eq!(run.output().status.code(), Some(126));
    }
    assert_eq!(stage.runs(), 0);
    let noted = stage.refusals();
    assert_eq!(noted.len(), 2, "{noted:?}");
    assert!(noted.iter().all(|note| note.starts_with(INVALID)), "{noted:?}");
}

/// Gives each of the first two requests what the honest gateway has for the other one.
async fn swap_the_first_two(call: Call, honest: Honest, ids: Arc<Mutex<Vec<String>>>) -> Reply {
    let id = call.request_id();
    if call.kind == Kind::Submit && ids.lock().unwrap().len() < 2 {
        ids.lock().unwrap().push(id.clone());
    }
    if call.kind != Kind::Wait || !ids.lock().unwrap().contains(&id) {
        return honest.answer(call).await;
    }
    loop {
        let other = ids.lock().unwrap().iter().find(|other| **other != id).cloned();
        if let Some(other) = other {
            let reply = honest.answer(call.about(&other)).await;
            return reply.edit(|delivery| delivery["requestId"] = id.into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn attack_03_another_pinned_approver_cannot_answer_for_the_one_who_was_asked() {
    let stage = Stage::set();
    let bob = second_approver(&stage);
    let ann = stage.ann.clone();
    stage.answer_with(move |asked| forge::delivery(&bob.yes(asked), asked, ann.enforcer()));
    stage.unverified(stage.go(&["--to", "ann"]), INVALID);
    assert!(stage.refusals()[0].contains("roster"), "{:?}", stage.refusals());
}

/// Pins `bob` with the consent of `ann`.
fn second_approver(stage: &Stage) -> countersign_testkit::HostileDevice {
    std::thread::scope(|scope| {
        let joining = scope.spawn(|| device(&stage.world, "bob"));
        stage.ann.approve();
        joining.join().unwrap()
    })
}

#[test]
fn attack_03_an_approval_for_another_enforcer_is_refused() {
    let stage = Stage::set();
    // The same person's device answers the same command of another machine.
    let delivery = {
        let other = Stage::set();
        let mut run = other.go(&[]);
        other.ann.approve();
        assert!(run.wait().success());
        recorded(&other.gateway)
    };
    replay(&stage, delivery, true);
    stage.unverified(stage.go(&[]), INVALID);
}

#[test]
fn attack_19_a_yes_after_a_no_changes_nothing() {
    let stage = Stage::set();
    // Two processes wait for one answer. The gateway holds both, and tells each what it likes.
    let (told, tell) = shared(Vec::<Value>::new());
    let waiters = AtomicUsize::new(0);
    stage.gateway.script(move |call, honest| {
        let (told, held) = (Arc::clone(&told), call.kind == Kind::Wait);
        let turn = if held { waiters.fetch_add(1, Ordering::SeqCst) } else { 0 };
        async move {
            if !held {
                return honest.answer(call).await;
            }
            loop {
                let answer = told.lock().unwrap().get(turn).cloned();
                if let Some(answer) = answer {
                    return Reply::json(200, &answer);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
    let first = stage.go(&[]);
    stage.gateway.wait_for_calls(Kind::Wait, 1);
    let second = stage.go_too(&[]);
    stage.gateway.wait_for_calls(Kind::Wait, 2);
    let asked = stage.ann.request();
    let no = stage.ann.sign(&asked, Choice { word: Word::Deny, ..forge::yes(&asked) });
    for (answer, run) in [(no, first), (stage.ann.yes(&asked), second)] {
        let answer = forge::delivery(&answer, &asked, stage.ann.enforcer());
        tell.lock().unwrap().push(answer);
        assert_eq!(run.output().status.code(), Some(126));
    }
    assert_eq!(stage.runs(), 0);
    for report in [stage.world.report(), stage.second_report()] {
        assert_eq!(report["verdict"], "denied", "{report}");
    }
    assert_eq!((stage.count("approved"), stage.count("denied")), (0, 1));
}

#[test]
fn attack_19_a_yes_that_is_kept_back_until_the_end_comes_too_late() {
    let stage = Stage::set();
    stage.gateway.script(|call, honest| async move {
        let hold = call.kind == Kind::Wait;
        let reply = honest.answer(call).await;
        if hold {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
        reply
    });
    let run = stage.go(&["--ttl", "1s"]);
    stage.ann.approve();
    stage.refused(run, "expired", "HARP_ERR_EXPIRED");
    let late = recorded(&stage.gateway);
    replay(&stage, late, true);
    stage.unverified(stage.go(&[]), INVALID);
}

#[test]
fn attack_19_a_yes_to_what_was_taken_back_is_worth_nothing() {
    let stage = Stage::set();
    let run = stage.go(&[]);
    let asked = stage.ann.request();
    let yes = forge::delivery(&stage.ann.yes(&asked), &asked, stage.ann.enforcer());
    stage.gateway.wait_for_calls(Kind::Wait, 1);
    run.signal("INT");
    stage.refused(run, "withdrawn", "withdrawn");
    replay(&stage, yes, true);
    stage.unverified(stage.go(&[]), INVALID);
}

#[test]
fn attack_19_a_yes_of_a_key_that_was_taken_back_meanwhile_is_refused() {
    let stage = Stage::set();
    let run = stage.go(&["--ttl", "20s"]);
    let asked = stage.ann.request();
    stage.gateway.wait_for_calls(Kind::Wait, 1);
    let yes = forge::delivery(&stage.ann.yes(&asked), &asked, stage.ann.enforcer());
    // The gateway forgets that it was told of the revocation, and brings the yes all the same.
    let (held, gate) = shared(None::<Value>);
    stage.gateway.script(move |call, honest| {
        let yes = gate.lock().unwrap().clone().filter(|_| call.kind == Kind::Wait);
        async move {
            match yes {
                Some(yes) => Reply::json(200, &yes),
                None if call.kind == Kind::Wait => Reply::lost(),
                None => honest.answer(call).await,
            }
        }
    });
    stage.world.json("enforcer", &["revoke", "ann"]);
    *held.lock().unwrap() = Some(yes);
    let output = run.output();
    assert_eq!(output.status.code(), Some(126));
    assert_eq!(stage.runs(), 0);
    let noted = stage.refusals();
    assert!(noted.iter().any(|n| n.starts_with(INVALID) && n.contains("revoked")), "{noted:?}");
}

#[test]
fn attack_44_an_approval_belongs_to_its_session_and_workspace() {
    let stage = Stage::set();
    let mut run = stage.go(&["--session", "one"]);
    stage.gateway.wait_for_calls(Kind::Wait, 1);
    run.kill();
    stage.ann.approve();
    let elsewhere = stage.world.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let others = [stage.world.work(), elsewhere];
    for (session, cwd) in ["two", "one"].into_iter().zip(others) {
        let args = ["run", "--session", session, "--ttl", "1s", "--", PRIZE[0], PRIZE[1], PRIZE[2]];
        let mut command = stage.world.command("enforcer", &args);
        command.current_dir(&cwd);
        let other = crate::common::Process::start(command).output();
        assert_eq!(other.status.code(), Some(126), "{session}");
        assert!(!cwd.join("ran").exists());
    }
    assert!(stage.go(&["--session", "one"]).wait().success(), "its own session may use it");
    assert_eq!(stage.runs(), 1);
}

#[test]
fn attack_22_what_was_approved_meanwhile_runs_when_it_is_tried_again() {
    let stage = Stage::set();
    let mut run = stage.go(&["--description", "first"]);
    stage.gateway.wait_for_calls(Kind::Wait, 1);
    run.kill();
    let asked = stage.ann.approve();
    assert!(stage.go(&["--description", "again, in other words"]).wait().success());
    let report = stage.world.report();
    assert_eq!(report["actionHash"], asked.action_hash().unwrap().to_string());
    assert_eq!((stage.runs(), stage.count("suspended")), (1, 1), "nobody was asked twice");
}
