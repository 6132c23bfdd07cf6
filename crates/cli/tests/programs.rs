//! Programs that must run gated as they run by themselves.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step fails the test"
)]

mod common;

use common::World;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

/// Approves a gated command, and gives back what it printed.
fn approved(world: &World, args: &[&str], command: &[&str]) -> Output {
    let run = world.gate(args, command);
    world.answer("approve");
    run.output()
}

/// What a gated command that succeeds prints.
fn prints(world: &World, args: &[&str], command: &[&str]) -> String {
    let output = approved(world, args, command);
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What the same command prints by itself; it must be there.
fn by_itself(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let output = output.unwrap_or_else(|e| panic!("`{program}` is needed by this test: {e}"));
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn script(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Variables that say where the tools are, where they are not at their usual places.
fn set(names: &[&'static str]) -> Vec<&'static str> {
    let names = names.iter().filter(|name| std::env::var_os(name).is_some());
    names.flat_map(|name| ["--env", *name]).collect()
}

const RUST: [&str; 2] = ["RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];

#[test]
fn an_elf_program() {
    let world = World::paired();
    assert_eq!(prints(&world, &[], &["/bin/echo", "a  b", "$HOME"]), "a  b $HOME");
}

#[test]
fn an_elf_program_of_the_agents_own() {
    let world = World::paired();
    let copy = world.work().join("mine");
    std::fs::copy("/bin/echo", &copy).unwrap();
    assert_eq!(prints(&world, &[], &["./mine", "hello"]), "hello");
}

#[test]
fn a_script() {
    let world = World::paired();
    script(&world.work().join("hello"), "#!/bin/sh\necho \"$0 $# $1\"\n");
    assert_eq!(
        prints(&world, &[], &["./hello", "a b"]).split(' ').skip(1).collect::<Vec<_>>(),
        ["1", "a", "b"]
    );
}

#[test]
fn a_script_through_env() {
    let world = World::paired();
    script(&world.work().join("hello"), "#!/usr/bin/env -S sh -e\necho from \"$1\"\n");
    assert_eq!(prints(&world, &[], &["./hello", "env"]), "from env");
}

#[test]
fn a_script_that_finds_files_beside_itself() {
    let world = World::paired();
    let tool = world.work().join("tool");
    std::fs::create_dir(&tool).unwrap();
    std::fs::write(tool.join("data"), "found\n").unwrap();
    script(&tool.join("run"), "#!/bin/sh\ncat \"$(dirname \"$0\")/data\"\n");
    assert_eq!(prints(&world, &[], &["tool/run"]), "found");
    let whole = tool.join("run").display().to_string();
    assert_eq!(prints(&world, &[], &[&whole]), "found");
    assert_eq!(prints(&world, &[], &["sh", "tool/run"]), "found");
}

#[test]
fn npm() {
    let world = World::paired();
    let plain = by_itself("npm", &["--version"]);
    assert_eq!(prints(&world, &[], &["npm", "--version"]), plain);
}

#[test]
fn rustc_and_the_one_behind_it() {
    let world = World::paired();
    let plain = by_itself("rustc", &["--version"]);
    let env = set(&RUST);
    assert_eq!(prints(&world, &env, &["rustc", "--version"]), plain);
    // It finds its libraries beside itself.
    let real = format!("{}/bin/rustc", by_itself("rustc", &["--print", "sysroot"]));
    assert_eq!(prints(&world, &env, &[&real, "--version"]), plain);
}

#[test]
fn a_script_of_a_python_environment() {
    let world = World::paired();
    let venv = world.work().join("venv");
    by_itself("python3", &["-m", "venv", "--without-pip", venv.to_str().unwrap()]);
    let python = venv.join("bin").join("python");
    let text = format!("#!{}\nimport sys\nprint(sys.prefix)\n", python.display());
    script(&venv.join("bin").join("tool"), &text);
    let inside = std::fs::canonicalize(&venv).unwrap().display().to_string();
    assert_eq!(prints(&world, &[], &["venv/bin/tool"]), inside);
    assert_eq!(
        prints(&world, &[], &["venv/bin/python", "-c", "import sys; print(sys.prefix)"]),
        inside
    );
}

#[test]
fn git_and_make_which_start_others() {
    let world = World::paired();
    assert!(prints(&world, &[], &["git", "init", "-q", "repo"]).is_empty());
    assert!(world.work().join("repo").join(".git").exists());
    let commit =
        "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x && git log --format=%s";
    assert_eq!(prints(&world, &[], &["sh", "-c", &format!("cd repo && {commit}")]), "x");
}

#[test]
fn standard_input_is_empty_or_the_bytes_that_were_approved() {
    let world = World::paired();
    assert_eq!(prints(&world, &[], &["wc", "-c"]), "0");
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    std::fs::write(world.work().join("bytes"), &bytes).unwrap();
    let output = approved(&world, &["--stdin", "bytes"], &["cat"]);
    assert_eq!((output.status.code(), output.stdout), (Some(0), bytes));
}

#[test]
fn variables_are_the_short_list_and_what_was_added() {
    let world = World::paired();
    let mut command = world.gate_command(&["--env", "ADDED", "--env", "MY_TOKEN"], &["env"]);
    command.env("ADDED", "one").env("MY_TOKEN", "hunter2hunter2").env("LEFT_OUT", "two");
    let run = common::Process::start(command);
    let id = world.waiting("approver");
    world.json("approver", &["approve", &id]);
    let text = String::from_utf8(run.output().stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.contains(&"ADDED=one") && lines.contains(&"MY_TOKEN=hunter2hunter2"), "{text}");
    assert!(!text.contains("LEFT_OUT") && !text.contains("COUNTERSIGN"), "{text}");
    // What looks like a secret is committed to, and stands in no receipt.
    let receipt = std::fs::read_to_string(world.report()["receipt"].as_str().unwrap()).unwrap();
    assert!(receipt.contains("ADDED") && !receipt.contains("hunter2hunter2"));
}

#[test]
fn output_and_errors_belong_to_the_child() {
    let world = World::paired();
    let output = approved(&world, &["--json"], &["sh", "-c", "printf out; printf err >&2; exit 3"]);
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b"out"[..], Some(3)));
    assert_eq!(output.stderr, b"err");
}

#[test]
fn exit_codes_and_signals_are_passed_on() {
    let world = World::paired();
    for (line, code) in [
        ("exit 0", 0),
        ("exit 1", 1),
        ("exit 125", 125),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
    ] {
        let output = approved(&world, &[], &["sh", "-c", line]);
        assert_eq!(output.status.code(), Some(code), "{line}");
        let report = world.report();
        assert_eq!((&report["exitCode"], &report["verdict"]), (&code.into(), &"approved".into()));
        let receipt = world.json("enforcer", &["receipt", "show", "last"]);
        let outcome = &receipt["content"]["outcome"];
        let signal = outcome["signal"].as_i64().map(|signal| signal + 128);
        assert_eq!(signal.or(outcome["exitCode"].as_i64()), Some(code.into()), "{outcome}");
    }
}

#[test]
fn a_signal_while_it_runs_goes_to_the_child() {
    let world = World::paired();
    let line = "trap 'echo caught; exit 9' TERM; echo ready > ready; while :; do sleep 0.02; done";
    let run = world.gate(&[], &["sh", "-c", line]);
    world.answer("approve");
    let deadline = std::time::Instant::now() + common::PATIENCE;
    while !world.work().join("ready").exists() {
        assert!(std::time::Instant::now() < deadline, "it does not run");
        std::thread::yield_now();
    }
    run.signal("TERM");
    let output = run.output();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(9), &b"caught\n"[..]));
}

#[test]
fn attack_01_what_cannot_be_tied_firmly_enough_is_refused_before_anybody_is_asked() {
    let world = World::paired();
    // It finds its libraries beside itself, so it cannot run as a sealed copy; a variable that
    // changes what code is loaded makes the call critical.
    let real = format!("{}/bin/rustc", by_itself("rustc", &["--print", "sysroot"]));
    let mut command =
        world.gate_command(&["--env", "LD_BIND_NOW", "--json"], &[&real, "--version"]);
    command.env("LD_BIND_NOW", "1");
    let output = common::Process::start(command).output();
    let code = common::error_code(&output);
    assert_eq!((output.status.code(), code.as_str()), (Some(126), "HARP_ERR_POLICY_DENY"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nobody was asked"));
    let inbox = world.json("approver", &["inbox"]);
    assert_eq!(inbox["items"].as_array().unwrap().len(), 0);
}
