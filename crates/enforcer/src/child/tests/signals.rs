//! Signals that ask us to end reach the child.

use super::*;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::process::{Command as Direct, Stdio};

/// The other half of the test below, in a process of its own: signals go to whole processes.
#[tokio::test]
#[ignore = "it waits for a signal from the test that starts it"]
async fn passes_a_signal_on() {
    let scene = Scene::new();
    let running = scene.prepare(&["sleep", "60"]).launch(false, None).unwrap();
    println!("\nready");
    let outcome = running.wait().await.unwrap();
    assert_eq!(outcome, Outcome { signal: Some(Signal::TERM.as_raw()), ..Outcome::default() });
}

#[test]
fn a_signal_that_asks_us_to_end_ends_the_child() {
    let mut half = Direct::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "child::tests::signals::passes_a_signal_on"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(half.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "ready"), "the other half did not start");
    kill_process(Pid::from_child(&half), Signal::TERM).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(half.wait().unwrap().success(), "{rest:?}");
}

#[tokio::test]
async fn a_child_that_is_killed_says_by_which_signal() {
    let scene = Scene::new();
    let (outcome, _) = run(&scene.prepare(&["sh", "-c", "kill -9 $$"])).await;
    assert_eq!(outcome, Outcome { signal: Some(9), ..Outcome::default() });
}
