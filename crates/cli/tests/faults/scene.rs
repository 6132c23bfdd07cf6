//! What the tests of failing disks do again and again.

use crate::book::Book;
use crate::common::{PATIENCE, Process, World, error_code};
use std::process::{Command, Output};
use std::time::Instant;

/// The gated command of most tests: it leaves a line each time it runs.
pub(crate) const LINE: [&str; 3] = ["sh", "-c", "echo RUN >> out"];

/// How often the gated command ran.
pub(crate) fn runs(world: &World) -> usize {
    lines(world, "out")
}

/// The lines of a file that a gated command writes to.
pub(crate) fn lines(world: &World, file: &str) -> usize {
    std::fs::read_to_string(world.work().join(file)).unwrap_or_default().lines().count()
}

/// Starts the gated command, whose errors are documents.
pub(crate) fn gate(world: &World) -> Process {
    world.gate(&["--json"], &LINE)
}

/// The code of a command that refused, and did not panic.
pub(crate) fn refused(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    assert!(output.status.code().is_some_and(|code| code != 0 && code != 101), "{output:?}");
    error_code(output)
}

/// The code of a gated command that refused by itself: nothing of a child's is in it.
pub(crate) fn not_run(output: &Output) -> String {
    assert!(matches!(output.status.code(), Some(125 | 126)), "{output:?}");
    refused(output)
}

/// Approves whatever waits until the gated command has ended.
pub(crate) fn drive(world: &World, run: &mut Process) {
    let deadline = Instant::now() + PATIENCE;
    while run.ended().is_none() {
        assert!(Instant::now() < deadline, "the gated command does not end");
        let inbox = world.run("approver", &["inbox", "--json"]);
        if !inbox.status.success() {
            continue;
        }
        if let Some(id) = crate::common::json(&inbox.stdout)["items"][0]["requestId"].as_str() {
            world.run("approver", &["approve", id]);
        }
    }
}

/// The next gated command asks, is approved, and runs.
pub(crate) fn works_again(world: &World) {
    let before = runs(world);
    let mut run = gate(world);
    drive(world, &mut run);
    assert!(run.wait().success());
    assert_eq!(runs(world), before + 1);
    check(world);
}

/// The next gated command runs under the approval that is there, and nobody is asked.
pub(crate) fn goes_on_without_asking(world: &World) {
    let before = runs(world);
    assert!(gate(world).wait().success());
    assert_eq!(runs(world), before + 1);
    check(world);
}

/// The ledger is whole, and says of every request what happened to it.
pub(crate) fn check(world: &World) {
    let mut book = Book::open(world);
    let checked = book
        .catch_up(world)
        .and_then(|()| book.check_requests())
        .and_then(|()| book.check_lines(world, &world.report(), &[]))
        .and_then(|()| book.check_history(world))
        .and_then(|()| book.check_chain(world));
    if let Err(wrong) = checked {
        panic!("{wrong}\n{}", book.story());
    }
}

/// A gated command that has left its line in `held` and waits for [`let_go`].
pub(crate) fn gate_and_hold(world: &World) -> Process {
    let fifo = world.work().join("go");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut run = world.gate(&["--json"], &["sh", "-c", "echo RUN >> held; read x < go"]);
    world.answer("approve");
    let deadline = Instant::now() + PATIENCE;
    while lines(world, "held") == 0 {
        assert!(run.ended().is_none() && Instant::now() < deadline, "it does not run");
        std::thread::yield_now();
    }
    run
}

pub(crate) fn let_go(world: &World) {
    std::fs::write(world.work().join("go"), "\n").unwrap();
}
