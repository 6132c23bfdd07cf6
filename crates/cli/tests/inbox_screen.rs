//! `inbox` on a terminal, as a person meets it: the real binary on a pseudo-terminal.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;

use common::screen::{Screen, line, quoted};
use common::{World, error_code};
use std::process::Command;
use std::time::{Duration, Instant};

/// What is drawn is what changed, from cell to cell: only words without a gap are sure to come in
/// one piece, and what stands in another look than before.
fn inbox(world: &World) -> Command {
    let mut command = world.command("approver", &["inbox"]);
    command.env("TERM", "xterm-256color");
    command
}

/// Runs the screen between two looks at the terminal's modes, and compares them.
fn modes_are_restored(after: impl FnOnce(&World, &mut Screen)) -> String {
    let world = World::paired();
    let command = inbox(&world);
    let inner = format!("echo $$ > pid; exec {}", line(&command));
    let looks = format!("stty -g > before; sh -c {}; stty -g > after", quoted(&inner));
    let mut screen = Screen::shell(&command, &looks);
    screen.sees("Nothing");
    after(&world, &mut screen);
    let (_, text) = screen.end();
    let modes = |name: &str| std::fs::read_to_string(world.work().join(name)).unwrap();
    assert_eq!(modes("before"), modes("after"));
    // The screen of before is back, with its cursor.
    let (left, shown) = (text.rfind("\u{1b}[?1049l"), text.rfind("\u{1b}[?25h"));
    assert!(left.is_some() && shown > left, "{text:?}");
    text
}

#[test]
fn a_request_comes_by_itself_and_two_keys_allow_it() {
    let world = World::paired();
    let mut screen = Screen::of(&inbox(&world));
    screen.sees("Nothing");
    let run = world.gate(&["--ttl", "60s"], &["echo", "hi"]);
    screen.sees("run echo hi");
    screen.types("\r");
    screen.sees("What exactly");
    screen.types("a");
    screen.sees("Allow this once?");
    // A question counts once it was there to be read.
    std::thread::sleep(Duration::from_millis(600));
    screen.types("y");
    screen.sees("u takes it back");
    let output = run.output();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"hi\n"[..]));
    screen.types("q");
    let (code, text) = screen.end();
    assert_eq!(code, 0, "{text}");
    let (verdict, _) = world.verify("last", &["--require", "L1"]);
    assert_eq!(verdict["event"], "executed");
}

#[test]
fn the_terminal_is_as_before_after_leaving() {
    modes_are_restored(|_, screen| screen.types("q"));
}

#[test]
fn the_terminal_is_as_before_after_an_interrupt() {
    modes_are_restored(|_, screen| screen.types("\x03"));
}

#[test]
fn the_terminal_is_as_before_after_a_signal() {
    modes_are_restored(|world, _| {
        let pid = world.work().join("pid");
        let kill = format!("kill -s TERM \"$(cat {})\"", common::screen::quoted_path(&pid));
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    });
}

/// The clock ticks that a process used so far; `None` once it is gone.
fn used(pid: &str) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let is_over = fields[0] == "Z";
    let ticks = |at: usize| fields[at].parse::<u64>().unwrap();
    (!is_over).then(|| ticks(11) + ticks(12))
}

/// Takes the terminal away from a screen that a line of a shell starts and names in `pid`.
fn ends_when_its_terminal_is_gone(start: &str) {
    let world = World::paired();
    let command = inbox(&world);
    let inner = quoted(&format!("echo $$ > pid; exec {}", line(&command)));
    let mut screen = Screen::shell(&command, &start.replace("SCREEN", &format!("sh -c {inner}")));
    screen.sees("Nothing");
    let pid = std::fs::read_to_string(world.work().join("pid")).unwrap().trim().to_owned();
    let before = used(&pid).unwrap();
    screen.hangs_up();
    let (start, mut last) = (Instant::now(), before);
    while let Some(ticks) = used(&pid) {
        last = ticks;
        assert!(start.elapsed() < common::PATIENCE, "it goes on without a terminal");
        std::thread::sleep(Duration::from_millis(5));
    }
    // A hundred ticks are a second of a processor.
    assert!(last - before < 100, "it used {} ticks", last - before);
}

#[test]
fn a_terminal_that_is_gone_ends_the_screen() {
    ends_when_its_terminal_is_gone("exec SCREEN");
}

/// No signal reaches it where a shell before it keeps them to itself.
#[test]
fn a_terminal_that_is_gone_without_a_signal_ends_the_screen_as_well() {
    ends_when_its_terminal_is_gone("trap '' HUP; SCREEN; true");
}

#[test]
fn everything_is_stopped_from_the_screen() {
    let world = World::paired();
    let mut screen = Screen::of(&inbox(&world));
    screen.sees("Nothing");
    screen.types("F");
    screen.sees("STOP everything");
    // A question counts once it was there to be read.
    std::thread::sleep(Duration::from_millis(600));
    screen.types("y");
    screen.sees("enforcer: nothing");
    let output = world.gate(&["--json"], &["touch", "granted"]).output();
    assert_eq!((output.status.code(), error_code(&output)), (Some(126), "frozen".into()));
    assert!(!world.work().join("granted").exists());
    screen.types("q");
    assert_eq!(screen.end().0, 0);
}

#[test]
fn a_plain_terminal_and_a_pipe_get_the_list() {
    let world = World::paired();
    let mut plain = inbox(&world);
    plain.env("TERM", "dumb");
    let (code, text) = Screen::of(&plain).end();
    assert_eq!((code, text.trim()), (0, "nothing waits"));
    let command = inbox(&world);
    let piped = Screen::shell(&command, &format!("{} | cat", line(&command)));
    assert_eq!(piped.end().1.trim(), "nothing waits");
}
