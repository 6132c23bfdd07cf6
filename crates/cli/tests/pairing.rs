//! How an approver comes to be pinned, and stops being so, on two homes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;

use common::screen::Screen;
use common::{Process, World, error_code, json};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::{ChildStdout, Output};

/// `pair` of the enforcer's home as a script runs it, once it has said how to join.
struct Pairing {
    process: Process,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    link: String,
    code: String,
}

impl Pairing {
    fn begin(world: &World, name: &str, more: &[&str]) -> Self {
        let args = ["pair", "--name", name, "--relay", world.url(), "--json"];
        let all: Vec<&str> = args.into_iter().chain(more.iter().copied()).collect();
        let mut process = world.spawn("enforcer", &all);
        let mut lines = BufReader::new(process.child.stdout.take().unwrap()).lines();
        let first = json(lines.next().unwrap().unwrap().as_bytes());
        let text = |name: &str| first[name].as_str().unwrap().to_owned();
        Self { process, lines, link: text("link"), code: text("code") }
    }

    /// The second document; the pairing must succeed.
    fn paired(mut self) -> Value {
        let last = json(self.lines.next().unwrap().unwrap().as_bytes());
        assert!(self.process.wait().success());
        last
    }

    fn refused(self) -> Output {
        let output = self.process.output();
        assert!(!output.status.success());
        output
    }
}

