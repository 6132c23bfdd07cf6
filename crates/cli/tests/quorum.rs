//! Several people and several processes: two of three allow, silence asks the next, and a person
//! hands a question on.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;
#[path = "common/heard.rs"]
mod heard;
#[path = "quorum/told.rs"]
mod told;

use common::World;
use heard::Heard;

const LINE: [&str; 3] = ["sh", "-c", "echo RUN >> out"];

fn runs(world: &World) -> usize {
    std::fs::read_to_string(world.work().join("out")).unwrap_or_default().lines().count()
}

/// Ann, whose home is `approver`, and after her `bob` and `cat` in homes of those names.
fn team(people: &[&str]) -> World {
    team_of(World::with_gateway(), people)
}

fn team_of(world: World, people: &[&str]) -> World {
    world.pair("enforcer", "approver", "ann", "device");
    for person in people {
        let (mut pairing, link) = world.invite("enforcer", person, "device");
        world.json(person, &["join", &link]);
        world.answer("approve");
        assert!(pairing.wait().success());
    }
    world
}

/// Ann and bob, in a home whose accepted policy asks so.
fn team_under(asks: &str) -> World {
    let world = World::with_gateway();
    let policy = world.path("enforcer").join("policy.toml");
    let rule =
        format!("version = 1\n[[rule]]\nid = \"one\"\ndecision = \"require_approval\"\n{asks}");
    std::fs::write(&policy, rule).unwrap();
    world.json("enforcer", &["policy", "accept", policy.to_str().unwrap()]);
    team_of(world, &["bob"])
}

fn approve(world: &World, home: &str) {
    world.answer_of(home, "approve", &[]);
}

#[test]
fn attack_21_two_of_three_outlive_every_process_between_their_signatures() {
    let mut world = team(&["bob", "cat"]);
    let mut run = world.gate(&["--quorum", "2"], &LINE);
    let heard = Heard::of(&mut run);
    approve(&world, "approver");
    heard.until("1 of 2 approved");
    assert_eq!(runs(&world), 0);
    run.kill();
    world.kill_gateway();
    world.start_gateway();
    let mut again = world.gate(&["--quorum", "2"], &LINE);
    Heard::of(&mut again).until("which waits already; 1 of 2 approved so far");
    let status = world.run("enforcer", &["status"]).stdout;
    assert!(String::from_utf8_lossy(&status).contains("; 1 of 2 approved so far\n"), "{status:?}");
    approve(&world, "cat");
    assert!(again.wait().success());
    assert_eq!(runs(&world), 1);
    let (verdict, code) = world.verify("last", &["--require", "L1", "--event", "executed"]);
    assert_eq!(code, 0, "{verdict}");
    world.waiting_for("bob", 0);
}

/// A policy that needs nobody does not stand in for those whom the caller names: without their
/// signatures nothing runs, and with them the receipt proves it.
#[test]
fn what_the_policy_allows_waits_for_those_whom_the_caller_names() {
    let world = team(&["bob"]);
    world.hold_nothing_more();
    let read = ["cat", "/dev/null"];
    assert!(world.gate(&[], &read).wait().success(), "the policy asks nobody");
    let mut denied = world.gate(&["--to", "bob"], &read);
    let id = world.waiting("bob");
    world.waiting_for("approver", 0);
    world.json("bob", &["deny", &id, "-m", "not now"]);
    assert_eq!(denied.wait().code(), Some(126));
    let words = ["--quorum", "2", "--description", "once more"];
    let mut two = world.gate(&words, &read);
    approve(&world, "approver");
    world.waiting("bob");
    approve(&world, "bob");
    assert!(two.wait().success());
    let (verdict, code) = world.verify("last", &["--require", "L1", "--event", "executed"]);
    assert_eq!(code, 0, "{verdict}");
}

