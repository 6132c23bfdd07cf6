//! `run --local`: the boxed prompt, as a person at a terminal meets it. No gateway takes part.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;

use common::screen::{Screen, line, quoted, quoted_path};
use common::{World, error_code};
use std::process::Command;

/// A home whose approver is the person at this terminal.
fn world() -> World {
    let world = World::empty();
    world.json("enforcer", &["pair", "--local", "--name", "me"]);
    world
}

/// `run --local` of a command that leaves a file behind; `args` come before the `--`.
fn gated(world: &World, args: &[&str]) -> Command {
    let report = world.path("report.json").display().to_string();
    let all: Vec<&str> = ["run", "--local", "--report", &report]
        .into_iter()
        .chain(args.iter().copied())
        .chain(["--", "sh", "-c", "echo hi > out; rm -f none"])
        .collect();
    world.command("enforcer", &all)
}

fn ran(world: &World) -> bool {
    world.work().join("out").exists()
}

fn event(world: &World) -> String {
    let receipt = world.report()["receipt"].as_str().unwrap().to_owned();
    let (verdict, _) = world.verify(&receipt, &[]);
    verdict["event"].as_str().unwrap().to_owned()
}

#[test]
fn a_yes_and_the_passphrase_run_it_and_the_receipt_says_who() {
    let world = world();
    let mut screen = Screen::of(&gated(&world, &["--description", "free the disk"]));
    for shown in [
        "[!] APPROVAL REQUIRED",
        "The agent wants to perform a HIGH RISK operation:",
        "Tool: run",
        "argv[2]: \"echo hi > out; rm -f none\"",
        "standard input: empty",
        "description: \"free the disk\"",
        "[a] Approve  [d] Deny  [v] View full details",
        "Auto-deny in",
    ] {
        screen.sees(shown);
    }
    screen.types("a");
    screen.sees("Type yes to approve: ");
    screen.types("yes\r");
    screen.sees("Passphrase of the local key: ");
    assert!(!ran(&world));
    screen.types("correct horse\r");
    let (code, text) = screen.end();
    assert_eq!(code, 0, "{text}");
    assert!(ran(&world));
    assert!(!text.contains("correct horse"), "the passphrase was shown: {text}");
    let report = world.report();
    let (verdict, _) = world.verify(report["receipt"].as_str().unwrap(), &["--require", "L1"]);
    assert_eq!((&verdict["verdict"], &verdict["assurance"]), (&"Valid".into(), &"local".into()));
}

#[test]
fn the_same_command_afterwards_is_asked_about_anew() {
    let world = world();
    for _ in 0..2 {
        let mut screen = Screen::of(&gated(&world, &[]));
        screen.sees("Auto-deny in");
        screen.types("a");
        screen.sees("Type yes to approve: ");
        screen.types("yes\r");
        screen.sees("Passphrase of the local key: ");
        screen.types("correct horse\r");
        assert_eq!(screen.end().0, 0);
    }
}

#[test]
fn a_denial_carries_its_reason() {
    let world = world();
    let mut screen = Screen::of(&gated(&world, &[]));
    screen.sees("Auto-deny in");
    screen.types("d");
    screen.sees("Why (may be empty): ");
    screen.types("not todayy\x7f\r");
    screen.sees("Passphrase of the local key: ");
    screen.types("correct horse\r");
    screen.sees("denied: not today");
    assert_eq!(screen.end().0, 126);
    let report = world.report();
    assert_eq!((&report["verdict"], &report["reason"]), (&"denied".into(), &"not today".into()));
    assert_eq!(event(&world), "denied");
    assert!(!ran(&world));
}

#[test]
fn the_details_are_one_key_away() {
    let world = world();
    let mut screen = Screen::of(&gated(&world, &[]));
    screen.sees("Auto-deny in");
    screen.types("v");
    for shown in ["What exactly", "Who asks", "On which terms", "Signed over", "[a] Approve"] {
        screen.sees(shown);
    }
    screen.types("\x03");
    assert_eq!(screen.end().0, 126);
}