fn names(world: &World, party: &str) -> Vec<String> {
    let list = world.json(party, &["list"]);
    let text =
        |p: &Value| format!("{}:{}", p["name"].as_str().unwrap(), p["status"].as_str().unwrap());
    list["pairings"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn a_link_pairs_and_both_sides_agree() {
    let world = World::with_gateway();
    let pairing = Pairing::begin(&world, "ann", &["--role", "sre", "--assurance", "device"]);
    let joined = world.json("approver", &["join", &pairing.link, "--name", "laptop"]);
    let paired = pairing.paired();
    assert_eq!((&paired["assurance"], &paired["roles"][0]), (&"device".into(), &"sre".into()));
    assert_eq!(paired["fingerprint"], joined["fingerprint"]);
    assert_eq!(paired["pairId"], joined["pairId"]);
    let (ours, theirs) = (world.json("enforcer", &["list"]), world.json("approver", &["list"]));
    assert_eq!(ours["pairings"][0]["pairId"], theirs["pairings"][0]["pairId"]);
    assert_eq!(
        (&ours["pairings"][0]["name"], &ours["pairings"][0]["side"]),
        (&"ann".into(), &"approver".into())
    );
    assert_eq!(
        (&theirs["pairings"][0]["name"], &theirs["pairings"][0]["side"]),
        (&"laptop".into(), &"enforcer".into())
    );
    let key =
        |party: &str| world.json(party, &["key", "fingerprint"])["keys"][0]["fingerprint"].clone();
    assert_eq!(
        (key("enforcer"), key("approver")),
        (joined["enforcer"].clone(), paired["fingerprint"].clone())
    );
    let status = |party: &str| world.json(party, &["status"]);
    assert_eq!(status("enforcer")["operator"]["fingerprint"], joined["enforcer"]);
    for party in ["enforcer", "approver"] {
        assert_eq!(status(party)["gateways"][0]["reachable"], true);
    }
    let trust = world.json("enforcer", &["trust", "show"]);
    assert_eq!(trust["approvers"][0]["person"], "ann");
}

#[test]
fn people_read_the_same_fingerprints_in_their_texts() {
    let world = World::paired();
    let text = |party: &str, args: &[&str]| {
        let output = world.run(party, args);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let print = world.json("approver", &["key", "fingerprint"])["keys"][0]["fingerprint"].clone();
    let print = print.as_str().unwrap();
    assert!(text("enforcer", &["trust", "show"]).contains(print));
    assert!(text("approver", &["key", "fingerprint"]).contains(print));
    for (party, side) in [("enforcer", "approver"), ("approver", "enforcer")] {
        assert!(text(party, &["list"]).lines().nth(1).unwrap().contains(side));
        assert!(text(party, &["status"]).contains("reachable"));
    }
}

/// The typed code, with a person at each of two terminals who answers as said.
fn typed(world: &World, enforcer: &str, approver: &str) -> [(i32, String); 2] {
    let relay = world.url().to_owned();
    let mut pair =
        Screen::of(&world.command("enforcer", &["pair", "--name", "ann", "--relay", &relay]));
    pair.sees("Or type the code ");
    let code = pair.rest_of_line().split(' ').next().unwrap().to_owned();
    let mut join = Screen::of(&world.command("approver", &["join", &code, "--relay", &relay]));
    let digits = [&mut pair, &mut join].map(|screen| {
        screen.sees("Does the other screen show  ");
        screen.sees("? [y/n]");
        let text = screen.text();
        let shown = text.rsplit("show  ").next().unwrap().to_owned();
        shown.split("  ?").next().unwrap().to_owned()
    });
    assert_eq!(digits[0], digits[1]);
    assert!(
        digits[0].len() == 7 && digits[0].chars().all(|c| c.is_ascii_digit() || c == ' '),
        "{digits:?}"
    );
    pair.types(enforcer);
    join.types(approver);
    [pair.end(), join.end()]
}

#[test]
fn a_typed_code_pairs_after_a_yes_on_both_sides() {
    let world = World::with_gateway();
    let [(pair, text), (join, _)] = typed(&world, "y", "y");
    assert_eq!((pair, join), (0, 0), "{text}");
    assert_eq!(
        (names(&world, "enforcer"), names(&world, "approver")),
        (vec!["ann:active".to_owned()], vec!["enforcer:active".to_owned()])
    );
    let mut run = world.gate(&[], &["true"]);
    world.answer("approve");
    assert!(run.wait().success());
}

#[test]
fn attack_37_a_no_on_either_side_pins_nothing() {
    for (enforcer, approver) in [("n", "y"), ("y", "n"), ("n", "n"), ("\x03", "y")] {
        let world = World::with_gateway();
        let [(pair, told), (join, answered)] = typed(&world, enforcer, approver);
        assert_eq!((pair, join), (13, 13), "{enforcer:?} {approver:?}\n{told}\n{answered}");
        assert!(told.contains("[pairing_refused]") && answered.contains("[pairing_refused]"));
        for party in ["enforcer", "approver"] {
            assert_eq!(names(&world, party), Vec::<String>::new());
        }
        let trust = world.json("enforcer", &["trust", "show"]);
        assert_eq!(trust["approvers"], Value::Array(Vec::new()));
    }
}

#[test]
fn attack_37_without_a_person_a_typed_code_pins_nothing() {
    let world = World::with_gateway();
    let pairing = Pairing::begin(&world, "ann", &[]);
    let args = ["join", &pairing.code, "--relay", world.url(), "--json"];
    // No terminal on either side: taken as no.
    let mut join = std::process::Command::new("setsid");
    let command = world.command("approver", &args);
    join.arg("-w").arg(command.get_program()).args(command.get_args());
    join.env("COUNTERSIGN_PASSPHRASE_FILE", world.path("passphrase"));
    let output = join.stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(13), "pairing_refused"));
    assert_eq!(pairing.refused().status.code(), Some(13));
    assert!(names(&world, "enforcer").is_empty() && names(&world, "approver").is_empty());
}

#[test]
fn attack_09_a_second_pairing_needs_a_yes_of_the_first() {
    let world = World::paired();
    let pairing = Pairing::begin(&world, "bob", &["--assurance", "device"]);
    world.json("approver-2", &["join", &pairing.link]);
    let id = world.waiting("approver");
    let shown = world.json("approver", &["show", &id]).to_string();
    let print = world.json("approver-2", &["key", "fingerprint"])["keys"][0]["fingerprint"].clone();
    assert!(
        shown.contains("countersign.pair") && shown.contains(print.as_str().unwrap()),
        "{shown}"
    );
    assert_eq!(names(&world, "enforcer"), ["ann:active"]);
    world.json("approver", &["approve", &id]);
    assert_eq!(pairing.paired()["name"], "bob");
    assert_eq!(names(&world, "enforcer"), ["ann:active", "bob:active"]);
    let mut run = world.gate(&["--to", "bob"], &["true"]);
    let id = world.waiting("approver-2");
    assert_eq!(world.json("approver", &["inbox"])["items"], Value::Array(Vec::new()));
    world.json("approver-2", &["approve", &id]);
    assert!(run.wait().success());
}

#[test]
fn attack_09_a_second_pairing_that_is_denied_pins_nothing() {
    let world = World::paired();
    let pairing = Pairing::begin(&world, "mallory", &[]);
    world.json("approver-2", &["join", &pairing.link]);
    let id = world.waiting("approver");
    world.json("approver", &["deny", &id, "-m", "who is that"]);
    let output = pairing.refused();
    assert_eq!(
        (output.status.code(), error_code(&output).as_str()),
        (Some(10), "pairing_not_allowed")
    );
    assert_eq!(names(&world, "enforcer"), ["ann:active"]);
    let trust = world.json("enforcer", &["trust", "show"]);
    assert_eq!(trust["approvers"].as_array().unwrap().len(), 1);
}

#[test]
fn attack_09_a_second_pairing_that_is_stopped_pins_nothing_and_is_withdrawn() {
    let world = World::paired();
    let mut pairing = Pairing::begin(&world, "bob", &[]);
    world.json("approver-2", &["join", &pairing.link]);
    world.waiting("approver");
    pairing.process.signal("TERM");
    assert_eq!(pairing.process.wait().code(), Some(10));
    assert_eq!(world.json("approver", &["inbox"])["items"], Value::Array(Vec::new()));
    assert_eq!(names(&world, "enforcer"), ["ann:active"]);
}

#[test]
fn attack_09_nobody_allows_it_in_time() {
    let world = World::paired();
    let pairing = Pairing::begin(&world, "bob", &["--ttl", "1s"]);
    world.json("approver-2", &["join", &pairing.link]);
    let output = pairing.refused();
    assert_eq!(
        (output.status.code(), error_code(&output).as_str()),
        (Some(11), "HARP_ERR_EXPIRED")
    );
    assert_eq!(names(&world, "enforcer"), ["ann:active"]);
}

#[test]
fn a_local_approver_allows_the_first_device_on_the_terminal() {
    let world = World::with_gateway();
    world.json("enforcer", &["pair", "--local", "--name", "me"]);
    let args = ["pair", "--name", "ann", "--relay", world.url(), "--assurance", "device"];
    let mut pair = Screen::of(&world.command("enforcer", &args));
    pair.sees("countersign join '");
    let link = pair.rest_of_line().trim_end_matches('\'').to_owned();
    world.json("approver", &["join", &link]);
    pair.sees("countersign.pair");
    pair.sees("Auto-deny in");
    pair.types("a");
    pair.sees("Type yes to approve: ");
    pair.types("yes\r");
    pair.sees("Passphrase of the local key: ");
    pair.types("correct horse\r");
    pair.sees("paired `ann` (assurance device)");
    assert_eq!(pair.end().0, 0);
    assert_eq!(names(&world, "enforcer"), ["ann:active", "me:active"]);
}

#[test]
fn a_code_is_good_once() {
    let world = World::with_gateway();
    let pairing = Pairing::begin(&world, "ann", &[]);
    let link = pairing.link.clone();
    world.json("approver", &["join", &link]);
    pairing.paired();
    let again = world.run("approver-2", &["join", &link, "--json"]);
    assert!(!again.status.success());
    let text = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(text.contains("a code is good once"), "{text}");
    assert!(names(&world, "approver-2").is_empty());
    assert_eq!(names(&world, "enforcer"), ["ann:active"]);
}

#[test]
fn an_invitation_that_is_none_is_a_usage_error() {
    let world = World::with_gateway();
    for (args, code, exit) in [
        (&["join", "hello"][..], "bad_invitation", 2),
        (&["join", "http://127.0.0.1:1/pair"], "bad_invitation", 2),
        (&["join", "7K3M-Q9TD"], "no_relay", 2),
        (&["join", "7K3M-Q9TD", "--relay", "ftp://x"], "bad_invitation", 2),
        (&["join", "7K3M-Q9TD", "--relay", world.url()], "gateway", 1),
        (&["join", "7K3M-Q9TD", "--relay", "http://127.0.0.1:1"], "no_route", 14),
        (&["join", "7K3M-Q9TD", "--relay", world.url(), "--name", "A b"], "bad_name", 2),
    ] {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let output = world.run("approver", &args);
        assert_eq!(
            (error_code(&output).as_str(), output.status.code()),
            (code, Some(exit)),
            "{args:?}"
        );
    }
    assert!(names(&world, "approver").is_empty());
}

#[test]
fn up_beside_a_gateway_that_runs_says_how_a_device_is_added() {
    let world = World::with_gateway();
    let args = ["up", "--no-browser", "--listen", "127.0.0.1:8787", "--pair", "tablet"];
    let output = world.run("gateway", &args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let way = "`countersign pair --name tablet --relay http://127.0.0.1:8787 --assurance web`";
    assert!(text.contains(way) && text.contains("need not be stopped"), "{text}");
    let output = world.run("gateway", &args[..4]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("its console is at http://127.0.0.1:8787"), "{text}");
}

#[test]
fn a_name_that_is_taken_or_impossible_is_refused_before_anybody_is_asked() {
    let world = World::paired();
    for (name, code) in
        [("ann", "name_taken"), ("../ann", "bad_name"), ("Ann", "bad_name"), ("", "bad_name")]
    {
        let output =
            world.run("enforcer", &["pair", "--name", name, "--relay", world.url(), "--json"]);
        assert_eq!(
            (error_code(&output).as_str(), output.stdout.is_empty()),
            (code, true),
            "{name}"
        );
    }
    let pairing = Pairing::begin(&world, "bob", &[]);
    let output = world.run("approver", &["join", &pairing.link, "--name", "enforcer", "--json"]);
    assert_eq!((error_code(&output).as_str(), output.status.code()), ("name_taken", Some(2)));
}

#[test]
fn a_revoked_approver_is_asked_no_more_and_a_home_is_not_new_again() {
    let world = World::paired();
    assert_eq!(world.json("enforcer", &["revoke", "ann"])["revoked"], "ann");
    assert!(names(&world, "enforcer").is_empty());
    let trust = world.json("enforcer", &["trust", "show"]);
    assert!(trust["approvers"][0]["status"].to_string().contains("revoked"), "{trust}");
    let output = world.run("enforcer", &["run", "--json", "--", "true"]);
    assert_eq!((error_code(&output).as_str(), output.status.code()), ("no_approver", Some(126)));
    // Nobody is left who could allow another one: that takes a new home.
    let args = ["pair", "--name", "bob", "--relay", world.url(), "--json"];
    let output = world.run("enforcer", &args);
    assert_eq!((error_code(&output).as_str(), output.stdout.is_empty()), ("no_approver", true));
}

#[test]
fn to_revoke_the_last_approver_warns_a_script_and_asks_a_person() {
    let world = World::paired();
    let mut person = Screen::of(&world.command("enforcer", &["revoke", "ann"]));
    person.sees("warning: nobody is left");
    person.sees("Revoke `ann`? [y/N]");
    person.types("n");
    assert_ne!(person.end().0, 0);
    assert_eq!(names(&world, "enforcer"), ["ann:active"]);
    let output = world.run("enforcer", &["revoke", "ann"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("nobody is left"), "{said}");
    assert!(said.contains("a new home"), "{said}");
    assert!(names(&world, "enforcer").is_empty());
    let world = World::paired();
    let mut person = Screen::of(&world.command("enforcer", &["revoke", "ann", "--yes"]));
    person.sees("revoked `ann`");
    assert_eq!(person.end().0, 0);
}

#[test]
fn to_revoke_one_of_two_approvers_says_nothing_of_who_is_left() {
    let world = two_approvers();
    let output = world.run("enforcer", &["revoke", "ann"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.starts_with("3 receipts rest on this key"), "{said}");
    assert!(!said.contains("nobody is left"), "{said}");
    assert_eq!(world.json("enforcer", &["revoke", "bob"])["nobodyLeft"], true);
}

#[test]
fn attack_09_a_key_that_runs_out_is_not_left_where_the_last_that_stays_is_revoked() {
    let world = two_approvers();
    world.json("enforcer", &["revoke", "bob", "--after", "1h"]);
    let mut person = Screen::of(&world.command("enforcer", &["revoke", "ann"]));
    person.sees("warning: nobody is left");
    person.sees("Revoke `ann`? [y/N]");
    person.types("n");
    assert_ne!(person.end().0, 0);
    assert_eq!(world.json("enforcer", &["revoke", "ann"])["nobodyLeft"], true);
}

#[test]
fn a_key_is_replaced_by_pairing_its_successor_and_letting_it_run_out() {
    let world = two_approvers();
    let alone = World::paired();
    let output = alone.run("enforcer", &["revoke", "ann", "--after", "1h", "--json"]);
    assert_eq!((error_code(&output).as_str(), output.status.code()), ("no_successor", Some(1)));
    let retired = world.json("enforcer", &["revoke", "ann", "--after", "1h"]);
    assert_eq!(retired["rotated"], "ann");
    assert!(retired["until"].as_str().unwrap().ends_with('Z'), "{retired}");
    assert!(names(&world, "enforcer").contains(&"ann:rotated".to_owned()));
    let until = retired["until"].as_str().unwrap();
    let listed = world.json("enforcer", &["list"]);
    let listed = listed["pairings"].as_array().unwrap();
    let ends: Vec<_> = listed.iter().map(|one| one.get("until").and_then(Value::as_str)).collect();
    assert_eq!(ends, [Some(until), None]);
    let table = String::from_utf8(world.run("enforcer", &["list"]).stdout).unwrap();
    assert!(table.contains(&format!("rotated until {until}")), "{table}");
    world.json("enforcer", &["revoke", "ann"]);
    assert_eq!(names(&world, "enforcer"), ["bob:active"]);
    let output = world.run("approver", &["revoke", "enforcer", "--after", "1h", "--json"]);
    assert_eq!((error_code(&output).as_str(), output.status.code()), ("usage", Some(2)));
}

#[test]
fn an_approver_can_leave_too() {
    let world = World::paired();
    world.json("approver", &["revoke", "enforcer"]);
    assert_eq!(names(&world, "approver"), ["enforcer:revoked"]);
    let output = world.run("approver", &["inbox", "--json"]);
    assert_eq!(error_code(&output), "no_pairing");
}

/// Two approvers, and a request put to the first of them.
fn two_approvers() -> World {
    let world = World::paired();
    let pairing = Pairing::begin(&world, "bob", &["--assurance", "device"]);
    world.json("approver-2", &["join", &pairing.link]);
    world.answer("approve");
    pairing.paired();
    world
}

#[test]
fn attack_19_an_answer_by_a_key_that_was_revoked_meanwhile_is_void() {
    let world = two_approvers();
    let mut run = world.gate(&["--to", "ann"], &["sh", "-c", "echo hi > out"]);
    let id = world.waiting("approver");
    run.kill();
    world.json("approver", &["approve", &id]);
    world.json("enforcer", &["revoke", "ann"]);
    // The same call finds the request where it stands, and the answer of somebody who is gone.
    let output = world.gate(&["--ttl", "2s", "--json"], &["sh", "-c", "echo hi > out"]).output();
    assert_eq!(output.status.code(), Some(126), "{output:?}");
    assert!(!world.work().join("out").exists());
}

#[test]
fn attack_19_an_approval_that_waits_is_void_once_its_key_is_revoked() {
    let world = two_approvers();
    let command = ["sh", "-c", "echo hi > out"];
    let head = world.path("enforcer").join("head.json");
    let kept = world.path("head.keep");
    let run = world.gate(&["--to", "ann", "--json"], &command);
    let id = world.waiting("approver");
    // The head cannot be remembered now, so that the approval is accepted and not used.
    std::fs::rename(&head, &kept).unwrap();
    std::fs::create_dir(&head).unwrap();
    world.json("approver", &["approve", &id]);
    let output = run.output();
    assert_eq!(output.status.code(), Some(125), "{output:?}");
    assert!(!world.work().join("out").exists());
    std::fs::remove_dir(&head).unwrap();
    std::fs::rename(&kept, &head).unwrap();
    world.json("enforcer", &["revoke", "ann"]);
    // The same call, put to somebody else, is another question, and only their yes counts for it.
    let run = world.gate(&["--to", "bob", "--ttl", "5s", "--json"], &command);
    assert_ne!(world.waiting("approver-2"), id);
    let output = run.output();
    let ended = (output.status.code(), error_code(&output));
    assert_eq!(ended, (Some(126), "HARP_ERR_EXPIRED".to_owned()));
    assert!(!world.work().join("out").exists());
}

/// A later device is let in by those that are pinned: what its side says until then is no promise.
#[test]
fn a_device_that_was_not_let_in_yet_is_not_told_that_it_is() {
    let world = World::paired();
    let pairing = Pairing::begin(&world, "bob", &[]);
    let joined = world.run("second", &["join", &pairing.link]);
    let told = String::from_utf8(joined.stdout).unwrap();
    assert!(joined.status.success() && !told.contains("joined;"), "{told}");
    assert!(told.contains("must let this device in before it is asked"), "{told}");
    world.answer("deny");
    pairing.refused();
}