/// Whoever reads the log later reads why each of them answered as they did.
#[test]
fn the_reasons_of_all_stand_in_the_log() {
    let world = team(&["bob"]);
    let mut run = world.gate(&["--quorum", "2"], &LINE);
    for (home, why) in [("approver", "read the plan"), ("bob", "tried it on staging")] {
        let id = world.waiting(home);
        world.json(home, &["approve", &id, "-m", why]);
    }
    assert!(run.wait().success());
    let log = world.run("enforcer", &["audit", "export"]).stdout;
    let log = String::from_utf8(log).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let said = |line: &serde_json::Value| {
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        Some((text("approver")?, text("reason")?, text("answer").or(text("decision"))?))
    };
    let reasons: Vec<_> = lines.filter_map(|line| said(&line)).collect();
    let yes = |who: &str, why: &str| (who.to_owned(), why.to_owned(), "approved".to_owned());
    assert_eq!(reasons, [yes("ann", "read the plan"), yes("bob", "tried it on staging")]);
}

#[test]
fn silence_asks_the_next_who_decides() {
    let world = team(&["bob"]);
    let mut run = world.gate(&["--to", "ann", "--ttl", "1s", "--escalate", "bob:60s"], &LINE);
    approve(&world, "bob");
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
    let (verdict, code) = world.verify("last", &["--require", "L1", "--event", "executed"]);
    assert_eq!(code, 0, "{verdict}");
}

#[test]
fn a_person_hands_a_question_on_and_the_next_ends_it() {
    let world = team(&["bob"]);
    let mut run = world.gate(&["--to", "ann", "--escalate", "bob:60s"], &LINE);
    let heard = Heard::of(&mut run);
    let id = world.waiting("approver");
    let astray = world.run("approver", &["escalate", &id, "--to", "zoe"]);
    assert!(!astray.status.success(), "nobody called zoe is asked next");
    let said = world.json("approver", &["escalate", &id, "--to", "bob", "-m", "not mine"]);
    assert_eq!(said["decision"], "escalated");
    let next = world.waiting("bob");
    let shown = world.json("bob", &["show", &next]).to_string();
    assert!(shown.contains("ann handed this on"), "{shown}");
    heard.until("countersign: ann handed it on; asking bob");
    world.json("bob", &["deny", &next, "-m", "no"]);
    assert_eq!(run.wait().code(), Some(126));
    assert_eq!(world.report()["reason"], "no", "not why it was handed on");
    assert_eq!(runs(&world), 0);
}

#[test]
fn whoever_waits_for_a_detached_request_puts_it_to_the_next() {
    let world = team_under(
        "tools = [\"deploy\"]\napprovers = [\"ann\"]\n\
         escalation = [{ to = \"bob\", after = \"1s\" }]\n",
    );
    let asked = world.run("enforcer", &["request", "--action", "deploy", "--detach"]);
    assert_eq!(asked.status.code(), Some(15), "{asked:?}");
    let id = String::from_utf8(asked.stdout).unwrap().trim().to_owned();
    let mut waiting = world.spawn("enforcer", &["wait", &id]);
    approve(&world, "bob");
    assert!(waiting.wait().success());
    let (verdict, code) = world.verify("last", &["--require", "L1"]);
    assert_eq!((code, &verdict["approvers"][0]), (0, &"bob".into()), "{verdict}");
}

/// Whom a caller named stands in what was signed: their time also begins where the caller is gone.
#[test]
fn whoever_waits_for_a_detached_request_puts_it_to_those_that_the_caller_named() {
    let world = team(&["bob"]);
    let request = ["request", "--action", "deploy", "--detach", "--to", "ann"];
    let steps = ["--ttl", "1s", "--escalate", "bob:60s"];
    let asked = world.run("enforcer", &[&request[..], &steps].concat());
    assert_eq!(asked.status.code(), Some(15), "{asked:?}");
    let id = String::from_utf8(asked.stdout).unwrap().trim().to_owned();
    let mut waiting = world.spawn("enforcer", &["wait", &id]);
    approve(&world, "bob");
    assert!(waiting.wait().success());
    let (verdict, code) = world.verify("last", &["--require", "L1"]);
    assert_eq!((code, &verdict["approvers"][0]), (0, &"bob".into()), "{verdict}");
}