#[test]
fn only_the_word_yes_approves_what_cannot_be_undone() {
    let world = world();
    let mut screen = Screen::of(&gated(&world, &[]));
    for word in ["\r", "y\r", "no\r", "yes please\r"] {
        screen.sees("Auto-deny in");
        screen.types("a");
        screen.sees("Type yes to approve: ");
        screen.types(word);
        screen.sees("[a] Approve");
    }
    screen.types("\x03");
    assert_eq!(screen.end().0, 126);
    assert!(!ran(&world));
}

#[test]
fn attack_20_the_countdown_ends_in_a_denial() {
    let world = world();
    let mut screen = Screen::of(&gated(&world, &["--ttl", "2s"]));
    screen.sees("Auto-deny in ");
    screen.sees("nobody answered in time");
    assert_eq!(screen.end().0, 126);
    assert_eq!((event(&world), ran(&world)), ("expired".into(), false));
}

#[test]
fn attack_20_the_countdown_goes_on_while_the_passphrase_is_typed() {
    let world = world();
    let mut screen = Screen::of(&gated(&world, &["--ttl", "4s"]));
    screen.sees("Auto-deny in");
    screen.types("a");
    screen.sees("Type yes to approve: ");
    screen.types("yes\r");
    screen.sees("Passphrase of the local key: ");
    screen.types("correct hor");
    screen.sees("nobody answered in time");
    assert_eq!((screen.end().0, ran(&world)), (126, false));
}

#[test]
fn a_wrong_passphrase_may_be_corrected_twice() {
    let world = world();
    let mut screen = Screen::of(&gated(&world, &[]));
    screen.sees("Auto-deny in");
    screen.types("a");
    screen.sees("Type yes to approve: ");
    screen.types("yes\r");
    for _ in 0..2 {
        screen.sees("Passphrase of the local key: ");
        screen.types("wrong\r");
        screen.sees("wrong passphrase");
    }
    screen.sees("Passphrase of the local key: ");
    screen.types("correct horse\r");
    assert_eq!((screen.end().0, ran(&world)), (0, true));
}

#[test]
fn three_wrong_passphrases_end_the_request() {
    let world = world();
    let mut screen = Screen::of(&gated(&world, &[]));
    screen.sees("Auto-deny in");
    screen.types("a");
    screen.sees("Type yes to approve: ");
    screen.types("yes\r");
    for _ in 0..3 {
        screen.sees("Passphrase of the local key: ");
        screen.types("wrong\r");
    }
    screen.sees("[wrong_passphrase]");
    assert_eq!((screen.end().0, ran(&world)), (126, false));
    assert_eq!(event(&world), "withdrawn");
}

#[test]
fn attack_09_standard_input_answers_nothing() {
    let world = world();
    std::fs::write(world.work().join("answers"), "a\nyes\ncorrect horse\n").unwrap();
    let command = gated(&world, &["--ttl", "3s"]);
    let mut screen = Screen::shell(&command, &format!("{} < answers", line(&command)));
    screen.sees("Auto-deny in");
    let (code, text) = screen.end();
    assert_eq!((code, ran(&world)), (126, false), "{text}");
    assert!(!text.contains("Type yes"), "standard input reached the prompt: {text}");
    assert_eq!(event(&world), "expired");
}

#[test]
fn attack_09_no_file_and_no_variable_stands_in_for_the_passphrase() {
    let world = world();
    // The variable names a file with the right passphrase, and the flag does not exist here.
    assert!(gated(&world, &[]).get_envs().any(|(n, _)| n == "COUNTERSIGN_PASSPHRASE_FILE"));
    let file = world.path("passphrase").display().to_string();
    let mut flagged = gated(&world, &["--passphrase-file", &file, "--json"]);
    assert_eq!(error_code(&flagged.output().unwrap()), "usage");
    let mut screen = Screen::of(&gated(&world, &[]));
    screen.sees("Auto-deny in");
    screen.types("a");
    screen.sees("Type yes to approve: ");
    screen.types("yes\r");
    for _ in 0..3 {
        screen.sees("Passphrase of the local key: ");
        screen.types("\r");
    }
    assert_eq!((screen.end().0, ran(&world)), (126, false));
}

