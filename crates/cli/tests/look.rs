//! At critical risk a yes takes the four digits that are shown where the call waits, on every device.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;
#[path = "common/heard.rs"]
mod heard;

use common::screen::Screen;
use common::{Process, World, error_code};
use heard::Heard;

/// What `run` shows before the digits.
const SHOWN: &str = "these digits are typed: ann ";

/// A call that is critical for a variable that can make a program load something else.
fn critical(world: &World) -> Process {
    let mut command = world.gate_command(&["--env", "BASH_ENV"], &["sh", "-c", "echo RUN >> out"]);
    command.env("BASH_ENV", "/dev/null");
    Process::start(command)
}

/// The digits that the agent's side shows.
fn shown(heard: &Heard) -> String {
    let lines = heard.until(SHOWN);
    let line = lines.iter().find_map(|line| line.split_once(SHOWN)).unwrap();
    line.1.trim().to_owned()
}

/// Digits that are not these.
fn others(digits: &str) -> String {
    format!("{:04}", (digits.parse::<u32>().unwrap() + 1) % 10_000)
}

fn runs(world: &World) -> usize {
    std::fs::read_to_string(world.work().join("out")).unwrap_or_default().lines().count()
}

#[test]
fn attack_09_without_the_digits_of_the_waiting_call_nothing_critical_is_allowed() {
    let world = World::paired();
    let mut run = critical(&world);
    let heard = Heard::of(&mut run);
    let digits = shown(&heard);
    let id = world.waiting("approver");
    let none = world.run("approver", &["approve", &id, "--json"]);
    assert_eq!((none.status.code(), error_code(&none)), (Some(2), "digits_missing".into()));
    let where_they_are = "`countersign status` on the agent's machine shows them";
    assert!(String::from_utf8_lossy(&none.stderr).contains(where_they_are), "{none:?}");
    for typed in [others(&digits), String::new(), format!("{digits}0"), "yes".into()] {
        let wrong = world.run("approver", &["approve", &id, "--look", &typed, "--json"]);
        assert_eq!((wrong.status.code(), error_code(&wrong)), (Some(1), "wrong_digits".into()));
        assert!(String::from_utf8_lossy(&wrong.stderr).contains(where_they_are), "{wrong:?}");
    }
    assert_eq!(runs(&world), 0);
    let said = world.json("approver", &["approve", &id, "--look", &digits]);
    assert_eq!(said["decision"], "allowed");
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
}

#[test]
fn a_no_takes_no_digits() {
    let world = World::paired();
    let mut run = critical(&world);
    world.answer("deny");
    assert_eq!((run.wait().code(), runs(&world)), (Some(126), 0));
}

#[test]
fn attack_03_digits_that_a_script_names_are_of_this_call_whatever_its_risk() {
    let world = World::paired();
    let mut run = world.gate(&[], &["sh", "-c", "echo RUN >> out"]);
    let id = world.waiting("approver");
    let item = &world.json("approver", &["inbox"])["items"][0];
    assert_ne!(item["risk"], "critical");
    let digits = world.digits("approver");
    let wrong = world.run("approver", &["approve", &id, "--look", &others(&digits), "--json"]);
    assert_eq!(error_code(&wrong), "wrong_digits");
    world.json("approver", &["approve", &id, "--look", &digits]);
    assert!(run.wait().success());
}

#[test]
fn on_a_terminal_they_are_asked_for() {
    let world = World::paired();
    let mut run = critical(&world);
    let heard = Heard::of(&mut run);
    let digits = shown(&heard);
    let id = world.waiting("approver");
    let status = world.json("enforcer", &["status"]);
    let of_devices = status["digits"].as_object().unwrap().values().next().unwrap();
    assert_eq!(of_devices["ann"], digits, "{status}");
    let approve = world.command("approver", &["approve", &id]);
    for (typed, code) in [(others(&digits), 1), (digits, 0)] {
        let mut screen = Screen::of(&approve);
        screen.sees("The four digits that the agent's side shows: ");
        screen.types(&format!("{typed}\r"));
        let (ended, text) = screen.end();
        assert_eq!(ended, code, "{text}");
        assert_eq!(text.contains("wrong_digits"), code == 1, "{text}");
    }
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
}

#[test]
fn a_reason_that_is_wanted_is_asked_for_before_the_digits() {
    let world = World::paired();
    let batch = world.path("nightly.jsonl");
    let line = |path: &str| format!("{{\"action\":\"file_delete\",\"path\":\"{path}\"}}\n");
    std::fs::write(&batch, ["/var/log/old", "/srv/data", "/tmp/scratch"].map(line).concat())
        .unwrap();
    let batch = batch.display().to_string();
    let asked = world.run("enforcer", &["request", "--detach", "--json", "--batch", &batch]);
    let asked = common::json(&asked.stdout);
    let (id, digits) = (asked["requestId"].as_str().unwrap(), asked["digits"]["ann"].as_str());
    let digits = digits.unwrap_or_else(|| panic!("{asked}"));
    for look in [others(digits), digits.to_owned()] {
        let bare = world.run("approver", &["approve", id, "--look", &look, "--json"]);
        assert_eq!((bare.status.code(), error_code(&bare)), (Some(2), "reason_missing".into()));
    }
    world.json("approver", &["approve", id, "--look", digits, "-m", "they are old"]);
    assert!(world.run("enforcer", &["wait", id]).status.success());
}

/// What is typed before the question stands there was not read off the waiting call.
#[test]
fn attack_09_nothing_that_is_fed_to_standard_input_answers() {
    let world = World::paired();
    let mut run = critical(&world);
    let heard = Heard::of(&mut run);
    let digits = shown(&heard);
    let id = world.waiting("approver");
    let approve = world.command("approver", &["approve", &id, "--json"]);
    let fed = format!("echo {digits} | {}", common::screen::line(&approve));
    let (code, text) = Screen::shell(&approve, &fed).end();
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("digits_missing"), "{text}");
    assert_eq!(runs(&world), 0);
}

#[test]
fn the_screen_asks_for_them_as_well() {
    let world = World::paired();
    let mut inbox = world.command("approver", &["inbox"]);
    inbox.env("TERM", "xterm-256color");
    let mut screen = Screen::of(&inbox);
    screen.sees("Nothing");
    let mut run = critical(&world);
    let heard = Heard::of(&mut run);
    let digits = shown(&heard);
    screen.sees("CRITICAL");
    screen.types("\r");
    screen.sees("What exactly");
    screen.types("Ga");
    screen.sees("Four digits allow it:");
    screen.types(&format!("{}\r", others(&digits)));
    screen.sees("not its digits");
    screen.types(&format!("a{digits}\r"));
    assert!(run.wait().success());
    assert_eq!(runs(&world), 1);
    screen.types("q");
    assert_eq!(screen.end().0, 0);
}