/// Whoever merely waits does not know whom the caller of a `run` asks next. What the one who was asked signed is
/// no denial, and the caller's to take.
#[test]
fn attack_21_a_wait_beside_it_makes_no_denial_of_what_was_handed_on() {
    let world = team(&["bob"]);
    let mut run = world.gate(&["--to", "ann", "--escalate", "bob:60s"], &LINE);
    let id = world.waiting("approver");
    // The caller hears nothing until `wait` has heard all of it.
    run.signal("STOP");
    let mut waiting = world.spawn("enforcer", &["wait", &id]);
    let heard = Heard::of(&mut waiting);
    world.json("approver", &["escalate", &id, "--to", "bob", "-m", "not mine"]);
    heard.until("ann handed it on to somebody whom the command that asked named");
    let events = world.json("enforcer", &["audit", "query", "--event", "denied"]);
    assert_eq!(events["items"], serde_json::json!([]), "{events}");
    run.signal("CONT");
    heard.until("asking bob");
    approve(&world, "bob");
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
    waiting.wait();
}

/// The digits of a critical call are those of the artifact that waits now: after a step, others.
#[test]
fn attack_43_whoever_waits_is_shown_the_digits_of_the_newest_artifact() {
    let world = team_under(
        "tools = [\"deploy\"]\nrisk = \"critical\"\napprovers = [\"ann\"]\n\
         timeout = \"10m\"\nescalation = [{ to = \"bob\", after = \"5m\" }]\n",
    );
    let asked = world.run("enforcer", &["request", "--action", "deploy", "--detach"]);
    assert_eq!(asked.status.code(), Some(15), "{asked:?}");
    let id = String::from_utf8(asked.stdout).unwrap().trim().to_owned();
    let shown = |who: &str, digits: &str| format!("these digits are typed: {who} {digits}");
    let mut waiting = world.spawn("enforcer", &["wait", &id]);
    let heard = Heard::of(&mut waiting);
    let first = world.waiting("approver");
    let anns = world.digits("approver");
    heard.until(&shown("ann", &anns));
    world.json("approver", &["escalate", &first, "--to", "bob"]);
    let second = world.waiting("bob");
    let bobs = world.digits("bob");
    heard.until(&shown("bob", &bobs));
    // Also where the step was taken before anybody waited.
    let mut later = world.spawn("enforcer", &["wait", &id]);
    let lines = Heard::of(&mut later).until(&shown("bob", &bobs));
    assert!(!lines.iter().any(|line| line.contains("ann")), "{lines:?}");
    let old = world.run("bob", &["approve", &second, "-m", "checked", "--look", &anns]);
    assert!(anns == bobs || !old.status.success(), "the digits of another round");
    world.json("bob", &["approve", &second, "-m", "checked", "--look", &bobs]);
    assert!(waiting.wait().success() || later.wait().success());
}

#[test]
fn steps_that_leave_those_asked_first_no_time_are_refused() {
    let world = World::paired();
    let mut run = world.gate(&["--escalate", "ann:10h,ann:10h"], &LINE);
    assert_eq!(run.wait().code(), Some(125));
    assert_eq!(world.report()["error"]["code"], "escalate");
    world.waiting_for("approver", 0);
}

#[test]
fn attack_20_a_caller_hands_nothing_on_where_the_policy_denies_on_timeout() {
    let world = team_under("approvers = [\"anyone\"]\non_timeout = \"deny\"\n");
    let args = ["--to", "ann", "--ttl", "1s", "--escalate", "bob:60s"];
    let mut run = world.gate(&args, &LINE);
    assert_eq!(run.wait().code(), Some(126));
    assert_eq!(world.report()["verdict"], "expired");
    world.waiting_for("bob", 0);
    assert_eq!(runs(&world), 0);
}