#[test]
fn attack_09_keys_typed_before_the_question_are_forgotten() {
    let world = world();
    let command = gated(&world, &["--ttl", "3s"]);
    let wait = "stty -icanon; printf ready; while [ ! -e typed ]; do sleep 0.01; done";
    let mut screen = Screen::shell(&command, &format!("{wait}; {}", line(&command)));
    screen.sees("ready");
    screen.types("ayes\rcorrect horse\r");
    // The terminal echoes what lies in its buffer.
    screen.sees("correct horse");
    std::fs::write(world.work().join("typed"), "").unwrap();
    let (code, text) = screen.end();
    assert_eq!((code, ran(&world)), (126, false), "{text}");
}

#[test]
fn attack_06_deceptive_characters_are_shown_as_escapes() {
    let world = world();
    let words = "echo \u{1b}[2J\u{1b}]0;x\u{7}rm\u{202e}fr-\u{200b} \u{9b}31m";
    let command =
        world.command("enforcer", &["run", "--local", "--description", words, "--", "echo", words]);
    let mut screen = Screen::of(&command);
    screen.sees("Auto-deny in");
    screen.types("v");
    screen.sees("Signed over");
    screen.types("\x03");
    let (code, text) = screen.end();
    assert_eq!(code, 126);
    for raw in ["\u{1b}[2J", "\u{1b}]0", "\u{7}", "\u{202e}", "\u{200b}", "\u{9b}"] {
        assert!(!text.contains(raw), "{raw:?} reached the terminal: {text:?}");
    }
    // Long lines are broken: what the box shows is compared without its frame.
    let bare: String = text.chars().filter(|c| !c.is_whitespace() && *c != '│').collect();
    for shown in [r"\u{1b}[2J", r"\u{202e}fr-\u{200b}", r"\u{9b}31m"] {
        assert!(bare.contains(shown), "{shown} is not shown: {bare}");
    }
}

#[test]
fn without_a_terminal_it_is_a_clear_error() {
    let world = world();
    let gated = gated(&world, &["--json"]);
    let mut alone = Command::new("setsid");
    alone.arg("-w").arg(gated.get_program()).args(gated.get_args());
    alone.current_dir(world.work()).stdin(std::process::Stdio::null());
    let output = alone.output().unwrap();
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(125), "no_terminal"));
    assert_eq!((event(&world), ran(&world)), ("withdrawn".into(), false));
}

#[test]
fn without_a_local_key_it_says_how_to_make_one() {
    let world = World::paired();
    let output = gated(&world, &["--json"]).output().unwrap();
    assert_eq!((output.status.code(), error_code(&output).as_str()), (Some(126), "no_local_key"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("pair --local"));
}

/// Runs the prompt between two looks at the terminal's modes, and compares them.
fn modes_are_restored(after: impl FnOnce(&World, &mut Screen)) {
    let world = world();
    let command = gated(&world, &["--ttl", "20s"]);
    let inner = format!("echo $$ > pid; exec {}", line(&command));
    let looks = format!("stty -g > before; sh -c {}; stty -g > after", quoted(&inner));
    let mut screen = Screen::shell(&command, &looks);
    screen.sees("Auto-deny in");
    after(&world, &mut screen);
    screen.end();
    let modes = |name: &str| std::fs::read_to_string(world.work().join(name)).unwrap();
    assert_eq!(modes("before"), modes("after"));
    assert!(!ran(&world));
}

#[test]
fn the_terminal_is_as_before_after_an_interrupt() {
    modes_are_restored(|_, screen| screen.types("\x03"));
}

#[test]
fn the_terminal_is_as_before_after_a_denial() {
    modes_are_restored(|_, screen| {
        screen.types("d");
        screen.sees("Why");
        screen.types("\r");
        screen.sees("Passphrase");
        screen.types("correct horse\r");
    });
}

#[test]
fn the_terminal_is_as_before_after_a_signal_which_withdraws() {
    modes_are_restored(|world, screen| {
        let pid = world.work().join("pid");
        let kill = format!("kill -s TERM \"$(cat {})\"", quoted_path(&pid));
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        screen.sees("[withdrawn]");
        assert_eq!(event(world), "withdrawn");
    });
}
